/**
 * Who of several tenants gets how much of what a throttle admits: the max-min fair share.
 *
 * A throttle that admits a share p of the offered cost A has C = p A to give. The max-min fair division is: nobody gets
 * more than it offers, and there is one level L such that everybody else gets L, where the sum of min(offered, L) is C
 * (Bertsekas and Gallager, Data Networks, 6.5.2). So a tenant below L is admitted whole, and one above it at the share
 * L / offered. Core-Stateless Fair Queueing (Stoica, Shenker, Zhang, SIGCOMM 1998) does the same with drops by chance and
 * an estimated L; here the drops are even and L is computed.
 *
 * Offered rates are exponential averages: a pool to which each offered cost is added and that decays with time constant
 * tau; a steady rate r has a pool of r tau. All pools decay alike, so L is a pool, too, and rates are never needed.
 *
 * L is the root of g(L) = sum of min(pool, L) - C, which is concave and piecewise linear. Newton's method from the left
 * never oversteps, and one step needs the sums over the table: `step` walks a few places of it a call and makes the Newton
 * step at the end of each walk. So no call is longer than another, however many tenants there are.
 *
 * The table is bounded. Place 0 is for calls without a tenant and for tenants beyond the bound, which are then one tenant
 * together. A tenant that has offered nothing for 16 tau loses its place. A name is taken as the caller gives it: fairness
 * is among names, so take them from an authentication, not from a header that anybody can make up.
 */

/** Places looked at a call: with 1,000 tenants L is renewed every 125 calls. */
const STRIDE = 8;
const IDLE_WINDOWS = 16;

export class FairShare {
  readonly #windowMs: number;
  readonly #places: number;
  readonly #byName = new Map<string, number>();
  readonly #names: string[] = [''];
  /** Offered cost, decayed to `#at`. */
  #pool: Float64Array;
  #at: Float64Array;
  /** Tokens of a tenant's own, in millionths of a cost. */
  #own: Float64Array;
  #count = 1;
  /** L; 0 until the first walk has ended. */
  #level = 0;
  #cursor = 0;
  #sum = 0;
  #below = 0;
  #above = 0;

  constructor({ windowMs, maxTenants }: { readonly windowMs: number; readonly maxTenants: number }) {
    this.#windowMs = windowMs;
    this.#places = maxTenants + 1;
    const places = Math.min(this.#places, 16);
    this.#pool = new Float64Array(places);
    this.#at = new Float64Array(places);
    this.#own = new Float64Array(places);
  }

  /** How many tenants have offered lately; all at place 0 are one. */
  get tenants(): number {
    return (this.#pool[0] as number) > 0 ? this.#count : this.#count - 1;
  }

  /** The level L as offered cost in the window. */
  get level(): number {
    return this.#level;
  }

  /** The place of a tenant: its own, or 0 where there is no tenant or no place. Good until the next `step`. */
  locate(tenant: string | undefined, now: number): number {
    if (tenant === undefined) return 0;
    const place = this.#byName.get(tenant);
    if (place !== undefined) return place;
    if (this.#count === this.#places) return 0;
    if (this.#count === this.#pool.length) this.#grow();
    const added = this.#count++;
    this.#byName.set(tenant, added);
    this.#names[added] = tenant;
    this.#pool[added] = 0;
    this.#own[added] = 0;
    this.#at[added] = now;
    return added;
  }

  /** The offered cost of a place, decayed to now. */
  pool(place: number, now: number): number {
    const at = this.#at[place] as number;
    if (now === at) return this.#pool[place] as number;
    const pool =
      now > at
        ? (this.#pool[place] as number) * Math.exp((at - now) / this.#windowMs)
        : (this.#pool[place] as number);
    this.#pool[place] = pool;
    this.#at[place] = now;
    return pool;
  }

  /**
   * The share of its offer that a place is admitted at, 0 to 1. It is taken before the cost is added, with half of it: at
   * arrivals the pool swings about its mean from half a cost below to half a cost above.
   */
  share(place: number, cost: number, now: number): number {
    const pool = this.pool(place, now) + cost / 2;
    return pool <= this.#level ? 1 : this.#level / pool;
  }

  /** A place offers: its pool grows, and its own tokens by its share of the cost, up to `burst` (in millionths). */
  offer(place: number, cost: number, share: number, burst: number): void {
    this.#pool[place] = (this.#pool[place] as number) + cost;
    this.#own[place] = Math.min(burst, (this.#own[place] as number) + cost * share * 1e6);
  }

  own(place: number): number {
    return this.#own[place] as number;
  }

  /** Own tokens are spent; a debt is never above `burst`, so that what others left over need not be paid back for long. */
  spend(place: number, tokens: number, burst: number): void {
    this.#own[place] = Math.max(-burst, (this.#own[place] as number) - tokens);
  }

  /** Walks on by a few places; at the end of the table L is renewed for a share of `admitPpm`. O(1). */
  step(admitPpm: number, now: number): void {
    for (let i = 0; i < STRIDE; i++) {
      if (this.#cursor >= this.#count) {
        this.#renew(admitPpm);
        return;
      }
      const place = this.#cursor;
      if (now - (this.#at[place] as number) > IDLE_WINDOWS * this.#windowMs) {
        if (place > 0) {
          this.#drop(place);
          continue;
        }
        this.#pool[0] = 0;
      }
      // A look must not move `#at`, or no place would ever be idle.
      const at = this.#at[place] as number;
      const decay = now > at ? Math.exp((at - now) / this.#windowMs) : 1;
      const pool = (this.#pool[place] as number) * decay;
      this.#sum += pool;
      if (pool <= this.#level) this.#below += pool;
      else this.#above++;
      this.#cursor++;
    }
  }

  #renew(admitPpm: number): void {
    const goal = (this.#sum * admitPpm) / 1e6;
    // From the right of the last kink there is no slope; an equal part is always on the left of the root.
    const next = this.#above > 0 ? (goal - this.#below) / this.#above : 0;
    this.#level = next > 0 ? next : goal / this.#count;
    this.#cursor = 0;
    this.#sum = 0;
    this.#below = 0;
    this.#above = 0;
  }

  #drop(place: number): void {
    this.#byName.delete(this.#names[place] as string);
    const last = --this.#count;
    if (place !== last) {
      const name = this.#names[last] as string;
      this.#names[place] = name;
      this.#byName.set(name, place);
      this.#pool[place] = this.#pool[last] as number;
      this.#at[place] = this.#at[last] as number;
      this.#own[place] = this.#own[last] as number;
    }
    this.#names.length = last;
  }

  #grow(): void {
    const places = Math.min(this.#places, this.#pool.length * 2);
    const longer = (from: Float64Array): Float64Array => {
      const to = new Float64Array(places);
      to.set(from);
      return to;
    };
    this.#pool = longer(this.#pool);
    this.#at = longer(this.#at);
    this.#own = longer(this.#own);
  }
}
