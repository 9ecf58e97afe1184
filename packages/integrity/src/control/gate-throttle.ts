/**
 * The throttle of one rule: admits a share p of what is offered.
 *
 * Each offered cost c puts p c tokens into a bucket, admitted or not; each admitted one takes c out. So what is admitted
 * follows from the offered load alone: refusing work does not lower what the bucket is filled from, and admitting does not
 * raise it; a throttle that measured what it lets through would lift itself. Nothing is refused while the bucket is full, so
 * no token is lost, and after any sequence of offers at whatever times
 *
 *     0 <= admitted - p offered <= max(2 B, c_max) + m t
 *
 * (B `burst`, c_max the largest cost, m `minPerSecond`, t the time that has passed). `maxPerSecond` and
 * `maxInFlight` can refuse more: then only the upper half holds.
 *
 * A caller that tries again says so (`retry`): it takes tokens and brings none, else retries alone would lift the share. Where
 * callers cannot be trusted with that, `maxPerSecond` is a limit that nothing lifts.
 *
 * Who is refused only because as many run as may (`maxInFlight`) has brought tokens that others must not take from them: what
 * goes beyond the burst that way is kept for retries, as long as those are told to wait at most (`maxDelayMs`), and no more than the
 * share of the window's offers. So waiting for a place costs no share.
 *
 * Several tenants: those whose share is whole (tenants.ts) may run the bucket into debt by B, the others must leave it
 * above 0 and have tokens of their own. What is left over when the bucket is full goes to whoever comes, on credit.
 *
 * Tokens are millionths of a cost, so that sums of whole costs are exact.
 */
import type { GatePolicy, ThrottleRule } from './policy-types.js';
import { FairShare } from './tenants.js';
import { TokenBucket } from './token-bucket.js';

export type ThrottleVerdict = 'admit' | 'over-share' | 'over-rate';

export class Throttle {
  readonly #admitPpm: number;
  /** In millionths a millisecond. */
  readonly #trickle: number;
  readonly #burst: number;
  readonly #windowMs: number;
  readonly #ceiling: TokenBucket | undefined;
  readonly #fair: FairShare;
  #tokens: number;
  /** Tokens beyond the burst of those who wait for a place, and until when they count. */
  #kept = 0;
  #keptUntil = 0;
  readonly #keepMs: number;
  #last = 0;
  /** Offered cost in the window. */
  #pool = 0;

  constructor({ admitPpm, maxPerSecond }: ThrottleRule, settings: GatePolicy['throttle']) {
    this.#admitPpm = admitPpm;
    this.#trickle = settings.minPerSecond * 1000;
    this.#burst = settings.burst * 1e6;
    this.#tokens = this.#burst;
    this.#windowMs = settings.windowMs;
    this.#keepMs = settings.maxDelayMs;
    if (maxPerSecond !== null)
      this.#ceiling = new TokenBucket(
        { perSecond: maxPerSecond, burst: Math.min(maxPerSecond, settings.burst) },
        0,
      );
    this.#fair = new FairShare(settings);
  }

  /**
   * One operation asks.
   *
   * @param retry whether it was offered before
   * @param full whether it is refused in any case: it still is offered
   */
  admit(
    tenant: string | undefined,
    cost: number,
    retry: boolean,
    full: boolean,
    now: number,
  ): ThrottleVerdict {
    this.#pass(now);
    const fair = this.#fair;
    const place = fair.locate(tenant, now);
    const share = fair.share(place, cost, now);
    if (!retry) {
      this.#pool += cost;
      this.#tokens += cost * this.#admitPpm;
      fair.offer(place, cost, share, this.#burst);
    }
    if (full && !retry) this.#keep(now);
    const verdict = full ? this.#refused('over-share') : this.#verdict(place, share, cost, retry, now);
    fair.step(this.#admitPpm, now);
    return verdict;
  }

  #verdict(place: number, share: number, cost: number, retry: boolean, now: number): ThrottleVerdict {
    const price = cost * 1e6;
    if (retry && price <= this.#kept && now <= this.#keptUntil) {
      if (this.#ceiling !== undefined && !this.#ceiling.tryTake(cost, now)) return this.#refused('over-rate');
      this.#kept -= price;
      return 'admit';
    }
    const burst = this.#burst;
    const tokens = this.#tokens;
    const alone = this.#fair.tenants <= 1;
    const enough = price < burst ? price : burst;
    const open =
      tokens >= enough
        ? alone || share >= 1 || tokens >= burst || this.#fair.own(place) >= enough
        : !alone && share >= 1 && tokens - price >= -burst;
    if (open && (this.#ceiling === undefined || this.#ceiling.tryTake(cost, now))) {
      this.#tokens = tokens - price;
      this.#fair.spend(place, price, burst);
      return 'admit';
    }
    return this.#refused(open ? 'over-rate' : 'over-share');
  }

  /** Sets aside what goes beyond the burst. */
  #keep(now: number): void {
    const beyond = this.#tokens - this.#burst;
    if (now > this.#keptUntil) this.#kept = 0;
    this.#keptUntil = now + this.#keepMs;
    if (beyond > 0) this.#kept = Math.min(this.#kept + beyond, this.#pool * this.#admitPpm);
  }

  /** Only limits beside the share can leave more than the burst behind; that is not saved up. */
  #refused(verdict: 'over-share' | 'over-rate'): ThrottleVerdict {
    if (this.#tokens > this.#burst) this.#tokens = this.#burst;
    return verdict;
  }

  /** Milliseconds until an operation of this cost may find tokens, at the present offered rate. */
  waitMs(cost: number, verdict: ThrottleVerdict): number {
    if (verdict === 'over-rate') return this.#ceiling?.waitMs(cost) ?? 0;
    const missing = Math.min(cost * 1e6, this.#burst) - this.#tokens;
    const perMs = (this.#pool * this.#admitPpm) / this.#windowMs + this.#trickle;
    return perMs > 0 ? Math.max(1, Math.ceil(missing / perMs)) : Number.POSITIVE_INFINITY;
  }

  #pass(now: number): void {
    const passed = now - this.#last;
    if (passed === 0) return;
    this.#last = now;
    if (passed < 0) {
      // The clock went back: time counts from here.
      this.#kept = 0;
      return;
    }
    this.#pool *= Math.exp(-passed / this.#windowMs);
    const tokens = this.#tokens + passed * this.#trickle;
    this.#tokens = tokens < this.#burst ? tokens : this.#burst;
  }
}
