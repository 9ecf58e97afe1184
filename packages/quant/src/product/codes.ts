/** Encoding, decoding and blocks in TypeScript: native/src/product/codec.cpp. */
import { nearestOf, squaredDistance } from '../kmeans/distance.js';
import { blockRows } from '../packed.js';
import { addParts, floatAbove } from '../parts.js';
import {
  beginOf,
  blockBytesOf,
  centroidsOf,
  codeBytesOf,
  maxNorm,
  numberAt,
  type ProductShape,
  payloadBytesOf,
  placeOf,
} from './layout.js';

/** A codec's numbers. */
export interface ProductParameters extends ProductShape {
  /** 2^bits * n: those of sub-space 0, one after the other, then of sub-space 1, ... */
  readonly centroids: Float32Array;
  /** n * n: row i of the transposed R, so y[j] = sum rotation[i * n + j] x[i]. */
  readonly rotation: Float32Array | undefined;
  /** n * n: R. */
  readonly inverse: Float32Array | undefined;
  /** At least the norm of R R^T - 1. */
  readonly distortion: number;
}

/** Rounding of sums in float64 is carried above by this factor. */
const upwards = 1 + 2 ** -36;

/** to[j] = the sum over i of matrix[i * n + j] from[i], in float64, rounded once. */
export function turn(matrix: Float32Array, n: number, from: Float32Array, to: Float32Array): void {
  const sums = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const x = from[i];
    const at = i * n;
    for (let j = 0; j < n; j++) sums[j] += matrix[at + j] * x;
  }
  to.set(sums);
}

/** The norm, summed in the order of kmeans.h. */
export function normOf(vector: Float32Array): number {
  const parts = new Float64Array(8);
  for (let i = 0; i < vector.length; i++) parts[i % 8] += vector[i] * vector[i];
  return Math.sqrt(addParts(parts));
}

function centroidsToRow(p: ProductParameters, codes: Uint8Array, at: number, row: Float32Array): void {
  const k = centroidsOf(p);
  for (let s = 0; s < p.m; s++) {
    const [begin, end] = [beginOf(p, s), beginOf(p, s + 1)];
    const first = k * begin + numberAt(p, codes, at, s) * (end - begin);
    row.set(p.centroids.subarray(first, first + end - begin), begin);
  }
}

function decodeRow(
  p: ProductParameters,
  codes: Uint8Array,
  at: number,
  turned: Float32Array,
  row: Float32Array,
): void {
  centroidsToRow(p, codes, at, p.inverse === undefined ? row : turned);
  if (p.inverse !== undefined) turn(p.inverse, p.n, turned, row);
}

/** How many rows were encoded: fewer than there are where the next one is too large. */
export function encodeRows(p: ProductParameters, rows: Float32Array, codes: Uint8Array): number {
  const { n, m, bits, centroids, rotation } = p;
  const [bytes, payload, k] = [codeBytesOf(p), payloadBytesOf(p), centroidsOf(p)];
  const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
  const turned = new Float32Array(n);
  const decoded = new Float32Array(n);
  const count = rows.length / n;
  for (let r = 0; r < count; r++) {
    const row = rows.subarray(r * n, (r + 1) * n);
    const at = r * bytes;
    if (rotation !== undefined) turn(rotation, n, row, turned);
    const y = rotation === undefined ? row : turned;
    codes.fill(0, at, at + payload);
    let squares = 0;
    for (let s = 0; s < m; s++) {
      const [begin, end] = [beginOf(p, s), beginOf(p, s + 1)];
      const own = centroids.subarray(k * begin, k * end);
      const { index, distance } = nearestOf(own, k, y, begin, end - begin);
      squares += distance;
      if (bits === 8) codes[at + s] = index;
      else codes[at + (s >> 1)] |= index << ((s & 1) * 4);
    }
    const norm = normOf(row);
    if (!(norm <= maxNorm)) return r;
    if (rotation !== undefined) {
      decodeRow(p, codes, at, turned, decoded);
      squares = squaredDistance(row, 0, decoded, 0, n);
    }
    view.setFloat32(at + payload, norm, true);
    view.setFloat32(at + payload + 4, floatAbove(Math.sqrt(squares) * upwards), true);
  }
  return count;
}

export function decodeRows(p: ProductParameters, codes: Uint8Array, out: Float32Array): void {
  const bytes = codeBytesOf(p);
  const turned = new Float32Array(p.n);
  for (let r = 0; r * bytes < codes.length; r++) {
    decodeRow(p, codes, r * bytes, turned, out.subarray(r * p.n, (r + 1) * p.n));
  }
}

/** Calls `move(code, block)` for the places of both factors of all codes. */
function eachFactor(shape: ProductShape, count: number, move: (code: number, block: number) => void): void {
  const [bytes, payload, block] = [codeBytesOf(shape), payloadBytesOf(shape), blockBytesOf(shape)];
  for (let r = 0; r < count; r++) {
    const first = Math.floor(r / blockRows) * block + blockRows * payload;
    for (let f = 0; f < 2; f++)
      move(r * bytes + payload + 4 * f, first + 4 * (blockRows * f + (r % blockRows)));
  }
}

export function packCodes(shape: ProductShape, codes: Uint8Array, blocks: Uint8Array, count: number): void {
  const [bytes, blockBytes] = [codeBytesOf(shape), blockBytesOf(shape)];
  blocks.fill(0, 0, Math.ceil(count / blockRows) * blockBytes);
  for (let r = 0; r < count; r++) {
    const block = Math.floor(r / blockRows) * blockBytes;
    const inBlock = r % blockRows;
    for (let s = 0; s < shape.m; s++) {
      const number = numberAt(shape, codes, r * bytes, s);
      if (shape.bits === 8) blocks[block + s * blockRows + inBlock] = number;
      else blocks[block + s * 16 + placeOf(inBlock)] |= number << (inBlock < 16 ? 0 : 4);
    }
  }
  eachFactor(shape, count, (code, block) => blocks.set(codes.subarray(code, code + 4), block));
}

export function unpackCodes(shape: ProductShape, codes: Uint8Array, blocks: Uint8Array, count: number): void {
  const [bytes, blockBytes] = [codeBytesOf(shape), blockBytesOf(shape)];
  for (let r = 0; r < count; r++) {
    const block = Math.floor(r / blockRows) * blockBytes;
    const inBlock = r % blockRows;
    codes.fill(0, r * bytes, (r + 1) * bytes);
    for (let s = 0; s < shape.m; s++) {
      if (shape.bits === 8) {
        codes[r * bytes + s] = blocks[block + s * blockRows + inBlock];
      } else {
        const two = blocks[block + s * 16 + placeOf(inBlock)];
        codes[r * bytes + (s >> 1)] |= ((two >> (inBlock < 16 ? 0 : 4)) & 15) << ((s & 1) * 4);
      }
    }
  }
  eachFactor(shape, count, (code, block) => codes.set(blocks.subarray(block, block + 4), code));
}
