/**
 * The canonical minimum cut: of all minimum cuts the one whose smaller side has the fewest nodes, of equals the one whose
 * sorted list of nodes comes first. So the same graph gives the same event, whatever found its value.
 *
 * How all minimum cuts are looked at without listing them. Take any root r. For a node t with maxflow(r, t) = lambda, let T be
 * the least side with t of a minimum cut between them, and R the least side with r.
 *
 *   Claim: if X is a side of a minimum cut of the whole graph and no side of any has fewer nodes, X is some T or some R.
 *   Say r is not in X; take t in X. X separates r from t and weighs lambda, so maxflow(r, t) = lambda and T is inside X
 *   (least sides are inside all others: minimum cuts are closed under intersection). T is a side of a minimum cut too, so
 *   it has no fewer nodes than X: T = X. If r is in X, take t outside of it: R is inside X, and R = X in the same way.
 *
 * Equal counts are covered, since the claim holds for every such X. The search runs on a kernel where nodes are merged that
 * no cut of weight lambda separates; it is usually a few nodes, and at worst (a cycle) the graph itself.
 */
import type { Csr } from './csr.js';
import { FlowNetwork } from './flow-network.js';

/** Compares sorted lists of nodes: fewer first, then by the first difference. */
export function compareSides(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return 0;
}

/**
 * The canonical side of a connected graph.
 *
 * @param kernel the graph with some nodes merged, none of them separated by a cut of weight `lambda`
 * @param owner the node of the kernel of each original node
 * @param lambda weight of a minimum cut, in whole units
 * @returns sorted original nodes
 */
export function canonicalSide(kernel: Csr, owner: Uint32Array, lambda: number): Uint32Array {
  const k = kernel.nodeCount;
  const n = owner.length;
  const sizes = new Uint32Array(k);
  for (let v = 0; v < n; v++) sizes[owner[v] as number] = (sizes[owner[v] as number] as number) + 1;
  let best: Uint32Array | undefined;

  const consider = (marks: Uint8Array): void => {
    let size = 0;
    for (let v = 0; v < k; v++) if (marks[v] === 1) size += sizes[v] as number;
    if (2 * size > n || (best !== undefined && size > best.length)) return;
    const side = new Uint32Array(size);
    for (let v = 0, at = 0; v < n; v++) if (marks[owner[v] as number] === 1) side[at++] = v;
    if (best === undefined || compareSides(side, best) < 0) best = side;
  };

  const network = networkOf(kernel);
  for (let t = 1; t < k; t++) {
    // Above lambda no minimum cut separates t from the root, and t is the inside of no candidate.
    if (network.run(0, t, lambda + 1) > lambda) continue;
    consider(network.sinkSide(t));
    consider(network.sourceSide(0));
  }
  if (best === undefined) throw new RangeError('no cut has the weight that was given');
  return best;
}

/** The graph as a residual network: each undirected edge once. */
export function networkOf({ nodeCount, first, ends, weights }: Csr): FlowNetwork {
  const count = (first[nodeCount] as number) / 2;
  const sources = new Uint32Array(count);
  const targets = new Uint32Array(count);
  const capacities = new Float64Array(count);
  let at = 0;
  for (let u = 0; u < nodeCount; u++) {
    const stop = first[u + 1] as number;
    for (let i = first[u] as number; i < stop; i++) {
      const v = ends[i] as number;
      if (v <= u) continue;
      sources[at] = u;
      targets[at] = v;
      capacities[at++] = weights[i] as number;
    }
  }
  return new FlowNetwork(nodeCount, sources, targets, capacities);
}
