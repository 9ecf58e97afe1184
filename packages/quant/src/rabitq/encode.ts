/** Vectors to codes and back, as native/src/rabitq/encode.cpp computes it: operation by operation, and so to the bit. */
import { typescriptRotation } from '../rotation/kernels.js';
import { bestCodes } from './exact.js';
import { addEight, factor, isNegative, type Layout, layoutOf, maxNorm, putEx, takeEx } from './layout.js';

/** Below this, factors could be denormal numbers: then a code stands for the centre alone. */
const leastNorm = 2 ** -100;

/**
 * Constant scales of the fast encoder, by bits, in units of sqrt(n) / |y|: of the standard normal distribution, which
 * coordinates of rotated vectors come near to, the one that makes E[|x| (m + 1/2)] / sqrt(E[(m + 1/2)^2]) largest.
 */
export const constants: readonly number[] = [
  0, 0, 1.0043320117, 1.7064279454, 2.9832884595, 5.3152254689, 9.6095585976, 17.5846770793, 32.5072069947,
];

/** How the scale of a code is found, by the numbers of enum rv_rabitq_encoder. */
export const encoders = ['fast', 'refined', 'exact'] as const;

export type RabitqEncoder = (typeof encoders)[number];

/** What the refined encoder tries beside: the largest coordinate at the end of the last cell, times these. */
const refinements = [0.9, 0.96, 1, 1.08, 1.2] as const;

const least = new Float32Array(1);
const leastBits = new Uint32Array(least.buffer);

/** The least float32 that is not below x, for x from 0 on. */
export function roundUp(x: number): number {
  least[0] = x;
  if (least[0] < x) leastBits[0]++;
  return least[0];
}

/** The relative error of a rotation: rv_rotation_error(). */
export function rotationError(n: number): number {
  return 8 * (31 - Math.clz32(n) + 4) * 2 ** -24;
}

/** What of a codec encoding needs. */
export interface Encoding {
  readonly layout: Layout;
  readonly dimensions: number;
  readonly encoder: RabitqEncoder;
  readonly signs: Uint8Array;
  /** P c; undefined where codes are not centred. */
  readonly centre: Float32Array | undefined;
  readonly centreNorm: number;
}

export function encodingOf(
  dimensions: number,
  bits: number,
  encoder: RabitqEncoder,
  signs: Uint8Array,
  centre: Float32Array | undefined,
  centreNorm: number,
): Encoding {
  const n = 2 * signs.length;
  return { layout: layoutOf(n, bits, centre !== undefined), dimensions, encoder, signs, centre, centreNorm };
}

function squareOf(x: Float32Array): number {
  const s = new Float64Array(8);
  for (let i = 0; i < x.length; i++) s[i & 7] += x[i] * x[i];
  return addEight(s);
}

/** Twice <xbar, w>, by the signs alone where there are no ex-codes m. */
function innerOf(y: Float32Array, m: Uint8Array | undefined, w: Float32Array): number {
  const s = new Float64Array(8);
  for (let i = 0; i < y.length; i++) {
    const magnitude = m === undefined ? 1 : 2 * m[i] + 1;
    s[i & 7] += (isNegative(y[i]) ? -magnitude : magnitude) * w[i];
  }
  return addEight(s);
}

/** Ex-codes by one scale: what `quantise` of the kernels does. */
function quantise(y: Float32Array, scale: number, most: number, m: Uint8Array) {
  const sums = new Float64Array(8);
  let squares = 0;
  for (let i = 0; i < y.length; i++) {
    const x = Math.abs(y[i]);
    const scaled = x * scale;
    const code = scaled < most ? Math.trunc(scaled) : most;
    m[i] = code;
    squares += (2 * code + 1) ** 2;
    sums[i & 7] += x * (code + 0.5);
  }
  return { inner: addEight(sums), squares };
}

/** Ex-codes by the scale that the encoder finds. */
function findCodes(encoding: Encoding, y: Float32Array, norm: number, m: Uint8Array) {
  const { n, bits } = encoding.layout;
  const most = 2 ** (bits - 1) - 1;
  if (encoding.encoder === 'exact') return bestCodes(y, most, m);
  let scale = (constants[bits] * Math.sqrt(n)) / norm;
  let best = quantise(y, scale, most, m);
  if (encoding.encoder === 'fast') return best;
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(y[i]));
  const whole = (most + 1) / largest;
  let isLast = true;
  for (const each of refinements) {
    const next = whole * each;
    const found = quantise(y, next, most, m);
    isLast = found.inner * found.inner * best.squares > best.inner * best.inner * found.squares;
    if (isLast) [best, scale] = [found, next];
  }
  return isLast ? best : quantise(y, scale, most, m);
}

/**
 * Encodes rows, one for each step.
 *
 * @returns how many: fewer where the next has NaN, infinity, or a norm above `maxNorm`
 */
