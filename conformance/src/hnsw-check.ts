/**
 * Holds an `hnsw` index against its table: pages against rows, and scans against both.
 *
 * The graph is approximate, so not every row need be reached, and that is counted, not judged. But what can be reached
 * must come, once, and nothing else: a full iterative scan has to return exactly the rows that the pages say can be
 * reached from where it entered.
 */
import type pg from 'pg';
import { groundEntries, reachableFrom, soundness } from './hnsw-graph.js';
import { type HnswIndex, readHnswIndex, tidText } from './hnsw-pages.js';
import { readPages } from './index-pages.js';
import type { Random } from './random.js';

export interface CheckOptions {
  readonly table: string;
  readonly index: string;
  /** Operator of the index's class. Default `<->`. */
  readonly operator?: string;
  /** Rows whose own vector is asked for. Default 200. */
  readonly sample?: number;
  readonly random: Random;
}

export interface IndexReport {
  /** Rows with a vector, as a sequential scan sees them. */
  readonly rows: number;
  readonly elements: number;
  /** Elements without rows, deleted or about to be. */
  readonly empty: number;
  /** Rows that no path through the graph leads to from where scans entered. */
  readonly unreachable: number;
  /** Rows whose own vector was asked for. */
  readonly asked: number;
  /** Of those, rows that gave no row at distance 0. */
  readonly missed: number;
  readonly doubledEdges: number;
  /** Rows in the index that no sequential scan sees: to be removed by vacuum. */
  readonly dead: number;
  readonly violations: readonly string[];
}

interface Row {
  readonly id: string;
  /** Where it is, as `ctid` says. */
  readonly tid: string;
  readonly vector: string;
}

/**
 * Checks an index over a column `v` of a table with a key `id`, while nobody writes to it. Vectors are updated to other
 * vectors only: a heap-only update would leave the index with the row's old place.
 */
export async function checkIndex(client: pg.Client, options: CheckOptions): Promise<IndexReport> {
  const { table, index, operator = '<->', sample = 200, random } = options;
  const violations: string[] = [];
  const graph = readHnswIndex(Buffer.concat(await readPages(client, index)));
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const rows = await sequentially(client, table);
    violations.push(...compareRows(graph, rows, operator === '<->'));
    const { faults, doubledEdges } = soundness(graph, new Set(rows.map(({ tid }) => tid)));
    violations.push(...faults);
    const byTid = new Map(rows.map((row) => [row.tid, row.id]));
    let unreachable = rows.length;
    for (const query of [...pickRows(rows, 2, random).map((row) => row.vector), undefined]) {
      // The last query is no row's: NULL, at distance 0 from everything.
      const ids = await fullScan(client, { table, operator, query });
      const scan = judgeScan(graph, byTid, ids);
      violations.push(...scan.violations);
      unreachable = Math.min(unreachable, rows.length - new Set(ids).size);
    }
    const chosen = pickRows(rows, sample, random);
    const missed = await askForOwn(client, { table, operator, ids: chosen.map((row) => row.id) });
    const elements = [...graph.elements.values()];
    return {
      rows: rows.length,
      elements: elements.length,
      empty: elements.filter((element) => element.heapTids.length === 0).length,
      unreachable,
      asked: chosen.length,
      missed,
      doubledEdges,
      dead: elements.flatMap(({ heapTids }) => heapTids).filter((tid) => !byTid.has(tidText(tid))).length,
      violations: violations.map((violation) => `${index}: ${violation}`),
    };
  } finally {
    await client.query('ROLLBACK');
  }
}

function pickRows(rows: readonly Row[], count: number, random: Random): Row[] {
  if (rows.length <= count) return [...rows];
  return Array.from({ length: count }, () => random.pick(rows));
}

async function sequentially(client: pg.Client, table: string): Promise<Row[]> {
  await client.query('SET LOCAL enable_indexscan = off');
  const { rows } = await client.query(
    `SELECT id::text AS id, ctid::text AS tid, v::text AS vector FROM ${table} WHERE v IS NOT NULL`,
  );
  await client.query('SET LOCAL enable_indexscan = on');
  return rows as Row[];
}

/** Every row is in the index, under L2 with its vector (cosine keeps another). That it is there once, the check of the pages says. */
function compareRows(graph: HnswIndex, rows: readonly Row[], vectors: boolean): string[] {
  const violations: string[] = [];
  const places = new Map(
    [...graph.elements.values()].flatMap((element) => element.heapTids.map((tid) => [tidText(tid), element])),
  );
  for (const row of rows) {
    const element = places.get(row.tid);
    if (element === undefined) violations.push(`row ${row.id} at ${row.tid} is not in the index`);
    else if (vectors && !sameVector(row.vector, element.vector)) {
      violations.push(`row ${row.id} at ${row.tid} has another vector in element ${tidText(element.tid)}`);
    }
  }
  return violations;
}

function sameVector(text: string, vector: Float32Array | undefined): boolean {
  if (vector === undefined) return false;
  const values = text.slice(1, -1).split(',');
  return (
    values.length === vector.length && values.every((value, i) => Math.fround(Number(value)) === vector[i])
  );
}

/** What makes the planner take the index, also where another would give the rows for sorting. */
export const INDEX_ORDER = ['seqscan', 'bitmapscan', 'sort']
  .map((name) => `SET LOCAL enable_${name} = off`)
  .join(';');

