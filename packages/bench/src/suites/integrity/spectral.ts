/**
 * The algebraic connectivity: `lambda2` against ARPACK, which scipy, Octave and igraph use; here through igraph.
 *
 * Both look for lambda2 to a tolerance of 1e-3, and that is not the same thing: ours proves that the value is at most this far off,
 * relative to lambda2; ARPACK stops when its residual is small, which says that *some* eigenvalue is near. So `time` of ours holds a
 * proof and `time` of ARPACK does not.
 */
import type { CutProblem } from '@ruvector/integrity';
import { BenchError } from '../../errors.js';
import { elapsedMs, repeatFor } from '../../measure.js';
import type { Case, Entrant, PreparedCase } from '../../suite.js';
import { type Family, makeGraph, SIZE } from './graphs.js';
import { type LoadedPeer, LoadedPeers } from './native.js';
import type { Library } from './ours.js';
import { type Peers, without } from './peers.js';

const SEED = 19_730_301;
const TOLERANCE = 1e-3;

function igraphEntrant({ name, process, numbers }: LoadedPeer, minTimeMs: number): Entrant {
  let products = 0;
  const sample = repeatFor(minTimeMs, async (iterations) => {
    const answer = await process.askNumbers(`lambda2 ${numbers[0]} ${iterations} ${TOLERANCE}`);
    products = answer[2] as number;
    return (answer[0] as number) / 1e6;
  });
  return { name, sample: async () => ({ time: await sample(), operations: products }) };
}

/** Compares a value with ours and its proved bounds. A peer's value may be as far off as its tolerance says. */
export function checkEigenvalue(
  name: string,
  value: number,
  { lower, upper }: { readonly lower: number; readonly upper: number },
): void {
  if (value >= lower * (1 - TOLERANCE) && value <= upper * (1 + TOLERANCE)) return;
  throw new BenchError('BENCH_DISAGREEMENT', `${name} says ${value}; lambda2 is ${lower} to ${upper}`);
}

/** lambda2 of one graph. */
export function lambda2Case(library: Library, peers: Peers, family: Family): Case {
  return {
    name: `lambda2, ${family}`,
    parameters: { family, seed: SEED, tolerance: TOLERANCE, ...SIZE },
    metrics: [
      { name: 'time', unit: 'ms/run', better: 'lower' },
      { name: 'error', unit: '% of lambda2, proved', better: 'lower', optional: 'it proves no bound' },
      { name: 'operations', unit: 'products and solves', better: 'lower' },
    ],
    absent: without(['igraph'], 'eigenvalues'),
    prepare: async (_session, { budget }): Promise<PreparedCase> => {
      const graph: CutProblem = makeGraph(family, SEED);
      const options = { tolerance: TOLERANCE };
      let result = library.lambda2(graph, options);
      const sample = repeatFor(budget.minTimeMs, (iterations) =>
        elapsedMs(() => {
          for (let i = 0; i < iterations; i++) result = library.lambda2(graph, options);
        }),
      );
      const ours: Entrant = {
        name: 'ruvector',
        sample: async () => ({
          time: await sample(),
          error: (100 * result.errorBound) / result.value,
          // Where it has factorised the matrix it solves instead of multiplying.
          operations: result.products + result.solves,
        }),
      };
      const native = [...peers.native].filter(([name]) => name === 'igraph');
      const loaded = await LoadedPeers.start(native, [graph]);
      return {
        entrants: [ours, ...loaded.peers.map((peer) => igraphEntrant(peer, budget.minTimeMs))],
        verify: async () => {
          if (!result.converged)
            throw new BenchError('BENCH_OUT_OF_REACH', `lambda2 did not get to a tolerance of ${TOLERANCE}`);
          // Ours once more, by the way that depends on no random numbers, and a thousand times as narrow.
          const proved = library.lambda2(graph, { tolerance: TOLERANCE / 1000, certificate: 'inertia' });
          checkEigenvalue('ruvector', result.value, proved);
          for (const { name, process, numbers } of loaded.peers) {
            const answer = await process.askNumbers(`lambda2 ${numbers[0]} 1 ${TOLERANCE}`);
            checkEigenvalue(name, answer[1] as number, proved);
          }
        },
        [Symbol.asyncDispose]: () => loaded[Symbol.asyncDispose](),
      };
    },
  };
}
