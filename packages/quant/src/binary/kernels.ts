/**
 * The functions of binary codes, as the addon has them (native/addon/binary.c), and the same in TypeScript, to the bit. Each
 * begins with the dimensions and the centre, undefined where there is none.
 */
import { bits as bitVectors } from '@ruvector/core-simd';
import { blockRows } from '../packed.js';
import {
  addParts,
  atLeastZero,
  cosineBound,
  cosineOf,
  floatAbove,
  isNorm,
  limited,
  residualAbove,
} from '../parts.js';
import { metricNumbers } from '../scalar/estimate.js';

const { abs, fround, max, sqrt } = Math;

export interface BinaryKernels {
  /** How many rows were encoded: fewer than there are where the next one has no code. */
  encode(n: number, centre: Float32Array | undefined, rows: Float32Array, codes: Uint8Array): number;
  decode(n: number, centre: Float32Array | undefined, codes: Uint8Array, out: Float32Array): void;
  /** Fills in `query`, of `binaryQueryLength`, and `bits`, of `binaryPayload(n)`; false where the vector is not finite. */
  prepare(
    n: number,
    centre: Float32Array | undefined,
    vector: Float32Array,
    metric: number,
    query: Float64Array,
    bits: Uint8Array,
  ): boolean;
  /** As many as there are estimates; `packed` is 1 for blocks. */
  estimate(
    n: number,
    centre: Float32Array | undefined,
    query: Float64Array,
    bits: Uint8Array,
    codes: Uint8Array,
    packed: 0 | 1,
    estimates: Float32Array,
    bounds: Float32Array | undefined,
  ): void;
}

/** Bytes of a code before its factors. */
export function binaryPayload(n: number): number {
  return Math.ceil(n / 32) * 4;
}

/** Scale, |y|, with a centre also <centre, y> and |x|, and the residual. */
export function binaryFactors(centred: boolean): number {
  return centred ? 5 : 3;
}

/** Of a query's head, in float64; two int32 lie in the last one: the metric and n. */
const place = { norm: 0, fullNorm: 1, centreNorm: 2, base: 3, slack: 4, cosine: 5, integers: 6 } as const;

export const binaryQueryLength = 7;

interface Sums {
  /** Of |y|. */
  readonly size: number;
  /** Of squares. */
  readonly y: number;
  readonly x: number;
  readonly centre: number;
  /** <centre, y> and <centre, x>. */
  readonly cross: number;
  readonly product: number;
}

const parts = new Float64Array(48);

/** What a row and a query need alike; writes the bits to `codes` from `at` on. */
function sumsOf(
  n: number,
  centre: Float32Array | undefined,
  x: Float32Array,
  codes: Uint8Array,
  at: number,
): Sums {
  codes.fill(0, at, at + binaryPayload(n));
  parts.fill(0);
  for (let i = 0; i < n; i++) {
    const lane = i & 7;
    const c = centre === undefined ? 0 : centre[i];
    const y = x[i] - c;
    if (y > 0) codes[at + (i >> 3)] |= 0x80 >> lane;
    parts[lane] += abs(y);
    parts[8 + lane] += y * y;
    if (centre === undefined) continue;
    parts[16 + lane] += x[i] * x[i];
    parts[24 + lane] += c * c;
    parts[32 + lane] += c * y;
    parts[40 + lane] += c * x[i];
  }
  const y = addParts(parts, 8);
  return {
    size: addParts(parts),
    y,
    x: centre === undefined ? y : addParts(parts, 16),
    centre: addParts(parts, 24),
    cross: addParts(parts, 32),
    product: addParts(parts, 40),
  };
}

function isSet(codes: Uint8Array, at: number, i: number): boolean {
  return (codes[at + (i >> 3)] & (0x80 >> (i & 7))) !== 0;
}

