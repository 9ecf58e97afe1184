/** Waits for what is deferred: they grow with repeats and differ by chance. */

interface Wait {
  /** How many times the wait has doubled. */
  doublings: number;
  from: number;
  until: number;
}

/** Entries kept; beyond it the one that was made first is forgotten, which only means that its wait starts anew. */
const MOST = 4096;

/**
 * The n-th time that the same asks after it has waited, the wait is 2^n times the rule's, up to a limit (exponential
 * back-off; Envoy's outlier ejection grows with repeats likewise). Who asks before its wait is over hears what is left and
 * moves nothing: many callers of one operation, or one that hammers, do not make the wait longer. After a wait as long again
 * without a call the count starts at 0. Jitter only ever adds, so a rule's wait is the least.
 */
export class Backoff {
  readonly #maxMs: number;
  readonly #jitter: number;
  readonly #random: () => number;
  readonly #waits = new Map<string, Wait>();

  constructor(settings: { readonly maxMs: number; readonly jitterPpm: number }, random: () => number) {
    this.#maxMs = settings.maxMs;
    this.#jitter = settings.jitterPpm / 1e6;
    this.#random = random;
  }

  /**
   * The wait for one that is deferred now, whole milliseconds from 1 to `max(maxMs, ms)`.
   *
   * @param key who waits for what
   * @param ms the rule's wait
   */
  wait(key: string, ms: number, now: number): number {
    const most = Math.max(this.#maxMs, ms);
    let wait = this.#waits.get(key);
    if (wait === undefined || now < wait.from) {
      if (this.#waits.size >= MOST && wait === undefined)
        for (const [first] of this.#waits) {
          this.#waits.delete(first);
          break;
        }
      wait = { doublings: 0, from: now, until: now };
      this.#waits.set(key, wait);
      return this.#start(wait, ms, most, now);
    }
    if (now < wait.until) return this.#jittered(wait.until - now, most);
    const waited = wait.until - wait.from;
    wait.doublings = now - wait.until > waited ? 0 : Math.min(wait.doublings + 1, 30);
    return this.#start(wait, ms, most, now);
  }

  /** All waits start anew. */
  clear(): void {
    this.#waits.clear();
  }

  #start(wait: Wait, ms: number, most: number, now: number): number {
    const length = this.#jittered(Math.min(most, ms * 2 ** wait.doublings), most);
    wait.from = now;
    wait.until = now + length;
    return length;
  }

  #jittered(ms: number, most: number): number {
    // A source outside [0, 1) costs the jitter, not the bounds.
    const drawn = this.#random();
    const part = drawn >= 0 && drawn < 1 ? drawn : 0.5;
    return Math.min(most, Math.ceil(ms * (1 + this.#jitter * part)));
  }
}
