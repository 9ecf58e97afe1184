import type { CutProblem } from '../../src/cut/problem.js';
import type { Random } from './random.js';

/** A graph from a list of edges; the weight is 1 where none is given. */
export function graphOf(
  nodeCount: number,
  edges: readonly (readonly [number, number, number?])[],
): CutProblem {
  return {
    nodeCount,
    sources: Uint32Array.from(edges, ([u]) => u),
    targets: Uint32Array.from(edges, ([, v]) => v),
    weights: Float64Array.from(edges, ([, , weight = 1]) => weight),
  };
}

type Edge = [number, number, number];

/** Kinds of graphs, each with what makes cuts hard in its own way. */
export const families: Readonly<Record<string, (n: number, random: Random) => CutProblem>> = {
  sparse: (n, random) =>
    graphOf(
      n,
      Array.from(
        { length: Math.ceil(1.5 * n) },
        (): Edge => [random.below(n), random.below(n), 1 + random.below(5)],
      ),
    ),
  dense: (n, random) => {
    const edges: Edge[] = [];
    for (let u = 0; u < n; u++)
      for (let v = u + 1; v < n; v++) if (random.below(4) > 0) edges.push([u, v, 1 + random.below(9)]);
    return graphOf(n, edges);
  },
  tree: (n, random) =>
    graphOf(
      n,
      Array.from({ length: n - 1 }, (_, i): Edge => [i + 1, random.below(i + 1), 1 + random.below(3)]),
    ),
  cycle: (n) =>
    graphOf(
      n,
      Array.from({ length: n }, (_, i): Edge => [i, (i + 1) % n, 2]),
    ),
  grid: (n) => {
    const width = Math.max(1, Math.floor(Math.sqrt(n)));
    const edges: Edge[] = [];
    for (let v = 0; v < n; v++) {
      if ((v + 1) % width !== 0 && v + 1 < n) edges.push([v, v + 1, 1]);
      if (v + width < n) edges.push([v, v + width, 1]);
    }
    return graphOf(n, edges);
  },
  multi: (n, random) =>
    graphOf(
      n,
      Array.from({ length: 4 * n }, (): Edge => {
        const u = random.below(n);
        // Loops, parallel edges and edges of weight 0.
        return [u, (u + random.below(3)) % n, random.below(4)];
      }),
    ),
  clusters: (n, random) => {
    const size = Math.max(2, Math.floor(n / 3));
    const edges: Edge[] = [];
    for (let u = 0; u < n; u++)
      for (let v = u + 1; v < n; v++)
        if (Math.floor(u / size) === Math.floor(v / size)) edges.push([u, v, 2 + random.below(4)]);
        else if (random.below(12) === 0) edges.push([u, v, 1]);
    return graphOf(n, edges);
  },
  fractions: (n, random) =>
    graphOf(
      n,
      Array.from({ length: 3 * n }, (): Edge => [random.below(n), random.below(n), random.below(64) / 8]),
    ),
  // A few hubs: each node joins earlier ones as often as these are ends of edges already (Barabasi and Albert 1999).
  power: (n, random) => {
    const edges: Edge[] = [[0, Math.min(1, n - 1), 1]];
    for (let v = 2; v < n; v++) {
      const earlier = edges.length;
      for (let k = 0; k < 4; k++) {
        const [u, w] = edges[random.below(earlier)] as Edge;
        edges.push([v, random.below(2) === 0 ? u : w, 1 + random.below(10)]);
      }
    }
    return graphOf(n, edges);
  },
};

/** A random graph of one of the families; sizes from `least` to `most`. */
export function randomGraph(random: Random, least: number, most: number): CutProblem {
  const make = random.pick(Object.values(families));
  return make(least + random.below(most - least + 1), random);
}

/** Weight of the edges between a set of nodes, given as bits, and the rest. */
export function cutWeight({ sources, targets, weights }: CutProblem, bits: number): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++)
    if (((bits >> (sources[i] as number)) & 1) !== ((bits >> (targets[i] as number)) & 1))
      sum += weights[i] as number;
  return sum;
}

/** The nodes of a set that is given as bits. */
export function nodesOf(bits: number, n: number): number[] {
  return Array.from({ length: n }, (_, v) => v).filter((v) => ((bits >> v) & 1) === 1);
}
