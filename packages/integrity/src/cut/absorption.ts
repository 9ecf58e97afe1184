/**
 * The weight of a minimum cut by absorbing node after node, for graphs of which rounds of contraction merge little: lattices,
 * regular expanders.
 *
 * Put the nodes in any order v1, v2, ... and let Si be the first i - 1 of them. A cut that has v1 on one side has a first node vi on the other,
 * and separates Si from it; so lambda is the least of the minimum cuts between Si and vi (the frame of Hao and Orlin, A Faster Algorithm for
 * Finding the Minimum Cut in a Directed Graph, 1994; here with plain augmenting paths). Only flows up to the bound are of interest: where the
 * edges between Si and vi weigh as much, there is nothing to do, and where they do not, the missing part comes by short ways, since
 * Si soon is near everywhere. The next node always is the one with the heaviest edges to Si.
 */
import type { Csr } from './csr.js';

/** Graphs of more nodes are left to rounds: choosing the next node looks at all of them. */
export const MOST_ABSORBED = 4096;

export class Absorption {
  #nodes = 0;
  #edges = 0;
  /** Edge e is arc 2e from its lower node up and arc 2e + 1 down; arcs by tail. */
  #first = new Uint32Array(1);
  #arcs = new Uint32Array(0);
  #heads = new Uint32Array(0);
  #capacity = new Float64Array(0);
  #residual = new Float64Array(0);
  #key = new Float64Array(0);
  #isInside = new Uint8Array(0);
  /** Per node: the last search that came here, the arc by which it did, and where it goes on. */
  #seen = new Uint32Array(0);
  #cameBy = new Uint32Array(0);
  #queue = new Uint32Array(0);
  #search = 0;
  /** Arcs whose residuals are not their capacities. */
  #touched: number[] = [];
  /** Arcs looked at. */
  #work = 0;

  /**
   * @param bound the weight of a known cut
   * @param budget how many arcs may be looked at
   * @returns the lesser of lambda and `bound`; undefined where the budget did not do
   */
  least(graph: Csr, bound: number, budget: number): number | undefined {
    const n = graph.nodeCount;
    this.#load(graph);
    const key = this.#key;
    const inside = this.#isInside;
    let least = bound;
    let v = 0;
    for (let done = 1; done < n; done++) {
      inside[v] = 1;
      for (let i = this.#first[v] as number; i < (this.#first[v + 1] as number); i++) {
        const arc = this.#arcs[i] as number;
        const u = this.#heads[arc] as number;
        key[u] = (key[u] as number) + (this.#capacity[arc] as number);
      }
      v = -1;
      for (let u = 0; u < n; u++)
        if (inside[u] === 0 && (v < 0 || (key[u] as number) > (key[v] as number))) v = u;
      if ((key[v] as number) < least) least = this.#flowTo(v, least);
      if (this.#work > budget) return undefined;
    }
    return least;
  }

  #load({ nodeCount: n, first: rows, ends, weights }: Csr): void {
    const count = (rows[n] as number) / 2;
    if (n > this.#nodes) {
      this.#nodes = n;
      this.#first = new Uint32Array(n + 1);
      this.#key = new Float64Array(n);
      this.#isInside = new Uint8Array(n);
      this.#seen = new Uint32Array(n);
      this.#cameBy = new Uint32Array(n);
      this.#queue = new Uint32Array(n);
    }
    if (count > this.#edges) {
      this.#edges = count;
      this.#arcs = new Uint32Array(2 * count);
      this.#heads = new Uint32Array(2 * count);
      this.#capacity = new Float64Array(2 * count);
      this.#residual = new Float64Array(2 * count);
    }
    this.#key.fill(0, 0, n);
    this.#isInside.fill(0, 0, n);
    this.#seen.fill(0, 0, n);
    this.#search = 0;
    this.#work = 0;
    // Rows keep their places: the arcs of node v are as many as the entries of its row.
    this.#first.set(rows.subarray(0, n + 1));
    const fill = this.#queue;
    for (let v = 0; v < n; v++) fill[v] = rows[v] as number;
    let edge = 0;
    for (let u = 0; u < n; u++)
      for (let i = rows[u] as number; i < (rows[u + 1] as number); i++) {
        const v = ends[i] as number;
        if (v < u) continue;
        const [up, down] = [2 * edge, 2 * edge + 1];
        edge++;
        this.#heads[up] = v;
        this.#heads[down] = u;
        this.#capacity[up] = this.#capacity[down] = weights[i] as number;
        this.#arcs[fill[u] as number] = up;
        fill[u] = (fill[u] as number) + 1;
        this.#arcs[fill[v] as number] = down;
        fill[v] = (fill[v] as number) + 1;
      }
    this.#residual.set(this.#capacity.subarray(0, 2 * count));
  }

  /** A maximum flow from the absorbed nodes to v, or `limit` where it is that much. */
  #flowTo(v: number, limit: number): number {
    let value = 0;
    // What comes directly.
    for (let i = this.#first[v] as number; i < (this.#first[v + 1] as number); i++) {
      const arc = (this.#arcs[i] as number) ^ 1;
      if (this.#isInside[this.#heads[arc ^ 1] as number] !== 1) continue;
      value += this.#capacity[arc] as number;
      this.#push(arc, this.#capacity[arc] as number);
    }
    while (value < limit) {
      const from = this.#findWay(v);
      if (from < 0) break;
      let amount = limit - value;
      for (let u = from; u !== v; ) {
        const arc = this.#cameBy[u] as number;
        amount = Math.min(amount, this.#residual[arc] as number);
        u = this.#heads[arc] as number;
      }
      for (let u = from; u !== v; ) {
        const arc = this.#cameBy[u] as number;
        this.#push(arc, amount);
        u = this.#heads[arc] as number;
      }
      value += amount;
    }
    for (const arc of this.#touched) {
      this.#residual[arc] = this.#capacity[arc] as number;
      this.#residual[arc ^ 1] = this.#capacity[arc ^ 1] as number;
    }
    this.#touched.length = 0;
    return Math.min(value, limit);
  }

  #push(arc: number, amount: number): void {
    this.#residual[arc] = (this.#residual[arc] as number) - amount;
    this.#residual[arc ^ 1] = (this.#residual[arc ^ 1] as number) + amount;
    this.#touched.push(arc);
  }

  /** A shortest way from an absorbed node to v, searched from v; the absorbed node, or -1. `#cameBy` leads along it. */
  #findWay(v: number): number {
    const search = ++this.#search;
    const seen = this.#seen;
    const queue = this.#queue;
    const heads = this.#heads;
    const arcs = this.#arcs;
    const first = this.#first;
    const residual = this.#residual;
    const inside = this.#isInside;
    seen[v] = search;
    queue[0] = v;
    let filled = 1;
    for (let at = 0; at < filled; at++) {
      const u = queue[at] as number;
      const stop = first[u + 1] as number;
      for (let i = first[u] as number; i < stop; i++) {
        const arc = (arcs[i] as number) ^ 1;
        const w = heads[arc ^ 1] as number;
        if (seen[w] === search || !((residual[arc] as number) > 0)) continue;
        seen[w] = search;
        this.#cameBy[w] = arc;
        if (inside[w] === 1) {
          this.#work += i - (first[u] as number) + 1;
          return w;
        }
        queue[filled++] = w;
      }
      this.#work += stop - (first[u] as number);
    }
    return -1;
  }
}
