/**
 * RaBitQ's functions, as the addon has them (native/addon/rabitq.c), and the same in TypeScript: to the bit.
 *
 * `n`, `bits` and `centred` (0 or 1) say what codes look like; `centre` is a rotated vector of n elements, or undefined
 * where codes are not centred; `encoder` is a place in `encoders`. `signs` are the rotation's, four bits a coordinate. Lengths have been checked.
 */
import { runAtOnce } from '../long.js';
import { bestPacked } from './best.js';
import { decodeRows, encodeRows, encoders, encodingOf } from './encode.js';
import { layoutOf } from './layout.js';
import { packCodes, unpackCodes } from './pack.js';
import { makeAim, prepareQuery } from './prepare.js';
import { scoreCodes } from './score.js';

export interface RabitqKernels {
  /** @returns how many rows are encoded: fewer where the next cannot be */
  encode(
    dimensions: number,
    bits: number,
    encoder: number,
    signs: Uint8Array,
    centre: Float32Array | undefined,
    centreNorm: number,
    vectors: Float32Array,
    codes: Uint8Array,
  ): number;
  decode(
    dimensions: number,
    bits: number,
    encoder: number,
    signs: Uint8Array,
    centre: Float32Array | undefined,
    centreNorm: number,
    codes: Uint8Array,
    vectors: Float32Array,
  ): void;
  /** `blocks` is zero before. */
  pack(n: number, bits: number, centred: number, count: number, codes: Uint8Array, blocks: Uint8Array): void;
  unpack(
    n: number,
    bits: number,
    centred: number,
    count: number,
    blocks: Uint8Array,
    codes: Uint8Array,
  ): void;
  /** @param query takes `queryNumbers.count` numbers */
  prepare(
    n: number,
    bits: number,
    centred: number,
    z: Float32Array,
    planes: Int8Array,
    tables: Uint8Array,
    query: Float64Array,
  ): void;
  /** @param aim takes `aimNumbers.count` numbers */
  aim(
    n: number,
    bits: number,
    centred: number,
    query: Float64Array,
    metric: number,
    offset2: number,
    inner: number,
    queryNorm: number,
    centreNorm: number,
    epsilon: number,
    aim: Float64Array,
  ): void;
  /** @param shape of `shapes` in score.ts */
  score(
    n: number,
    bits: number,
    centred: number,
    planes: Int8Array,
    tables: Uint8Array,
    query: Float64Array,
    aim: Float64Array,
    shape: number,
    codes: Uint8Array,
    count: number,
    values: Float32Array,
    bounds: Float32Array | undefined,
  ): void;
  /**
   * The best of packed codes of more than one bit, as many as `indices` and `scores` hold: best.ts says how.
   *
   * @param signs an aim, for the bounds of values by signs
   */
  best(
    n: number,
    bits: number,
    centred: number,
    planes: Int8Array,
    tables: Uint8Array,
    query: Float64Array,
    aim: Float64Array,
    signs: Float64Array,
    metric: number,
    blocks: Uint8Array,
    count: number,
    indices: Uint32Array,
    scores: Float32Array,
  ): void;
}

export const typescriptRabitq: RabitqKernels = {
  encode(dimensions, bits, encoder, signs, centre, centreNorm, vectors, codes) {
    const encoding = encodingOf(dimensions, bits, encoders[encoder], signs, centre, centreNorm);
    return runAtOnce(encodeRows(encoding, vectors, codes));
  },
  decode(dimensions, bits, encoder, signs, centre, centreNorm, codes, vectors) {
    decodeRows(encodingOf(dimensions, bits, encoders[encoder], signs, centre, centreNorm), codes, vectors);
  },
  pack(n, bits, centred, count, codes, blocks) {
    packCodes(layoutOf(n, bits, centred === 1), count, codes, blocks);
  },
  unpack(n, bits, centred, count, blocks, codes) {
    unpackCodes(layoutOf(n, bits, centred === 1), count, blocks, codes);
  },
  prepare(n, bits, centred, z, planes, tables, query) {
    prepareQuery(layoutOf(n, bits, centred === 1), z, planes, tables, query);
  },
  aim(n, bits, centred, query, metric, offset2, inner, queryNorm, centreNorm, epsilon, aim) {
    const layout = layoutOf(n, bits, centred === 1);
    makeAim(layout, query, metric, offset2, inner, queryNorm, centreNorm, epsilon, aim);
  },
  score(n, bits, centred, planes, tables, query, aim, shape, codes, count, values, bounds) {
    const layout = layoutOf(n, bits, centred === 1);
    scoreCodes({ layout, planes, tables, query, aim }, shape, codes, count, values, bounds);
  },
  best(n, bits, centred, planes, tables, query, aim, signs, metric, blocks, count, indices, scores) {
    const layout = layoutOf(n, bits, centred === 1);
    bestPacked({ layout, planes, tables, query, aim }, signs, metric, blocks, count, indices, scores);
  },
};
