/** Sums, values and bounds: native/src/rabitq/finish.h and rabitq.h, operation by operation. */
import {
  chunk,
  factor,
  fourPlace,
  type Layout,
  lanesOf,
  levelsOf,
  planeBytes,
  planePlace,
  tableBytes,
} from './layout.js';
import { aimNumbers, gridNumbers, queryNumbers } from './prepare.js';

/** Rows, blocks, or blocks by their signs alone. */
export const shapes = { rows: 0, blocks: 1, signs: 2 } as const;

/** Unit roundoff of float32. */
const u = 2 ** -24;

export interface Scoring {
  readonly layout: Layout;
  readonly planes: Int8Array;
  readonly tables: Uint8Array;
  readonly query: Float64Array;
  readonly aim: Float64Array;
}

/** How codes lie: row-major ones and those of blocks are read alike but for where their bytes are. */
interface Codes {
  /** The half byte of coordinates 4 group .. 4 group + 3. */
  half(row: number, group: number): number;
  /** Where the ex-bits of a code begin. */
  ex(row: number): number;
  /** Where a factor is. */
  factor(row: number, place: number): number;
}

function rowsOf(bytes: Uint8Array, { codeBytes, signBytes, exBytes }: Layout): Codes {
  return {
    half: (row, group) => (bytes[row * codeBytes + (group >> 1)] >> ((group & 1) * 4)) & 15,
    ex: (row) => row * codeBytes + signBytes,
    factor: (row, place) => row * codeBytes + signBytes + exBytes + 4 * place,
  };
}

function blocksOf(bytes: Uint8Array, { blockBytes, signBytes, exBytes }: Layout): Codes {
  return {
    half(row, group) {
      const i = row & 31;
      const j = (i & 7) * 2 + ((i >> 3) & 1);
      return (bytes[(row >> 5) * blockBytes + 16 * group + j] >> (i < 16 ? 0 : 4)) & 15;
    },
    ex: (row) => (row >> 5) * blockBytes + 32 * signBytes + (row & 31) * exBytes,
    factor: (row, place) =>
      (row >> 5) * blockBytes + 32 * (signBytes + exBytes) + 4 * (32 * place + (row & 31)),
  };
}

/** <signs, plane> of a code, by the plane's table. */
function signSum(codes: Codes, row: number, n: number, table: Uint8Array, minimum: number): number {
  let sum = minimum;
  for (let group = 0; group < n / 4; group++) sum += table[16 * group + codes.half(row, group)];
  return sum;
}

/** <ex-bits, q> of a code; q in the order of coordinates. */
function exSum(bytes: Uint8Array, at: number, n: number, exBits: number, q: Int32Array): number {
  let sum = 0;
  let plane = at;
  for (let first = 0; first < n; first += chunk) {
    const lanes = lanesOf(n, first);
    const two = plane + (exBits & 4 ? 4 * lanes : 0);
    const one = two + (exBits & 2 ? 2 * lanes : 0);
    const twoShift = exBits & 4 ? 4 : 0;
    const oneShift = twoShift + (exBits & 2 ? 2 : 0);
    for (let lane = 0; lane < lanes; lane++) {
      for (let group = 0; group < 8; group++) {
        let code = 0;
        if (exBits & 4) code = (bytes[plane + fourPlace(group) * lanes + lane] >> ((group & 1) * 4)) & 15;
        if (exBits & 2) {
          code |= ((bytes[two + (group >> 2) * lanes + lane] >> ((group & 3) * 2)) & 3) << twoShift;
        }
        if (exBits & 1) code |= ((bytes[one + lane] >> group) & 1) << oneShift;
        sum += code * q[first + 8 * lane + group];
      }
    }
    plane += exBits * lanes;
  }
  return sum;
}

/** 127 high + low, in the order of coordinates. */
function unitsOf({ layout: { n, bits }, planes }: Scoring): Int32Array {
  const q = new Int32Array(n);
  const low = planes.subarray(planeBytes(n));
  for (let i = 0; i < n; i++) {
    const place = planePlace(i);
    q[i] = levelsOf(bits) > 1 ? 127 * planes[place] + low[place] : planes[place];
  }
  return q;
}

/** The factors of a code that a value is made of. */
interface Factors {
  readonly norm: number;
  readonly scale: number;
  readonly residual: number;
  readonly length: number;
  readonly centre: number;
}

/** S times half a step gives the product <xbar, zhat>. */
function scoreOf(f: Factors, aim: Float64Array, halfStep: number, sum: number): number {
  const a = aimNumbers;
  const product = f.scale * (aim[a.sum] * halfStep * sum);
  let value = aim[a.add] + aim[a.norm2] * (f.norm * f.norm);
  if (aim[a.centre] === 0) value += product;
  else value = value + aim[a.length2] * (f.length * f.length) + (product + aim[a.centre] * f.centre);
  if (aim[a.cosine] === 0) return value;
  return f.length > 0 ? 1 + (value * aim[a.cosine]) / f.length : Number.NaN;
}

