/** Asking a server for neighbours: the statements, the plan, recall, and what a search touches. */
import type pg from 'pg';
import { BenchError, throwIfAborted } from '../../errors.js';
import { vectorParameter } from '../pg/copy-format.js';
import { noticesDuring } from './building.js';
import { vectorAt } from './dataset.js';
import type { HnswContender, Loaded, StandingIndex, Table } from './session.js';
import { K, recallOf, type Truth } from './truth.js';

/** What is searched: a table, and the table of queries that go to it. */
export interface Target {
  readonly table: Table;
  readonly queries: string;
}

export function targetOf({ items, queries }: Loaded): Target {
  return { table: items, queries };
}

/** The ids of the nearest rows to a vector expression. */
export function nearestSql({ name, dataset }: Table, vector: string): string {
  return `SELECT id FROM ${name} ORDER BY v ${dataset.distance.operator} ${vector} LIMIT ${K}`;
}

/** All queries, or those that the condition on `q.id` accepts. */
export function searchSql({ table, queries }: Target, columns: string, condition = ''): string {
  return `SELECT ${columns} FROM ${queries} q, LATERAL (${nearestSql(table, 'q.v')}) t ${condition}`;
}

/** A single search, prepared once for each table; the vector as {@link vectorParameter} makes it. */
export function preparedSearch(table: Table, vector: Buffer): pg.QueryConfig {
  return { name: `nearest ${table.name}`, text: nearestSql(table, '$1'), values: [vector] };
}

export async function setEf(contender: HnswContender, ef: number): Promise<void> {
  await contender.client.query(`SET hnsw.ef_search = ${ef}`);
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly PlanNode[];
}

/**
 * The node that scans the index of the table.
 *
 * @throws BenchError `BENCH_DISAGREEMENT` when the plan has another way to the rows, or sorts
 */
export function indexScanOf(
  entrant: string,
  index: string,
  plans: readonly { readonly Plan: PlanNode }[],
): PlanNode {
  const flatten = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flatten)];
  const nodes = plans.flatMap(({ Plan }) => flatten(Plan));
  const scan = nodes.find((node) => node['Node Type'] === 'Index Scan' && node['Index Name'] === index);
  if (scan === undefined || nodes.some((node) => node['Node Type'].includes('Sort')))
    throw new BenchError(
      'BENCH_DISAGREEMENT',
      `${entrant}: expected an index scan of ${index}, got ${nodes.map((node) => node['Node Type']).join(' > ')}`,
    );
  return scan;
}

async function explain(
  contender: HnswContender,
  index: string,
  options: string,
  statement: string,
  values: readonly unknown[] = [],
): Promise<PlanNode> {
  const { 'QUERY PLAN': plans } = await contender.row<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
    `EXPLAIN (FORMAT JSON${options}) ${statement}`,
    values,
  );
  return indexScanOf(contender.name, index, plans);
}

/** @throws BenchError `BENCH_DISAGREEMENT` when the plan of a single search is not a scan of the index */
export async function checkSinglePlan(
  contender: HnswContender,
  table: Table,
  vector: Float32Array,
): Promise<void> {
  await explain(contender, table.index, '', nearestSql(table, '$1'), [vectorParameter(vector)]);
}

/** Pages that the searches of all queries look up, for each query. */
export interface Pages {
  /** Found in shared buffers, or not: of the index, and of the table and its TOAST for the rows that are returned. */
  readonly pins: number;
  /** Not found. */
  readonly reads: number;
}

export async function countPages(contender: HnswContender, target: Target, queries: number): Promise<Pages> {
  const scan = await explain(
    contender,
    target.table.index,
    ', ANALYZE, BUFFERS, TIMING false',
    searchSql(target, 'count(t.id)'),
  );
  const reads = scan['Shared Read Blocks'] ?? 0;
  return { pins: ((scan['Shared Hit Blocks'] ?? 0) + reads) / queries, reads: reads / queries };
}

