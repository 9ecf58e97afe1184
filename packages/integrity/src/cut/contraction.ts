/**
 * One round of Nagamochi, Ono and Ibaraki: scan the nodes so that always one goes next that is tied most tightly to those
 * already scanned, and merge what the scan proves to be tied by at least `cap`.
 *
 * Why it is right. Let r(y) be the weight from y to the scanned nodes. When x is scanned and the edge e = xy raises r(y) to
 * q(e), no cut that separates x and y is lighter than q(e): the scan splits the graph into maximal spanning forests, e
 * lies in none of the first q(e) - 1 unit forests unless x and y are joined in each of them (Nagamochi, Ibaraki 1992).
 * Forests beyond `cap` are of no interest, so keys count only up to it: among the nodes with r >= cap any may go next
 * (Henzinger, Noe, Schulz, Strash: Practical Minimum Cut Algorithms, 2018, section 3). Those wait on a stack, and the
 * heap holds only nodes below the cap; on most graphs that is a handful.
 *
 * The last node scanned has r = its weighted degree, so as long as no degree is below `cap` each round merges something.
 */
import { type Csr, degreeOf } from './csr.js';

/** Edges of a node that `triangles` looks at. */
const TRIED = 4;

/** Scratch of a round: a few arrays of one entry a node. */
export class Contraction {
  /** After `round`: the new node of each node. */
  readonly label: Uint32Array;
  readonly #parent: Uint32Array;
  readonly #key: Float64Array;
  /** Place in the heap + 1; 0: not in it. */
  readonly #place: Uint32Array;
  readonly #heap: Uint32Array;
  readonly #stack: Uint32Array;
  readonly #scanned: Uint8Array;
  #heapSize = 0;

  constructor(nodes: number) {
    this.label = new Uint32Array(nodes);
    this.#parent = new Uint32Array(nodes);
    this.#key = new Float64Array(nodes);
    this.#place = new Uint32Array(nodes);
    this.#heap = new Uint32Array(nodes);
    this.#stack = new Uint32Array(nodes);
    this.#scanned = new Uint8Array(nodes);
  }

  /**
   * Merges pairs of nodes that no cut lighter than `cap` separates. O(m + n log n) with few nodes in the heap.
   *
   * @param cap > 0
   * @param start where the scan begins; other starts merge other pairs
   * @returns how many nodes are left; `label` says which
   */
  round(graph: Csr, cap: number, start = 0): number {
    const { nodeCount: n, first, ends, weights } = graph;
    const parent = this.#parent;
    const key = this.#key;
    const place = this.#place;
    const stack = this.#stack;
    const scanned = this.#scanned;
    for (let v = 0; v < n; v++) parent[v] = v;
    key.fill(0, 0, n);
    place.fill(0, 0, n);
    scanned.fill(0, 0, n);
    this.#heapSize = 0;
    let stacked = 1;
    stack[0] = start;
    let unseen = 0;
    for (let done = 0; done < n; done++) {
      let x = -1;
      while (stacked > 0) {
        const top = stack[--stacked] as number;
        if (scanned[top] === 0) {
          x = top;
          break;
        }
      }
      while (x < 0) {
        if (this.#heapSize > 0) {
          const top = this.#pop();
          if (scanned[top] === 0) x = top;
        } else {
          // A component is done; the scan goes on in another, where all keys are 0.
          while (scanned[unseen] === 1) unseen++;
          x = unseen;
        }
      }
      scanned[x] = 1;
      const rowEnd = first[x + 1] as number;
      for (let i = first[x] as number; i < rowEnd; i++) {
        const y = ends[i] as number;
        if (scanned[y] === 1) continue;
        const before = key[y] as number;
        const now = before + (weights[i] as number);
        key[y] = now;
        if (now >= cap) {
          this.#unite(x, y);
          if (before >= cap) continue;
          stack[stacked++] = y;
          if (place[y] !== 0) {
            // It goes to the heap's top, where it is skipped once it is scanned, and its key no longer changes.
            key[y] = Number.POSITIVE_INFINITY;
            this.#raise(y);
          }
        } else this.#raise(y);
      }
    }
    return this.#labels(n);
  }

