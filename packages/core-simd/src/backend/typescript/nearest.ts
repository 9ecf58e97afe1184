/**
 * The k best of rows that come in order, in the arrays of the results: a binary heap with the worst on top, sorted at
 * the end. O(log k) a row that is taken, one comparison for one that is not.
 */
export class Nearest {
  readonly #capacity: number;
  readonly #largest: boolean;
  readonly #indices: Uint32Array;
  readonly #scores: Float32Array;
  #size = 0;

  /** @param largest - whether a larger score is better */
  constructor(capacity: number, largest: boolean, indices: Uint32Array, scores: Float32Array) {
    this.#capacity = capacity;
    this.#largest = largest;
    this.#indices = indices;
    this.#scores = scores;
  }

  /** Whether score x of row i goes behind score y of row j: NaN behind numbers, the later of equals behind the earlier. */
  #behind(x: number, i: number, y: number, j: number): boolean {
    if (x === y) return i > j;
    if (Number.isNaN(y)) return Number.isNaN(x) && i > j;
    if (Number.isNaN(x)) return true;
    return this.#largest ? x < y : x > y;
  }

  /** Takes a row's score, if it is among the best so far. Rows come in ascending order. */
  offer(score: number, row: number): void {
    const x = Math.fround(score);
    if (this.#size < this.#capacity) this.#rise(x, row);
    else if (this.#behind(this.#scores[0], this.#indices[0], x, row)) this.#sink(x, row, this.#size);
  }

  /** Adds an entry at the end and moves it up to its place. */
  #rise(score: number, row: number): void {
    let at = this.#size++;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#behind(score, row, this.#scores[above], this.#indices[above])) break;
      this.#put(at, this.#scores[above], this.#indices[above]);
      at = above;
    }
    this.#put(at, score, row);
  }

  /** Replaces the top of a heap of `size` by an entry and moves that down to its place. */
  #sink(score: number, row: number, size: number): void {
    const [scores, indices] = [this.#scores, this.#indices];
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= size) break;
      const other = below + 1;
      if (other < size && this.#behind(scores[other], indices[other], scores[below], indices[below])) {
        below = other;
      }
      if (!this.#behind(scores[below], indices[below], score, row)) break;
      this.#put(at, scores[below], indices[below]);
      at = below;
    }
    this.#put(at, score, row);
  }

  #put(at: number, score: number, row: number): void {
    this.#scores[at] = score;
    this.#indices[at] = row;
  }

  /** Puts the best first. Nothing may be offered afterwards. */
  sort(): void {
    for (let size = this.#size - 1; size > 0; size--) {
      const [score, row] = [this.#scores[size], this.#indices[size]];
      this.#put(size, this.#scores[0], this.#indices[0]);
      this.#sink(score, row, size);
    }
  }
}
