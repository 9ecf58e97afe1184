/**
 * The value of a minimum cut, and a kernel that keeps all minimum cuts.
 *
 * Everything is rounds of Nagamochi, Ono and Ibaraki (`contraction.ts`), which merge pairs that no cut lighter than a cap
 * separates, and looks at the weighted degrees of what is left: each is a cut of the whole graph, so the least of them,
 * `bound`, is never below lambda.
 *
 * 1. Rounds with the cap one unit above the bound, as long as they shrink the graph well. They merge only what no cut of
 *    weight <= bound separates, and the bound is never below lambda: what is left still has every minimum cut. On most graphs
 *    two rounds leave a handful of nodes, and the steps below cost nothing.
 * 2. Rounds with the bound itself as the cap, on a copy. Now a round always merges: the node scanned last hangs on the others
 *    with its whole degree, which is at least the bound. When one node is left the bound is lambda, since each merge was of a
 *    pair that no cut lighter than the bound of that moment separates, and lighter bounds were seen when they came up.
 * 3. The rounds of step 1 once more with lambda known, until they merge (next to) nothing and a node of degree lambda is left.
 *    As long as there is none a round merges something, by the reason of step 2.
 *
 * Where rounds merge little, Padberg and Rinaldi's tests of heavy edges and of triangles help out in steps 2 and 3, and step 2 ends with
 * the flows of `absorption.ts`.
 */
import { Absorption, MOST_ABSORBED } from './absorption.js';
import { Contraction } from './contraction.js';
import { type Csr, type CsrScratch, contract, csrOfEdges, degreeOf, newCsr, newCsrScratch } from './csr.js';

/** Rounds on a graph of so many nodes cost next to nothing. */
const SMALL = 64;

/** How many arcs the flows may look at, in arcs of the graph; a graph for which that does not do goes on in rounds. */
const FLOW_BUDGET = 400;

/** A round shrinks the graph well when it leaves less than this share of its nodes. */
const SHRINKS_WELL = 0.6;

/** Finds cut after cut in the same memory. */
export class CutEngine {
  /** After `load`: the graph. */
  graph: Csr = newCsr(0, 0);
  /** After `solve`: a graph in which only nodes are merged that no cut of weight lambda separates. */
  kernel: Csr = this.graph;
  /** After `solve`: the node of the kernel of each node, numbered in the order of their first nodes. */
  owner = new Uint32Array(0);
  #nodes = 0;
  #entries = 0;
  #spare: readonly Csr[] = [];
  #scratch: CsrScratch = newCsrScratch(0);
  #contraction = new Contraction(0);
  readonly #absorption = new Absorption();

