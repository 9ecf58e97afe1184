/**
 * Minimum cuts under updates: `CutTracker` against a minimum cut after every update.
 *
 * An update gives an edge, any with equal chance, a new weight of 1 to 10. How few computations that takes is a property of the
 * algorithm, not of the machine: `recomputed` and `flows` count them.
 */
import type { CutProblem, CutTracker, WeightChange } from '@ruvector/integrity';
import { BenchError } from '../../errors.js';
import { elapsedMs } from '../../measure.js';
import { Random } from '../../random.js';
import type { Case, Entrant } from '../../suite.js';
import { below, type Family, HEAVIEST, makeGraph, SIZE } from './graphs.js';
import type { Library } from './ours.js';
import { without } from './peers.js';

const SEED = 20_020_101;

export type TrackerMode = 'exact' | 'interval';

export interface TrackerCaseOptions {
  /** Updates of one run. */
  readonly updates: number;
  /** Updates of one run of the peer, the first ones of ours. */
  readonly recomputations: number;
}

/** Updates of a graph, the same for the same seed. */
export function makeUpdates(
  { sources, targets, weights }: CutProblem,
  seed: number,
  count: number,
): readonly (WeightChange & { readonly edge: number })[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const edge = below(random, weights.length);
    return {
      edge,
      u: sources[edge] as number,
      v: targets[edge] as number,
      weight: 1 + below(random, HEAVIEST),
    };
  });
}

/** lambda in mode `interval` is followed as the state machine needs it: on which side of two thresholds it is. */
export function thresholdsOf(lambda: number): readonly number[] {
  return [0.3 * lambda, 0.8 * lambda];
}

/** An update stream, by the tracker and by computing anew. */
export function trackerCase(
  library: Library,
  family: Family,
  mode: TrackerMode,
  options: TrackerCaseOptions,
): Case {
  const { updates: count, recomputations } = options;
  const counted = { unit: '% of updates', better: 'lower' as const };
  return {
    name: `tracker ${mode}, ${family}`,
    parameters: { family, mode, seed: SEED, updates: count, recomputations, ...SIZE },
    metrics: [
      { name: 'rate', unit: 'updates/s', better: 'higher' },
      { name: 'recomputed', ...counted },
      { name: 'flows', ...counted, optional: 'it computes no flows' },
    ],
    absent: without(['recompute'], 'tracker'),
    prepare: async () => {
      const graph = makeGraph(family, SEED);
      const updates = makeUpdates(graph, SEED, count);
      const thresholds = thresholdsOf(library.minCut(graph).value);
      const start = (): CutTracker =>
        new library.CutTracker(graph, mode === 'exact' ? { mode } : { mode, thresholds });
      const ours: Entrant = {
        name: 'ruvector',
        sample: () => {
          // Each run begins with the same graph; making the tracker is not timed.
          const tracker = start();
          const elapsed = elapsedMs(() => {
            for (const { u, v, weight } of updates) tracker.update(u, v, weight);
          });
          const share = (times: number): number => (100 * times) / count;
          return {
            rate: (1000 * count) / elapsed,
            recomputed: share(tracker.stats.recomputed),
            flows: share(tracker.stats.flow),
          };
        },
      };
      const recompute: Entrant = {
        name: 'recompute',
        sample: () => {
          const weights = graph.weights.slice();
          const solver = new library.MinCutSolver();
          const elapsed = elapsedMs(() => {
            for (const { edge, weight } of updates.slice(0, recomputations)) {
              weights[edge] = weight;
              solver.solve({ ...graph, weights });
            }
          });
          return { rate: (1000 * recomputations) / elapsed, recomputed: 100 };
        },
      };
      return {
        entrants: [ours, recompute],
        verify: () => {
          const tracker = start();
          const weights = graph.weights.slice();
          for (const [i, { edge, u, v, weight }] of updates.entries()) {
            weights[edge] = weight;
            const { lower, upper } = tracker.update(u, v, weight);
            const isDue = i < recomputations || i === count - 1;
            if (!isDue) continue;
            const { value } = library.minCut({ ...graph, weights });
            const isRight =
              mode === 'exact'
                ? lower === value && upper === value
                : lower <= value &&
                  value <= upper &&
                  thresholds.every((threshold) => value < threshold === tracker.isBelow(threshold));
            if (!isRight)
              throw new BenchError(
                'BENCH_DISAGREEMENT',
                `after update ${i} the tracker says ${lower} to ${upper}; the minimum cut weighs ${value}`,
              );
          }
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