  /**
   * Padberg and Rinaldi's test on the edges of single nodes (An Efficient Algorithm for the Minimum Capacity Cut Problem, 1990):
   * where an edge vu is at least half of the weight of v, a cut with v and u on two sides is {v} itself or gets no heavier
   * when v changes sides. So v and u may be merged when {v} has been looked at. Only disjoint pairs are merged: then no merge
   * changes what the test of another one saw. It halves a cycle, of which a round merges two nodes.
   *
   * @param keep keep all cuts of this weight, which is that of a minimum cut: the edge must be more than half, and {v} heavier
   * @returns how many nodes are left; `label` says which
   */
  heavyEdges(graph: Csr, keep?: number): number {
    const { nodeCount: n, first, ends, weights } = graph;
    const parent = this.#parent;
    const paired = this.#scanned;
    for (let v = 0; v < n; v++) parent[v] = v;
    paired.fill(0, 0, n);
    for (let v = 0; v < n; v++) {
      if (paired[v] === 1) continue;
      const stop = first[v + 1] as number;
      const degree = degreeOf(graph, v);
      if (keep !== undefined && degree <= keep) continue;
      for (let i = first[v] as number; i < stop; i++) {
        const u = ends[i] as number;
        const twice = 2 * (weights[i] as number);
        if (paired[u] === 1 || twice < degree || (keep !== undefined && twice === degree)) continue;
        paired[u] = paired[v] = 1;
        this.#unite(u, v);
        break;
      }
    }
    return this.#labels(n);
  }

  /**
   * Padberg and Rinaldi's test on triangles: between the ends of an edge uv there is the edge and a way over each common neighbour, all
   * apart, so no cut that separates u and v weighs less than w(uv) + sum over w of min(w(uw), w(vw)). Looks at a few edges of each
   * node: O(m) times `TRIED`. It merges complete graphs and what is nearly so.
   *
   * @param cap > 0; pairs are merged that no cut lighter than this separates
   * @returns how many nodes are left; `label` says which
   */
  triangles(graph: Csr, cap: number): number {
    const { nodeCount: n, first, ends, weights } = graph;
    const parent = this.#parent;
    // What is left of the weight between v and each node: parallel edges of u take from it one after the other.
    const left = this.#key;
    for (let v = 0; v < n; v++) parent[v] = v;
    left.fill(0, 0, n);
    for (let v = 0; v < n; v++) {
      const start = first[v] as number;
      const stop = first[v + 1] as number;
      for (let i = start, tried = 0; i < stop && tried < TRIED; i++) {
        const u = ends[i] as number;
        if (this.#find(u) === this.#find(v)) continue;
        tried++;
        for (let k = start; k < stop; k++) left[ends[k] as number] = 0;
        for (let k = start; k < stop; k++) {
          const w = ends[k] as number;
          left[w] = (left[w] as number) + (weights[k] as number);
        }
        let apart = left[u] as number;
        const end = first[u + 1] as number;
        for (let k = first[u] as number; k < end && apart < cap; k++) {
          const w = ends[k] as number;
          const taken = Math.min(left[w] as number, weights[k] as number);
          left[w] = (left[w] as number) - taken;
          apart += taken;
        }
        if (apart >= cap) this.#unite(u, v);
      }
      for (let i = start; i < stop; i++) left[ends[i] as number] = 0;
    }
    return this.#labels(n);
  }

  /** Numbers the sets from 0, in the order of their first nodes. */
  #labels(n: number): number {
    const { label } = this;
    let count = 0;
    for (let v = 0; v < n; v++) {
      const root = this.#find(v);
      // The root of a set is its least node, so it has its number already.
      label[v] = root === v ? count++ : (label[root] as number);
    }
    return count;
  }

  #find(v: number): number {
    const parent = this.#parent;
    let node = v;
    while (parent[node] !== node) {
      const up = parent[parent[node] as number] as number;
      parent[node] = up;
      node = up;
    }
    return node;
  }

  #unite(u: number, v: number): void {
    const a = this.#find(u);
    const b = this.#find(v);
    if (a < b) this.#parent[b] = a;
    else this.#parent[a] = b;
  }

  /** Puts a node into the heap, or moves it up after its key grew. */
  #raise(node: number): void {
    const heap = this.#heap;
    const place = this.#place;
    const key = this.#key;
    let at = (place[node] as number) - 1;
    if (at < 0) at = this.#heapSize++;
    const own = key[node] as number;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const other = heap[up] as number;
      if ((key[other] as number) >= own) break;
      heap[at] = other;
      place[other] = at + 1;
      at = up;
    }
    heap[at] = node;
    place[node] = at + 1;
  }

  #pop(): number {
    const heap = this.#heap;
    const place = this.#place;
    const key = this.#key;
    const top = heap[0] as number;
    place[top] = 0;
    const last = heap[--this.#heapSize] as number;
    const size = this.#heapSize;
    if (size > 0) {
      const own = key[last] as number;
      let at = 0;
      while (true) {
        let child = 2 * at + 1;
        if (child >= size) break;
        if (
          child + 1 < size &&
          (key[heap[child + 1] as number] as number) > (key[heap[child] as number] as number)
        )
          child++;
        const other = heap[child] as number;
        if ((key[other] as number) <= own) break;
        heap[at] = other;
        place[other] = at + 1;
        at = child;
      }
      heap[at] = last;
      place[last] = at + 1;
    }
    return top;
  }
}
