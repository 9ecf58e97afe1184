/**
 * The timed loops. Each entrant of each case imports its own instance of this module (see `instantiateLoops`), so that
 * V8's inline caches and optimised code of one entrant never see another's functions: every call site below has one
 * target, as in a user's loop.
 *
 * The results are summed and the sum is returned into a sink that is checked, so no call is dead code. The arguments
 * rotate, so none is loop-invariant.
 */

export type PairFunction<V = Float32Array> = (a: V, b: V) => number;
export type UnaryFunction = (a: Float32Array) => number;
export type ManyFunction<V = Float32Array> = (query: V, rows: V, out: Float32Array) => unknown;

/** Calls `pair` on the ring's pairs in turn. The lengths of both rings are one power of two. */
export function runPairs<V>(
  pair: PairFunction<V>,
  left: readonly V[],
  right: readonly V[],
  iterations: number,
): number {
  const mask = left.length - 1;
  let sum = 0;
  for (let i = 0; i < iterations; i++) sum += pair(left[i & mask] as V, right[i & mask] as V);
  return sum;
}

/** Calls `unary` on the ring's vectors in turn. The length of the ring is a power of two. */
export function runUnary(unary: UnaryFunction, ring: readonly Float32Array[], iterations: number): number {
  const mask = ring.length - 1;
  let sum = 0;
  for (let i = 0; i < iterations; i++) sum += unary(ring[i & mask] as Float32Array);
  return sum;
}

/** Scores one query against all rows by one call; the queries take turns. */
export function runMany<V>(
  many: ManyFunction<V>,
  queries: readonly V[],
  rows: V,
  out: Float32Array,
  iterations: number,
): number {
  const mask = queries.length - 1;
  let sum = 0;
  for (let i = 0; i < iterations; i++) {
    many(queries[i & mask] as V, rows, out);
    sum += out[i % out.length] as number;
  }
  return sum;
}

/** The same work by one pair call a row: what a user of a library without one-to-many writes. */
export function runPairsOverRows<V>(
  pair: PairFunction<V>,
  queries: readonly V[],
  rows: readonly V[],
  out: Float32Array,
  iterations: number,
): number {
  const mask = queries.length - 1;
  let sum = 0;
  for (let i = 0; i < iterations; i++) {
    const query = queries[i & mask] as V;
    for (let row = 0; row < rows.length; row++) out[row] = pair(query, rows[row] as V);
    sum += out[i % out.length] as number;
  }
  return sum;
}
