/** Questions in SQL: the words at the smallest cosine distance; and by which plan the server answers them. */
import type { Client } from 'pg';
import { DemoError } from './errors.js';
import type { Analogy } from './questions.js';

export interface Neighbour {
  readonly word: string;
  /** Cosine distance, 0 (same direction) to 2 (opposite). */
  readonly distance: number;
}

export interface NearestAnswer {
  readonly word: string;
  /** How the server found them, as in {@link PlanFacts}. */
  readonly plan: string;
  readonly neighbours: readonly Neighbour[];
}

export interface AnalogyAnswer extends Analogy {
  readonly plan: string;
  readonly neighbours: readonly Neighbour[];
}

/** $1 word, $2 how many. The point of comparison is a scalar subquery, which an ordered index scan can use too. */
export const NEAREST_SQL = `\
SELECT word, embedding <=> (SELECT embedding FROM words WHERE word = $1) AS distance
FROM words
WHERE word <> $1
ORDER BY distance
LIMIT $2`;

/** $1 - $2 + $3, $4 how many. */
export const ANALOGY_SQL = `\
SELECT word, embedding <=> (
  SELECT a.embedding - b.embedding + c.embedding
  FROM words a, words b, words c
  WHERE a.word = $1 AND b.word = $2 AND c.word = $3
) AS distance
FROM words
WHERE word NOT IN ($1, $2, $3)
ORDER BY distance
LIMIT $4`;

/** $1 the vector, in binary. */
export function vectorSearchSql(k: number): string {
  return `SELECT id, embedding <=> $1 AS distance FROM words ORDER BY distance LIMIT ${k}`;
}

/**
 * The `k` words nearest to a word of the table, itself left out.
 *
 * @throws DemoError `NOT_EXACT` as {@link explainExact}
 */
export async function nearest(client: Client, word: string, k: number): Promise<NearestAnswer> {
  const { plan } = await explainExact(client, NEAREST_SQL, [word, k]);
  const { rows } = await client.query<Neighbour>(NEAREST_SQL, [word, k]);
  return { word, plan, neighbours: rows };
}

/**
 * The `k` words nearest to an analogy's point, its own words left out.
 *
 * @throws DemoError `NOT_EXACT` as {@link explainExact}
 */
export async function analogy(client: Client, question: Analogy, k: number): Promise<AnalogyAnswer> {
  const { minuend, subtrahend, addend } = question;
  const values = [minuend, subtrahend, addend, k];
  const { plan } = await explainExact(client, ANALOGY_SQL, values);
  const { rows } = await client.query<Neighbour>(ANALOGY_SQL, values);
  return { minuend, subtrahend, addend, plan, neighbours: rows };
}

/** A node of `EXPLAIN (FORMAT JSON)`. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Parent Relationship'?: string;
  readonly 'Parallel Aware'?: boolean;
  readonly 'Workers Planned'?: number;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

export interface PlanFacts {
  /** Node types from the root down, as in "Limit > Sort > Seq Scan", without the subqueries that give one value. */
  readonly plan: string;
  readonly parallelWorkers: number;
}

/**
 * Asks the planner how it will answer a search, and makes sure that it compares every row.
 *
 * @throws DemoError `NOT_EXACT` if the plan is anything but a sequential scan of the table under a sort
 */
export async function explainExact(
  client: Client,
  sql: string,
  values: readonly unknown[],
): Promise<PlanFacts> {
  return exactPlan(await explain(client, sql, values));
}

/**
 * Asks the planner how it will answer a search, and makes sure that it takes the index.
 *
 * @returns the plan's nodes, as in "Limit > Index Scan using words_embedding_idx"
 * @throws DemoError `NOT_INDEXED` if the plan is anything but a scan in the index's order
 */
export async function explainIndexed(
  client: Client,
  sql: string,
  values: readonly unknown[],
  index: string,
): Promise<string> {
  return indexPlan(await explain(client, sql, values), index);
}

async function explain(client: Client, sql: string, values: readonly unknown[]): Promise<PlanNode> {
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `EXPLAIN (FORMAT JSON) ${sql}`,
    [...values],
  );
  return rows[0]!['QUERY PLAN'][0].Plan;
}

/** {@link explainExact} of a plan that is already there. */
export function exactPlan(root: PlanNode): PlanFacts {
  const nodes = mainPath(root);
  const plan = nodes.map(describe).join(' > ');
  const kinds = nodes.map((node) => node['Node Type']);
  const above = kinds.slice(0, -1);
  const exact =
    kinds.at(-1) === 'Seq Scan' && above.includes('Sort') && above.every((kind) => ABOVE.has(kind));
  if (!exact) throw new DemoError('NOT_EXACT', `the search is not a sorted sequential scan: ${plan}`);
  return { plan, parallelWorkers: Math.max(0, ...nodes.map((node) => node['Workers Planned'] ?? 0)) };
}

/** {@link explainIndexed} of a plan that is already there. */
export function indexPlan(root: PlanNode, index: string): string {
  const nodes = mainPath(root);
  const plan = nodes.map(describe).join(' > ');
  const scan = nodes.at(-1)!;
  const above = nodes.slice(0, -1).map((node) => node['Node Type']);
  // A sort above the scan would mean that the index did not give the order.
  const indexed =
    scan['Node Type'] === 'Index Scan' &&
    scan['Index Name'] === index &&
    above.every((kind) => kind === 'Limit' || kind === 'Result');
  if (!indexed) throw new DemoError('NOT_INDEXED', `the planner did not take the index ${index}: ${plan}`);
  return plan;
}

/** What may stand above the scan without dropping a row that belongs to the answer. */
const ABOVE: ReadonlySet<string> = new Set(['Limit', 'Sort', 'Gather', 'Gather Merge', 'Result']);

/** The node and what feeds it rows; subqueries that are evaluated beside it are no part of the path. */
function mainPath(node: PlanNode): PlanNode[] {
  const feeding = (node.Plans ?? []).filter((child) => child['Parent Relationship'] !== 'InitPlan');
  return [node, ...feeding.flatMap(mainPath)];
}

function describe(node: PlanNode): string {
  const kind = node['Parallel Aware'] ? `Parallel ${node['Node Type']}` : node['Node Type'];
  return node['Index Name'] === undefined ? kind : `${kind} using ${node['Index Name']}`;
}
