/**
 * The module's kernels over typed arrays of any size: arguments are copied into the arena, block by block.
 *
 * Nothing is left in the arena between two blocks, so work may be interleaved at every `yield`. Rows, results and
 * indices have to be plain (types.ts, check.ts); queries and the arguments of what takes no slices need not.
 */
import { typedArrayGetter } from '../check.js';
import { NoRow } from './no-row.js';
import type { ConversionName, Elements, KernelMetric, TypeName } from './types.js';
import { Arena, padded, padding, type View, view } from './wasm-arena.js';
import type { WasmExports } from './wasm-module.js';

const lengthOf = typedArrayGetter<number>('length');
/** %TypedArray%.prototype.set, which reads the length of what it copies from its slot. */
const set = Uint8Array.prototype.set as (
  this: Elements | Uint32Array,
  from: Elements | Uint32Array,
  at: number,
) => void;

/** A type: its number in native/include/ruvector/simd.h, and the elements of the first and the second operand. */
interface Operands {
  readonly type: number;
  readonly a: View;
  readonly b: View;
  readonly aBytes: number;
  readonly bBytes: number;
}

const bytesOf = [1, 1, 2, 4, 4] as const;

function operands(type: number, a: View, b = a): Operands {
  return { type, a, b, aBytes: bytesOf[a], bBytes: bytesOf[b] };
}

const types: Readonly<Record<TypeName, Operands>> = {
  f32: operands(0, view.f32),
  f16: operands(1, view.u16),
  bf16: operands(2, view.u16),
  i8: operands(3, view.i8),
  u8: operands(4, view.u8),
  bits: operands(5, view.u8),
  f32_f16: operands(6, view.f32, view.u16),
};

/** As simd.h counts them. */
const metricNumbers: Readonly<Record<KernelMetric, number>> = {
  dot: 0,
  l2sq: 1,
  l1: 2,
  cosine: 3,
  hamming: 4,
  jaccard: 5,
};

/** In the order of struct rv_kernels; a is what is converted, b what it becomes. */
const conversions: Readonly<Record<ConversionName, Operands>> = {
  f16_to_f32: operands(0, view.u16, view.f32),
  f32_to_f16: operands(1, view.f32, view.u16),
  bf16_to_f32: operands(2, view.u16, view.f32),
  f32_to_bf16: operands(3, view.f32, view.u16),
  f32_to_bits: operands(4, view.f32, view.u8),
  f16_to_bits: operands(5, view.u16, view.u8),
  i8_to_bits: operands(6, view.i8, view.u8),
  normalise_f32: operands(7, view.f32),
  normalise_f16: operands(8, view.u16),
  normalise_bf16: operands(9, view.u16),
};

/** Bytes of a block of rows: with the results it stays in a processor's second-level cache between copy and use. */
const blockBytes = 256 * 1024;

/** Rows of the first matrix that a block of the second is scored against while it is there. */
const matrixRows = 64;

/**
 * The most bytes that the arena takes: two vectors of two million float32, whose copy and score take some
 * milliseconds. What does not fit is for another backend.
 */
const defaultLimit = 16 * 1024 * 1024;

export interface WasmLimits {
  readonly limit?: number;
  readonly block?: number;
}

export class WasmKernels {
  readonly #exports: WasmExports;
  readonly #arena: Arena;
  readonly #block: number;

  /** @throws {RangeError} where the engine gives no memory for a block */
  constructor(exports: WasmExports, { limit = defaultLimit, block = blockBytes }: WasmLimits = {}) {
    this.#exports = exports;
    this.#arena = new Arena(exports, limit);
    this.#block = block;
    // A query, rows and results of a block; whatever is larger asks beforehand.
    this.#require(4 * block);
  }

  /** Whether two vectors of n elements, and their result, have room. */
  fits(type: TypeName, n: number): boolean {
    const { aBytes, bBytes } = types[type];
    return this.#arena.reserve(n * (aBytes + bBytes) + 2 * padding + 2 * padded(4));
  }

  /** Whether so many elements, and what they are converted to, have room. */
  fitsConversion(conversion: ConversionName, from: number, to: number): boolean {
    const { aBytes, bBytes } = conversions[conversion];
    return this.#arena.reserve(from * aBytes + to * bBytes + 2 * padding);
  }

  /** Whether two sparse vectors of m and n elements have room. */
  fitsSparse(m: number, n: number): boolean {
    return this.#arena.reserve(8 * (m + n) + 4 * padding);
  }

  /**
   * A function that scores two vectors of n elements; undefined where they do not fit. Made once for each kernel, since a
   * call has little time for anything.
   */
  pair(type: TypeName, metric: KernelMetric): (a: Elements, b: Elements, n: number) => number | undefined {
    const { type: typeNumber, a: aView, b: bView, aBytes, bBytes } = types[type];
    const metricNumber = metricNumbers[metric];
    const arena = this.#arena;
    const { start } = arena;
    const { pair } = this.#exports;
    return (a, b, n) => {
      if (!arena.reserve(n * (aBytes + bBytes) + 2 * padding)) return undefined;
      const atB = start + padded(n * aBytes);
      const { views } = arena;
      set.call(views[aView], a, start / aBytes);
      set.call(views[bView], b, atB / bBytes);
      return pair(typeNumber, metricNumber, start, atB, n);
    };
  }

