/** Scalar codes in TypeScript: the bytes of native/src/scalar, to the bit. */
import { addParts, floatAbove, isNorm, residualAbove } from '../parts.js';
import {
  type Bits,
  codeBytesOf,
  dimensionFactor,
  levelBytes,
  payloadBytes,
  type ScalarShape,
  vectorFactor,
} from './layout.js';

const { abs, fround, sqrt } = Math;

/** A codec's parameters. */
export interface ScalarParameters extends ScalarShape {
  /** n: what ranges of vectors lie around, or the middle of each dimension's range. */
  readonly centre: Float32Array;
  /** n, and 1 / step or 0 where that is 0; of ranges of dimensions only. */
  readonly step: Float32Array | undefined;
  readonly inverse: Float64Array | undefined;
}

/** Sums over dimensions, in eight parts each. */
const parts = new Float64Array(48);

function codeOf(position: number, top: number): number {
  // NaN becomes 0: a row that has it is refused by its norm.
  const inside = position > 0 ? position : 0;
  return Math.trunc(inside < top ? inside : top);
}

function put(codes: Uint8Array, at: number, bits: Bits, i: number, code: number): void {
  if (bits === 8) codes[at + i] = code;
  else if (i % 2 === 0) codes[at + (i >> 1)] = code;
  else codes[at + (i >> 1)] |= code << 4;
}

export function get(codes: Uint8Array, at: number, bits: Bits, i: number): number {
  if (bits === 8) return codes[at + i];
  const byte = codes[at + (i >> 1)];
  return i % 2 === 0 ? byte & 15 : byte >> 4;
}

/** A view of bytes, for factors. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The second level divides a step, from half of one below to half of one above. */
function secondLevel(lower: number, step: number, more: Bits) {
  const top = more === 8 ? 255 : 15;
  return { lower: lower - step * 0.5, step: step / top, inverse: step > 0 ? top / step : 0 };
}

function encodeVector(
  p: ScalarParameters,
  rows: Float32Array,
  from: number,
  codes: Uint8Array,
  at: number,
  view: DataView,
): boolean {
  const { n, bits, more, centre } = p;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  parts.fill(0);
  for (let i = 0; i < n; i++) {
    const x = rows[from + i];
    const y = x - centre[i];
    if (y < least) least = y;
    if (y > most) most = y;
    parts[i & 7] += x * x;
  }
  const squares = addParts(parts);
  if (!isNorm(squares)) return false;

  const top = bits === 8 ? 255 : 15;
  // + 0 turns -0 to 0, whichever of them was found.
  const lower = fround(least) + 0;
  const step = fround((most - least) / top);
  const inverse = step > 0 ? 1 / step : 0;
  const two = more === 0 ? undefined : secondLevel(lower, step, more);
  const moreTop = more === 8 ? 255 : 15;
  const moreAt = at + levelBytes(n, bits);
  parts.fill(0);
  for (let i = 0; i < n; i++) {
    const lane = i & 7;
    const x = rows[from + i];
    const c = centre[i];
    const y = x - c;
    const code = codeOf((y - lower) * inverse + 0.5, top);
    let z = lower + step * code;
    let lost = y - z;
    put(codes, at, bits, i, code);
    parts[lane] += z * z;
    parts[8 + lane] += lost * lost;
    if (two === undefined || more === 0) {
      const off = x - fround(c + z);
      parts[16 + lane] += off * off;
      continue;
    }
    const second = codeOf((lost + step * 0.5) * two.inverse + 0.5, moreTop);
    z = two.lower + step * code + two.step * second;
    lost = y - z;
    const off = x - fround(c + z);
    put(codes, moreAt, more, i, second);
    parts[16 + lane] += z * z;
    parts[24 + lane] += lost * lost;
    parts[32 + lane] += off * off;
  }

  const factors = at + payloadBytes(p);
  const store = (place: number, value: number) => view.setFloat32(factors + 4 * place, value, true);
  const size = sqrt(n) * (abs(lower) + step);
  const norm = sqrt(addParts(parts));
  const lost = addParts(parts, 8);
  const residual = residualAbove(lost, two === undefined ? addParts(parts, 16) : lost, size + norm);
  store(vectorFactor.lower, lower);
  store(vectorFactor.step, step);
  store(vectorFactor.xnorm, sqrt(squares));
  store(vectorFactor.norm, norm);
  store(vectorFactor.residual, floatAbove(residual));
  if (two !== undefined) {
    const normBoth = sqrt(addParts(parts, 16));
    const residualBoth = residualAbove(addParts(parts, 24), addParts(parts, 32), size + normBoth);
    store(vectorFactor.normBoth, normBoth);
    store(vectorFactor.residualBoth, floatAbove(residualBoth));
    if (!isNorm(normBoth * normBoth) || !isNorm(residualBoth * residualBoth)) return false;
  }
  return isNorm(norm * norm) && isNorm(residual * residual);
}