function encode(n: number, centre: Float32Array | undefined, rows: Float32Array, codes: Uint8Array): number {
  const count = rows.length / n;
  const payload = binaryPayload(n);
  const factors = binaryFactors(centre !== undefined);
  const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
  for (let r = 0; r < count; r++) {
    const at = r * (payload + 4 * factors);
    const row = rows.subarray(r * n, (r + 1) * n);
    const sums = sumsOf(n, centre, row, codes, at);
    if (!isNorm(sums.x) || !isNorm(sums.y)) return r;
    const scale = fround(sums.size / n);
    parts.fill(0, 0, 16);
    for (let i = 0; i < n; i++) {
      const c = centre === undefined ? 0 : centre[i];
      const z = isSet(codes, at, i) ? scale : -scale;
      const lost = row[i] - c - z;
      const off = row[i] - fround(c + z);
      parts[i & 7] += lost * lost;
      parts[8 + (i & 7)] += off * off;
    }
    const residual = residualAbove(addParts(parts), addParts(parts, 8), sqrt(sums.y));
    const store = (k: number, value: number) => view.setFloat32(at + payload + 4 * k, value, true);
    store(0, scale);
    store(1, sqrt(sums.y));
    if (centre !== undefined) {
      store(2, sums.cross);
      store(3, sqrt(sums.x));
    }
    store(factors - 1, floatAbove(residual));
    // The cross term is a product of norms, and may be too large where they are not.
    if (!isNorm(residual * residual) || !isNorm(sums.cross * sums.cross)) return r;
  }
  return count;
}

function decode(n: number, centre: Float32Array | undefined, codes: Uint8Array, out: Float32Array): void {
  const payload = binaryPayload(n);
  const bytes = payload + 4 * binaryFactors(centre !== undefined);
  const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
  for (let r = 0; r < codes.length / bytes; r++) {
    const scale = view.getFloat32(r * bytes + payload, true);
    for (let i = 0; i < n; i++) {
      const c = centre === undefined ? 0 : centre[i];
      out[r * n + i] = c + (isSet(codes, r * bytes, i) ? scale : -scale);
    }
  }
}

/** Coefficients of Taylor's series in x^2, from the last to the first but one. */
const cosineSeries = [16, 14, 12, 10, 8, 6, 4, 2].map((k) => seriesTerm(k));
const sineSeries = [15, 13, 11, 9, 7, 5, 3].map((k) => seriesTerm(k));

function seriesTerm(k: number): number {
  let factorial = 1;
  for (let i = 2; i <= k; i++) factorial *= i;
  return (k % 4 < 2 ? 1 : -1) / factorial;
}

function seriesOf(coefficients: readonly number[], t: number): number {
  let sum = 0;
  for (const each of coefficients) sum = each + t * sum;
  return 1 + t * sum;
}

/** cos(pi h / n), h from 0 to n: what native/src/binary/binary.cpp computes, to the bit. */
function cosineOfShare(h: number, n: number): number {
  const near = h + h <= n ? h : n - h;
  let cosine: number;
  if (4 * near <= n) {
    const x = Math.PI * (near / n);
    cosine = seriesOf(cosineSeries, x * x);
  } else {
    const x = Math.PI * ((n - 2 * near) / (2 * n));
    cosine = x * seriesOf(sineSeries, x * x);
  }
  return h + h <= n ? cosine : -cosine;
}

/**
 * <= the cosine of the angle between y and its signs, which is the sum of |y[i]| over sqrt(n) |y|; of y = 0 any angle
 * will do. Both numbers may have been rounded to float32.
 */
function signCosine(size: number, norm: number, n: number): number {
  const cosine =
    norm > 0 ? (atLeastZero(size - n * 2 ** -149) / (sqrt(n) * (norm + 2 ** -149))) * (1 - 2 ** -21) : 1;
  return cosine < 0 ? 0 : cosine > 1 ? 1 : cosine;
}

function prepare(...args: Parameters<BinaryKernels['prepare']>): boolean {
  const [n, centre, vector, metric, query, bits] = args;
  const sums = sumsOf(n, centre, vector, bits, 0);
  // Squares of float32 do not overflow in float64: only what is no number makes these no numbers.
  if (!Number.isFinite(sums.y) || !Number.isFinite(sums.x)) return false;
  query[place.norm] = sqrt(sums.y);
  query[place.fullNorm] = sqrt(sums.x);
  query[place.centreNorm] = sqrt(sums.centre);
  query[place.base] = sums.product;
  query[place.slack] = 2 ** -39 * query[place.fullNorm] * query[place.centreNorm];
  query[place.cosine] = signCosine(sums.size, query[place.norm], n);
  const integers = new Int32Array(query.buffer, query.byteOffset + 8 * place.integers, 2);
  integers[0] = metric;
  integers[1] = n;
  return true;
}

/**
 * The numbers between which the cosine of the angle of two vectors lies: the angle between their signs is known, and the
 * angles between each and its signs have cosines of at least a and b. Angles obey the triangle inequality.
 */
