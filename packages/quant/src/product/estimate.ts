/**
 * Prepared queries, estimates and bounds in TypeScript: native/src/product/query.cpp and serial.cpp, to the bit. float64
 * arithmetic that is rounded to float32 at once gives float32 arithmetic (Figueroa, SIGNUM 30(3), 1995). doc/product.md has
 * the proofs.
 */
import { blockRows } from '../packed.js';
import { floatAbove } from '../parts.js';
import { normOf, type ProductParameters, turn } from './codes.js';
import {
  beginOf,
  blockBytesOf,
  blockOrder,
  centroidsOf,
  codeBytesOf,
  headDouble,
  headFloat,
  maxNorm,
  type ProductShape,
  partsOfQuery,
  payloadBytesOf,
  type QueryParts,
} from './layout.js';

const { abs, fround, sqrt } = Math;

/** Of rv_metric. */
export const metricNumbers = { dot: 0, l2sq: 1, cosine: 3 } as const;

/** Of rv_product_estimates: what an estimate of a squared distance is. */
export const estimateKinds = { plain: 0, middle: 1 } as const;

/** Norms below this have lost digits in float32. */
const leastNorm = 2 ** -100;

/** Sums of float32 in eight parts. */
const floatParts = new Float32Array(8);

function fillTables(p: ProductParameters, y: Float32Array, squares: boolean, tables: Float32Array): void {
  const k = centroidsOf(p);
  for (let s = 0; s < p.m; s++) {
    const [begin, end] = [beginOf(p, s), beginOf(p, s + 1)];
    for (let c = 0; c < k; c++) {
      let at = k * begin + c * (end - begin);
      let sum = 0;
      for (let i = begin; i < end; i++, at++) {
        const term = fround(squares ? y[i] - p.centroids[at] : y[i] * p.centroids[at]);
        sum = fround(sum + (squares ? fround(term * term) : term));
      }
      tables[s * k + c] = sum;
    }
  }
}

/** The step of byte tables: native/src/product/kernels.h. */
function stepOfTables(widest: number, total: number, m: number): number {
  const step = fround(widest / 255);
  if (m <= 256 || m > 0x7fff) return step;
  const wider = fround((total / (0xffff - m)) * (1 + 2 ** -20));
  return wider > step && wider <= fround(2 * step) ? wider : step;
}

/** Table entries as bytes. */
function quantiseTables({ m }: ProductShape, { tables, bytes, integers, floats, doubles }: QueryParts): void {
  let widest = 0;
  let total = 0;
  let base = 0;
  const lows = new Float32Array(m);
  for (let s = 0; s < m; s++) {
    let low = tables[s * 16];
    let high = low;
    for (let c = 1; c < 16; c++) {
      low = Math.min(low, tables[s * 16 + c]);
      high = Math.max(high, tables[s * 16 + c]);
    }
    const range = fround(high - low);
    widest = Math.max(widest, range);
    total += range;
    base += low;
    lows[s] = low;
  }
  const scale = stepOfTables(widest, total, m);
  const roundedBase = fround(base);
  const inverse = scale > 0 ? 1 / scale : 0;
  let lost = 0;
  let largestSum = 0;
  for (let s = 0; s < m; s++) {
    let worst = 0;
    let most = 0;
    for (let c = 0; c < 16; c++) {
      const above = tables[s * 16 + c] - lows[s];
      const steps = above * inverse + 0.5;
      const byte = Math.trunc(steps < 255 ? steps : 255);
      bytes[s * 16 + c] = byte;
      most = Math.max(most, byte);
      worst = Math.max(worst, abs(above - scale * byte));
    }
    lost += worst;
    largestSum += most;
  }
  lost += abs(base - roundedBase);
  lost += 2 ** -22 * (scale * 255 * m + abs(base));
  integers[3] = largestSum;
  floats[headFloat.base] = roundedBase;
  floats[headFloat.scale] = scale;
  doubles[headDouble.byteError] = lost * (1 + 2 ** -36);
}

/** Fills in a query; false where its norm is too large. */
export function prepareQuery(
  p: ProductParameters,
  vector: Float32Array,
  metric: number,
  query: Float64Array,
): boolean {
  const { n, m, bits, rotation, distortion } = p;
  const parts = partsOfQuery(p, query);
  const { integers, doubles, tables } = parts;
  query.fill(0);
  integers[0] = metric;
  const norm = normOf(vector);
  doubles[headDouble.norm] = norm;
  if (!(norm <= maxNorm)) return false;
  const g = (Math.ceil(n / m) + m + 8) * 2 ** -24;
  doubles[headDouble.tableError] = g / (1 - g);
  doubles[headDouble.tiny] = (n + m) * 2 ** -125;
  let y = vector;
  if (rotation !== undefined) {
    y = new Float32Array(n);
    turn(rotation, n, vector, y);
    doubles[headDouble.turnError] = 3 * (distortion + 2 ** -23);
    doubles[headDouble.tiny] += n * 2 ** -148 * norm;
  }
  fillTables(p, y, metric === metricNumbers.l2sq, tables);
  if (bits === 4) quantiseTables(p, parts);
  return true;
}

function addFloatParts(p: Float32Array): number {
  const even = fround(fround(p[0] + p[4]) + fround(p[2] + p[6]));
  const odd = fround(fround(p[1] + p[5]) + fround(p[3] + p[7]));
  return fround(even + odd);
}

