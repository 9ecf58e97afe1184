/** What every family of codes offers. */
import type { LongOptions } from './long.js';
import type { Packed } from './packed.js';

/**
 * As in `@ruvector/core-simd`: `l2sq` is the squared Euclidean distance, `cosine` a distance from 0 to 2, and `dot` a
 * similarity, of which more is better. Cosine with a zero vector is NaN.
 */
export type QuantMetric = 'l2sq' | 'dot' | 'cosine';

export const metrics: readonly QuantMetric[] = ['l2sq', 'dot', 'cosine'];

export type CodecKind =
  | 'rabitq'
  | 'int8'
  | 'int4'
  | 'two-level'
  | 'float16'
  | 'bfloat16'
  | 'binary'
  | 'product';

/**
 * Codes of one kind for vectors of one number of dimensions. Immutable: everything that was trained is in
 * {@link Codec.serialize}.
 *
 * Codes are row-major: row i lies at `codes[i * codeBytes]`, its payload first, then its factors as little-endian
 * float32 (doc/format.md). No rows give empty results.
 */
export interface Codec {
  readonly kind: CodecKind;
  readonly dimensions: number;
  /** Bytes of one row-major code, factors and residual norm included. */
  readonly codeBytes: number;

  /**
   * Encodes vectors.
   *
   * @param vectors one row of `dimensions` float32, or many, one after the other; all finite
   * @param out takes the codes: `rows * codeBytes` bytes or more, apart from `vectors`
   * @returns exactly `rows * codeBytes` bytes
   * @throws {QuantError} `ERR_QUANT_TYPE`, `_LENGTH`, `_VALUE`, `_DETACHED`, `_OVERLAP`
   */
  encode(vectors: Float32Array, out?: Uint8Array): Uint8Array;

  /**
   * {@link Codec.encode} off the main thread with the addon, else in slices between turns of the event loop. Vectors on
   * memory that is not shared are copied first.
   *
   * @throws {QuantError} and `ERR_QUANT_ABORTED`, by rejecting
   */
  encodeAsync(
    vectors: Float32Array,
    options?: LongOptions & { readonly out?: Uint8Array },
  ): Promise<Uint8Array>;

  /**
   * The vectors that codes stand for.
   *
   * @param codes row-major
   * @param out takes `rows * dimensions` float32
   * @throws {QuantError} `ERR_QUANT_TYPE`, `_LENGTH`, `_CORRUPT` where a factor is no number
   */
  decode(codes: Uint8Array, out?: Float32Array): Float32Array;

  /**
   * |x - decode(code of x)| of each code, or what is known not to be less: it is stored in the code, and proves
   * {@link QuantQuery.bounds}.
   */
  residuals(codes: Uint8Array, out?: Float32Array): Float32Array;

  /**
   * Prepares a query, to score codes of this codec with.
   *
   * @param vector of `dimensions` float32, finite; copied
   * @throws {QuantError} `ERR_QUANT_TYPE`, `_DIMENSIONS`, `_VALUE`, `_ARGUMENT` for the metric
   */
  query(vector: Float32Array, metric: QuantMetric): QuantQuery;

  /** Row-major codes as blocks of 32, in the order that estimates are fastest in. */
  pack(codes: Uint8Array): Packed;

  /** Row-major codes again: the very bytes. */
  unpack(packed: Packed): Uint8Array;

  /** The codec as bytes, for `deserialize`: versioned and with a checksum (doc/format.md). */
  serialize(): Uint8Array;
}

export interface BoundOptions {
  /**
   * Of RaBitQ: bounds that cannot fail, from the residual's norm, instead of those that hold with the probability of
   * the codec's epsilon0. All other kinds have no others.
   */
  readonly proof?: boolean;
}

/** A query that was prepared. */
export interface QuantQuery {
  readonly metric: QuantMetric;

  /** One value a code: a distance, or for `dot` a similarity. */
  estimate(codes: Uint8Array | Packed, out?: Float32Array): Float32Array;

  /** One value a code: |true value - estimate| is not larger. Infinity where nothing is known; NaN where the estimate is. */
  bounds(codes: Uint8Array | Packed, out?: Float32Array, options?: BoundOptions): Float32Array;

  /**
   * The k best codes, best first; of equals the earlier. NaN goes last.
   *
   * @param k from 0 on; fewer results where there are fewer codes
   * @returns `scores` of reranked codes are exact (as core-simd computes them), else estimates; `reranked` says how
   *   many were computed exactly
   */
  topK(codes: Uint8Array | Packed, k: number, options?: { readonly rerank?: Rerank }): TopKResult;
}

export interface TopKResult {
  readonly indices: Uint32Array;
  readonly scores: Float32Array;
  readonly reranked: number;
}

/** Exact vectors, to compute the best again with. */
export interface Rerank extends BoundOptions {
  /** The vectors with these indices, one after the other. */
  readonly source: (indices: Uint32Array) => Float32Array;
  /**
   * How many of the best estimates are computed exactly (at least k are), or `'bound'`: as many as the bounds ask for,
   * until no code left can be better than the k-th. That is proven where the bounds are: for RaBitQ, whose bounds hold with
   * a probability, only with `proof`.
   */
  readonly count: number | 'bound';
}
