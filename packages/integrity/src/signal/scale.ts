/**
 * From a ratio to a lambda in 0..1: 0 at `least` and below, 1 at `most` and above, straight in between.
 *
 * @param ratio may be Infinity, which gives 1
 */
export function lambdaOf(ratio: number, least: number, most: number): number {
  return Math.min(1, Math.max(0, (ratio - least) / (most - least)));
}
