/**
 * Seeded chance: xoshiro128** (D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47, 2021),
 * seeded by SplitMix32 steps. Each part of the system draws from a stream of its own, so that what one part does
 * does not change what the others draw: with and without the gate the same jobs arrive with the same work in them.
 */
export class Random {
  readonly #state = new Uint32Array(4);

  /**
   * @param seed 0 to 2^32 - 1
   * @param stream which of the seed's streams
   */
  constructor(seed: number, stream: string) {
    let x = seed >>> 0;
    // FNV-1a over the stream's name, so that the streams of a seed begin far from each other.
    for (let i = 0; i < stream.length; i++) x = Math.imul(x ^ stream.charCodeAt(i), 0x01000193) >>> 0;
    for (let i = 0; i < 4; i++) {
      x = (x + 0x9e3779b9) >>> 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      this.#state[i] = z ^ (z >>> 16);
    }
  }

  /** In [0, 1), 32 bits of it. */
  float(): number {
    const s = this.#state;
    const product = Math.imul(s[1]!, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result / 2 ** 32;
  }

  /** In [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.float();
  }

  /** An exponential wait: between arrivals that know nothing of each other (a Poisson process). */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.float());
  }
}
