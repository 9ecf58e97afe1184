/** Nearest neighbours by an index, held against all rows in order. */
import { rowsOf, type SqlEngine } from './engines.js';
import { Random } from './random.js';

export interface Metric {
  readonly name: 'l2' | 'ip' | 'cosine' | 'l1';
  readonly operator: string;
  readonly opclass: string;
  /** The least recall that pgvector's own tests accept. */
  readonly recall: number;
}

export const METRICS: readonly Metric[] = [
  { name: 'l2', operator: '<->', opclass: 'vector_l2_ops', recall: 0.99 },
  { name: 'ip', operator: '<#>', opclass: 'vector_ip_ops', recall: 0.97 },
  { name: 'cosine', operator: '<=>', opclass: 'vector_cosine_ops', recall: 0.99 },
  { name: 'l1', operator: '<+>', opclass: 'vector_l1_ops', recall: 0.99 },
];

/** Queries on a table with columns `id` and `v`. */
export interface Search {
  readonly table: string;
  readonly operator: string;
  readonly queries: readonly string[];
  readonly limit: number;
  readonly where?: string;
}

/** A row that was found. */
export interface Neighbor {
  readonly id: string;
  readonly distance: number;
}

const statement = ({ table, operator, limit, where = 'true' }: Search, query: string): string =>
  `SELECT id, v ${operator} '${query}' FROM ${table} WHERE ${where} ORDER BY v ${operator} '${query}' LIMIT ${limit}`;

async function search(engine: SqlEngine, s: Search): Promise<Neighbor[][]> {
  const answers: Neighbor[][] = [];
  for (const query of s.queries) {
    const rows = await rowsOf(engine, statement(s, query));
    answers.push(rows.map(([id, distance]) => ({ id: id as string, distance: Number(distance) })));
  }
  return answers;
}

/** Each query's nearest rows, without any index. */
export async function exactNearest(engine: SqlEngine, s: Search): Promise<Neighbor[][]> {
  await rowsOf(engine, 'SET enable_indexscan = off');
  try {
    return await search(engine, s);
  } finally {
    await rowsOf(engine, 'RESET enable_indexscan');
  }
}

/**
 * The same by the index of that name.
 *
 * @throws Error when the plan does not scan it
 */
export async function indexNearest(engine: SqlEngine, index: string, s: Search): Promise<Neighbor[][]> {
  await rowsOf(engine, 'SET enable_seqscan = off');
  try {
    const plan = (await rowsOf(engine, `EXPLAIN ${statement(s, s.queries[0] as string)}`)).flat().join('\n');
    if (!plan.includes(`Index Scan using ${index} on`)) throw new Error(`the index is not scanned:\n${plan}`);
    return await search(engine, s);
  } finally {
    await rowsOf(engine, 'RESET enable_seqscan');
  }
}

/**
 * The share of what was to be found that was found: of each query, as many rows as were expected, no further than the
 * furthest of these. So any of several rows of the same distance will do. Two servers' distances may differ in the last
 * bits.
 */
export function recall(
  expected: readonly (readonly Neighbor[])[],
  actual: readonly (readonly Neighbor[])[],
): number {
  let found = 0;
  let total = 0;
  for (const [i, wanted] of expected.entries()) {
    const furthest = wanted.at(-1)?.distance ?? Number.NEGATIVE_INFINITY;
    const near = (actual[i] ?? []).filter(
      ({ distance }) => distance <= furthest + 1e-6 * Math.max(1, Math.abs(furthest)),
    );
    found += Math.min(new Set(near.map(({ id }) => id)).size, wanted.length);
    total += wanted.length;
  }
  return found / total;
}

/** Recall of an index against all rows in order, for the same queries. */
export async function measureRecall(engine: SqlEngine, index: string, s: Search): Promise<number> {
  return recall(await exactNearest(engine, s), await indexNearest(engine, index, s));
}

function makeVectors(next: () => number, count: number, dimensions: number): string[] {
  // Seven decimals: so many that no two distances are equal.
  const vector = (): string => `[${Array.from({ length: dimensions }, () => next().toFixed(7)).join(',')}]`;
  return Array.from({ length: count }, vector);
}

/** Vectors of numbers from 0 to 1. */
export function randomVectors(seed: number, count: number, dimensions: number): string[] {
  const random = new Random(seed);
  return makeVectors(() => random.next(), count, dimensions);
}

/** The same, each the product of two: there are more small ones, and the nearest by inner product are fewer. */
export function skewedVectors(seed: number, count: number, dimensions: number): string[] {
  const random = new Random(seed);
  return makeVectors(() => random.next() * random.next(), count, dimensions);
}

/** Adds rows with ids from `first`, 5000 a statement. */
export async function insertVectors(
  engine: SqlEngine,
  table: string,
  vectors: readonly string[],
  first = 1,
): Promise<void> {
  for (let start = 0; start < vectors.length; start += 5000) {
    const part = `{${vectors
      .slice(start, start + 5000)
      .map((vector) => `"${vector}"`)
      .join(',')}}`;
    await rowsOf(
      engine,
      `INSERT INTO ${table} (id, v) SELECT ${first + start} - 1 + i, x::vector
       FROM unnest($1::text[]) WITH ORDINALITY AS rows (x, i)`,
      [part],
    );
  }
}
