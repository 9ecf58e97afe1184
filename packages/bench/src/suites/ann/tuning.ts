/** How much effort a recall takes. */
import { throwIfAborted } from '../../errors.js';

export interface EffortScale {
  /** From the least to the most that is tried. */
  readonly grid: readonly number[];
  /** Whether what lies between two of them is looked at, too. */
  readonly refine: boolean;
}

/** Whole numbers from least to most, each about so many times the one before. */
function geometric(least: number, most: number, factor: number): readonly number[] {
  const values: number[] = [];
  for (let value = least; value < most * 1.001; value = Math.max(value + 1, Math.round(value * factor)))
    values.push(value);
  return values;
}

/** Candidates: from those that give ten rows on. */
export const candidateScale: EffortScale = { grid: geometric(10, 8000, Math.SQRT2), refine: true };
/** Lists to look into. */
export const listScale: EffortScale = { grid: geometric(1, 2048, Math.SQRT2), refine: true };
/** Where every effort costs a build. */
export const coarseScale: EffortScale = { grid: geometric(10, 1280, 2), refine: false };

/** The search ends when the bounds are this close. */
const PRECISION = 1.02;

/** Least effort whose recall reaches the target, to 2 % where it is refined; or the best recall that there is. */
export async function leastEffort(
  target: number,
  { grid, refine }: EffortScale,
  recall: (effort: number) => Promise<number>,
  signal: AbortSignal,
): Promise<{ readonly effort: number } | { readonly best: number }> {
  let below = 0;
  let best = 0;
  for (const effort of grid) {
    throwIfAborted(signal);
    const value = await recall(effort);
    best = Math.max(best, value);
    if (value < target) {
      below = effort;
      continue;
    }
    let reached = effort;
    while (refine && below > 0 && reached > below + 1 && reached > below * PRECISION) {
      throwIfAborted(signal);
      const middle = Math.round((below + reached) / 2);
      if ((await recall(middle)) >= target) reached = middle;
      else below = middle;
    }
    return { effort: reached };
  }
  return { best };
}

/** The slope of a line through the points' logarithms, by least squares: b in y = a x^b. */
export function exponentOf(points: readonly (readonly [x: number, y: number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (of: 0 | 1): number => logs.reduce((sum, log) => sum + log[of], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const over = logs.reduce((sum, log) => sum + (log[0] - x) * (log[1] - y), 0);
  const under = logs.reduce((sum, log) => sum + (log[0] - x) ** 2, 0);
  return over / under;
}
