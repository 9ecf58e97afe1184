/** Where the parts of product codes lie: native/include/ruvector/quant/product.h. */
import { blockRows } from '../packed.js';

export type Bits = 4 | 8;

/** What a codec is but for its numbers. */
export interface ProductShape {
  /** Dimensions. */
  readonly n: number;
  /** Sub-spaces. */
  readonly m: number;
  readonly bits: Bits;
}

/** Vectors have no larger norm, nor have centroids: so squared distances stay in float32. */
export const maxNorm = 2 ** 55;

/** Norm and residual. */
export const factorBytes = 8;

/** Which code stands in the low half of byte i of a sub-space of a block. */
export const blockOrder = [0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15] as const;

/** The place in {@link blockOrder} of code r of a block. */
export function placeOf(r: number): number {
  return r % 16 < 8 ? (r % 16) * 2 : (r % 16) * 2 - 15;
}

/** Where sub-space s begins. */
export function beginOf({ n, m }: ProductShape, s: number): number {
  return Math.floor((s * n) / m);
}

/** Centroids of a sub-space. */
export function centroidsOf({ bits }: ProductShape): number {
  return 2 ** bits;
}

export function payloadBytesOf({ m, bits }: ProductShape): number {
  return bits === 8 ? m : Math.ceil(m / 2);
}

export function codeBytesOf(shape: ProductShape): number {
  return payloadBytesOf(shape) + factorBytes;
}

export function blockBytesOf(shape: ProductShape): number {
  return blockRows * codeBytesOf(shape);
}

/** The number that stands in the code at `at` for sub-space s. */
export function numberAt({ bits }: ProductShape, codes: Uint8Array, at: number, s: number): number {
  return bits === 8 ? codes[at + s] : (codes[at + (s >> 1)] >> ((s & 1) * 4)) & 15;
}

/** Sub-spaces in the byte tables of a query: an even number. */
function evenSpaces(m: number): number {
  return m + (m % 2);
}

/** Bytes of the head of a prepared query. */
const headBytes = 64;

/** Elements of a Float64Array that holds a prepared query. */
export function queryLength(shape: ProductShape): number {
  const tables = centroidsOf(shape) * shape.m * 4;
  const bytes = shape.bits === 4 ? evenSpaces(shape.m) * 16 : 0;
  return Math.ceil((headBytes + tables + bytes) / 8);
}

/** Fields of the head among its float64. */
export const headDouble = { norm: 2, tableError: 3, byteError: 4, turnError: 5, tiny: 6 } as const;

/** Fields of the head among its float32. */
export const headFloat = { base: 1, scale: 2 } as const;

export interface QueryParts {
  /** The first is the metric, the fourth the largest sum of bytes. */
  readonly integers: Int32Array;
  readonly floats: Float32Array;
  readonly doubles: Float64Array;
  readonly tables: Float32Array;
  /** Of 4 bits; empty else. */
  readonly bytes: Uint8Array;
}

/** The parts of a prepared query, on its memory. */
export function partsOfQuery(shape: ProductShape, query: Float64Array): QueryParts {
  const { buffer, byteOffset } = query;
  const tables = centroidsOf(shape) * shape.m;
  const bytes = shape.bits === 4 ? evenSpaces(shape.m) * 16 : 0;
  return {
    integers: new Int32Array(buffer, byteOffset, 4),
    floats: new Float32Array(buffer, byteOffset, 4),
    doubles: new Float64Array(buffer, byteOffset, headBytes / 8),
    tables: new Float32Array(buffer, byteOffset + headBytes, tables),
    bytes: new Uint8Array(buffer, byteOffset + headBytes + 4 * tables, bytes),
  };
}
