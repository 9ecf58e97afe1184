/**
 * Gomory-Hu cut trees by Gusfield's method (Very Simple Methods for All Pairs Network Flow Analysis, SIAM J. Comput. 19(1),
 * 1990), in its cut-tree form: n - 1 maximum flows on the whole graph, no contraction.
 *
 * A flow-equivalent tree has the right values but its edges split the nodes anyhow. In a cut tree, removing edge
 * (v, parent of v) leaves two sets of nodes that are a minimum cut between the two: that is what the witness needs. What makes
 * the difference is that nodes of the source's side that hang on the sink are moved, and the swap at the end of a step.
 *
 * Any minimum cut between the two nodes will do at each step. There are two that no choice of the flow changes, the one nearest
 * to the source and the one nearest to the sink. The more even one is taken: it leaves more cuts with several nodes on both
 * sides in the tree, which is what the tree is asked for here.
 */
import { type AbortSignalLike, IntegrityError, throwIfAborted } from '../errors.js';
import { compareSides } from './canonical.js';
import { FlowNetwork } from './flow-network.js';
import { crossing } from './min-cut.js';
import type { CutProblem } from './problem.js';
import { checkNode, checkProblem, roundingOf } from './units.js';

/** What calls that make many flows take. */
export interface TreeOptions {
  /** Looked at before each flow. */
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
  /** All nodes, each before those below it: a node and all below it are a run of `size[node]` that starts with it. */
  readonly order: Uint32Array;
  readonly size: Uint32Array;
  /** The side of a node's cut with its parent: the node and all below it, sorted. O(k log k) for k of them. */
  side(node: number): Uint32Array;
  /**
   * A minimum cut between two different nodes: its weight, and the node whose `side` it is. The lightest edge of the path
   * between them; of equals the nearest to `u`. O(depth).
   *
   * @throws IntegrityError `ERR_INTEGRITY_UNKNOWN_NODE`, `ERR_INTEGRITY_ARGUMENT` where u is v
   */
  cutBetween(u: number, v: number): { readonly value: number; readonly node: number };
  readonly exact: boolean;
  readonly errorBound: number;
}

/**
 * A Gomory-Hu cut tree. n - 1 maximum flows; deterministic. At 2,000 nodes that takes seconds, and it is synchronous: an AbortController's
 * signal cannot fire meanwhile. Give a signal that looks at the time itself, such as `{ get aborted() { return Date.now() > end; } }`, or throw
 * from `onProgress`.
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
    const near = moreEven(network.sourceSide(s), network.sinkSide(t));
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
  return treeOf(parent, value, whole.exact, roundingOf(whole, whole.weights.length));
}

/**
 * Of the minimum cut nearest to the source and the one nearest to the sink the more even one, as its source side; of equals
 * the first.
 */
function moreEven(source: Uint8Array, sink: Uint8Array): Uint8Array {
  let [inSource, inSink] = [0, 0];
  for (let v = 0; v < source.length; v++) {
    inSource += source[v] as number;
    inSink += sink[v] as number;
  }
  // Both sets are disjoint, so each is the smaller side of its cut or next to it.
  const even = (size: number): number => Math.min(size, source.length - size);
  return even(inSource) >= even(inSink) ? source : sink.map((mark) => 1 - mark);
}

/** What can be read off parents and values. Nothing recurses: a tree may be as deep as it has nodes. */
function treeOf(parent: Uint32Array, value: Float64Array, exact: boolean, errorBound: number): GomoryHuTree {
  const n = parent.length;
  const order = new Uint32Array(n);
  const size = new Uint32Array(n).fill(1);
  const place = new Uint32Array(n);
  const depth = new Uint32Array(n);
  const firstBelow = new Int32Array(n).fill(-1);
  const nextBeside = new Int32Array(n).fill(-1);
  for (let v = n - 1; v > 0; v--) {
    nextBeside[v] = firstBelow[parent[v] as number] as number;
    firstBelow[parent[v] as number] = v;
  }
  const stack = new Uint32Array(n);
  for (let at = 0, stacked = Math.min(n, 1); stacked > 0; at++) {
    const v = stack[--stacked] as number;
    order[at] = v;
    place[v] = at;
    if (v !== 0) depth[v] = (depth[parent[v] as number] as number) + 1;
    for (let below = firstBelow[v] as number; below >= 0; below = nextBeside[below] as number)
      stack[stacked++] = below;
  }
  for (let at = n - 1; at > 0; at--) {
    const v = order[at] as number;
    size[parent[v] as number] = (size[parent[v] as number] as number) + (size[v] as number);
  }

  const side = (node: number): Uint32Array => {
    const start = place[checkNode(node, n, 'node')] as number;
    return order.slice(start, start + (size[node] as number)).sort();
  };
  const cutBetween = (u: number, v: number): { readonly value: number; readonly node: number } => {
    let [a, b] = [checkNode(u, n, 'u'), checkNode(v, n, 'v')];
    if (a === b)
      throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', `u and v are both node ${u}`, { field: 'v' });
    let onU = 0;
    let onV = 0;
    while (a !== b)
      if ((depth[a] as number) >= (depth[b] as number)) {
        if ((value[a] as number) < (value[onU] as number)) onU = a;
        a = parent[a] as number;
      } else {
        if ((value[b] as number) <= (value[onV] as number)) onV = b;
        b = parent[b] as number;
      }
    const node = (value[onU] as number) <= (value[onV] as number) && onU !== 0 ? onU : onV;
    return { value: value[node] as number, node };
  };
  return { parent, value, order, size, side, cutBetween, exact, errorBound };
}

/** A cut with at least two nodes on both sides. */
export interface NonTrivialCut {
  readonly value: number;
  /** The side with fewer nodes, sorted; of two halves the one that comes first. */
  readonly side: Uint32Array;
  /** Indices of the edges of weight > 0 across it. */
  readonly edges: Uint32Array;
  readonly exact: boolean;
  /** How far `value` may be from the true weight of this cut. */
  readonly errorBound: number;
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
    const below = tree.size[node] as number;
    if (below < 2 || n - below < 2 || (best !== undefined && value > best.value)) continue;
    const side = smallerSide(tree.side(node), n);
    if (best === undefined || value < best.value || compareSides(side, best.side) < 0) best = { value, side };
  }
  if (best === undefined) return undefined;
  return {
    ...best,
    edges: crossing(problem, best.side),
    exact: tree.exact,
    errorBound: tree.errorBound,
  };
}

/** The side with fewer nodes, sorted; of two halves that with node 0. */
function smallerSide(nodes: Uint32Array, n: number): Uint32Array {
  if (2 * nodes.length < n || (2 * nodes.length === n && nodes[0] === 0)) return nodes;
  const rest = new Uint32Array(n - nodes.length);
  for (let v = 0, at = 0, next = 0; v < n; v++)
    if (nodes[next] === v) next++;
    else rest[at++] = v;
  return rest;
}
