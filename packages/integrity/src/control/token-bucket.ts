/** A token bucket on a clock that comes from outside. */
import { checkNumber } from '../check.js';

/**
 * Tokens come at a rate up to a burst; what is admitted takes its cost. In any span of t milliseconds at most
 * `burst + perSecond * t / 1000 + (the largest cost - burst, where that is more than 0)` is admitted: the bound of a
 * token bucket (RFC 2697 section 3, there in bytes). A cost above the burst is admitted by a full bucket, which then owes
 * the rest; it would never be admitted otherwise.
 *
 * A clock that goes back gives nothing and takes nothing: time counts from there. Tokens are kept in thousandths, so that
 * whole rates and costs are exact.
 *
 * @example
 * const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, now);
 * if (!bucket.tryTake(1, now)) retryAfter(bucket.waitMs(1));
 */
export class TokenBucket {
  /** Tokens a second are thousandths a millisecond. */
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #last: number;

  /**
   * @param options `perSecond` >= 0; `burst` >= 0, where 0 admits nothing
   * @param now milliseconds; the bucket is full then
   */
  constructor({ perSecond, burst }: { readonly perSecond: number; readonly burst: number }, now: number) {
    this.#perMs = checkNumber(perSecond, 'perSecond', { least: 0 });
    this.#burst = checkNumber(burst, 'burst', { least: 0 }) * 1000;
    this.#tokens = this.#burst;
    this.#last = now;
  }

  /** Whether `cost` may go; it is not taken. */
  has(cost: number, now: number): boolean {
    const passed = now - this.#last;
    if (passed !== 0) {
      if (passed > 0) {
        const tokens = this.#tokens + passed * this.#perMs;
        this.#tokens = tokens < this.#burst ? tokens : this.#burst;
      }
      this.#last = now;
    }
    return this.#burst > 0 && this.#tokens >= this.#needed(cost);
  }

  /** Takes the cost if it may go. */
  tryTake(cost: number, now: number): boolean {
    if (!this.has(cost, now)) return false;
    this.#tokens -= cost * 1000;
    return true;
  }

  /** Milliseconds from the last look until `cost` may go, if nobody else takes; Infinity where it never may. */
  waitMs(cost: number): number {
    if (this.#burst === 0) return Number.POSITIVE_INFINITY;
    const missing = this.#needed(cost) - this.#tokens;
    if (missing <= 0) return 0;
    return this.#perMs === 0 ? Number.POSITIVE_INFINITY : Math.ceil(missing / this.#perMs);
  }

  #needed(cost: number): number {
    const tokens = cost * 1000;
    return tokens < this.#burst ? tokens : this.#burst;
  }
}
