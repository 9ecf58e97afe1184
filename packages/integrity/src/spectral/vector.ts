/** Half the distance from 1 to the next double: the largest relative error of one rounding. */
export const UNIT_ROUNDOFF = Number.EPSILON / 2;

/** Terms that are summed up before they are put aside. */
const BLOCK = 64;

/** The inner product, in blocks: its error is at most {@link dotError} times the product of the norms. */
export function dot(x: Float64Array, y: Float64Array): number {
  const n = x.length;
  let sum = 0;
  let i = 0;
  while (i < n) {
    const stop = Math.min(i + BLOCK, n);
    let part = 0;
    for (; i < stop; i++) part += x[i] * y[i];
    sum += part;
  }
  return sum;
}

export function dotError(n: number): number {
  return UNIT_ROUNDOFF * (Math.min(n, BLOCK) + Math.ceil(n / BLOCK) + 2);
}

/** Takes the part along the unit vector `axis` out of x and returns how long it was, with its sign. */
export function deflate(x: Float64Array, axis: Float64Array): number {
  const along = dot(axis, x);
  for (let i = 0; i < x.length; i++) x[i] -= along * axis[i];
  return along;
}

/** Scales x to unit norm and returns the norm that it had; leaves x alone when that is 0. For entries whose squares neither over- nor underflow. */
export function normalize(x: Float64Array): number {
  const length = Math.sqrt(dot(x, x));
  if (length > 0) {
    const factor = 1 / length;
    for (let i = 0; i < x.length; i++) x[i] *= factor;
  }
  return length;
}

/** Deflates and normalises twice: where little is left of x the first time, scaling has made the part along the axes larger again. */
export function orthonormalize(x: Float64Array, ...axes: readonly Float64Array[]): void {
  for (let pass = 0; pass < 2; pass++) {
    for (const axis of axes) deflate(x, axis);
    normalize(x);
  }
}
