import { UNIT_ROUNDOFF } from './vector.js';

/**
 * What a random start proves about eigenvalues that Lanczos did not find.
 *
 * A small residual says that *some* eigenvalue is near the Ritz value, not that none is below it. But let v_1 be random, u a unit
 * eigenvector with eigenvalue mu, and s_j = <u, v_j>. Lanczos computes, with rounding errors f_j,
 *
 *     beta_j v_{j+1} = A v_j - alpha_j v_j - beta_{j-1} v_{j-1} - f_j,   so
 *     beta_j s_{j+1} = (mu - alpha_j) s_j - beta_{j-1} s_{j-1} - <u, f_j>.
 *
 * With the pivots d_j of T - mu I (see tridiagonal.ts) and t_j = beta_j s_{j+1} + d_j s_j this is t_j = -(beta_{j-1} / d_{j-1}) t_{j-1} - <u, f_j>,
 * t_0 = 0. As long as the pivots are positive, that is while mu is below every Ritz value, it follows that
 *
 *     |s_{k+1}| >= g_k (|s_1| - sum_{j<=k} |t_j| / (d_j g_{j-1})),   g_k = prod_{j<=k} d_j / beta_j  (= |p_k(mu)|, the Lanczos polynomial),
 *
 * and v_{k+1} has unit length, so |s_{k+1}| <= 1. Where g_k times the bracket, with |s_1| replaced by a bound c that holds but for
 * probability delta, exceeds 1, mu is no eigenvalue; and since g_k grows and the errors' share shrinks as mu falls, nothing below mu is one
 * either. (Kuczynski and Wozniakowski, SIAM J. Matrix Anal. Appl. 13 (1992) 1094-1122, bound the same failure before the run, over all
 * spectra; reading the polynomial off the T at hand is far sharper.)
 *
 * Only the three-term recurrence is used, and only with bounded errors: that the v_j stay orthogonal is not needed. So
 * Lanczos here does without reorthogonalisation, and its cost is that of the products.
 *
 * c: the start is g less its parts along the deflated vectors, scaled by 1/b, with standard normal g. u is orthogonal to these vectors and <u, g> is
 * standard normal whatever u is; its density is at most 1 / sqrt(2 pi), so |<u, g>| < delta sqrt(pi / 2) with probability at most delta. Hence
 * c = delta sqrt(pi / 2) / b, about delta sqrt(pi / (2 n)).
 */
export class StartBound {
  /** Bound below |<u, v_1>|, but for the failure probability. */
  readonly #overlap: number;
  readonly #mu: number;
  #growth = 1;
  #lost = 0;
  #t = 0;
  #pivot = 1;
  #beta = 0;
  /** A pivot was not positive: a Ritz value lies at or below mu. */
  blocked = false;
  /** Rounding may have hidden a component as large as the bound: no further step can prove anything. */
  stalled = false;
  /** mu and everything below it is proved to be no eigenvalue. */
  excluded = false;

  constructor(overlap: number, mu: number) {
    this.#overlap = overlap;
    this.#mu = mu;
  }

  get done(): boolean {
    return this.blocked || this.stalled || this.excluded;
  }

  /**
   * Takes one Lanczos step into account.
   *
   * @param error bound on |<u, f_j>|
   */
  push(alpha: number, beta: number, error: number): void {
    if (this.done) return;
    const shifted = alpha - this.#mu;
    const previous = (this.#beta * this.#beta) / this.#pivot;
    const pivot = shifted - previous;
    if (!(pivot > 0)) {
      this.blocked = true;
      return;
    }
    // The computed pivot is that of an alpha_j moved by at most this; it acts like a part of f_j.
    const moved = 2 * UNIT_ROUNDOFF * (Math.abs(shifted) + 2 * previous + pivot);
    this.#t = (this.#beta / this.#pivot) * this.#t + error + moved;
    // A hundredth for the roundings of all that follows from here.
    this.#lost += (1.01 * this.#t) / (pivot * this.#growth);
    // beta = 0 ends the recurrence: the growth is infinite.
    this.#growth *= pivot / beta;
    this.#pivot = pivot;
    this.#beta = beta;
    this.stalled = this.#lost >= this.#overlap;
    this.excluded = 0.99 * this.#growth * (this.#overlap - this.#lost) > 1;
  }
}

/** A bound c such that |<u, v_1>| >= c but for probability `failure`, where v_1 is a standard normal vector, projected and scaled by `1 / length`. */
export function startOverlap(failure: number, length: number, n: number): number {
  // Projection and scaling round: at most 8 u of the vector's own length, which is about sqrt(n).
  return (
    (failure * Math.sqrt(Math.PI / 2)) / length - 8 * UNIT_ROUNDOFF * Math.sqrt(1 + n / (length * length))
  );
}

/** Three-term recurrence of a Lanczos run, as far as it went. */
export interface Recurrence {
  readonly alpha: Float64Array;
  readonly beta: Float64Array;
  /** Bounds on |<u, f_j>|. */
  readonly errors: Float64Array;
  readonly steps: number;
}

/** Whether the recurrence proves that there is no eigenvalue at or below mu. */
export function excludes(recurrence: Recurrence, overlap: number, mu: number): boolean {
  const { alpha, beta, errors, steps } = recurrence;
  const bound = new StartBound(overlap, mu);
  for (let j = 0; j < steps && !bound.done; j++) bound.push(alpha[j], beta[j], errors[j]);
  return bound.excluded;
}

/** The largest mu in [0, high] that can be proved to have no eigenvalue at or below it, 0 where none can; 50 halvings. */
export function largestExcluded(recurrence: Recurrence, overlap: number, high: number): number {
  let a = 0;
  let b = high;
  for (let i = 0; i < 50; i++) {
    const middle = a + (b - a) / 2;
    if (!(middle > a && middle < b)) break;
    if (excludes(recurrence, overlap, middle)) a = middle;
    else b = middle;
  }
  return a;
}
