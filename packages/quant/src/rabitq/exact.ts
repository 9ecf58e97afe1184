/** The scale of the largest cosine: native/src/rabitq/exact.cpp, operation by operation. */
import { addEight } from './layout.js';

/** A heap of coordinates by the scale of their next change, of equal ones the earlier coordinate first. */
class Changes {
  readonly #scales: Float64Array;
  readonly #coordinates: Uint32Array;
  #size = 0;

  constructor(n: number) {
    this.#scales = new Float64Array(n);
    this.#coordinates = new Uint32Array(n);
  }

  get size(): number {
    return this.#size;
  }

  get scale(): number {
    return this.#scales[0];
  }

  get coordinate(): number {
    return this.#coordinates[0];
  }

  push(scale: number, coordinate: number): void {
    this.#scales[this.#size] = scale;
    this.#coordinates[this.#size++] = coordinate;
  }

  order(): void {
    for (let i = (this.#size >> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  /** Gives the first a later scale. */
  postpone(scale: number): void {
    this.#scales[0] = scale;
    this.#sink(0);
  }

  drop(): void {
    this.#size--;
    this.#scales[0] = this.#scales[this.#size];
    this.#coordinates[0] = this.#coordinates[this.#size];
    this.#sink(0);
  }

  #sink(from: number): void {
    const [scales, coordinates, size] = [this.#scales, this.#coordinates, this.#size];
    if (from >= size) return;
    const [scale, coordinate] = [scales[from], coordinates[from]];
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (
        child + 1 < size &&
        isBefore(scales[child + 1], coordinates[child + 1], scales[child], coordinates[child])
      ) {
        child++;
      }
      if (!isBefore(scales[child], coordinates[child], scale, coordinate)) break;
      scales[at] = scales[child];
      coordinates[at] = coordinates[child];
      at = child;
    }
    scales[at] = scale;
    coordinates[at] = coordinate;
  }
}

function isBefore(scale: number, coordinate: number, otherScale: number, otherCoordinate: number): boolean {
  return scale < otherScale || (scale === otherScale && coordinate < otherCoordinate);
}

/**
 * Codes m of |y| whose direction has the largest cosine with y, among those of all scales.
 *
 * @param m takes them
 * @returns sum |y| (m + 1/2), and sum (2m + 1)^2
 */
export function bestCodes(y: Float32Array, most: number, m: Uint8Array) {
  const n = y.length;
  const changes = new Changes(n);
  const next = new Uint8Array(n).fill(1);
  let inner = 0;
  let oddSquares = n;
  for (let i = 0; i < n; i++) {
    const absolute = Math.abs(y[i]);
    inner += absolute / 2;
    if (absolute > 0) changes.push(1 / absolute, i);
  }
  changes.order();
  let [bestInner, bestSquares, bestScale, bestCoordinate] = [inner, n, 0, 0];
  while (changes.size > 0) {
    const { coordinate, scale } = changes;
    const absolute = Math.abs(y[coordinate]);
    inner += absolute;
    oddSquares += 8 * next[coordinate];
    if (inner * inner * bestSquares > bestInner * bestInner * oddSquares) {
      [bestInner, bestSquares, bestScale, bestCoordinate] = [inner, oddSquares, scale, coordinate];
    }
    if (next[coordinate] < most) changes.postpone(++next[coordinate] / absolute);
    else changes.drop();
  }

  const sums = new Float64Array(8);
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const absolute = Math.abs(y[i]);
    const scaled = absolute * bestScale;
    let code = scaled < most ? Math.trunc(scaled) : most;
    while (code > 0 && isBefore(bestScale, bestCoordinate, code / absolute, i)) code--;
    while (absolute > 0 && code < most && !isBefore(bestScale, bestCoordinate, (code + 1) / absolute, i))
      code++;
    m[i] = code;
    squares += (2 * code + 1) ** 2;
    sums[i & 7] += absolute * (code + 0.5);
  }
  return { inner: addEight(sums), squares };
}
