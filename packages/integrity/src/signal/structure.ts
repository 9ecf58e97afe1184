import { type MinCut, minCut } from '../cut/min-cut.js';
import type { CutProblem } from '../cut/problem.js';
import { checkBaseline, lambdaOf } from './scale.js';

export interface StructureOptions {
  /** The global minimum cut of the healthy system; > 0. */
  readonly baseline: number;
  /** The share of the baseline at which the system counts as split; 0..1 exclusive of 1, default 0. */
  readonly failRatio?: number;
}

export interface StructureSignal {
  readonly lambda: number;
  /** Cut over baseline. */
  readonly ratio: number;
  readonly cut: MinCut;
}

/**
 * The global minimum cut of a graph relative to that of the healthy system:
 * `lambda = clamp((cut / baseline - failRatio) / (1 - failRatio), 0, 1)`.
 *
 * A global minimum cut is often one weak node: this signal watches the weakest part of the system. Where load and
 * capacities are known `flowSignal` says more.
 *
 * @throws IntegrityError `ERR_INTEGRITY_POLICY` for a baseline that is not above 0, and as `minCut`
 * @example
 * // A ring of three edges of 5: the cut is 10; of a baseline of 16 that is 0.625
 * const ring = {
 *   nodeCount: 3,
 *   sources: Uint32Array.of(0, 1, 2),
 *   targets: Uint32Array.of(1, 2, 0),
 *   weights: Float64Array.of(5, 5, 5),
 * };
 * console.log(structureSignal(ring, { baseline: 16 }).lambda); // 0.625
 */
export function structureSignal(problem: CutProblem, options: StructureOptions): StructureSignal {
  checkOptions(options);
  return structureOf(minCut(problem), options);
}

/** As `structureSignal`, of a minimum cut that is there already. */
export function structureOf(cut: MinCut, options: StructureOptions): StructureSignal {
  checkOptions(options);
  const ratio = cut.value / options.baseline;
  return { lambda: lambdaOf(ratio, options.failRatio ?? 0, 1), ratio, cut };
}

function checkOptions({ baseline, failRatio = 0 }: StructureOptions): void {
  checkBaseline(baseline, failRatio, 'the minimum cut of the healthy system');
}