  /** @param weights whole units; loops and edges of weight 0 are left out */
  load(nodeCount: number, sources: Uint32Array, targets: Uint32Array, weights: Float64Array): void {
    if (nodeCount > this.#nodes || 2 * weights.length > this.#entries) {
      // Room for a quarter more, so that a graph that grows by an edge a call is not a new workspace a call.
      const [nodes, entries] = [nodeCount + (nodeCount >> 2), 2 * (weights.length + (weights.length >> 2))];
      this.#nodes = Math.max(this.#nodes, nodes);
      this.#entries = Math.max(this.#entries, entries);
      this.graph = newCsr(this.#nodes, this.#entries);
      this.#spare = Array.from({ length: 4 }, () => newCsr(this.#nodes, this.#entries));
      this.#scratch = newCsrScratch(this.#nodes);
      this.#contraction = new Contraction(this.#nodes);
      this.owner = new Uint32Array(this.#nodes);
    }
    csrOfEdges(nodeCount, sources, targets, weights, this.graph);
  }

  /**
   * Weight of a minimum cut of the graph that was loaded, at least two nodes; sets `kernel` and `owner`. Where it is above 0
   * a node of the kernel has that degree.
   *
   * @param atMost the weight of a cut that is known
   */
  solve(atMost = Number.POSITIVE_INFINITY): number {
    this.reset();
    let bound = Math.min(atMost, leastDegree(this.graph));
    if (bound === 0) return 0;
    let before: number;
    do {
      before = this.kernel.nodeCount;
      if (!this.#merge(this.#contraction.round(this.kernel, bound + 1))) break;
      bound = Math.min(bound, leastDegree(this.kernel));
    } while (this.kernel.nodeCount > 2 && this.kernel.nodeCount < SHRINKS_WELL * before);
    const lambda = this.kernel.nodeCount === 2 ? bound : this.#value(bound);
    do this.keepBelow(lambda + 1);
    while (this.kernel.nodeCount > 2 && this.#mergeMore(lambda));
    return lambda;
  }

  /** Where rounds merge little: by heavy edges, else by a round as long as there is no node of degree lambda. */
  #mergeMore(lambda: number): boolean {
    const contraction = this.#contraction;
    if (this.#merge(contraction.heavyEdges(this.kernel, lambda))) return true;
    if (this.#merge(contraction.triangles(this.kernel, lambda + 1))) return true;
    return leastDegree(this.kernel) > lambda && this.#merge(contraction.round(this.kernel, lambda + 1));
  }

  /** Makes the whole graph the kernel again. */
  reset(): void {
    this.kernel = this.graph;
    for (let v = 0; v < this.graph.nodeCount; v++) this.owner[v] = v;
  }

  /**
   * Merges in the kernel what no cut lighter than `cap` separates, until a round merges nothing, or next to nothing of a large
   * graph.
   */
  keepBelow(cap: number): void {
    let before: number;
    do {
      before = this.kernel.nodeCount;
      if (before <= 2 || !this.#merge(this.#contraction.round(this.kernel, cap))) return;
    } while (this.kernel.nodeCount < 0.9 * before || before <= SMALL);
  }

  /** Contracts the kernel as the last test of `#contraction` said; whether there was anything to merge. */
  #merge(left: number): boolean {
    const { owner, kernel } = this;
    if (left === kernel.nodeCount) return false;
    const { label } = this.#contraction;
    for (let v = 0; v < this.graph.nodeCount; v++) owner[v] = label[owner[v] as number] as number;
    this.kernel = this.#spare[kernel === this.#spare[0] ? 1 : 0] as Csr;
    contract(kernel, label, left, this.kernel, this.#scratch);
    return true;
  }

  /** Step 2: the least cut of `kernel`, which stays as it is. */
  #value(atMost: number): number {
    let bound = atMost;
    let graph = this.kernel;
    let shrunkWell = true;
    let flowsDo = true;
    while (graph.nodeCount > 2 && bound > 0) {
      const before: number = graph.nodeCount;
      // Merging two nodes a round is all that is promised, and all that happens on a cycle; then other tests take turns.
      let left: number = shrunkWell ? before : this.#contraction.heavyEdges(graph);
      if (left === before && !shrunkWell) left = this.#contraction.triangles(graph, bound);
      const helped: boolean = left < before;
      if (!helped && !shrunkWell && flowsDo && before <= MOST_ABSORBED && before > SMALL) {
        const entries = graph.first[before] as number;
        const least = this.#absorption.least(graph, bound, FLOW_BUDGET * entries);
        if (least !== undefined) return least;
        flowsDo = false;
      }
      if (!helped) left = this.#contraction.round(graph, bound);
      if (left === 1) break;
      const into = this.#spare[graph === this.#spare[2] ? 3 : 2] as Csr;
      contract(graph, this.#contraction.label, left, into, this.#scratch);
      graph = into;
      bound = Math.min(bound, leastDegree(graph));
      shrunkWell = left < SHRINKS_WELL * before || helped;
    }
    return bound;
  }
}

/** The least weighted degree. */
function leastDegree(graph: Csr): number {
  let least = Number.POSITIVE_INFINITY;
  for (let v = 0; v < graph.nodeCount; v++) least = Math.min(least, degreeOf(graph, v));
  return least;
}
