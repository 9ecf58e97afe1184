/**
 * The functions of half floats, as the addon has them (native/addon/half.c), and the same over core-simd's functions for
 * TypeScript. Codes and bounds' formulas are the same; sums in float32 differ within core-simd's error bounds.
 */
import { bfloat16, float16, float32, float32Float16 } from '@ruvector/core-simd';
import { blockRows } from '../packed.js';
import {
  addParts,
  cosineBound,
  cosineOf,
  floatAbove,
  isNorm,
  l2sqBound,
  l2sqEstimate,
  limited,
  residualAbove,
} from '../parts.js';
import { metricNumbers } from '../scalar/estimate.js';

const { abs, fround, sqrt } = Math;

/** 0 for float16, 1 for bfloat16. */
export type HalfType = 0 | 1;

/** Codes begin at a multiple of 2 bytes. */
export interface HalfKernels {
  /** How many rows were encoded: fewer than there are where the next one has no code. */
  encode(n: number, type: HalfType, rows: Float32Array, codes: Uint8Array): number;
  decode(n: number, type: HalfType, codes: Uint8Array, out: Float32Array): void;
  /** As many as there are estimates; `packed` is 1 for blocks. */
  estimate(
    n: number,
    type: HalfType,
    query: Float32Array,
    metric: number,
    codes: Uint8Array,
    packed: 0 | 1,
    estimates: Float32Array,
    bounds: Float32Array | undefined,
  ): void;
}

/** Bytes of a code before its factors. */
export function halfPayload(n: number): number {
  return Math.ceil(n / 2) * 4;
}

const factorBytes = 8;

/** The n words of a code. */
function wordsAt(codes: Uint8Array, at: number, n: number): Uint16Array {
  return new Uint16Array(codes.buffer, codes.byteOffset + at, n);
}

function encode(n: number, type: HalfType, rows: Float32Array, codes: Uint8Array): number {
  const { fromFloat32, toFloat32 } = type === 0 ? float16 : bfloat16;
  const payload = halfPayload(n);
  const count = rows.length / n;
  const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
  const back = new Float32Array(n);
  const sums = new Float64Array(16);
  for (let r = 0; r < count; r++) {
    const at = r * (payload + factorBytes);
    const row = rows.subarray(r * n, (r + 1) * n);
    const words = wordsAt(codes, at, payload / 2);
    words[words.length - 1] = 0;
    fromFloat32(row, words.subarray(0, n));
    toFloat32(words.subarray(0, n), back);
    sums.fill(0);
    for (let i = 0; i < n; i++) {
      const off = row[i] - back[i];
      sums[i & 7] += row[i] * row[i];
      sums[8 + (i & 7)] += off * off;
    }
    const squares = addParts(sums);
    const lost = addParts(sums, 8);
    const residual = residualAbove(lost, lost, 0);
    view.setFloat32(at + payload, sqrt(squares), true);
    view.setFloat32(at + payload + 4, floatAbove(residual), true);
    // A word that is infinite has lost infinity.
    if (!isNorm(squares) || !isNorm(residual * residual)) return r;
  }
  return count;
}

function decode(n: number, type: HalfType, codes: Uint8Array, out: Float32Array): void {
  const { toFloat32 } = type === 0 ? float16 : bfloat16;
  const bytes = halfPayload(n) + factorBytes;
  for (let r = 0; r < codes.length / bytes; r++) {
    toFloat32(wordsAt(codes, r * bytes, n), out.subarray(r * n, (r + 1) * n));
  }
}

/** The sum of a metric over the dimensions of half floats: in float32, or in float64 where that overflows. */
function sumOf(type: HalfType, metric: number, query: Float32Array, words: Uint16Array): number {
  const isL2sq = metric === metricNumbers.l2sq;
  let sum: number;
  if (type === 0) sum = isL2sq ? float32Float16.l2sq(query, words) : float32Float16.dot(query, words);
  else {
    const row = bfloat16.toFloat32(words);
    sum = isL2sq ? float32.l2sq(query, row) : float32.dot(query, row);
  }
  if (Number.isFinite(sum)) return sum;
  const row = (type === 0 ? float16 : bfloat16).toFloat32(words);
  sum = 0;
  for (let i = 0; i < query.length; i++) {
    const difference = query[i] - row[i];
    sum += isL2sq ? difference * difference : query[i] * row[i];
  }
  return sum;
}

function estimate(...args: Parameters<HalfKernels['estimate']>): void {
  const [n, type, query, metric, codes, packed, estimates, bounds] = args;
  const payload = halfPayload(n);
  const bytes = payload + factorBytes;
  const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
  const squares = new Float64Array(8);
  for (let i = 0; i < n; i++) squares[i & 7] += query[i] * query[i];
  const qnorm = sqrt(addParts(squares));
  // What sums may be off by: of their magnitude, and where products underflow (core-simd/doc/floats.md).
  const relative = 1.01 * (n + 3) * 2 ** -24;
  const absolute = n * 2 ** -148;
  for (let r = 0; r < estimates.length; r++) {
    const inBlock = r % blockRows;
    const block = (r - inBlock) * bytes;
    const words = packed === 1 ? block + inBlock * payload : r * bytes;
    const norms = packed === 1 ? block + blockRows * payload + 4 * inBlock : words + payload;
    const xnorm = view.getFloat32(norms, true);
    const residual = view.getFloat32(norms + (packed === 1 ? 4 * blockRows : 4), true);
    const sum = sumOf(type, metric, query, wordsAt(codes, words, n));
    if (metric === metricNumbers.l2sq) {
      const estimate = l2sqEstimate(sum, residual, false);
      estimates[r] = estimate;
      if (bounds !== undefined) bounds[r] = l2sqBound(sum, sum * relative + absolute, residual, estimate);
      continue;
    }
    // The sum of |q[i] x'[i]| is at most |q| |x'|.
    const error =
      relative * qnorm * (xnorm + residual + 2 ** -148) +
      absolute +
      qnorm * (residual + 2 ** -36 * (residual + xnorm));
    if (metric === metricNumbers.dot) {
      const rounded = fround(sum);
      estimates[r] = rounded;
      if (bounds !== undefined) bounds[r] = floatAbove((abs(rounded - sum) + error) * (1 + 2 ** -36));
      continue;
    }
    const similarity = sum / (qnorm * xnorm);
    const inside = limited(similarity);
    estimates[r] = cosineOf(inside, qnorm, xnorm);
    if (bounds !== undefined) {
      bounds[r] = cosineBound(error, similarity, inside, qnorm, xnorm, estimates[r]);
    }
  }
}

export const typescriptHalf: HalfKernels = { encode, decode, estimate };
