/** Where the parts of a scalar code and of a prepared query lie: native/src/scalar/layout.h. */

export type Bits = 4 | 8;

/** Of a codec: what the addon's functions begin with. */
export interface ScalarShape {
  readonly n: number;
  readonly bits: Bits;
  /** Of the second level; 0 where there is none. */
  readonly more: 0 | Bits;
  /** Whether ranges are those of dimensions. */
  readonly byDimension: boolean;
}

/** Factors of a code under its own range, by place. */
export const vectorFactor = {
  lower: 0,
  step: 1,
  xnorm: 2,
  norm: 3,
  residual: 4,
  normBoth: 5,
  residualBoth: 6,
} as const;

/** Factors of a code under the ranges of dimensions. */
export const dimensionFactor = { codes: 0, xnorm: 1, norm: 2, residual: 3 } as const;

/** Bytes of a level of n codes, filled up to whole words. */
export function levelBytes(n: number, bits: 0 | Bits): number {
  return bits === 0 ? 0 : Math.ceil((bits === 8 ? n : Math.ceil(n / 2)) / 4) * 4;
}

export function payloadBytes({ n, bits, more }: ScalarShape): number {
  return levelBytes(n, bits) + levelBytes(n, more);
}

export function factorCount({ more, byDimension }: ScalarShape): number {
  return byDimension ? 4 : more === 0 ? 5 : 7;
}

export function codeBytesOf(shape: ScalarShape): number {
  return payloadBytes(shape) + 4 * factorCount(shape);
}

/** The largest whole number of a weight: of one byte, and of two. */
export const planeLimit = 127;
export const wordLimit = 127 * 256;

/** Bytes of a whole number of a query that reads so many levels. */
export function planesOf({ bits }: ScalarShape, levels: number): 1 | 2 {
  return bits === 4 && levels === 1 ? 1 : 2;
}

/** Weights are padded, with zeros, for loads of whole registers. */
const weightPadding = 64;

/** The head of a prepared query, in float64; two int32 lie in each of the last two. */
export const head = { step: 0, total: 1, error: 2, base: 3, norm: 4, slack: 5, length: 8 } as const;

/** The int32 of the head, counted from its start. */
export const headInteger = { metric: 12, levels: 13, middle: 14, n: 15 } as const;

/** The parts of a prepared query, on the memory of `query`. */
export interface QueryParts {
  readonly head: Float64Array;
  readonly integers: Int32Array;
  /** For levels of 8 bits: upper bytes, lower bytes, and the whole numbers of even and of odd dimensions. */
  readonly eight: {
    readonly high: Int8Array;
    readonly low: Int8Array;
    readonly even: Int16Array;
    readonly odd: Int16Array;
  };
  /** For levels of 4 bits: upper bytes of even and of odd dimensions, lower ones. */
  readonly four: { readonly high: readonly Int8Array[]; readonly low: readonly Int8Array[] };
}

function eightBytes({ n, bits, more }: ScalarShape): number {
  return bits === 8 || more === 8 ? Math.ceil(n / weightPadding) * weightPadding : 0;
}

function fourBytes({ n, bits, more }: ScalarShape): number {
  return bits === 4 || more === 4 ? Math.ceil(Math.ceil(n / 2) / weightPadding) * weightPadding : 0;
}

/** Float64 elements of a prepared query. */
export function queryLength(shape: ScalarShape): number {
  return head.length + (eightBytes(shape) + fourBytes(shape)) / 2;
}

/** The int32 of a prepared query's head. */
export function integersOf(query: Float64Array): Int32Array {
  return new Int32Array(query.buffer, query.byteOffset, 2 * head.length);
}

export function partsOf(shape: ScalarShape, query: Float64Array): QueryParts {
  const [eight, four] = [eightBytes(shape), fourBytes(shape)];
  const { buffer } = query;
  const at = query.byteOffset + 8 * head.length;
  const after = at + 4 * eight;
  return {
    head: query,
    integers: integersOf(query),
    eight: {
      high: new Int8Array(buffer, at, eight),
      low: new Int8Array(buffer, at + eight, eight),
      even: new Int16Array(buffer, at + 2 * eight, eight / 2),
      odd: new Int16Array(buffer, at + 3 * eight, eight / 2),
    },
    four: {
      high: [new Int8Array(buffer, after, four), new Int8Array(buffer, after + four, four)],
      low: [new Int8Array(buffer, after + 2 * four, four), new Int8Array(buffer, after + 3 * four, four)],
    },
  };
}
