/** Random numbers that a seed decides, so that a run can be told by its seed. */
export class Random {
  #state: number;

  /** @param seed any integer; its low 32 bits count */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to, but not, 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** An integer from 0 to `bound - 1`. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** A vector's text. With three decimals equal vectors are rare, with one and few dimensions they are not. */
  vector(dimensions: number, decimals = 3): string {
    return `[${Array.from({ length: dimensions }, () => this.next().toFixed(decimals)).join(',')}]`;
  }

  vectors(count: number, dimensions: number, decimals = 3): string[] {
    return Array.from({ length: count }, () => this.vector(dimensions, decimals));
  }

  /** A generator of its own, for one of several that draw at the same time. */
  fork(): Random {
    return new Random(this.below(0x7fffffff));
  }
}
