/**
 * The rotation's functions, as the addon has them (native/addon/rotation.c), and the same in TypeScript: to the bit, since
 * native/include/ruvector/quant/rotation.h fixes the order of additions. float64 arithmetic that is rounded to float32 at
 * once gives float32 arithmetic (Figueroa, "When is double rounding innocuous?", SIGNUM 30(3), 1995).
 */
export interface RotationKernels {
  /**
   * Rows of `width` elements, filled up with zeros, become rotated rows of n.
   *
   * @param signs four bits a coordinate: rounds, then coordinates, the lowest bit of a byte first
   */
  rotate(n: number, signs: Uint8Array, rows: Float32Array, width: number, out: Float32Array): void;
  /** The inverse. */
  unrotate(n: number, signs: Uint8Array, rows: Float32Array, width: number, out: Float32Array): void;
}

export const rounds = 4;

/** The windows of a round: places and sizes, powers of two that n is the sum of. */
function windowsOf(n: number, largestLast: boolean): ReadonlyArray<readonly [at: number, h: number]> {
  const windows: Array<[number, number]> = [];
  let at = 0;
  for (let rest = n; rest !== 0; ) {
    const h = largestLast ? rest & -rest : 2 ** (31 - Math.clz32(rest));
    windows.push([at, h]);
    at += h;
    rest -= h;
  }
  return windows;
}

function transformFactor(h: number, n: number, scales: boolean): number {
  if (h === n) return scales ? 1 / h : 1;
  return Math.fround(1 / Math.sqrt(h));
}

function transform(x: Float32Array, at: number, h: number, factor: number): void {
  for (let stride = 1; stride < h; stride *= 2) {
    for (let first = at; first < at + h; first += 2 * stride) {
      for (let i = first; i < first + stride; i++) {
        const [a, b] = [x[i], x[i + stride]];
        x[i] = a + b;
        x[i + stride] = a - b;
      }
    }
  }
  if (factor !== 1) for (let i = at; i < at + h; i++) x[i] *= factor;
}

function flip(x: Float32Array, signs: Uint8Array, round: number, n: number): void {
  const first = round * (n / 8);
  for (let i = 0; i < n; i++) {
    if ((signs[first + (i >> 3)] >> (i & 7)) & 1) x[i] = -x[i];
  }
}

function pairs(x: Float32Array, n: number, factor: number): void {
  const half = n / 2;
  for (let i = 0; i < half; i++) {
    const [a, b] = [x[i], x[i + half]];
    x[i] = Math.fround(a + b) * factor;
    x[i + half] = Math.fround(a - b) * factor;
  }
}

function rotateRow(n: number, signs: Uint8Array, x: Float32Array): void {
  const whole = (n & (n - 1)) === 0;
  for (let round = 0; round < rounds; round++) {
    const odd = round % 2 === 1;
    flip(x, signs, round, n);
    for (const [at, h] of windowsOf(n, odd)) transform(x, at, h, transformFactor(h, n, odd));
    if (!whole) pairs(x, n, odd ? 0.5 : 1);
  }
}

function unrotateRow(n: number, signs: Uint8Array, x: Float32Array): void {
  const whole = (n & (n - 1)) === 0;
  for (let round = rounds - 1; round >= 0; round--) {
    const odd = round % 2 === 1;
    if (!whole) pairs(x, n, odd ? 1 : 0.5);
    for (const [at, h] of windowsOf(n, odd)) transform(x, at, h, transformFactor(h, n, !odd));
    flip(x, signs, round, n);
  }
}

function eachRow(
  rows: Float32Array,
  width: number,
  n: number,
  out: Float32Array,
  work: (x: Float32Array) => void,
) {
  const count = rows.length / width;
  for (let i = 0; i < count; i++) {
    const x = out.subarray(i * n, (i + 1) * n);
    x.set(rows.subarray(i * width, (i + 1) * width));
    x.fill(0, width);
    work(x);
  }
}

export const typescriptRotation: RotationKernels = {
  rotate: (n, signs, rows, width, out) => eachRow(rows, width, n, out, (x) => rotateRow(n, signs, x)),
  unrotate: (n, signs, rows, width, out) => eachRow(rows, width, n, out, (x) => unrotateRow(n, signs, x)),
};
