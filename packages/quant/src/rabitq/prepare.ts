/** Queries to integers, and where they aim: native/src/rabitq/query.cpp, operation by operation. */
import { rotationError } from './encode.js';
import { addEight, type Layout, levelsOf, planeBytes, planePlace, tableBytes } from './layout.js';

/** Places in the numbers of a prepared query: struct rv_rabitq_query. */
export const queryNumbers = {
  full: 0,
  high: 4,
  minimum: 8,
  norm: 10,
  count: 11,
} as const;

/** Places in a grid of a query: struct rv_rabitq_grid. */
export const gridNumbers = { halfStep: 0, sum: 1, miss: 2, reach: 3 } as const;

/** Places in the numbers of an aim: struct rv_rabitq_aim. */
export const aimNumbers = {
  add: 0,
  norm2: 1,
  length2: 2,
  sum: 3,
  centre: 4,
  cosine: 5,
  reach: 6,
  highReach: 7,
  factor: 8,
  span: 9,
  spanError: 10,
  error: 11,
  centreNorm: 12,
  longest: 13,
  lost: 14,
  floor: 15,
  count: 16,
} as const;

/** enum rv_metric */
export const metricNumbers = { dot: 0, l2sq: 1, cosine: 3 } as const;

function finishGrid(
  query: Float64Array,
  at: number,
  z: Float32Array,
  q: Int32Array,
  norm2: number,
  n: number,
): void {
  const s = new Float64Array(8);
  let sum = 0;
  let square = 0;
  for (let i = 0; i < n; i++) {
    s[i & 7] += z[i] * q[i];
    sum += q[i];
    square += q[i] * q[i];
  }
  const inner = addEight(s);
  const step = inner > 0 ? norm2 / inner : 0;
  const reach2 = step * step * square;
  const miss2 = reach2 - norm2;
  query[at + gridNumbers.halfStep] = step / 2;
  query[at + gridNumbers.sum] = sum;
  query[at + gridNumbers.miss] = Math.sqrt((miss2 > 0 ? miss2 : 0) + norm2 * (n * 2 ** -50));
  query[at + gridNumbers.reach] = Math.sqrt(reach2);
}

/** A plane of a query, and its table; the sum of the table's least entries. */
function putPlane(q: Int32Array, n: number, plane: Int8Array, table: Uint8Array): number {
  let minimum = 0;
  const sums = new Int32Array(16);
  for (let i = 0; i < n; i += 4) {
    let lowest = 0;
    for (let j = 0; j < 4; j++) {
      const unit = q[i + j];
      plane[planePlace(i + j)] = unit;
      lowest += Math.min(unit, 0);
      for (let k = 0; k < 1 << j; k++) sums[k + (1 << j)] = sums[k] + unit;
    }
    for (let k = 0; k < 16; k++) table[4 * i + k] = sums[k] - lowest;
    minimum += lowest;
  }
  return minimum;
}

/** rv_rabitq_prepare() */
export function prepareQuery(
  { n, bits }: Layout,
  z: Float32Array,
  planes: Int8Array,
  tables: Uint8Array,
  query: Float64Array,
): void {
  const levels = levelsOf(bits);
  const squares = new Float64Array(8);
  let [one, four] = [0, 0];
  for (let i = 0; i < n; i += 4) {
    const a = [0, 1, 2, 3].map((j) => Math.abs(z[i + j]));
    for (let j = 0; j < 4; j++) squares[(i + j) & 7] += a[j] * a[j];
    one = Math.max(one, ...a);
    four = Math.max(four, a[0] + a[1] + (a[2] + a[3]));
  }
  const norm2 = addEight(squares);
  const widest = Math.max(one / 127, four / 253);
  const inverse = widest > 0 ? 1 / widest : 0;
  const fineInverse = inverse * 127;
  const [coarse, rest, fine] = [new Int32Array(n), new Int32Array(n), new Int32Array(n)];
  for (let i = 0; i < n; i++) {
    if (levels === 1) {
      coarse[i] = Math.trunc(z[i] * inverse + 128.5) - 128;
    } else {
      fine[i] = Math.trunc(z[i] * fineInverse + 32768.5) - 32768;
      coarse[i] = Math.trunc((fine[i] + 127 * 256 + 63) / 127) - 256;
      rest[i] = fine[i] - 127 * coarse[i];
    }
  }
  planes.fill(0, 0, levels * planeBytes(n));
  query[queryNumbers.minimum] = putPlane(coarse, n, planes, tables);
  query[queryNumbers.minimum + 1] = 0;
  finishGrid(query, queryNumbers.high, z, coarse, norm2, n);
  if (levels > 1) {
    query[queryNumbers.minimum + 1] = putPlane(
      rest,
      n,
      planes.subarray(planeBytes(n)),
      tables.subarray(tableBytes(n)),
    );
    finishGrid(query, queryNumbers.full, z, fine, norm2, n);
  } else {
    query.copyWithin(queryNumbers.full, queryNumbers.high, queryNumbers.high + 4);
  }
  query[queryNumbers.norm] = Math.sqrt(norm2);
}

/** rv_rabitq_make_aim() */
export function makeAim(
  layout: Layout,
  query: Float64Array,
  metric: number,
  offset2: number,
  inner: number,
  queryNorm: number,
  centreNorm: number,
  epsilon: number,
  aim: Float64Array,
): void {
  const { n, bits, centred } = layout;
  const root = Math.sqrt(n);
  const error = rotationError(n);
  const lost = root * 2 ** -144;
  const offset = Math.sqrt(offset2);
  const both = error * (queryNorm + centreNorm) + lost;
  const reach = query[queryNumbers.full + gridNumbers.reach];
  const shifted = offset + both + query[queryNumbers.full + gridNumbers.miss];
  const isL2 = metric === metricNumbers.l2sq;
  const shift = centred && (isL2 || shifted < reach);
  const a = aimNumbers;
  if (isL2) {
    aim[a.add] = offset2;
    aim[a.norm2] = 1;
    aim[a.length2] = 0;
    aim[a.sum] = -2;
    aim[a.centre] = shift ? 2 : 0;
    aim[a.floor] = n * 2 ** -50 * offset2;
  } else {
    aim[a.add] = shift ? inner - (centreNorm * centreNorm) / 2 : inner;
    aim[a.norm2] = shift ? -0.5 : 0;
    aim[a.length2] = shift ? 0.5 : 0;
    aim[a.sum] = 1;
    aim[a.centre] = shift ? -1 : 0;
    aim[a.floor] = n * 2 ** -50 * (queryNorm * centreNorm + centreNorm * centreNorm);
  }
  aim[a.cosine] = metric === metricNumbers.cosine ? (queryNorm > 0 ? -1 / queryNorm : Number.NaN) : 0;
  aim[a.reach] = shift ? shifted : reach;
  aim[a.highReach] = shift
    ? offset + both + query[queryNumbers.high + gridNumbers.miss]
    : query[queryNumbers.high + gridNumbers.reach];
  aim[a.factor] = 1;
  if (epsilon > 0 && epsilon / Math.sqrt(n - 1) < 1) aim[a.factor] = epsilon / Math.sqrt(n - 1);
  aim[a.spanError] = shift ? both : error * queryNorm + lost;
  aim[a.span] = (shift ? offset : queryNorm) + aim[a.spanError];
  aim[a.error] = error;
  aim[a.centreNorm] = centreNorm;
  aim[a.longest] = 0.5 * (2 ** bits - 1) * root;
  aim[a.lost] = lost;
}