/** |y - g xbar| at most, by the residual of the whole code. */
function strayOf(f: Factors, longest: number): number {
  const norm = f.norm * (1 + 4 * u);
  if (f.scale === 0) return norm;
  const low = f.norm * (1 - 4 * u);
  const square = low * low - f.residual * f.residual;
  return square > 0 ? (norm * f.residual) / Math.sqrt(square) : norm + f.scale * longest;
}

/** The same of the signs alone, by their scale. */
function signStrayOf(f: Factors, n: number): number {
  if (f.scale === 0) return f.norm * (1 + 4 * u);
  const low = f.norm * (1 - 4 * u);
  const square = f.scale * f.scale * (0.25 * n) * (1 + 8 * u) - low * low;
  return Math.sqrt(square > 0 ? square : 0);
}

function boundOf(
  f: Factors,
  { aim, query }: Scoring,
  grid: number,
  reach: number,
  wide: number,
  sum: number,
  value: number,
): number {
  const a = aimNumbers;
  const norm = f.norm * (1 + 4 * u);
  const bothCentres = 2 * aim[a.centreNorm];
  const absoluteSum = Math.abs(aim[a.sum]);
  const norm2 = Math.abs(aim[a.norm2]);
  const rotated = aim[a.error] * (norm + bothCentres) + 4 * u * norm + aim[a.lost];
  const product = Math.abs(f.scale * (query[grid + gridNumbers.halfStep] * sum));
  // A code without a scale knows no direction: nothing of its error is random.
  const stray = (f.scale === 0 ? 1 : aim[a.factor]) * (norm * query[grid + gridNumbers.miss] + wide * reach);
  const slack = rotated * aim[a.span] + (norm + rotated) * aim[a.spanError];
  const squares = norm2 * (norm * norm) + Math.abs(aim[a.length2]) * (f.length * f.length);
  const rounding =
    8 * u * (absoluteSum * product + Math.abs(aim[a.centre]) * Math.abs(f.centre) + squares) +
    2 * norm2 * (norm + rotated) * rotated +
    Math.abs(aim[a.centre]) * 2 ** -149;
  let bound = absoluteSum * (stray + slack) + rounding + aim[a.floor];
  let size = Math.abs(value);
  if (aim[a.cosine] !== 0) {
    bound = (bound * Math.abs(aim[a.cosine]) * (1 + 8 * u) + (size + 1) * 2 ** -148) / f.length;
    size += 1;
  }
  return Number.isNaN(value) ? Number.NaN : (bound + 4 * u * size + 2 ** -147) * (1 + 4 * u);
}

/** Values of codes, and their bounds where they are asked for. */
export function scoreCodes(
  scoring: Scoring,
  shape: number,
  bytes: Uint8Array,
  count: number,
  values: Float32Array,
  bounds: Float32Array | undefined,
): void {
  const { layout, tables, query, aim } = scoring;
  const { n, bits } = layout;
  const bySigns = shape === shapes.signs;
  const codes = shape === shapes.rows ? rowsOf(bytes, layout) : blocksOf(bytes, layout);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const levels = bySigns ? 1 : levelsOf(bits);
  const grid = bySigns ? queryNumbers.high : queryNumbers.full;
  const units = bySigns || bits === 1 ? undefined : unitsOf(scoring);
  const apart = bySigns && bits > 1;
  const scalePlace = apart ? layout.signScale : factor.scale;
  const centrePlace = apart ? layout.signCentre : layout.centre;
  const float = (row: number, place: number) => view.getFloat32(codes.factor(row, place), true);
  const sumOfAll = query[grid + gridNumbers.sum];
  const lowTable = tables.subarray(tableBytes(n));
  for (let row = 0; row < count; row++) {
    let signs = signSum(codes, row, n, tables, query[queryNumbers.minimum]);
    if (levels > 1) {
      signs = 127 * signs + signSum(codes, row, n, lowTable, query[queryNumbers.minimum + 1]);
    }
    const sum =
      units === undefined
        ? 2 * signs - sumOfAll
        : 2 * (2 ** (bits - 1) * signs + exSum(bytes, codes.ex(row), n, bits - 1, units)) -
          (2 ** bits - 1) * sumOfAll;
    const norm = float(row, factor.norm);
    const f: Factors = {
      norm,
      scale: float(row, scalePlace),
      residual: float(row, factor.residual),
      length: layout.centred ? float(row, layout.length) : norm,
      centre: centrePlace < 0 ? 0 : float(row, centrePlace),
    };
    values[row] = scoreOf(f, aim, query[grid + gridNumbers.halfStep], sum);
    if (bounds === undefined) continue;
    const wide = bySigns ? signStrayOf(f, n) : strayOf(f, aim[aimNumbers.longest]);
    const reach = aim[bySigns ? aimNumbers.highReach : aimNumbers.reach];
    bounds[row] = boundOf(f, scoring, grid, reach, wide, sum, values[row]);
  }
}
