/** The best of many estimates, and the exact scores of those that may be among the best. */
import { float32 } from '@ruvector/core-simd';
import { checkArray, checkFinite, checkOptions, checkWhole, describe, length } from './check.js';
import type { QuantMetric, Rerank, TopKResult } from './codec.js';
import { QuantError } from './errors.js';

/** Unit roundoff of float32. */
const unit = 2 ** -24;

/** Rows that core-simd's kernels score together. */
const rowsTogether = 4;

/** Exact vectors are asked for in groups of at least this many. */
const leastGroup = 32;

/**
 * The order of scores: better before worse, NaN last, of equals the earlier row.
 *
 * @param sign -1 where larger scores are better
 */
function isBefore(sign: number, x: number, i: number, y: number, j: number): boolean {
  const [a, b] = [sign * x, sign * y];
  if (a < b) return true;
  if (a > b) return false;
  const [noX, noY] = [Number.isNaN(x), Number.isNaN(y)];
  return noX === noY ? i < j : noY;
}

/** The k best seen, the worst on top (a binary heap). */
export class Best {
  readonly #sign: number;
  readonly #indices: Uint32Array;
  readonly #scores: Float64Array;
  #size = 0;

  constructor(k: number, sign: number) {
    this.#sign = sign;
    this.#indices = new Uint32Array(k);
    this.#scores = new Float64Array(k);
  }

  get isFull(): boolean {
    return this.#size === this.#indices.length;
  }

  /** The worst of them. */
  get worst(): number {
    return this.#scores[0];
  }

  /** The row of the worst. */
  get worstIndex(): number {
    return this.#indices[0];
  }

  /** Whether a is to be thrown out before b. */
  #worse(a: number, b: number): boolean {
    return isBefore(this.#sign, this.#scores[b], this.#indices[b], this.#scores[a], this.#indices[a]);
  }

  #swap(a: number, b: number): void {
    const [score, index] = [this.#scores[a], this.#indices[a]];
    this.#scores[a] = this.#scores[b];
    this.#indices[a] = this.#indices[b];
    this.#scores[b] = score;
    this.#indices[b] = index;
  }