/** The sum of table entries of a row-major code. */
function sumOfRow({ m, bits }: ProductShape, tables: Float32Array, codes: Uint8Array, at: number): number {
  const p = floatParts.fill(0);
  if (bits === 8) for (let s = 0; s < m; s++) p[s % 8] += tables[s * 256 + codes[at + s]];
  else {
    for (let s = 0; s < m; s++) {
      const two = codes[at + (s >> 1)];
      p[s % 8] += tables[s * 16 + (s % 2 === 0 ? two & 15 : two >> 4)];
    }
  }
  return addFloatParts(p);
}

/** Sums of the 32 codes of a block. */
function sumsOfBlock(
  { m, bits }: ProductShape,
  { tables, bytes, floats }: QueryParts,
  blocks: Uint8Array,
  at: number,
  sums: Float32Array,
): void {
  sums.fill(0);
  if (bits === 8) {
    for (let s = 0; s < m; s++) {
      for (let r = 0; r < blockRows; r++) sums[r] += tables[s * 256 + blocks[at + s * blockRows + r]];
    }
    return;
  }
  const whole = new Uint32Array(blockRows);
  for (let s = 0; s < m; s++) {
    for (let i = 0; i < 16; i++) {
      const two = blocks[at + s * 16 + i];
      whole[blockOrder[i]] += bytes[s * 16 + (two & 15)];
      whole[blockOrder[i] + 16] += bytes[s * 16 + (two >> 4)];
    }
  }
  const [base, scale] = [floats[headFloat.base], floats[headFloat.scale]];
  for (let r = 0; r < blockRows; r++) sums[r] = base + fround(scale * whole[r]);
}

/** Estimates and bounds from sums, for one query. */
class Scorer {
  readonly #metric: number;
  readonly #middle: boolean;
  readonly #doubles: Float64Array;

  constructor({ integers, doubles }: QueryParts, kind: number) {
    this.#metric = integers[0];
    this.#middle = kind === estimateKinds.middle;
    this.#doubles = doubles;
  }

  estimate(sum: number, residual: number, norm: number): number {
    if (this.#metric === metricNumbers.dot) return sum;
    if (this.#metric === metricNumbers.l2sq) {
      return this.#middle ? fround(sum + fround(residual * residual)) : sum;
    }
    const own = this.#doubles[headDouble.norm];
    if (!(own > 0) || !(norm > 0)) return Number.NaN;
    const similarity = sum / (own * norm);
    return 1 - (similarity > 1 ? 1 : similarity < -1 ? -1 : similarity);
  }

  #boundOfSquares(byteError: number, sum: number, r: number, norm: number): number {
    const d = this.#doubles;
    const [g, tiny] = [d[headDouble.tableError], d[headDouble.tiny]];
    const top = (sum + byteError + tiny) / (1 - g);
    const a = top > 0 ? sqrt(top) : 0;
    const k = d[headDouble.turnError] * (d[headDouble.norm] + norm + r);
    const sums = g * top + byteError + tiny;
    const turned = k * (2 * a + k);
    const rounded = 2 ** -20 * (top + r * r);
    const apart = 2 * (a + k) * r;
    return (this.#middle ? apart : apart + r * r) + sums + turned + rounded;
  }

  #boundOfDots(byteError: number, sum: number, r: number, norm: number): number {
    const d = this.#doubles;
    const q = d[headDouble.norm];
    const relative = 1.01 * d[headDouble.tableError] + d[headDouble.turnError] + 2 ** -36;
    return q * r + relative * q * (norm + r) + byteError + d[headDouble.tiny] + 2 ** -22 * abs(sum);
  }

  bound(byteError: number, sum: number, residual: number, storedNorm: number): number {
    const norm = storedNorm * (1 + 2 ** -22) + 2 ** -149;
    const q = this.#doubles[headDouble.norm];
    if (this.#metric === metricNumbers.l2sq) {
      return floatAbove(this.#boundOfSquares(byteError, sum, residual, norm) * (1 + 2 ** -36));
    }
    const bound = this.#boundOfDots(byteError, sum, residual, norm) * (1 + 2 ** -36);
    if (this.#metric === metricNumbers.dot) return floatAbove(bound);
    if (!(q > 0) || !(storedNorm > 0)) return Number.NaN;
    // Both lie in 0 .. 2.
    if (storedNorm < leastNorm || q < leastNorm) return 2;
    const cosine = (bound / (q * storedNorm)) * (1 + 2 ** -20) + 2 ** -21;
    return cosine < 2 ? floatAbove(cosine) : 2;
  }
}

/** As many as there are estimates, of row-major codes or of blocks. */
export function estimateCodes(
  shape: ProductShape,
  query: Float64Array,
  kind: number,
  codes: Uint8Array,
  packed: boolean,
  estimates: Float32Array,
  bounds: Float32Array | undefined,
): void {
  const parts = partsOfQuery(shape, query);
  const scorer = new Scorer(parts, kind);
  const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
  const [bytes, payload] = [codeBytesOf(shape), payloadBytesOf(shape)];
  const sums = new Float32Array(blockRows);
  const byteError = packed && shape.bits === 4 ? parts.doubles[headDouble.byteError] : 0;
  for (let r = 0; r < estimates.length; r++) {
    const inBlock = r % blockRows;
    const block = Math.floor(r / blockRows) * blockBytesOf(shape);
    if (packed && inBlock === 0) sumsOfBlock(shape, parts, codes, block, sums);
    const sum = packed ? sums[inBlock] : sumOfRow(shape, parts.tables, codes, r * bytes);
    const norms = packed ? block + blockRows * payload + 4 * inBlock : r * bytes + payload;
    const norm = view.getFloat32(norms, true);
    const residual = view.getFloat32(packed ? norms + 4 * blockRows : norms + 4, true);
    estimates[r] = scorer.estimate(sum, residual, norm);
    if (bounds !== undefined) bounds[r] = scorer.bound(byteError, sum, residual, norm);
  }
}
