/**
 * Minimum cuts: `minCut` against igraph and Boost.Graph, which have the algorithm of Stoer and Wagner (1997).
 *
 * A round takes one graph, for all entrants the same. A sample is the mean over one run: two hundred cuts of ours, or one of a
 * peer, which takes as long. Ours begins with edges in arrays each time; the peers have their graph built.
 */
import type { CutProblem, MinCut } from '@ruvector/integrity';
import { BenchError, throwIfAborted } from '../../errors.js';
import { elapsedMs } from '../../measure.js';
import { quantile } from '../../statistics.js';
import type { Case, Entrant } from '../../suite.js';
import { type Family, makeGraphs, SIZE } from './graphs.js';
import { LoadedPeers } from './native.js';
import type { Library } from './ours.js';
import { type Peers, without } from './peers.js';

const SEED = 19_970_704;

export interface CutCaseOptions {
  /** How many graphs; rounds take them in turn. */
  readonly graphs: number;
  /** Cuts of one run of ours; the 99th percentile is taken over them. */
  readonly cuts: number;
}

function disagreement(message: string): never {
  throw new BenchError('BENCH_DISAGREEMENT', message);
}

/** Weight of the edges with one end in `side`, by their definition. */
export function weightAcross(
  { nodeCount, sources, targets, weights }: CutProblem,
  side: ArrayLike<number>,
): number {
  const inside = new Uint8Array(nodeCount);
  for (const node of Array.from(side)) inside[node] = 1;
  return weights.reduce(
    (sum, weight, i) => (inside[sources[i] as number] === inside[targets[i] as number] ? sum : sum + weight),
    0,
  );
}

/** Whether a side is a cut of the weight that stands beside it. */
export function checkSide(name: string, problem: CutProblem, value: number, side: ArrayLike<number>): void {
  if (!(side.length > 0 && side.length < problem.nodeCount))
    disagreement(`${name}: a side of ${side.length} of ${problem.nodeCount} nodes cuts nothing`);
  const across = weightAcross(problem, side);
  if (across !== value) disagreement(`${name} says ${value}, but the edges across its side weigh ${across}`);
}

/** Whether our result is a cut, and its witness all of its edges. */
export function checkOurs(problem: CutProblem, { value, side, edges, exact }: MinCut): void {
  checkSide('ruvector', problem, value, side);
  const witness = edges.reduce((sum, edge) => sum + (problem.weights[edge] as number), 0);
  if (witness !== value) disagreement(`ruvector says ${value}, but its witness weighs ${witness}`);
  if (!exact) disagreement('ruvector calls a cut of whole weights inexact');
}

/** One minimum cut of each graph, by everybody who takes part. */
export function cutCase(library: Library, peers: Peers, family: Family, options: CutCaseOptions): Case {
  const { graphs: count, cuts } = options;
  return {
    name: `min cut, ${family}`,
    parameters: { family, seed: SEED, graphs: count, cuts, ...SIZE },
    metrics: [
      { name: 'time', unit: 'ms/cut', better: 'lower' },
      {
        name: 'p99',
        unit: 'ms/cut',
        better: 'lower',
        optional: 'it would take minutes to run it often enough in each round',
      },
      { name: 'weight', unit: 'of the cut', better: 'lower' },
    ],
    absent: without(['igraph', 'boost'], 'minimum cut'),
    prepare: async (_session, { signal }) => {
      const graphs = makeGraphs(family, SEED, count);
      const graphOf = (round: number): number => ((round % count) + count) % count;
      const ours: Entrant = {
        name: 'ruvector',
        sample: (round) => {
          const graph = graphs[graphOf(round)] as CutProblem;
          let weight = 0;
          const times = Array.from({ length: cuts }, () =>
            elapsedMs(() => {
              weight = library.minCut(graph).value;
            }),
          );
          const time = times.reduce((sum, each) => sum + each, 0) / cuts;
          return { time, p99: quantile(times, 0.99), weight };
        },
      };
      const loaded = await LoadedPeers.start(peers.native, graphs);
      const entrants = loaded.peers.map(
        ({ name, process, numbers }): Entrant => ({
          name,
          sample: async (round) => {
            const graph = graphOf(round);
            const answer = await process.askNumbers(`cut ${numbers[graph]} 1`);
            const [nanoseconds, weight] = answer as [number, number];
            // The values of ours were checked before; a peer's cannot be, at a second each.
            const { value } = library.minCut(graphs[graph] as CutProblem);
            if (weight !== value) disagreement(`the cut of ${name} weighs ${weight}, ours ${value}`);
            return { time: nanoseconds / 1e6, weight };
          },
        }),
      );
      return {
        entrants: [ours, ...entrants],
        verify: async () => {
          for (const graph of graphs) checkOurs(graph, library.minCut(graph));
          const first = graphs[0] as CutProblem;
          const { value } = library.minCut(first);
          for (const { name, process, numbers } of loaded.peers) {
            const [weight, ...side] = (await process.askNumbers(`side ${numbers[0]}`)) as [number];
            checkSide(name, first, weight, side);
            if (weight !== value) disagreement(`the cut of ${name} weighs ${weight}, ours ${value}`);
            throwIfAborted(signal);
          }
          // By another algorithm, so that somebody says that no cut is lighter where no peer does: the lightest of a cut tree's.
          const lightest = library.gomoryHuTree(first).value.reduce((least, each) => Math.min(least, each));
          if (lightest !== value)
            disagreement(`the lightest cut between two nodes weighs ${lightest}; ruvector says ${value}`);
        },
        [Symbol.asyncDispose]: () => loaded[Symbol.asyncDispose](),
      };
    },
  };
}
