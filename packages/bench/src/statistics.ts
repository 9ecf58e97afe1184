/** Which way a metric improves: times and bytes are better `lower`, rates are better `higher`. */
export type Better = 'lower' | 'higher';

/** The ratio against one peer; see {@link compare}. */
export interface Comparison {
  /** Median of the per-round ratios; > 1 means that we are better. */
  readonly ratio: number;
  /** 25th and 75th percentile of the per-round ratios: half of the rounds lie between them. */
  readonly spread: readonly [low: number, high: number];
}

/**
 * The p-quantile by linear interpolation between order statistics (type 7 of Hyndman and Fan,
 * "Sample Quantiles in Statistical Packages", The American Statistician 50(4), 1996).
 *
 * @param values at least one number, none of them NaN; not changed
 * @param p 0 to 1
 * @throws RangeError for no values, a NaN or a p outside 0..1
 */
export function quantile(values: readonly number[], p: number): number {
  if (values.length === 0) throw new RangeError('quantile of no values');
  if (!(p >= 0 && p <= 1)) throw new RangeError(`quantile ${p} is outside 0..1`);
  if (values.some(Number.isNaN)) throw new RangeError('quantile of NaN');
  const sorted = Float64Array.from(values).sort();
  const position = (sorted.length - 1) * p;
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.ceil(position)] as number;
  // The branch keeps Infinity - Infinity out; the minimum, rounding beyond `high`.
  return low === high ? low : Math.min(high, low + (high - low) * (position - below));
}

/** The 0.5-quantile. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * How much better `ours` is than `peer`: `peer / ours` where lower is better, `ours / peer` where higher is.
 * Equal values give 1, also two zeros. NaN is never returned; the result may be 0 or Infinity.
 */
export function ratioOf(ours: number, peer: number, better: Better): number {
  if (ours === peer) return 1;
  return better === 'lower' ? peer / ours : ours / peer;
}

/**
 * Compares two series measured in the same rounds.
 *
 * The ratio is the median of the per-round ratios, not the ratio of the medians: what slows a whole round (another
 * process, a lower clock) slows both of its samples and cancels out.
 *
 * @param ours one value per round
 * @param peer one value per round, same length
 * @returns null when the ratio has no finite value (a zero against a non-zero)
 */
export function compare(ours: readonly number[], peer: readonly number[], better: Better): Comparison | null {
  if (ours.length !== peer.length) throw new RangeError(`${ours.length} rounds against ${peer.length}`);
  const ratios = ours.map((value, round) => ratioOf(value, peer[round] as number, better));
  const ratio = median(ratios);
  const spread = [quantile(ratios, 0.25), quantile(ratios, 0.75)] as const;
  return [ratio, ...spread].every(Number.isFinite) ? { ratio, spread } : null;
}
