import { describe } from '../check.js';
import { IntegrityError } from '../errors.js';

/**
 * From a ratio to a lambda in 0..1: 0 at `least` and below, 1 at `most` and above, straight in between.
 *
 * @param ratio may be Infinity, which gives 1
 */
export function lambdaOf(ratio: number, least: number, most: number): number {
  return Math.min(1, Math.max(0, (ratio - least) / (most - least)));
}

/**
 * Checks what a signal is relative to.
 *
 * @param meaning what the baseline is, for the message
 * @throws IntegrityError `ERR_INTEGRITY_POLICY` for a baseline that is not above 0, a ratio outside 0..1 or 1 itself
 */
export function checkBaseline(baseline: unknown, failRatio: unknown, meaning: string): void {
  if (!(typeof baseline === 'number' && Number.isFinite(baseline) && baseline > 0))
    throw new IntegrityError(
      'ERR_INTEGRITY_POLICY',
      `baseline must be a number above 0, ${meaning}, not ${describe(baseline)}`,
      { field: 'baseline' },
    );
  if (!(typeof failRatio === 'number' && failRatio >= 0 && failRatio < 1))
    throw new IntegrityError(
      'ERR_INTEGRITY_POLICY',
      `failRatio must be in 0..1, below 1, not ${describe(failRatio)}`,
      { field: 'failRatio' },
    );
}
