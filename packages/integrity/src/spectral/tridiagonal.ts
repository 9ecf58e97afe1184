/**
 * The smallest eigenpair of the symmetric tridiagonal matrix T that Lanczos builds: diagonal `alpha`, beside it `beta` > 0.
 *
 * Everything rests on the pivots of T - mu I = L D L^T, d_1 = alpha_1 - mu, d_j = alpha_j - mu - beta_{j-1}^2 / d_{j-1}: all are
 * positive exactly when mu is below every eigenvalue (Sylvester's law of inertia), and no other method is as hard to upset.
 */

/** Whether mu is below all eigenvalues of the leading `size` rows. */
function isBelowAll(alpha: Float64Array, beta: Float64Array, size: number, mu: number): boolean {
  let d = alpha[0] - mu;
  for (let j = 1; j < size && d > 0; j++) d = alpha[j] - mu - (beta[j - 1] * beta[j - 1]) / d;
  return d > 0;
}

/**
 * The smallest eigenvalue, from below, by bisection.
 *
 * @param low a number below it, or at it
 * @param high a number above it: the smallest eigenvalue of fewer rows is one
 * @returns a number below all eigenvalues, or `low`, within `relative` times its size plus `absolute` of the smallest one
 */
export function smallestEigenvalue(
  alpha: Float64Array,
  beta: Float64Array,
  size: number,
  low: number,
  high: number,
  relative: number,
  absolute: number,
): number {
  let a = low;
  let b = high;
  for (;;) {
    const middle = a + (b - a) / 2;
    if (!(middle > a && middle < b) || b - a <= relative * Math.abs(a) + absolute) return a;
    if (isBelowAll(alpha, beta, size, middle)) a = middle;
    else b = middle;
  }
}

/**
 * The unit eigenvector of the smallest eigenvalue, by two steps of inverse iteration.
 *
 * @param below what {@link smallestEigenvalue} returned, so that the matrix T - below I is positive definite
 * @returns `size` entries of alternating sign
 */
export function smallestEigenvector(
  alpha: Float64Array,
  beta: Float64Array,
  size: number,
  below: number,
): Float64Array {
  const pivots = new Float64Array(size);
  const y = new Float64Array(size);
  let scale = Math.abs(below);
  for (let j = 0; j < size; j++) scale = Math.max(scale, Math.abs(alpha[j]), beta[j]);
  for (let j = 0; j < size; j++) {
    const previous = j === 0 ? 0 : (beta[j - 1] * beta[j - 1]) / pivots[j - 1];
    // A pivot that rounding brought to 0 stands for a tiny one.
    pivots[j] = Math.max(alpha[j] - below - previous, Number.EPSILON * Number.EPSILON * scale);
    // beta > 0 makes the eigenvector of the smallest eigenvalue alternate in sign, so this start is never orthogonal to it.
    y[j] = j % 2 === 0 ? 1 : -1;
  }
  for (let step = 0; step < 2; step++) {
    for (let j = 1; j < size; j++) y[j] -= (beta[j - 1] / pivots[j - 1]) * y[j - 1];
    y[size - 1] /= pivots[size - 1];
    for (let j = size - 2; j >= 0; j--) y[j] = (y[j] - beta[j] * y[j + 1]) / pivots[j];
    let largest = 0;
    for (let j = 0; j < size; j++) largest = Math.max(largest, Math.abs(y[j]));
    let sum = 0;
    for (let j = 0; j < size; j++) {
      y[j] /= largest;
      sum += y[j] * y[j];
    }
    const length = Math.sqrt(sum);
    for (let j = 0; j < size; j++) y[j] /= length;
  }
  return y;
}
