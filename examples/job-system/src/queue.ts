/** First in, first out, up to a bound. A ring, so that each step is O(1). */
export class BoundedQueue<T> {
  readonly #ring: (T | undefined)[];
  #first = 0;
  #length = 0;

  /** @param bound how many there may be; at least 1 */
  constructor(bound: number) {
    if (!(Number.isInteger(bound) && bound >= 1)) throw new RangeError(`a queue cannot hold ${bound} jobs`);
    this.#ring = new Array<T | undefined>(bound).fill(undefined);
  }

  get length(): number {
    return this.#length;
  }

  /** @returns false if it is full; the item is not taken then */
  push(item: T): boolean {
    if (this.#length === this.#ring.length) return false;
    this.#ring[(this.#first + this.#length) % this.#ring.length] = item;
    this.#length++;
    return true;
  }

  /** The one that has waited longest, or undefined. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#ring[this.#first];
    this.#ring[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.#ring.length;
    this.#length--;
    return item;
  }
}
