/** What is true: every row looked at, in float64, by the definitions of the metrics. */
import type { KeyOf, KeyType, Metric, SearchResult, VectorIndex, VectorsOf, VectorType } from '../types.js';
import { near, ok, same, tolerance } from './assert.js';
import { numberOfHalf, type Rows, row } from './data.js';

function elements(type: VectorType, vector: ArrayLike<number>): number[] {
  const values = Array.from(vector);
  if (type === 'float16') return values.map(numberOfHalf);
  if (type === 'binary')
    return values.flatMap((byte) => [0, 1, 2, 3, 4, 5, 6, 7].map((i) => (byte >> i) & 1));
  return values;
}

function sum(a: readonly number[], b: readonly number[], term: (x: number, y: number) => number): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += term(a[i], b[i]);
  return total;
}

function between(metric: Metric, a: readonly number[], b: readonly number[]): number {
  const dot = () => sum(a, b, (x, y) => x * y);
  switch (metric) {
    case 'l2':
      return Math.sqrt(sum(a, b, (x, y) => (x - y) ** 2));
    case 'ip':
      return -dot();
    case 'cosine':
      return 1 - dot() / Math.sqrt(sum(a, a, (x) => x * x) * sum(b, b, (x) => x * x));
    case 'hamming':
      return sum(a, b, (x, y) => (x === y ? 0 : 1));
    case 'jaccard': {
      const either = sum(a, b, (x, y) => x | y);
      return either === 0 ? 0 : 1 - sum(a, b, (x, y) => x & y) / either;
    }
  }
}

export interface True<K extends KeyType> {
  readonly id: KeyOf[K];
  readonly distance: number;
}

/** Rows by their keys. */
export class Oracle<K extends KeyType, T extends VectorType> {
  readonly type: T;
  readonly metric: Metric;
  readonly rows = new Map<KeyOf[K], VectorsOf[T]>();
  readonly #elements = new Map<KeyOf[K], readonly number[]>();

  constructor(type: T, metric: Metric) {
    this.type = type;
    this.metric = metric;
  }

  set(key: KeyOf[K], vector: VectorsOf[T]): void {
    this.rows.set(key, vector);
    this.#elements.set(key, elements(this.type, vector));
  }

  setAll(keys: readonly KeyOf[K][], rows: Rows<T>): this {
    keys.forEach((key, i) => {
      this.set(key, row(rows, i));
    });
    return this;
  }

  delete(key: KeyOf[K]): void {
    this.rows.delete(key);
    this.#elements.delete(key);
  }

  /** All rows, nearest first. */
  order(query: VectorsOf[T], passes: (id: KeyOf[K]) => boolean = () => true): True<K>[] {
    const wanted = elements(this.type, query);
    const all: True<K>[] = [];
    for (const [id, values] of this.#elements) {
      if (passes(id)) all.push({ id, distance: between(this.metric, wanted, values) });
    }
    return all.sort((a, b) => a.distance - b.distance);
  }

  /**
   * Holds a result to what must be true of any: as many rows as there are up to k, each once, each one that passes, with
   * its own distance, nearest first.
   *
   * @returns the share of the true k nearest that it has; rows at the k-th distance are worth the same
   */
  judge(
    result: Pick<SearchResult<K>, 'ids' | 'distances'>,
    query: VectorsOf[T],
    k: number,
    passes?: (id: KeyOf[K]) => boolean,
  ): number {
    const order = this.order(query, passes);
    const count = Math.min(k, order.length);
    same(result.ids.length, count, `ids of ${k} nearest of ${order.length}`);
    same(result.distances.length, count, 'distances');
    if (count === 0) return 1;
    const known = new Map(order.map(({ id, distance }) => [id, distance]));
    const bound = order[count - 1].distance;
    let found = 0;
    for (let i = 0; i < count; i++) {
      const id = result.ids[i] as KeyOf[K];
      const distance = known.get(id);
      ok(distance !== undefined, `${String(id)} is no row that passes, or comes twice`);
      known.delete(id);
      near(result.distances[i], distance, `the distance of ${String(id)}`);
      ok(i === 0 || result.distances[i - 1] <= result.distances[i], 'distances do not ascend');
      if (distance <= bound + tolerance(bound)) found++;
    }
    return found / count;
  }
}

/** Mean recall of searches for some rows. */
export function recallOf<K extends KeyType, T extends VectorType>(
  index: VectorIndex<K, T>,
  oracle: Oracle<K, T>,
  queries: Rows<T>,
  k: number,
  options?: Parameters<VectorIndex<K, T>['search']>[2],
  passes?: (id: KeyOf[K]) => boolean,
): number {
  let total = 0;
  for (let i = 0; i < queries.count; i++) {
    const query = row(queries, i);
    total += oracle.judge(index.search(query, k, options), query, k, passes);
  }
  return total / queries.count;
}

/** Invariants that hold in every state. */
export async function checkState<K extends KeyType, T extends VectorType>(
  index: VectorIndex<K, T>,
  size: number,
): Promise<void> {
  const report = await index.check();
  ok(report.ok, `check: ${report.problems.join('; ')}`);
  same(report.problems.length, 0, 'problems of a sound index');
  const stats = index.stats();
  same([index.size, stats.size], [size, size], 'size');
  ok(stats.dead >= 0 && stats.deadShare >= 0 && stats.deadShare <= 1, 'dead rows are no share');
  ok(stats.unreachable <= size, 'more rows cannot be reached than there are');
  const { vectors, links, codes, keys, total } = stats.bytes;
  for (const bytes of [vectors, links, codes, keys]) ok(bytes >= 0 && bytes <= total, 'bytes do not add up');
}
