import type { CutProblem } from '../../src/index.js';
import type { Random } from './random.js';

export type Edge = readonly [source: number, target: number, weight: number];

export function problemOf(nodeCount: number, edges: readonly Edge[]): CutProblem {
  return {
    nodeCount,
    sources: Uint32Array.from(edges, ([source]) => source),
    targets: Uint32Array.from(edges, ([, target]) => target),
    weights: Float64Array.from(edges, ([, , weight]) => weight),
  };
}

/** The same graph with other weights. */
export function reweighted(
  problem: CutProblem,
  weightOf: (weight: number, edge: number) => number,
): CutProblem {
  return { ...problem, weights: problem.weights.map(weightOf) };
}

export function path(n: number): CutProblem {
  return problemOf(
    n,
    Array.from({ length: n - 1 }, (_, i): Edge => [i, i + 1, 1]),
  );
}

export function cycle(n: number): CutProblem {
  return problemOf(
    n,
    Array.from({ length: n }, (_, i): Edge => [i, (i + 1) % n, 1]),
  );
}

export function complete(n: number): CutProblem {
  const edges: Edge[] = [];
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) edges.push([i, j, 1]);
  return problemOf(n, edges);
}

export function star(n: number): CutProblem {
  return problemOf(
    n,
    Array.from({ length: n - 1 }, (_, i): Edge => [0, i + 1, 1]),
  );
}

export function completeBipartite(a: number, b: number): CutProblem {
  const edges: Edge[] = [];
  for (let i = 0; i < a; i++) for (let j = 0; j < b; j++) edges.push([i, a + j, 1]);
  return problemOf(a + b, edges);
}

export function hypercube(dimension: number): CutProblem {
  const edges: Edge[] = [];
  for (let i = 0; i < 1 << dimension; i++)
    for (let bit = 0; bit < dimension; bit++) if ((i & (1 << bit)) === 0) edges.push([i, i | (1 << bit), 1]);
  return problemOf(1 << dimension, edges);
}

export function grid(rows: number, columns: number): CutProblem {
  const edges: Edge[] = [];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      if (r + 1 < rows) edges.push([r * columns + c, (r + 1) * columns + c, 1]);
      if (c + 1 < columns) edges.push([r * columns + c, r * columns + c + 1, 1]);
    }
  }
  return problemOf(rows * columns, edges);
}

/** Two complete graphs of k nodes joined by one edge of the given weight. */
export function barbell(k: number, bridge: number): CutProblem {
  const edges: Edge[] = [[0, k, bridge]];
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < i; j++) {
      edges.push([i, j, 1]);
      edges.push([k + i, k + j, 1]);
    }
  }
  return problemOf(2 * k, edges);
}

/** Two copies of a graph, node i of one joined to node i of the other for the given nodes. */
export function doubled(problem: CutProblem, rungs: readonly number[], weight: number): CutProblem {
  const n = problem.nodeCount;
  const edges: Edge[] = [];
  for (let e = 0; e < problem.weights.length; e++) {
    const s = problem.sources[e] as number;
    const t = problem.targets[e] as number;
    const w = problem.weights[e] as number;
    edges.push([s, t, w], [n + s, n + t, w]);
  }
  for (const i of rungs) edges.push([i, n + i, weight]);
  return problemOf(2 * n, edges);
}

/** Different ends, different edges: `edges` random ones on top of a random spanning tree when `connected`. */
export function randomGraph(random: Random, n: number, edges: number, connected = true): CutProblem {
  const list: Edge[] = [];
  const weight = (): number => 1 + random.below(10);
  if (connected) for (let i = 1; i < n; i++) list.push([i, random.below(i), weight()]);
  for (let e = 0; e < edges; e++) list.push([random.below(n), random.below(n), weight()]);
  return problemOf(n, list);
}

/** Two halves with few edges between them. */
export function planted(random: Random, n: number, edges: number, across: number): CutProblem {
  const half = n >> 1;
  const list: Edge[] = [[0, half, 1]];
  for (let i = 1; i < half; i++) list.push([i, random.below(i), 1]);
  for (let i = half + 1; i < n; i++) list.push([i, half + random.below(i - half), 1]);
  for (let e = 0; e < edges; e++) {
    const a = random.below(n);
    const first = random.float() < across ? random.float() < 0.5 : a < half;
    list.push([a, first ? random.below(half) : half + random.below(n - half), 1 + random.below(4)]);
  }
  return problemOf(n, list);
}

/** Each new node joins `links` nodes, drawn by their degree (Barabasi and Albert 1999). */
export function preferential(random: Random, n: number, links: number): CutProblem {
  const list: Edge[] = [];
  const ends: number[] = [];
  for (let i = 1; i < n; i++) {
    for (let k = 0; k < Math.min(links, i); k++) {
      const to = ends.length === 0 || k >= i ? 0 : random.pick(ends);
      if (to === i) continue;
      list.push([i, to, 1 + random.below(10)]);
      ends.push(to, i);
    }
  }
  return problemOf(n, list);
}

/** Clusters of `size` nodes in a ring, `within` random edges in each and two to the next. */
export function ringOfClusters(random: Random, clusters: number, size: number, within: number): CutProblem {
  const list: Edge[] = [];
  for (let c = 0; c < clusters; c++) {
    const first = c * size;
    for (let i = 1; i < size; i++) list.push([first + i, first + random.below(i), 1 + random.below(10)]);
    for (let e = 0; e < within; e++)
      list.push([first + random.below(size), first + random.below(size), 1 + random.below(10)]);
    const next = ((c + 1) % clusters) * size;
    for (let e = 0; e < 2; e++)
      list.push([first + random.below(size), next + random.below(size), 1 + random.below(10)]);
  }
  return problemOf(clusters * size, list);
}
