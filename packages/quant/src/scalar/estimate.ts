/** Estimates and bounds of scalar codes in TypeScript: those of native/src/scalar, to the bit. */

import { unpackWords } from '../blocks.js';
import type { QuantMetric } from '../codec.js';
import { blockRows } from '../packed.js';
import { addParts, cosineBound, cosineOf, floatAbove, l2sqBound, l2sqEstimate, limited } from '../parts.js';
import { type ScalarParameters, viewOf } from './encode.js';
import {
  type Bits,
  codeBytesOf,
  dimensionFactor,
  head,
  headInteger,
  levelBytes,
  partsOf,
  payloadBytes,
  planeLimit,
  planesOf,
  type QueryParts,
  type ScalarShape,
  vectorFactor,
  wordLimit,
} from './layout.js';

const { abs, floor, fround, sqrt } = Math;

/** Numbers of metrics, as core-simd's simd.h has them. */
export const metricNumbers: Readonly<Record<QuantMetric, number>> = { dot: 0, l2sq: 1, cosine: 3 };

/** Prepares a query in `query`; false where it has NaN or infinity. */
export function prepareQuery(
  p: ScalarParameters,
  vector: Float32Array,
  metric: number,
  levels: number,
  query: Float64Array,
): boolean {
  const { n, centre, step: steps } = p;
  const aroundCentre = metric === metricNumbers.l2sq;
  const planes = planesOf(p, levels);
  const limit = planes === 1 ? planeLimit : wordLimit;
  const weights = new Float64Array(n);
  const sums = new Float64Array(40);
  let most = 0;
  for (let i = 0; i < n; i++) {
    const lane = i & 7;
    const c = centre[i];
    const x = aroundCentre ? vector[i] - c : vector[i];
    const w = steps === undefined ? x : x * steps[i];
    weights[i] = w;
    sums[lane] += x * x;
    sums[8 + lane] += vector[i] * c;
    sums[16 + lane] += c * c;
    if (abs(w) > most) most = abs(w);
  }
  // Squares of float32 do not overflow in float64: only what is no number makes their sum none.
  if (!Number.isFinite(addParts(sums))) return false;
  query.fill(0);
  const parts = partsOf(p, query);
  const step = most / limit;
  const inverse = most > 0 ? limit / most : 0;
  const hasEight = parts.eight.high.length > 0;
  const hasFour = parts.four.high[0].length > 0;
  let total = 0;
  for (let i = 0; i < n; i++) {
    const lane = i & 7;
    const word = floor(weights[i] * inverse + 0.5);
    const rest = weights[i] - step * word;
    // word = 256 * high + low with low in a signed byte; of one plane, high alone.
    const high = planes === 1 ? word : (word + 128) >> 8;
    const low = planes === 1 ? 0 : word - 256 * high;
    if (hasEight) {
      parts.eight.high[i] = high;
      parts.eight.low[i] = low;
      (i % 2 === 0 ? parts.eight.even : parts.eight.odd)[i >> 1] = word;
    }
    if (hasFour) {
      parts.four.high[i % 2][i >> 1] = high;
      parts.four.low[i % 2][i >> 1] = low;
    }
    total += word;
    sums[24 + lane] += rest * rest;
    sums[32 + lane] += weights[i] * weights[i];
  }
  const norm = sqrt(addParts(sums));
  query[head.step] = step;
  // + 0 turns -0 to 0, as whole numbers have none.
  query[head.total] = total + 0;
  query[head.error] = sqrt(addParts(sums, 24)) * (1 + 2 ** -40) + 2 ** -50 * sqrt(addParts(sums, 32));
  query[head.norm] = norm;
  query[head.base] = aroundCentre ? addParts(sums) : addParts(sums, 8);
  query[head.slack] = aroundCentre ? 2 ** -38 * query[head.base] : 2 ** -39 * norm * sqrt(addParts(sums, 16));
  parts.integers[headInteger.metric] = metric;
  parts.integers[headInteger.levels] = levels;
  parts.integers[headInteger.n] = n;
  return true;
}

/** The whole numbers of a level's weights, dimension by dimension. */
function wordsOf(shape: ScalarShape, parts: QueryParts, bits: Bits): Float64Array {
  const { eight, four } = parts;
  const onePlane = planesOf(shape, parts.integers[headInteger.levels]) === 1;
  return Float64Array.from({ length: shape.n }, (_, i) => {
    if (bits === 8) return (i % 2 === 0 ? eight.even : eight.odd)[i >> 1];
    const high = four.high[i % 2][i >> 1];
    return onePlane ? high : 256 * high + four.low[i % 2][i >> 1];
  });
}

/** The exact sum of weights times the codes of a level that begins at `at`. */
function levelDot(words: Float64Array, bits: Bits, codes: Uint8Array, at: number): number {
  const n = words.length;
  let sum = 0;
  if (bits === 8) {
    for (let i = 0; i < n; i++) sum += words[i] * codes[at + i];
    return sum;
  }
  const pairs = n >> 1;
  for (let j = 0; j < pairs; j++) {
    const byte = codes[at + j];
    sum += words[2 * j] * (byte & 15) + words[2 * j + 1] * (byte >> 4);
  }
  if (n % 2 === 1) sum += words[n - 1] * (codes[at + pairs] & 15);
  return sum;
}

/** What a code contributes, whatever the kind of range and the number of levels. */
interface Part {
  /** <weights, y'> */
  product: number;
  /** Of its terms. */
  magnitude: number;
  /** >= the norm that the error of the weights is multiplied by. */
  partner: number;
  xnorm: number;
  norm: number;
  residual: number;
}