function encodeDimension(
  p: ScalarParameters,
  rows: Float32Array,
  from: number,
  codes: Uint8Array,
  at: number,
  view: DataView,
): boolean {
  const { n, bits, centre } = p;
  const step = p.step!;
  const inverse = p.inverse!;
  const top = bits === 8 ? 255 : 15;
  const middle = bits === 8 ? 128 : 8;
  parts.fill(0);
  for (let i = 0; i < n; i++) {
    const lane = i & 7;
    const x = rows[from + i];
    const c = centre[i];
    const y = x - c;
    const code = codeOf(y * inverse[i] + (middle + 0.5), top);
    const number = code - middle;
    const z = step[i] * number;
    const lost = y - z;
    const off = x - fround(c + z);
    put(codes, at, bits, i, code);
    parts[lane] += number * number;
    parts[8 + lane] += x * x;
    parts[16 + lane] += z * z;
    parts[24 + lane] += lost * lost;
    parts[32 + lane] += off * off;
  }
  const factors = at + payloadBytes(p);
  const store = (place: number, value: number) => view.setFloat32(factors + 4 * place, value, true);
  const squares = addParts(parts, 8);
  const norm = sqrt(addParts(parts, 16));
  const residual = residualAbove(addParts(parts, 24), addParts(parts, 32), norm);
  store(dimensionFactor.codes, floatAbove(sqrt(addParts(parts)) * (1 + 2 ** -50)));
  store(dimensionFactor.xnorm, sqrt(squares));
  store(dimensionFactor.norm, norm);
  store(dimensionFactor.residual, floatAbove(residual));
  return isNorm(squares) && isNorm(norm * norm) && isNorm(residual * residual);
}

/** How many rows were encoded: fewer than there are where the next one has no code. */
export function encodeRows(p: ScalarParameters, rows: Float32Array, codes: Uint8Array): number {
  const bytes = codeBytesOf(p);
  const count = rows.length / p.n;
  const view = viewOf(codes);
  const encode = p.step === undefined ? encodeVector : encodeDimension;
  for (let r = 0; r < count; r++) {
    codes.fill(0, r * bytes, r * bytes + payloadBytes(p));
    if (!encode(p, rows, r * p.n, codes, r * bytes, view)) return r;
  }
  return count;
}

export function decodeRows(p: ScalarParameters, codes: Uint8Array, out: Float32Array): void {
  const { n, bits, more, centre, step: steps } = p;
  const bytes = codeBytesOf(p);
  const view = viewOf(codes);
  const count = codes.length / bytes;
  const middle = bits === 8 ? 128 : 8;
  const factor = (r: number, place: number) => view.getFloat32(r * bytes + payloadBytes(p) + 4 * place, true);
  for (let r = 0; r < count; r++) {
    const at = r * bytes;
    const to = r * n;
    if (steps !== undefined) {
      for (let i = 0; i < n; i++) out[to + i] = centre[i] + steps[i] * (get(codes, at, bits, i) - middle);
      continue;
    }
    const lower = factor(r, vectorFactor.lower);
    const step = factor(r, vectorFactor.step);
    if (more === 0) {
      for (let i = 0; i < n; i++) out[to + i] = centre[i] + (lower + step * get(codes, at, bits, i));
      continue;
    }
    const two = secondLevel(lower, step, more);
    const moreAt = at + levelBytes(n, bits);
    for (let i = 0; i < n; i++) {
      const first = two.lower + step * get(codes, at, bits, i);
      out[to + i] = centre[i] + (first + two.step * get(codes, moreAt, more, i));
    }
  }
}