/** The ids of all queries' neighbours, nearest first, from the statement that is timed. */
async function answersOf(contender: HnswContender, target: Target, queries: number): Promise<number[][]> {
  const answers: number[][] = Array.from({ length: queries }, () => []);
  const { rows } = await contender.client.query<{ query: number; id: number }>(
    searchSql(target, 'q.id AS query, t.id'),
  );
  for (const { query, id } of rows) answers[query]?.push(id);
  return answers;
}

/** Recall with this ef_search, which stays set. The plan is looked at, too. */
export async function measureRecall(
  contender: HnswContender,
  target: Target,
  truth: Truth,
  ef: number,
): Promise<number> {
  await setEf(contender, ef);
  await explain(contender, target.table.index, '', searchSql(target, 'q.id AS query, t.id'));
  const answers = await answersOf(contender, target, truth.kth.length);
  return recallOf(contender.name, answers, truth);
}

/** As {@link measureRecall}, of an index that does not change: measured once for each ef_search. */
export async function recallAt(
  contender: HnswContender,
  target: Target,
  truth: Truth,
  ef: number,
): Promise<number> {
  const { recalls } = contender.indexes.get(target.table.name) as StandingIndex;
  const known = recalls.get(ef);
  if (known !== undefined) return known;
  const recall = await measureRecall(contender, target, truth, ef);
  recalls.set(ef, recall);
  return recall;
}

/** From the least that gives K rows to the most that hnsw.ef_search accepts. */
const EF_SWEEP = [10, 14, 20, 28, 40, 56, 80, 112, 160, 226, 320, 452, 640, 800, 1000] as const;

/** The sweep is finished when the bounds are this close. */
const EF_PRECISION = 1.02;

/** Least ef_search, to 2 %, whose recall reaches the target; or the best recall that there is. */
export async function findEf(
  target: number,
  recall: (ef: number) => Promise<number>,
  signal: AbortSignal,
): Promise<{ readonly ef: number } | { readonly best: number }> {
  let below = 0;
  let reached: number | undefined;
  let best = 0;
  for (const ef of EF_SWEEP) {
    throwIfAborted(signal);
    const value = await recall(ef);
    best = Math.max(best, value);
    if (value >= target) {
      reached = ef;
      break;
    }
    below = ef;
  }
  if (reached === undefined) return { best };
  if (below === 0) return { ef: reached };
  while (reached > below + 1 && reached > below * EF_PRECISION) {
    throwIfAborted(signal);
    const middle = Math.round((below + reached) / 2);
    if ((await recall(middle)) >= target) reached = middle;
    else below = middle;
  }
  return { ef: reached };
}

/** What our library says after each scan at `client_min_messages = debug2`. */
const COUNTERS = /^hnsw scan of "([^"]+)": (\d+) distances, (\d+) hops, (\d+) pages, (\d+) tuples$/;

/** Distances computed, by the messages of one index's scans; undefined without such a message. */
export function distancesIn(index: string, notices: readonly string[]): number | undefined {
  const counts = notices.flatMap((notice) => {
    const [, name, distances] = COUNTERS.exec(notice) ?? [];
    return name === index ? [Number(distances)] : [];
  });
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Distances that a search computes, on average over the queries; undefined where the library does not tell. Each query
 * is a statement of its own here, so that each has its own scan and its own message.
 */
export async function countDistances(
  contender: HnswContender,
  table: Table,
  { queries, dimensions, kth }: Truth,
): Promise<number | undefined> {
  let total = 0;
  await contender.client.query('SET client_min_messages = debug2');
  try {
    for (let query = 0; query < kth.length; query++) {
      const vector = vectorParameter(vectorAt(queries, dimensions, query));
      const notices = await noticesDuring(contender.client, () =>
        contender.client.query(preparedSearch(table, vector)),
      );
      const distances = distancesIn(table.index, notices);
      if (distances === undefined) return undefined;
      total += distances;
    }
  } finally {
    await contender.client.query('RESET client_min_messages');
  }
  return total / kth.length;
}
