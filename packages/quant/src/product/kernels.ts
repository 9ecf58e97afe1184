/**
 * The functions of product codes, as the addon has them (native/addon/product.c), and the same in TypeScript, to the bit.
 * Those that need a codec begin with what it is: dimensions, sub-spaces, bits, centroids, the same in panels (for the addon
 * alone), the rotation with its inverse, and the rotation's distortion.
 */
import { newArray } from '../check.js';
import { starts } from '../kmeans/run.js';
import { runAtOnce } from '../long.js';
import { bestOf } from '../topk.js';
import { decodeRows, encodeRows, type ProductParameters, packCodes, unpackCodes } from './codes.js';
import { estimateCodes, estimateKinds, metricNumbers, prepareQuery } from './estimate.js';
import { type Bits, partsOfQuery } from './layout.js';
import { type ProductTraining, train } from './train.js';

export type ShapeArguments = readonly [n: number, m: number, bits: Bits];

export type ProductArguments = readonly [
  ...ShapeArguments,
  centroids: Float32Array,
  panels: Float32Array,
  rotation: Float32Array | undefined,
  inverse: Float32Array | undefined,
  distortion: number,
];

export interface ProductKernels {
  /**
   * Trains centroids, and a rotation where options ask for turns of one.
   *
   * @param options {@link packTraining}
   * @param history turns + 2: sums of squared residuals, then the distortion
   */
  train(
    options: Float64Array,
    rows: Float32Array,
    centroids: Float32Array,
    rotation: Float32Array | undefined,
    history: Float64Array,
  ): void;
  /** Fills in `panels`, of as many elements as `centroids`. */
  panels(...args: readonly [...ShapeArguments, centroids: Float32Array, panels: Float32Array]): void;
  /** How many rows were encoded: fewer than there are where the next one is too large. */
  encode(...args: readonly [...ProductArguments, rows: Float32Array, codes: Uint8Array]): number;
  decode(...args: readonly [...ProductArguments, codes: Uint8Array, out: Float32Array]): void;
  pack(...args: readonly [...ShapeArguments, codes: Uint8Array, blocks: Uint8Array, count: number]): void;
  unpack(...args: readonly [...ShapeArguments, codes: Uint8Array, blocks: Uint8Array, count: number]): void;
  /** Fills in `query`, of `queryLength` elements; false where the vector is too large. */
  prepare(
    ...args: readonly [...ProductArguments, vector: Float32Array, metric: number, query: Float64Array]
  ): boolean;
  /** As many as there are estimates; codes one after the other, or blocks of them where `packed` is 1. */
  estimate(
    ...args: readonly [
      ...ShapeArguments,
      query: Float64Array,
      kind: number,
      codes: Uint8Array,
      packed: 0 | 1,
      estimates: Float32Array,
      bounds: Float32Array | undefined,
    ]
  ): void;
  /** The best plain estimates of `count` codes, best first: as many as `indices` and `scores` hold. */
  best(
    ...args: readonly [
      ...ShapeArguments,
      query: Float64Array,
      codes: Uint8Array,
      packed: 0 | 1,
      count: number,
      indices: Uint32Array,
      scores: Float32Array,
    ]
  ): void;
}

function shapeOf(args: readonly unknown[]): { n: number; m: number; bits: Bits } {
  const [n, m, bits] = args as unknown as ShapeArguments;
  return { n, m, bits };
}

function parametersOf(args: readonly unknown[]): ProductParameters {
  const [n, m, bits, centroids, , rotation, inverse, distortion] = args as unknown as ProductArguments;
  return { n, m, bits, centroids, rotation, inverse, distortion };
}

/** Options as numbers, in the order of native/addon/product.c. */
export function packTraining(o: ProductTraining): Float64Array {
  return Float64Array.of(o.n, o.m, o.bits, o.iterations, o.turns, starts.indexOf(o.start), o.seed, o.threads);
}

export function unpackTraining(numbers: Float64Array): ProductTraining {
  const [n, m, bits, iterations, turns, first, seed, threads] = numbers;
  const start = starts[first] === 'random' ? 'random' : 'k-means++';
  return { n, m, bits: bits as Bits, iterations, turns, start, seed, threads };
}

export const typescriptProduct: ProductKernels = {
  train: (options, rows, centroids, rotation, history) =>
    runAtOnce(train(unpackTraining(options), rows, { centroids, rotation, history })),
  panels() {},
  encode: (...args) => encodeRows(parametersOf(args), args[8], args[9]),
  decode: (...args) => decodeRows(parametersOf(args), args[8], args[9]),
  pack: (...args) => packCodes(shapeOf(args), args[3], args[4], args[5]),
  unpack: (...args) => unpackCodes(shapeOf(args), args[3], args[4], args[5]),
  prepare: (...args) => prepareQuery(parametersOf(args), args[8], args[9], args[10]),
  estimate: (...args) =>
    estimateCodes(shapeOf(args), args[3], args[4], args[5], args[6] === 1, args[7], args[8]),
  best: (...args) => {
    const [, , , query, codes, packed, count, indices, scores] = args;
    const shape = shapeOf(args);
    const estimates = newArray('product', 'Float32Array', count);
    estimateCodes(shape, query, estimateKinds.plain, codes, packed === 1, estimates, undefined);
    const isDot = partsOfQuery(shape, query).integers[0] === metricNumbers.dot;
    const found = bestOf(isDot ? 'dot' : 'l2sq', estimates, indices.length);
    indices.set(found.indices);
    scores.set(found.scores);
  },
};
