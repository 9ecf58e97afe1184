/**
 * The functions of scalar codes, as the addon has them (native/addon/scalar.c), and the same in TypeScript, to the bit.
 * Each begins with what the codec is: dimensions, bits of the first and of the second level (0 for none), the centre,
 * and for ranges of dimensions their steps with the inverses.
 */
import { decodeRows, encodeRows, type ScalarParameters } from './encode.js';
import { estimateCodes, prepareQuery } from './estimate.js';
import type { Bits } from './layout.js';

export type ScalarArguments = readonly [
  n: number,
  bits: Bits,
  more: 0 | Bits,
  centre: Float32Array,
  step: Float32Array | undefined,
  inverse: Float64Array | undefined,
];

export interface ScalarKernels {
  /** How many rows were encoded: fewer than there are where the next one has no code. */
  encode(...args: readonly [...ScalarArguments, rows: Float32Array, codes: Uint8Array]): number;
  decode(...args: readonly [...ScalarArguments, codes: Uint8Array, out: Float32Array]): void;
  /** Fills in `query`, of `queryLength` elements; false where the vector has NaN or infinity. */
  prepare(
    ...args: readonly [
      ...ScalarArguments,
      vector: Float32Array,
      metric: number,
      levels: number,
      query: Float64Array,
    ]
  ): boolean;
  /** As many as there are estimates; codes one after the other, or blocks of them where `packed` is 1. */
  estimate(
    ...args: readonly [
      ...ScalarArguments,
      query: Float64Array,
      codes: Uint8Array,
      packed: 0 | 1,
      estimates: Float32Array,
      bounds: Float32Array | undefined,
    ]
  ): void;
}

function parametersOf(args: readonly unknown[]): ScalarParameters {
  const [n, bits, more, centre, step, inverse] = args as unknown as ScalarArguments;
  return { n, bits, more, byDimension: step !== undefined, centre, step, inverse };
}

export const typescriptScalar: ScalarKernels = {
  encode: (...args) => encodeRows(parametersOf(args), args[6], args[7]),
  decode: (...args) => decodeRows(parametersOf(args), args[6], args[7]),
  prepare: (...args) => prepareQuery(parametersOf(args), args[6], args[7], args[8], args[9]),
  estimate: (...args) =>
    estimateCodes(parametersOf(args), args[6], args[7], args[8] === 1, args[9], args[10]),
};