class Scorer {
  readonly #shape: ScalarShape;
  readonly #query: Float64Array;
  readonly #metric: number;
  readonly #levels: number;
  readonly #middle: boolean;
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  readonly #part: Part = { product: 0, magnitude: 0, partner: 0, xnorm: 0, norm: 0, residual: 0 };
  estimate = 0;
  bound = 0;

  constructor(shape: ScalarShape, query: Float64Array) {
    const parts = partsOf(shape, query);
    this.#shape = shape;
    this.#query = query;
    this.#metric = parts.integers[headInteger.metric];
    this.#levels = parts.integers[headInteger.levels];
    this.#middle = parts.integers[headInteger.middle] !== 0;
    this.#first = wordsOf(shape, parts, shape.bits);
    this.#second =
      this.#levels === 2 && shape.more !== 0 ? wordsOf(shape, parts, shape.more) : new Float64Array(0);
  }

  #read(codes: Uint8Array, view: DataView, at: number): void {
    const { n, bits, more, byDimension } = this.#shape;
    const query = this.#query;
    const part = this.#part;
    const factors = at + payloadBytes(this.#shape);
    const factor = (place: number) => view.getFloat32(factors + 4 * place, true);
    const first = levelDot(this.#first, bits, codes, at);
    const total = query[head.total];
    const scale = query[head.step];
    if (byDimension) {
      const a = -(bits === 8 ? 128 : 8) * total;
      part.product = scale * (a + first);
      part.magnitude = scale * (abs(a) + abs(first));
      part.partner = factor(dimensionFactor.codes);
      part.xnorm = factor(dimensionFactor.xnorm);
      part.norm = factor(dimensionFactor.norm);
      part.residual = factor(dimensionFactor.residual);
      return;
    }
    const lower = factor(vectorFactor.lower);
    const step = factor(vectorFactor.step);
    const b = step * first;
    part.xnorm = factor(vectorFactor.xnorm);
    if (this.#levels === 1 || more === 0) {
      const a = lower * total;
      part.product = scale * (a + b);
      part.magnitude = scale * (abs(a) + abs(b));
      part.norm = factor(vectorFactor.norm);
      part.residual = factor(vectorFactor.residual);
    } else {
      const second = levelDot(this.#second, more, codes, at + levelBytes(n, bits));
      const a = (lower - step * 0.5) * total;
      const c = (step / (more === 8 ? 255 : 15)) * second;
      part.product = scale * (a + b + c);
      part.magnitude = scale * (abs(a) + abs(b) + abs(c));
      part.norm = factor(vectorFactor.normBoth);
      part.residual = factor(vectorFactor.residualBoth);
    }
    part.partner = part.norm * (1 + 2 ** -22) + 2 ** -148;
  }

  /** >= |<v, y'> - product|; doc/scalar.md. */
  #productError(): number {
    const { partner, magnitude } = this.#part;
    return this.#query[head.error] * partner + 2 ** -49 * magnitude;
  }

  /** >= |<query, x> - (base + product)|. */
  #dotError(): number {
    const query = this.#query;
    const { product, residual, xnorm } = this.#part;
    const error =
      this.#productError() + query[head.slack] + 2 ** -50 * (abs(query[head.base]) + abs(product));
    return error + query[head.norm] * (residual + 2 ** -36 * (residual + xnorm + 2 ** -148));
  }

  /** Leaves the estimate of a code, and its bound if asked for. */
  score(codes: Uint8Array, view: DataView, at: number, bounds: boolean): void {
    this.#read(codes, view, at);
    const query = this.#query;
    const { product, norm, residual, xnorm } = this.#part;
    const base = query[head.base];
    if (this.#metric === metricNumbers.l2sq) {
      const square = norm * norm;
      const raw = base - (product + product) + square;
      this.estimate = l2sqEstimate(raw, residual, this.#middle);
      if (!bounds) return;
      const error =
        2 * this.#productError() +
        query[head.slack] +
        norm * (norm * 2 ** -22 + 2 ** -148) +
        2 ** -50 * (2 * abs(product) + square) +
        2 ** -290;
      this.bound = l2sqBound(raw, error, residual, this.estimate);
      return;
    }
    const value = base + product;
    if (this.#metric === metricNumbers.dot) {
      this.estimate = fround(value);
      if (bounds) this.bound = floatAbove((abs(this.estimate - value) + this.#dotError()) * (1 + 2 ** -36));
      return;
    }
    const qnorm = query[head.norm];
    const similarity = value / (qnorm * xnorm);
    const inside = limited(similarity);
    this.estimate = cosineOf(inside, qnorm, xnorm);
    if (bounds) this.bound = cosineBound(this.#dotError(), similarity, inside, qnorm, xnorm, this.estimate);
  }
}

/** As many codes as there are estimates; blocks are taken apart first. */
export function estimateCodes(
  shape: ScalarShape,
  query: Float64Array,
  codes: Uint8Array,
  packed: boolean,
  estimates: Float32Array,
  bounds: Float32Array | undefined,
): void {
  const bytes = codeBytesOf(shape);
  const scorer = new Scorer(shape, query);
  const rows = packed ? new Uint8Array(blockRows * bytes) : codes;
  const view = viewOf(rows);
  for (let r = 0; r < estimates.length; r++) {
    if (packed && r % blockRows === 0) {
      unpackWords(codes.subarray(r * bytes, (r + blockRows) * bytes), bytes, blockRows, rows);
    }
    scorer.score(rows, view, (packed ? r % blockRows : r) * bytes, bounds !== undefined);
    estimates[r] = scorer.estimate;
    if (bounds !== undefined) bounds[r] = scorer.bound;
  }
}