  /** The norm of a vector of n elements that fits. */
  norm(type: TypeName, a: Elements, n: number): number {
    const { start } = this.#arena;
    this.#copy(types[type].a, a, start);
    return this.#exports.norm(types[type].type, start, n);
  }

  /** Converts what fits. `to` is plain. */
  convert(conversion: ConversionName, from: Elements, to: Elements): void {
    const { start } = this.#arena;
    const n = lengthOf.call(from);
    const { type, a, b, aBytes } = conversions[conversion];
    const result = start + padded(n * aBytes);
    this.#copy(a, from, start);
    this.#exports.convert(type, start, result, n);
    this.#fetch(b, to, result);
  }

  /** The score of two sparse vectors that fit. */
  sparse(
    metric: KernelMetric,
    aIndices: Uint32Array,
    aValues: Float32Array,
    bIndices: Uint32Array,
    bValues: Float32Array,
  ): number {
    const { start } = this.#arena;
    const [m, n] = [lengthOf.call(aIndices), lengthOf.call(bIndices)];
    const atAValues = start + padded(4 * m);
    const atB = atAValues + padded(4 * m);
    const atBValues = atB + padded(4 * n);
    this.#copy(view.u32, aIndices, start);
    this.#copy(view.f32, aValues, atAValues);
    this.#copy(view.u32, bIndices, atB);
    this.#copy(view.f32, bValues, atBValues);
    return this.#exports.sparse(metricNumbers[metric], start, atAValues, m, atB, atBValues, n);
  }

