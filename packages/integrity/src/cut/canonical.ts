/**
 * The canonical minimum cut: of all minimum cuts the one whose smaller side has the fewest nodes, of equals the one whose
 * sorted list of nodes comes first. So the same graph gives the same event, whatever found its value.
 *
 * All minimum cuts are taken into account without listing them. Say *side* for a side of a minimum cut, of weight lambda.
 *
 * 1. *No minimum cut splits a side X that contains no smaller side.* Let Y be a side that splits X. If X - Y is a side or
 *    X n Y is, X was not smallest. Else X u Y is not everything (or V - Y = X - Y would be a side) and Y - X is not empty
 *    (or X n Y = Y would be one). Then the four corners X n Y, X - Y, Y - X, V - (X u Y) are not empty, and
 *    w(X n Y) + w(X u Y) <= w(X) + w(Y) = 2 lambda makes X n Y a side after all.
 *    The canonical side is such an X: any two of its nodes are joined by more than lambda.
 * 2. The kernel has nodes merged that are joined by more than lambda, so X is a set of its nodes, and if one of them, v, has
 *    degree lambda, {v} is a side and X = {v} by 1. So X is either one node of degree lambda, or at least two nodes of greater
 *    degree. The first kind is read off the degrees: on most graphs that settles it, since two nodes of greater degree have
 *    more originals than the best single one.
 * 3. The second kind, by flows. Let r be a node of degree lambda: it is outside of X. For t in X a minimum cut between
 *    r and t weighs lambda, and the least side with t, T, is inside X, since least sides are inside all others (minimum
 *    cuts are closed under intersection). X contains no smaller side: T = X. So X is T for some t.
 *
 * There is such an r: `CutEngine` goes on merging until a node of degree lambda is left, which happens since a round merges
 * something as long as all degrees are above lambda.
 */
import { type Csr, degreeOf } from './csr.js';
import { FlowNetwork } from './flow-network.js';

/** Compares sorted lists of nodes: fewer first, then by the first difference. */
export function compareSides(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return 0;
}

/**
 * The canonical side of a graph.
 *
 * @param kernel the graph with some nodes merged, none of them separated by a cut of weight `lambda`; a node has that degree
 * @param owner the node of the kernel of each original node; numbered in the order of their first nodes
 * @param n how many original nodes there are
 * @param lambda weight of a minimum cut, in whole units
 * @returns sorted original nodes
 */
export function canonicalSide(kernel: Csr, owner: Uint32Array, n: number, lambda: number): Uint32Array {
  const k = kernel.nodeCount;
  const sizes = new Uint32Array(k);
  for (let v = 0; v < n; v++) sizes[owner[v] as number] = (sizes[owner[v] as number] as number) + 1;

  // Kernel nodes are in the order of their first originals, so of equal sizes the first comes first as a list, too.
  let single = -1;
  const others: number[] = [];
  let leastOther = n;
  for (let v = 0; v < k; v++) {
    const size = sizes[v] as number;
    if (degreeOf(kernel, v) > lambda) {
      others.push(v);
      leastOther = Math.min(leastOther, size);
    } else if (single < 0 || size < (sizes[single] as number)) single = v;
  }
  if (single < 0) throw new RangeError('no node of the kernel is a side of a minimum cut');
  // Of more than half of the nodes it is no smaller side; then its complement contains one.
  let best = 2 * (sizes[single] as number) <= n ? membersOf(single, owner, n) : undefined;

  let network: FlowNetwork | undefined;
  for (const t of others) {
    // With t comes at least one more.
    if (best !== undefined && (sizes[t] as number) + leastOther > best.length) continue;
    network ??= networkOf(kernel);
    network.run(single, t);
    const marks = network.sinkSide(t);
    let size = 0;
    for (let v = 0; v < k; v++) if (marks[v] === 1) size += sizes[v] as number;
    if (2 * size > n || (best !== undefined && size > best.length)) continue;
    const side = new Uint32Array(size);
    for (let v = 0, at = 0; v < n; v++) if (marks[owner[v] as number] === 1) side[at++] = v;
    if (best === undefined || compareSides(side, best) < 0) best = side;
  }
  return best as Uint32Array;
}

function membersOf(label: number, owner: Uint32Array, n: number): Uint32Array {
  const found: number[] = [];
  for (let v = 0; v < n; v++) if (owner[v] === label) found.push(v);
  return Uint32Array.from(found);
}

/** The graph as a residual network: each undirected edge once. */
function networkOf({ nodeCount, first, ends, weights }: Csr): FlowNetwork {
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