  #sink(size: number): void {
    for (let at = 0; ; ) {
      let child = 2 * at + 1;
      if (child >= size) return;
      if (child + 1 < size && this.#worse(child + 1, child)) child++;
      if (!this.#worse(child, at)) return;
      this.#swap(child, at);
      at = child;
    }
  }

  offer(score: number, index: number): void {
    if (this.isFull) {
      if (this.#size === 0 || !isBefore(this.#sign, score, index, this.worst, this.worstIndex)) return;
      this.#scores[0] = score;
      this.#indices[0] = index;
      this.#sink(this.#size);
      return;
    }
    let at = this.#size++;
    this.#scores[at] = score;
    this.#indices[at] = index;
    for (; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#worse(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Best first; empties it. */
  sorted(): { indices: Uint32Array; scores: Float32Array } {
    const size = this.#size;
    for (let last = size - 1; last > 0; last--) {
      this.#swap(0, last);
      this.#sink(last);
    }
    this.#size = 0;
    return {
      indices: this.#indices.slice(0, size),
      scores: Float32Array.from(this.#scores.subarray(0, size)),
    };
  }
}

/** -1 where larger scores are better, else 1. */
export function signOf(metric: QuantMetric): number {
  return metric === 'dot' ? -1 : 1;
}

/** The k best estimates, best first. */
export function bestOf(
  metric: QuantMetric,
  estimates: Float32Array,
  k: number,
): { indices: Uint32Array; scores: Float32Array } {
  const sign = signOf(metric);
  const n = estimates.length;
  const size = Math.min(k, n);
  const best = new Best(size, sign);
  if (size === 0) return best.sorted();
  for (let i = 0; i < size; i++) best.offer(estimates[i], i);
  // Most are no better than the worst, and this says so without a call; of equals the earlier row stays.
  let worst = sign * best.worst;
  for (let i = size; i < n; i++) {
    if (sign * estimates[i] >= worst) continue;
    best.offer(estimates[i], i);
    worst = sign * best.worst;
  }
  return best.sorted();
}

interface ReadRerank {
  readonly source: (indices: Uint32Array) => Float32Array;
  readonly count: number | 'bound';
  readonly proof: boolean;
}

/** @throws {QuantError} `ERR_QUANT_ARGUMENT` */
function readRerank(operation: string, rerank: Rerank | undefined): ReadRerank | undefined {
  if (rerank === undefined) return undefined;
  const { source, count, proof = false } = checkOptions(`${operation}: rerank`, rerank);
  if (typeof source !== 'function') {
    throw new QuantError(
      'ERR_QUANT_ARGUMENT',
      `${operation}: rerank.source must be a function, got ${describe(source)}`,
    );
  }
  if (count !== 'bound') checkWhole(operation, "rerank.count, if not 'bound',", count);
  return { source, count, proof: proof === true };
}

/** Elements outside of these sizes have squares that leave float32, or lose digits there. */
const [smallest, largest] = [2 ** -40, 2 ** 40];

/**
 * A vector of the same direction whose squares stay in float32: itself, or its product with a power of two. The sums of a
 * cosine are float32's, and would be 0, and their quotient NaN, for short vectors.
 */
function sameDirection(vector: Float32Array): Float32Array {
  let most = 0;
  for (let i = 0; i < vector.length; i++) most = Math.max(most, Math.abs(vector[i]));
  if (most === 0 || (most >= smallest && most <= largest)) return vector;
  const factor = 2 ** -Math.floor(Math.log2(most));
  return vector.map((x) => x * factor);
}

/** Exact scores of rows that `source` gives, and how far those of float32 may be from the true ones. */
class Exact {
  readonly #operation: string;
  readonly #query: Float32Array;
  readonly #metric: QuantMetric;
  readonly #source: (indices: Uint32Array) => Float32Array;
  #norm: number | undefined;
  /** Largest norm of a row that was scored; for `dot`. */
  #rowNorm = 0;
  computed = 0;

  constructor(
    operation: string,
    query: Float32Array,
    metric: QuantMetric,
    source: (indices: Uint32Array) => Float32Array,
  ) {
    this.#operation = operation;
    this.#query = metric === 'cosine' ? sameDirection(query) : query;
    this.#metric = metric;
    this.#source = source;
  }

  scores(indices: Uint32Array): Float32Array {
    if (indices.length === 0) return new Float32Array(0);
    // A copy: a source may keep what it gets, or write to it.
    const rows: unknown = this.#source(indices.slice());
    const n = this.#query.length;
    checkArray(this.#operation, 'what rerank.source returns', rows, 'Float32Array');
    if (length(rows) !== indices.length * n) {
      throw new QuantError(
        'ERR_QUANT_LENGTH',
        `${this.#operation}: rerank.source must return ${indices.length} vectors of ${n} dimensions, got ${describe(rows)}`,
      );
    }
    checkFinite(this.#operation, 'what rerank.source returns', rows, n);
    this.computed += indices.length;
    if (this.#metric === 'dot') {
      for (let i = 0; i < indices.length; i++) {
        this.#rowNorm = Math.max(this.#rowNorm, float32.norm(rows.subarray(i * n, (i + 1) * n)));
      }
    }
    return this.#score(this.#metric === 'cosine' ? this.#directions(rows) : rows);
  }

  /**
   * The last rows are scored as four, too: kernels add up four rows together otherwise than one alone, and rows that are the
   * same would have scores one unit in the last place apart.
   */
  #score(rows: Float32Array): Float32Array {
    const n = this.#query.length;
    const whole = rows.length - (rows.length % (rowsTogether * n));
    if (whole === rows.length) return float32.many(this.#metric, this.#query, rows);
    const scores = new Float32Array(rows.length / n);
    scores.set(float32.many(this.#metric, this.#query, rows.subarray(0, whole)));
    const last = new Float32Array(rowsTogether * n);
    last.set(rows.subarray(whole));
    const some = float32.many(this.#metric, this.#query, last);
    scores.set(some.subarray(0, (rows.length - whole) / n), whole / n);
    return scores;
  }

  /** Rows, copied where one of them has to be made longer or shorter. */
  #directions(rows: Float32Array): Float32Array {
    const n = this.#query.length;
    let copy: Float32Array | undefined;
    for (let at = 0; at < rows.length; at += n) {
      const row = rows.subarray(at, at + n);
      const other = sameDirection(row);
      if (other === row) continue;
      copy ??= Float32Array.from(rows);
      copy.set(other, at);
    }
    return copy ?? rows;
  }

  /**
   * An upper bound of |score - true value| for a score of this metric: the a priori bound of a sum of n products in
   * float32, whatever its order (Higham, Accuracy and Stability, 2nd ed., 3.1), doubled for what is left out of it.
   */
  slack(score: number): number {
    const gamma = 2 * (this.#query.length + 4) * unit;
    switch (this.#metric) {
      case 'l2sq':
        return gamma * Math.abs(score) + this.#query.length * 2 ** -149;
      case 'cosine':
        return 3 * gamma;
      case 'dot':
        this.#norm ??= float32.norm(this.#query);
        return gamma * this.#norm * this.#rowNorm + this.#query.length * 2 ** -149;
    }
  }
}

/** What the bounded rerank works on. */
export interface Scored {
  /** All of them. */
  readonly estimates: Float32Array;
  /** The k best of them, k no more than there are, where they can be had without the rest. */
  readonly best?: (k: number) => { indices: Uint32Array; scores: Float32Array };
  /** How many there are, where `best` is. */
  readonly count?: number;
  /** Computed only where they are needed. */
  readonly bounds: (proof: boolean) => Float32Array;
}

/**
 * Every row whose best possible score is as good as the k-th exact one is computed, in the order of best possible scores,
 * until none is left. So while the bounds hold, the result is that of the exact search.
 */
function rerankByBounds(
  exact: Exact,
  metric: QuantMetric,
  { estimates, bounds }: Scored,
  k: number,
  proof: boolean,
) {
  const sign = signOf(metric);
  const n = estimates.length;
  const radius = bounds(proof);
  // Best possible scores, smaller is better; where nothing is known, nothing is excluded.
  const possible = new Float64Array(n);
  const certain = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    // An altered code may have a bound below 0. As it is here, low <= high, and so k rows at least are candidates.
    const known = radius[i] >= 0 ? radius[i] : Number.POSITIVE_INFINITY;
    const [low, high] = [sign * estimates[i] - known, sign * estimates[i] + known];
    possible[i] = Number.isNaN(low) ? Number.NEGATIVE_INFINITY : low;
    certain[i] = Number.isNaN(high) ? Number.POSITIVE_INFINITY : high;
  }
  // At least k rows are no worse than this, so rows that cannot be as good need no place in the order.
  const limit = kthSmallest(certain, k);
  const candidates: number[] = [];
  for (let i = 0; i < n; i++) if (possible[i] <= limit) candidates.push(i);
  candidates.sort((a, b) => possible[a] - possible[b] || a - b);

  const best = new Best(k, sign);
  for (let done = 0; done < candidates.length; ) {
    if (best.isFull && possible[candidates[done]] > sign * best.worst + exact.slack(best.worst)) break;
    // As many more as there would be if the rest were no better than what is known, but in groups.
    const size = done === 0 ? Math.max(k, leastGroup) : leastGroup;
    const group = Uint32Array.from(candidates.slice(done, done + size));
    const scores = exact.scores(group);
    for (let i = 0; i < group.length; i++) best.offer(scores[i], group[i]);
    done += group.length;
  }
  return best.sorted();
}

/** The k-th smallest of values, k from 1 on; infinity where there are fewer. */
function kthSmallest(values: Float64Array, k: number): number {
  if (k > values.length) return Number.POSITIVE_INFINITY;
  const best = new Best(k, 1);
  for (let i = 0; i < values.length; i++) {
    if (!best.isFull || values[i] < best.worst) best.offer(values[i], i);
  }
  return best.worst;
}

/**
 * `topK` of every family.
 *
 * @param query the exact vector, for reranking
 * @throws {QuantError} `ERR_QUANT_ARGUMENT`; for what `rerank.source` returns `_TYPE`, `_LENGTH`, `_VALUE`
 */
export function topKOf(
  operation: string,
  query: Float32Array,
  metric: QuantMetric,
  scored: Scored,
  k: number,
  options: { readonly rerank?: Rerank } | undefined,
): TopKResult {
  checkWhole(operation, 'k', k);
  const rerank = readRerank(operation, checkOptions(operation, options).rerank);
  const count = scored.count ?? scored.estimates.length;
  const size = Math.min(k, count);
  const bestEstimates = scored.best ?? ((most: number) => bestOf(metric, scored.estimates, most));
  if (rerank === undefined || size === 0) return { ...bestEstimates(size), reranked: 0 };
  const exact = new Exact(operation, query, metric, rerank.source);
  if (rerank.count === 'bound') {
    const found = rerankByBounds(exact, metric, scored, size, rerank.proof);
    return { ...found, reranked: exact.computed };
  }
  const { indices } = bestEstimates(Math.min(count, Math.max(size, rerank.count)));
  const scores = exact.scores(indices);
  const best = new Best(size, signOf(metric));
  for (let i = 0; i < indices.length; i++) best.offer(scores[i], indices[i]);
  return { ...best.sorted(), reranked: exact.computed };
}