/** What a scan needs to go on until it has seen everything that it can reach. */
export const WITHOUT_LIMITS = [
  INDEX_ORDER,
  'SET LOCAL hnsw.ef_search = 100',
  'SET LOCAL hnsw.iterative_scan = relaxed_order',
  'SET LOCAL hnsw.max_scan_tuples = 2147483647',
  'SET LOCAL hnsw.scan_mem_multiplier = 1000',
].join(';');

export interface ScanOptions {
  readonly table: string;
  readonly operator?: string;
  /** `undefined` asks with NULL. */
  readonly query: string | undefined;
}

/** The ids that an index scan without limits returns, within the caller's transaction. */
export async function fullScan(client: pg.Client, options: ScanOptions): Promise<string[]> {
  const { table, operator = '<->', query } = options;
  await client.query(WITHOUT_LIMITS);
  const literal = query === undefined ? '(SELECT NULL::vector)' : `'${query}'::vector`;
  const sql = `SELECT id::text AS id FROM ${table} WHERE v IS NOT NULL ORDER BY v ${operator} ${literal}`;
  await expectIndexScan(client, sql);
  const { rows } = await client.query(sql);
  await client.query('SET LOCAL enable_seqscan = on');
  return (rows as { id: string }[]).map(({ id }) => id);
}

export interface NearestOptions {
  readonly table: string;
  readonly operator: string;
  readonly queries: readonly string[];
  readonly limit: number;
  /** `SET LOCAL` statements. */
  readonly settings?: string;
}

/** The rows that an index scan gives for each query, as text to compare: `query id distance`. */
export async function nearest(client: pg.Client, options: NearestOptions): Promise<string[]> {
  const { table, operator, queries, limit, settings = '' } = options;
  const list = queries.map((query, i) => `(${i}, '${query}'::vector)`).join(',');
  const sql = `SELECT concat_ws(' ', n, id, distance) AS line FROM (VALUES ${list}) q(n, query), LATERAL
    (SELECT id, v ${operator} query AS distance FROM ${table} ORDER BY v ${operator} query LIMIT ${limit}) near`;
  await client.query('BEGIN READ ONLY');
  try {
    await client.query(`${INDEX_ORDER}; ${settings}`);
    await expectIndexScan(client, sql);
    const { rows } = await client.query(sql);
    return (rows as { line: string }[]).map(({ line }) => line);
  } finally {
    await client.query('ROLLBACK');
  }
}

/** A check that ran on another plan would check nothing. */
export async function expectIndexScan(client: pg.Client, sql: string): Promise<void> {
  const { rows } = await client.query(`EXPLAIN ${sql}`);
  const plan = (rows as { 'QUERY PLAN': string }[]).map((row) => row['QUERY PLAN']).join('\n');
  if (!plan.includes('Order By: (')) throw new Error(`no index scan in order:\n${plan}`);
}

/** Compares what a full scan returned with what can be reached from somewhere that it may have entered. */
function judgeScan(
  graph: HnswIndex,
  byTid: ReadonlyMap<string, string>,
  ids: readonly string[],
): { violations: string[] } {
  const violations: string[] = [];
  const got = new Set(ids);
  if (got.size !== ids.length) violations.push(`a full scan returned ${ids.length - got.size} rows twice`);
  const live = new Set(byTid.values());
  const foreign = ids.filter((id) => !live.has(id));
  if (foreign.length > 0)
    violations.push(`a full scan returned rows that are not there: ${foreign.slice(0, 5)}`);
  let nearest: number | undefined;
  for (const entry of groundEntries(graph)) {
    const lost = rowsOf(graph, reachableFrom(graph, entry), byTid).filter((id) => !got.has(id)).length;
    if (lost === 0) return { violations };
    nearest = Math.min(nearest ?? lost, lost);
  }
  if (nearest !== undefined) violations.push(`a full scan lost ${nearest} rows that can be reached`);
  else if (live.size > 0) violations.push(`${live.size} rows and no entry point`);
  return { violations };
}

function rowsOf(
  graph: HnswIndex,
  elements: ReadonlySet<number>,
  byTid: ReadonlyMap<string, string>,
): string[] {
  return [...elements]
    .flatMap((key) => graph.elements.get(key)?.heapTids ?? [])
    .map((tid) => byTid.get(tidText(tid)))
    .filter((id) => id !== undefined);
}

/** How many of these rows are not found by their own vector, nor one that is as near. */
async function askForOwn(
  client: pg.Client,
  options: { readonly table: string; readonly operator: string; readonly ids: readonly string[] },
): Promise<number> {
  const { table, operator, ids } = options;
  await client.query(INDEX_ORDER);
  await client.query('SET LOCAL hnsw.iterative_scan = off');
  await client.query('SET LOCAL hnsw.ef_search = 400');
  const sql = `SELECT count(*)::int AS missed FROM ${table} own
    LEFT JOIN LATERAL (SELECT t.v ${operator} own.v AS distance FROM ${table} t ORDER BY t.v ${operator} own.v LIMIT 1) near ON true
    WHERE own.id = ANY('{${ids.join(',')}}') AND (near.distance IS NULL OR near.distance > own.v ${operator} own.v)`;
  await expectIndexScan(client, sql);
  const { rows } = await client.query(sql);
  await client.query('SET LOCAL enable_seqscan = on');
  return (rows[0] as { missed: number }).missed;
}