  /** Scores the rows in order; `out` has one element for each. Yields the rows done. A query has to fit. */
  *many(
    type: TypeName,
    metric: KernelMetric,
    query: Elements,
    rows: Elements,
    n: number,
    out: Float32Array,
  ): Generator<number, void> {
    yield* this.#score(type, metric, query, n, out, (done, size, at) =>
      this.#copyRows(type, rows, n, done, size, at),
    );
  }

  /**
   * Scores the rows that are named; `out` has one element for each.
   *
   * @throws {NoRow} where an index names no row
   */
  *gather(
    type: TypeName,
    metric: KernelMetric,
    query: Elements,
    rows: Elements,
    n: number,
    indices: Uint32Array,
    out: Float32Array,
  ): Generator<number, void> {
    const count = rows.length / n;
    const { b, bBytes } = types[type];
    yield* this.#score(type, metric, query, n, out, (done, size, at) => {
      const elements = this.#arena.views[b];
      for (let i = 0; i < size; i++) {
        const index = indices[done + i];
        if (index >= count) throw new NoRow(index);
        set.call(elements, rows.subarray(index * n, index * n + n), at / bBytes + i * n);
      }
    });
  }

  /** @param copy - brings `size` results' rows, from number `done` on, to an address */
  *#score(
    type: TypeName,
    metric: KernelMetric,
    query: Elements,
    n: number,
    out: Float32Array,
    copy: (done: number, size: number, at: number) => void,
  ): Generator<number, void> {
    const count = out.length;
    const perBlock = this.#rowsPerBlock(type, n, count);
    for (let done = 0; done < count; ) {
      const size = Math.min(perBlock, count - done);
      const { atQuery, atRows, atOut } = this.#place(type, n, size, 1);
      this.#copy(types[type].a, query, atQuery);
      copy(done, size, atRows);
      this.#exports.many(types[type].type, metricNumbers[metric], atQuery, atRows, n, size, atOut);
      this.#fetch(view.f32, out.subarray(done, done + size), atOut);
      done += size;
      yield done;
    }
  }

  /** Scores rows of a against rows of b: out[i * N + j], of N rows of b. Yields the rows of a that are done. */
  *matrix(
    type: TypeName,
    metric: KernelMetric,
    a: Elements,
    b: Elements,
    n: number,
    out: Float32Array,
  ): Generator<number, void> {
    const [aCount, bCount] = [a.length / n, b.length / n];
    const aPerBlock = Math.min(matrixRows, this.#rowsPerBlock(type, n, aCount));
    const bPerBlock = this.#rowsPerBlock(type, n, bCount, 4 * aPerBlock);
    const arena = this.#arena;
    for (let i = 0; i < aCount; i += aPerBlock) {
      const aSize = Math.min(aPerBlock, aCount - i);
      for (let j = 0; j < bCount; j += bPerBlock) {
        if (j > 0) yield i;
        const bSize = Math.min(bPerBlock, bCount - j);
        const atB = arena.start + padded(aSize * n * types[type].aBytes);
        const atOut = atB + padded(bSize * n * types[type].bBytes);
        this.#require(atOut - arena.start + padded(4 * aSize * bSize));
        this.#copy(types[type].a, a.subarray(i * n, (i + aSize) * n), arena.start);
        this.#copyRows(type, b, n, j, bSize, atB);
        const [typeNumber, metricNumber] = [types[type].type, metricNumbers[metric]];
        this.#exports.matrix(typeNumber, metricNumber, arena.start, aSize, atB, bSize, n, atOut);
        for (let row = 0; row < aSize; row++) {
          const at = (i + row) * bCount + j;
          this.#fetch(view.f32, out.subarray(at, at + bSize), atOut + 4 * row * bSize);
        }
      }
      yield i + aSize;
    }
  }

  /** The nearest rows, as many as `indices` and `scores` have room for. Yields the rows done. A query has to fit. */
  *topK(
    type: TypeName,
    metric: KernelMetric,
    query: Elements,
    rows: Elements,
    n: number,
    indices: Uint32Array,
    scores: Float32Array,
  ): Generator<number, void> {
    const count = rows.length / n;
    const best = new BestOfBlocks(metric === 'dot', indices, scores);
    const perBlock = this.#rowsPerBlock(type, n, count);
    for (let done = 0; done < count; ) {
      const size = Math.min(perBlock, count - done);
      const k = Math.min(size, indices.length);
      const { atQuery, atRows, atOut } = this.#place(type, n, size, 2);
      const atScores = atOut + padded(4 * size);
      this.#copy(types[type].a, query, atQuery);
      this.#copyRows(type, rows, n, done, size, atRows);
      const [typeNumber, metricNumber] = [types[type].type, metricNumbers[metric]];
      this.#exports.topk(typeNumber, metricNumber, atQuery, atRows, n, size, k, atOut, atScores);
      const { views } = this.#arena;
      best.take(
        views[view.u32].subarray(atOut / 4, atOut / 4 + k),
        views[view.f32].subarray(atScores / 4, atScores / 4 + k),
        done,
      );
      done += size;
      yield done;
    }
  }

  /** How many rows are a block: at least one. Results count as well, since of short rows there are many. */
  #rowsPerBlock(type: TypeName, n: number, count: number, resultBytes = 8): number {
    const bytes = n * Math.max(types[type].aBytes, types[type].bBytes) + resultBytes;
    return Math.max(1, Math.min(count, Math.floor(this.#block / bytes)));
  }

  /** Where a query, `size` rows, and `words` words for each of them go. */
  #place(type: TypeName, n: number, size: number, words: number) {
    const atQuery = this.#arena.start;
    const atRows = atQuery + padded(n * types[type].aBytes);
    const atOut = atRows + padded(size * n * types[type].bBytes);
    this.#require(atOut - atQuery + words * padded(4 * size));
    return { atQuery, atRows, atOut };
  }

  #require(bytes: number): void {
    if (!this.#arena.reserve(bytes))
      throw new RangeError(`WebAssembly has no ${bytes} bytes of memory to give`);
  }

  #copy(kind: View, array: Elements | Uint32Array, at: number): void {
    set.call(this.#arena.views[kind], array, at / bytesOf[kind]);
  }

  #copyRows(type: TypeName, rows: Elements, n: number, first: number, size: number, at: number): void {
    this.#copy(types[type].b, rows.subarray(first * n, (first + size) * n), at);
  }

  #fetch(kind: View, to: Elements, at: number): void {
    const from = at / bytesOf[kind];
    set.call(to, this.#arena.views[kind].subarray(from, from + to.length), 0);
  }
}

/** The best of all blocks so far, best first, in the arrays of the results. Blocks come in the order of their rows. */
class BestOfBlocks {
  readonly #largest: boolean;
  readonly #indices: Uint32Array;
  readonly #scores: Float32Array;
  #size = 0;

  constructor(largest: boolean, indices: Uint32Array, scores: Float32Array) {
    this.#largest = largest;
    this.#indices = indices;
    this.#scores = scores;
  }

  /** Whether a score goes in front of that of an earlier row: NaN goes behind all numbers, equals stay in order. */
  #before(later: number, earlier: number): boolean {
    if (Number.isNaN(later)) return false;
    if (Number.isNaN(earlier)) return true;
    return this.#largest ? later > earlier : later < earlier;
  }

  /** Takes the best of a block, best first, whose rows begin at row `first`. O(k). */
  take(indices: Uint32Array, scores: Float32Array, first: number): void {
    const [ownIndices, ownScores] = [this.#indices, this.#scores];
    const size = Math.min(ownIndices.length, this.#size + indices.length);
    // How many of each stay, from the front; then each moves to its place, from the back, where nothing is lost.
    let own = 0;
    let other = 0;
    while (own + other < size) {
      const takesOther =
        other < indices.length && (own === this.#size || this.#before(scores[other], ownScores[own]));
      if (takesOther) other++;
      else own++;
    }
    this.#size = size;
    for (let to = size - 1; other > 0; to--) {
      if (own > 0 && this.#before(scores[other - 1], ownScores[own - 1])) {
        own--;
        ownIndices[to] = ownIndices[own];
        ownScores[to] = ownScores[own];
      } else {
        other--;
        ownIndices[to] = first + indices[other];
        ownScores[to] = scores[other];
      }
    }
  }
}
