import { multiply, type Operator } from './laplacian.js';
import type { Recurrence } from './start-bound.js';
import { smallestEigenvalue, smallestEigenvector } from './tridiagonal.js';
import { deflate, dot, dotError, normalize, orthonormalize, UNIT_ROUNDOFF } from './vector.js';

/** A unit vector that a run stays orthogonal to. */
export interface Deflated {
  readonly vector: Float64Array;
  /** How long A times the vector is outside of what is deflated: 0 for an eigenvector. */
  readonly residual: number;
}

/** The smallest Ritz pair of a run. */
export interface RitzPair {
  readonly value: number;
  /** The vector's coefficients in the basis. */
  readonly coefficients: Float64Array;
  /** Estimate of ||A x - value x||. */
  readonly residual: number;
}

/**
 * Lanczos (1950) in the form A1 of Paige (1972) on a matrix between given vectors' complements, **without** reorthogonalisation. Rounding then
 * lets copies of converged Ritz values appear, which costs steps but falsifies nothing: Ritz values stay inside the spectrum (Paige 1980), the pair
 * is measured afterwards, and the bound needs the recurrence only (start-bound.ts). At 1,000 nodes and 100 steps
 * reorthogonalisation would be nine tenths of the work.
 *
 * A step costs one product and some 10 n multiply-adds; with `keep` it leaves n numbers behind.
 */
export class Lanczos implements Recurrence {
  readonly alpha: Float64Array;
  readonly beta: Float64Array;
  readonly errors: Float64Array;
  /** Norm of the start after projection. */
  readonly length: number;
  steps = 0;
  /** The Krylov space is complete up to rounding: the last beta is as good as 0. */
  exhausted = false;
  readonly #operator: Operator;
  readonly #deflated: readonly Deflated[];
  readonly #keep: boolean;
  readonly #basis: Float64Array[];
  /** Of the current vector, how much longer it was before projection and scaling, and its parts that were projected out. */
  #shrunk: number;
  #theta = Number.POSITIVE_INFINITY;

  /**
   * @param start becomes the first basis vector: projected and scaled in place
   * @param capacity the most steps that can be taken
   * @param keep whether the basis is kept, for {@link combine}
   */
  constructor(
    operator: Operator,
    deflated: readonly Deflated[],
    start: Float64Array,
    capacity: number,
    keep: boolean,
  ) {
    this.alpha = new Float64Array(capacity);
    this.beta = new Float64Array(capacity);
    this.errors = new Float64Array(capacity);
    this.#operator = operator;
    this.#deflated = deflated;
    this.#keep = keep;
    const along = this.#project(start);
    this.length = normalize(start);
    this.#shrunk = 1 + (2 * along) / this.length;
    this.#basis = [start];
  }

  get full(): boolean {
    return this.steps === this.alpha.length;
  }

  /** Returns the sum of the lengths of what was taken out. */
  #project(x: Float64Array): number {
    let along = 0;
    for (const { vector } of this.#deflated) along += Math.abs(deflate(x, vector));
    return along;
  }

  step(): void {
    const { size: n, productError } = this.#operator;
    const j = this.steps;
    const basis = this.#basis;
    const v = basis[this.#keep ? j : j % 3];
    const before = j === 0 ? v : basis[this.#keep ? j - 1 : (j - 1) % 3];
    const previousBeta = j === 0 ? 0 : this.beta[j - 1];
    const place = this.#keep ? j + 1 : (j + 1) % 3;
    basis[place] ??= new Float64Array(n);
    const w = basis[place];

    const alpha = multiply(this.#operator, v, w);
    for (let i = 0; i < n; i++) w[i] -= alpha * v[i] + previousBeta * before[i];
    const along = this.#project(w);
    const beta = Math.sqrt(dot(w, w));

    // |<u, f_j>|: the product's error, the roundings of the updates and of the scaling. Parts along the deflated vectors do not count, u is
    // orthogonal to them; but what is left of these vectors in v comes back multiplied by their residuals.
    let error =
      productError + UNIT_ROUNDOFF * (2 * Math.abs(alpha) + 2 * previousBeta + 6 * beta + 4 * along);
    const left = 4 * dotError(n) * this.#shrunk;
    for (const { residual } of this.#deflated) error += residual * left;
    this.alpha[j] = alpha;
    this.beta[j] = beta;
    this.errors[j] = 1.01 * error;
    this.steps = j + 1;
    this.exhausted = beta <= 8 * error;
    if (this.exhausted) return;
    this.#shrunk = 1 + (2 * along) / beta;
    const factor = 1 / beta;
    for (let i = 0; i < n; i++) w[i] *= factor;
  }

  /** The smallest Ritz pair of the steps so far. Time O(steps), some fifty times. */
  ritz(): RitzPair {
    const { alpha, beta, steps } = this;
    const last = this.#theta;
    // The smallest eigenvalue of a larger T is no larger: the last one bounds this one.
    const high = (last === Number.POSITIVE_INFINITY ? alpha[0] : last) * (1 + 1e-8);
    const theta = smallestEigenvalue(alpha, beta, steps, 0, high, 1e-10, 1e-18 * alpha[0]);
    this.#theta = theta;
    const coefficients = smallestEigenvector(alpha, beta, steps, theta);
    return { value: theta, coefficients, residual: beta[steps - 1] * Math.abs(coefficients[steps - 1]) };
  }

  /** The unit vector with these coefficients in the basis, orthogonal to what is deflated. */
  combine(coefficients: Float64Array): Float64Array {
    const n = this.#operator.size;
    const x = new Float64Array(n);
    for (let j = 0; j < coefficients.length; j++) {
      const v = this.#basis[j];
      const c = coefficients[j];
      for (let i = 0; i < n; i++) x[i] += c * v[i];
    }
    orthonormalize(x, ...this.#deflated.map(({ vector }) => vector));
    return x;
  }
}