export function* encodeRows(
  encoding: Encoding,
  vectors: Float32Array,
  codes: Uint8Array,
): Generator<number, number> {
  const { layout, dimensions } = encoding;
  const count = vectors.length / dimensions;
  for (let i = 0; i < count; i++) {
    const x = vectors.subarray(i * dimensions, (i + 1) * dimensions);
    if (!encodeRow(encoding, x, codes.subarray(i * layout.codeBytes, (i + 1) * layout.codeBytes))) return i;
    yield i + 1;
  }
  return count;
}

function encodeRow(encoding: Encoding, x: Float32Array, code: Uint8Array): boolean {
  const { layout, dimensions, signs, centre, centreNorm } = encoding;
  const { n, bits } = layout;
  const most = 2 ** (bits - 1) - 1;
  const limit = maxNorm * maxNorm;
  const y = new Float32Array(n);
  typescriptRotation.rotate(n, signs, x, dimensions, y);
  let length2 = 0;
  if (centre !== undefined) {
    length2 = squareOf(x);
    for (let i = 0; i < n; i++) y[i] -= centre[i];
  }
  code.fill(0);
  const squares = new Float64Array(8);
  const absolutes = new Float64Array(8);
  for (let i = 0; i < n; i++) {
    squares[i & 7] += y[i] * y[i];
    absolutes[i & 7] += Math.abs(y[i]);
    if (!isNegative(y[i])) code[i >> 3] |= 1 << (i & 7);
  }
  const norm2 = addEight(squares);
  // NaN is not below, nor is infinity.
  if (!(norm2 <= limit && length2 <= limit)) return false;

  const norm = Math.sqrt(norm2);
  const slack =
    (2 * rotationError(n) + 8 * 2 ** -24) * (norm + centreNorm) * 1.001 + Math.sqrt(n) * 2 ** -143;
  const signInner = addEight(absolutes) / 2;
  let inner = signInner;
  let square = n / 4;
  const m = new Uint8Array(n);
  if (bits > 1) {
    let odd = n;
    if (norm >= leastNorm) {
      const found = findCodes(encoding, y, norm, m);
      inner = found.inner;
      odd = found.squares;
    }
    square = odd / 4;
  }

  const first = layout.signBytes + layout.exBytes;
  const view = new DataView(code.buffer, code.byteOffset + first, 4 * layout.factors);
  const put = (place: number, value: number) => {
    if (place >= 0) view.setFloat32(4 * place, value, true);
  };
  put(factor.norm, norm);
  put(layout.length, Math.sqrt(length2));
  if (norm < leastNorm) {
    if (centre === undefined) put(factor.norm, Math.max(norm, Math.sqrt(squareOf(x))));
    put(factor.residual, roundUp(norm + slack));
  } else {
    const scale = norm2 / inner;
    const signScale = norm2 / signInner;
    const rest = norm2 - (inner * inner) / square;
    put(factor.scale, scale);
    put(layout.signScale, signScale);
    put(factor.residual, roundUp(Math.sqrt((rest > 0 ? rest : 0) + norm2 * (n * 2 ** -50)) + slack));
    if (centre !== undefined) {
      put(layout.centre, scale * (innerOf(y, bits > 1 ? m : undefined, centre) / 2));
      put(layout.signCentre, signScale * (innerOf(y, undefined, centre) / 2));
    }
  }
  if (bits > 1) {
    for (let i = 0; i < n; i++) if (isNegative(y[i])) m[i] = most - m[i];
    putEx(m, n, bits - 1, code.subarray(layout.signBytes, first));
  }
  return true;
}

/** The vectors that codes stand for. */
export function decodeRows(encoding: Encoding, codes: Uint8Array, vectors: Float32Array): void {
  const { layout, dimensions, signs, centre } = encoding;
  const { n, bits, codeBytes } = layout;
  const most = 2 ** (bits - 1) - 1;
  const count = codes.length / codeBytes;
  const [y, x, m] = [new Float32Array(n), new Float32Array(n), new Uint8Array(n)];
  const magnitudes = new Float64Array(n);
  for (let row = 0; row < count; row++) {
    const code = codes.subarray(row * codeBytes, (row + 1) * codeBytes);
    const first = layout.signBytes + layout.exBytes;
    const view = new DataView(code.buffer, code.byteOffset + first, 4 * layout.factors);
    const norm = view.getFloat32(4 * factor.norm, true);
    const scale = view.getFloat32(4 * factor.scale, true);
    takeEx(code.subarray(layout.signBytes, first), n, bits - 1, m);
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const positive = (code[i >> 3] >> (i & 7)) & 1;
      const magnitude = 2 * (positive ? m[i] : most - m[i]) + 1;
      squares += magnitude * magnitude;
      magnitudes[i] = positive ? magnitude : -magnitude;
    }
    const leastError = scale > 0 ? (norm * norm) / (scale * (squares / 4)) / 2 : 0;
    for (let i = 0; i < n; i++) {
      y[i] = leastError * magnitudes[i];
      if (centre !== undefined) y[i] += centre[i];
    }
    typescriptRotation.unrotate(n, signs, y, n, x);
    vectors.set(x.subarray(0, dimensions), row * dimensions);
  }
}
