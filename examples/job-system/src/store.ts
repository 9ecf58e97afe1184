/** Where results go: one disk that writes one result after the other, and has an end. */
import type { Time } from './time.js';

export interface StoreLimits {
  readonly kbPerSecond: number;
  readonly roomKb: number;
  /** What is there at the start. */
  readonly usedKb: number;
}

export const STORE: StoreLimits = { kbPerSecond: 8000, roomKb: 500_000, usedKb: 100_000 };

export class Store {
  readonly limits: StoreLimits;
  readonly #time: Time;
  #usedKb: number;
  #idleAt = 0;

  constructor(limits: StoreLimits, time: Time) {
    this.limits = limits;
    this.#time = time;
    this.#usedKb = limits.usedKb;
  }

  get usedKb(): number {
    return this.#usedKb;
  }

  /**
   * Writes a result and removes old ones.
   *
   * @param done told when it is written: true, or false where there is no room for it
   * @returns calls the answer off; what is written stays written
   */
  write(writeKb: number, freesKb: number, done: (written: boolean) => void): () => void {
    this.#usedKb = Math.max(0, this.#usedKb - freesKb);
    const fits = this.#usedKb + writeKb <= this.limits.roomKb;
    if (fits) this.#usedKb += writeKb;
    const now = this.#time.now();
    this.#idleAt = Math.max(now, this.#idleAt) + (fits ? (writeKb / this.limits.kbPerSecond) * 1000 : 0);
    return this.#time.after(this.#idleAt - now, () => done(fits));
  }
}
