/**
 * Algorithm 2 of arXiv 1603.09320, the search of one layer, with memory that is used again from search to search.
 *
 * Whatever a walk meets it may go through; only what `passes` becomes a result. It ends when the nearest node that is not
 * expanded is farther than all `ef` results, so with few that pass it goes on until it has them or has seen what it can.
 */
import { type Graph, none } from './graph.js';
import { Heap, Nearest } from './heap.js';
import type { Elements } from './space.js';
import type { Store } from './store.js';

export type Passes = (slot: number) => boolean;

/** Rows that are scored by one call. */
export const batch = 256;

export class Walk {
  readonly results = new Nearest();
  readonly #candidates = new Heap();
  /** The walk that saw a slot last. */
  #seen = new Uint32Array(64);
  #stamp = 0;
  readonly slots = new Uint32Array(batch);
  readonly distances = new Float32Array(batch);
  hops = 0;
  scored = 0;

  resetCounters(): void {
    this.hops = 0;
    this.scored = 0;
  }

  #begin(capacity: number): void {
    if (this.#seen.length < capacity) {
      this.#seen = new Uint32Array(capacity);
      this.#stamp = 0;
    }
    if (++this.#stamp === 2 ** 32) {
      this.#seen.fill(0);
      this.#stamp = 1;
    }
    this.#candidates.clear();
  }

  /** The node nearest to a vector that greedy steps find from `from` on, in the layers `top` to `bottom`. */
  descend(store: Store, graph: Graph, query: Elements, from: number, top: number, bottom: number): number {
    let nearest = from;
    this.slots[0] = from;
    store.gather(query, this.slots, 1, this.distances);
    this.scored++;
    let least = this.distances[0];
    for (let layer = top; layer >= bottom; layer--) {
      for (let moved = true; moved; ) {
        moved = false;
        const links = graph.list(nearest, layer);
        this.hops++;
        this.slots.set(links);
        store.gather(query, this.slots, links.length, this.distances);
        this.scored += links.length;
        for (let i = 0; i < links.length; i++) {
          if (this.distances[i] >= least) continue;
          least = this.distances[i];
          nearest = this.slots[i];
          moved = true;
        }
      }
    }
    return nearest;
  }

  /**
   * Leaves the `ef` nearest that are found in {@link results}.
   *
   * @param entries where to begin, at most {@link batch}
   * @param budget distances after which it gives up
   * @returns whether it came to its end
   */
  search(
    store: Store,
    graph: Graph,
    query: Elements,
    entries: ArrayLike<number>,
    layer: number,
    ef: number,
    passes: Passes,
    budget = Number.POSITIVE_INFINITY,
  ): boolean {
    this.#begin(store.capacity);
    const { results, slots, distances } = this;
    const [candidates, seen, stamp] = [this.#candidates, this.#seen, this.#stamp];
    results.begin(ef);
    const words = graph.words(layer);
    const last = this.scored + budget;
    let count = 0;
    for (let i = 0; i < entries.length && count < batch; i++) {
      if (seen[entries[i]] === stamp) continue;
      seen[entries[i]] = stamp;
      slots[count++] = entries[i];
    }
    for (;;) {
      if (count > 0) {
        store.gather(query, slots, count, distances);
        this.scored += count;
        for (let i = 0; i < count; i++) {
          const distance = distances[i];
          if (results.isFull && distance >= results.bound) continue;
          candidates.push(distance, slots[i]);
          if (passes(slots[i])) results.offer(distance, slots[i]);
        }
        if (this.scored > last) return false;
      }
      if (candidates.size === 0) return true;
      if (results.isFull && candidates.least > results.bound) return true;
      const at = graph.at(candidates.pop(), layer);
      this.hops++;
      count = 0;
      for (let i = at + 1, stop = at + 1 + words[at]; i < stop; i++) {
        const slot = words[i];
        if (seen[slot] === stamp) continue;
        seen[slot] = stamp;
        slots[count++] = slot;
      }
    }
  }
}

/** Slots that links lead to from the entry point, a byte each: downwards from layer to layer, any way within one. */
export function reached(store: Store, graph: Graph): Uint8Array {
  const found = new Uint8Array(store.capacity);
  if (graph.entry === none) return found;
  const order = [graph.entry];
  found[graph.entry] = 1;
  for (let layer = graph.top; layer >= 0; layer--) {
    // What was found above is walked again here, where it has other links.
    for (let i = 0; i < order.length; i++) {
      for (const slot of graph.list(order[i], layer)) {
        if (found[slot] === 1) continue;
        found[slot] = 1;
        order.push(slot);
      }
    }
  }
  return found;
}