function between(signs: number, a: number, b: number): readonly [least: number, most: number] {
  const sineA = sqrt(atLeastZero(1 - a * a));
  const sineB = sqrt(atLeastZero(1 - b * b));
  const cosine = a * b - sineA * sineB;
  const sine = sineA * b + a * sineB;
  const product = signs * cosine;
  const other = sqrt(atLeastZero(1 - signs * signs)) * sine;
  const least = signs <= -cosine ? -1 : product - other - 2 ** -20;
  const most = signs >= cosine ? 1 : product + other + 2 ** -20;
  return [least < -1 ? -1 : least, most > 1 ? 1 : most];
}

interface Factors {
  readonly scale: number;
  readonly norm: number;
  readonly cross: number;
  readonly xnorm: number;
}

/** The estimate of a code from how many bits differ, and its bound if asked for. */
function finish(
  query: Float64Array,
  metric: number,
  n: number,
  { scale, norm, cross, xnorm }: Factors,
  differ: number,
  withBound: boolean,
): readonly [estimate: number, bound: number] {
  const qnorm = query[place.norm];
  const size = qnorm * norm;
  const product = size * cosineOfShare(differ, n);
  const [lowest, highest] = withBound
    ? between((n - 2 * differ) / n, query[place.cosine], signCosine(scale * n, norm, n))
    : [0, 0];
  // Of <query - centre, y>, with what float32 took from the norm.
  const taken = qnorm * (norm * 2 ** -22 + 2 ** -148);
  const least = size * lowest - taken;
  const most = size * highest + taken;

  if (metric === metricNumbers.l2sq) {
    const squares = qnorm * qnorm + norm * norm;
    const middle = fround(atLeastZero(squares - 2 * product));
    if (!withBound) return [middle, 0];
    const low = atLeastZero(squares - 2 * most);
    const high = squares - 2 * least;
    const reach = max(middle - low, high - middle);
    return [middle, floatAbove(reach + squares * 2 ** -21 + norm * 2 ** -147 + 2 ** -290)];
  }
  const full = query[place.fullNorm];
  const base = query[place.base];
  const rest = base + cross;
  const value = rest + product;
  const slack =
    query[place.slack] +
    abs(cross) * 2 ** -23 +
    2 ** -148 +
    2 ** -38 * query[place.centreNorm] * norm +
    2 ** -36 * (full * (xnorm + 2 ** -148) + abs(base) + abs(value));
  if (metric === metricNumbers.dot) {
    const middle = fround(value);
    const reach = max(middle - (rest + least), rest + most - middle);
    return [middle, withBound ? floatAbove((reach + slack) * (1 + 2 ** -36)) : 0];
  }
  const similarity = value / (full * xnorm);
  const inside = limited(similarity);
  const middle = cosineOf(inside, full, xnorm);
  const reach = max(value - (rest + least), rest + most - value);
  return [middle, withBound ? cosineBound(reach + slack, similarity, inside, full, xnorm, middle) : 0];
}

function estimate(...args: Parameters<BinaryKernels['estimate']>): void {
  const [n, centre, query, bits, codes, packed, estimates, bounds] = args;
  const centred = centre !== undefined;
  const payload = binaryPayload(n);
  const bytes = payload + 4 * binaryFactors(centred);
  const [metric] = new Int32Array(query.buffer, query.byteOffset + 8 * place.integers, 2);
  const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
  for (let r = 0; r < estimates.length; r++) {
    const inBlock = r % blockRows;
    const block = (r - inBlock) * bytes;
    const at = packed === 1 ? block + inBlock * payload : r * bytes;
    const first = packed === 1 ? block + blockRows * payload + 4 * inBlock : at + payload;
    const stride = packed === 1 ? 4 * blockRows : 4;
    const factor = (k: number) => view.getFloat32(first + k * stride, true);
    const differ = bitVectors.hamming(bits, codes.subarray(at, at + payload));
    const norm = factor(1);
    const factors = {
      scale: factor(0),
      norm,
      cross: centred ? factor(2) : 0,
      xnorm: centred ? factor(3) : norm,
    };
    const [middle, bound] = finish(query, metric, n, factors, differ, bounds !== undefined);
    estimates[r] = middle;
    if (bounds !== undefined) bounds[r] = bound;
  }
}

export const typescriptBinary: BinaryKernels = { encode, decode, prepare, estimate };
