/**
 * Gomory-Hu cut trees by Gusfield's method (Very Simple Methods for All Pairs Network Flow Analysis, SIAM J. Comput. 19(1),
 * 1990), in its cut-tree form: n - 1 maximum flows on the whole graph, no contraction.
 *
 * A flow-equivalent tree has the right values but its edges split the nodes anyhow. In a cut tree, removing edge
 * (v, parent of v) leaves two sets of nodes that are a minimum cut between the two: that is what the witness needs. What makes
 * the difference is that nodes of the source's side that hang on the sink are moved, and the swap at the end of a step.
 */
import { type AbortSignalLike, throwIfAborted } from '../errors.js';
import { compareSides } from './canonical.js';
import { FlowNetwork } from './flow-network.js';
import { crossing } from './min-cut.js';
import type { CutProblem } from './problem.js';
import { checkProblem, roundingOf } from './units.js';

/** What calls that make many flows take. */
export interface TreeOptions {
  readonly signal?: AbortSignalLike;
  /** Called after each flow. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** A tree over the nodes in which the lightest edge between any two is their minimum cut. */
export interface GomoryHuTree {
  /** The parent of each node; the root, node 0, is its own. */
  readonly parent: Uint32Array;
  /** Weight of the minimum cut between each node and its parent; Infinity at the root. */
  readonly value: Float64Array;
  /** The side of a node's cut with its parent: the node and all below it, sorted. O(n depth). */
  side(node: number): Uint32Array;
  readonly exact: boolean;
  readonly errorBound: number;
}

/**
 * A Gomory-Hu cut tree. n - 1 maximum flows; deterministic. At 2,000 nodes that takes seconds: give a signal.
 *
 * @throws IntegrityError as `minCut`; `ERR_INTEGRITY_ABORTED`
 * @example
 * const tree = gomoryHuTree({
 *   nodeCount: 3,
 *   sources: Uint32Array.of(0, 1),
 *   targets: Uint32Array.of(1, 2),
 *   weights: Float64Array.of(5, 3),
 * });
 * console.log([...tree.value], [...tree.side(2)]); // [ Infinity, 5, 3 ] [ 2 ]
 */
export function gomoryHuTree(problem: CutProblem, { signal, onProgress }: TreeOptions = {}): GomoryHuTree {
  const whole = checkProblem(problem);
  const n = problem.nodeCount;
  const network = new FlowNetwork(n, problem.sources, problem.targets, whole.weights);
  const parent = new Uint32Array(n);
  const value = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  for (let s = 1; s < n; s++) {
    throwIfAborted(signal);
    const t = parent[s] as number;
    const cut = network.run(s, t);
    const near = network.sourceSide(s);
    value[s] = cut * whole.unit;
    // All siblings of s on its side, the earlier ones too: that is what a cut tree needs beyond a flow-equivalent one.
    for (let v = 0; v < n; v++) if (v !== s && near[v] === 1 && parent[v] === t && v !== t) parent[v] = s;
    const above = parent[t] as number;
    if (t !== 0 && near[above] === 1) {
      parent[s] = above;
      parent[t] = s;
      value[s] = value[t] as number;
      value[t] = cut * whole.unit;
    }
    onProgress?.({ done: s, total: n - 1 });
  }
  const side = (node: number): Uint32Array => {
    const found: number[] = [];
    for (let v = 0; v < n; v++) {
      let up = v;
      while (up !== node && up !== 0) up = parent[up] as number;
      if (up === node) found.push(v);
    }
    return Uint32Array.from(found);
  };
  return {
    parent,
    value,
    side,
    exact: whole.exact,
    errorBound: roundingOf(whole, whole.weights.length),
  };
}

/** A cut with at least two nodes on both sides. */
export interface NonTrivialCut {
  readonly value: number;
  /** The side with fewer nodes, sorted; of two halves the one that comes first. */
  readonly side: Uint32Array;
  /** Indices of the edges of weight > 0 across it. */
  readonly edges: Uint32Array;
}

/**
 * The least cut over those of a Gomory-Hu tree that have at least two nodes on both sides: a global minimum cut is often
 * one weak node, and this one looks past it. Of equals the one with the fewest nodes, then the one that comes first.
 *
 * Exact over the n - 1 cuts of the tree. A cut of two nodes or more that is lighter than these, but not a minimum cut
 * between any two nodes, is not seen.
 *
 * @returns undefined where no cut of the tree has two nodes on both sides
 * @throws IntegrityError as `gomoryHuTree`
 */
export function smallestNonTrivialCut(
  problem: CutProblem,
  options: TreeOptions = {},
): NonTrivialCut | undefined {
  const n = problem.nodeCount;
  const tree = gomoryHuTree(problem, options);
  let best: { readonly value: number; readonly side: Uint32Array } | undefined;
  for (let node = 1; node < n; node++) {
    const value = tree.value[node] as number;
    if (best !== undefined && value > best.value) continue;
    const below = tree.side(node);
    if (below.length < 2 || n - below.length < 2) continue;
    const inside = new Set(below);
    const rest = Uint32Array.from({ length: n }, (_, v) => v).filter((v) => !inside.has(v));
    const side = compareSides(below, rest) <= 0 ? below : rest;
    if (best === undefined || value < best.value || compareSides(side, best.side) < 0) best = { value, side };
  }
  return best && { ...best, edges: crossing(problem, best.side) };
}
