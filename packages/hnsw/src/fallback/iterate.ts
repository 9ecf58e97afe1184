/**
 * Rows one after the other, about nearest first, all in the end.
 *
 * A walk that does not end: `ahead` holds nodes to expand, `ready` rows to give. A row is given once it is nearer than
 * all that is ahead and `ef` others have been seen beside it, or nothing is ahead. Rows that no link leads to come last,
 * in order among themselves.
 *
 * The index may change between two rows. Rows are known by their serials, so each is given once, and none that has gone;
 * rows that came meanwhile may be given or not. Where all slots have moved (compaction), the walk begins again and
 * passes by what it gave.
 */
import type { Passing } from './filter.js';
import { type Graph, none } from './graph.js';
import { Heap } from './heap.js';
import type { Elements } from './space.js';
import type { Store } from './store.js';
import { batch } from './walk.js';

/** The index as it is whenever a row is asked for; throws once it is closed. */
export interface Now {
  readonly store: Store;
  readonly graph: Graph | undefined;
  readonly passing: Passing;
}

export interface Given {
  readonly slot: number;
  readonly distance: number;
}

class Wander {
  readonly store: Store;
  readonly #query: Elements;
  readonly #ef: number;
  readonly #ahead = new Heap();
  readonly #ready = new Heap();
  #seen: Uint8Array;
  /** The row that a slot had when it was seen, by its serial. */
  readonly #serials = new Map<number, number>();
  #scanned = false;
  readonly #slots = new Uint32Array(batch);
  readonly #distances = new Float32Array(batch);

  constructor({ store, graph }: Now, query: Elements, ef: number) {
    this.store = store;
    this.#query = query;
    this.#ef = ef;
    this.#seen = new Uint8Array(store.capacity);
    if (graph !== undefined && graph.entry !== none) this.#enter(graph, graph.entry);
  }

  /** Greedy steps down to layer 0. */
  #enter(graph: Graph, entry: number): void {
    let [nearest, least] = [entry, Number.POSITIVE_INFINITY];
    for (let layer = graph.top; layer > 0; layer--) {
      for (let from = none; from !== nearest; ) {
        from = nearest;
        const links = graph.list(from, layer);
        this.#slots.set(links);
        this.#slots[links.length] = from;
        this.store.gather(this.#query, this.#slots, links.length + 1, this.#distances);
        for (let i = 0; i <= links.length; i++) {
          if (this.#distances[i] >= least) continue;
          least = this.#distances[i];
          nearest = this.#slots[i];
        }
      }
    }
    this.#see([nearest], true);
  }

  /** Scores slots that were not seen, and puts them where they belong. */
  #see(slots: Iterable<number>, walks: boolean): void {
    const { store } = this;
    if (this.#seen.length < store.capacity) {
      const larger = new Uint8Array(store.capacity);
      larger.set(this.#seen);
      this.#seen = larger;
    }
    let count = 0;
    const flush = () => {
      store.gather(this.#query, this.#slots, count, this.#distances);
      for (let i = 0; i < count; i++) {
        const slot = this.#slots[i];
        if (walks) this.#ahead.push(this.#distances[i], slot);
        if (!store.isLive(slot)) continue;
        this.#serials.set(slot, store.serials[slot]);
        this.#ready.push(this.#distances[i], slot);
      }
      count = 0;
    };
    for (const slot of slots) {
      if (this.#seen[slot] === 1) continue;
      this.#seen[slot] = 1;
      this.#slots[count++] = slot;
      if (count === batch) flush();
    }
    flush();
  }

  /** The next row that was live when it was seen, and is. */
  next(graph: Graph | undefined): Given | undefined {
    const [ahead, ready, { store }] = [this.#ahead, this.#ready, this];
    for (;;) {
      while (graph !== undefined && ahead.size > 0 && (ready.size < this.#ef || ahead.least <= ready.least)) {
        this.#see(graph.list(ahead.pop(), 0), true);
      }
      if (!this.#scanned && (graph === undefined || (ahead.size === 0 && ready.size === 0))) {
        // What no link has led to.
        this.#scanned = true;
        const rest: number[] = [];
        for (let slot = 0; slot < store.end; slot++) if (store.isLive(slot)) rest.push(slot);
        this.#see(rest, false);
      }
      if (ready.size === 0) return undefined;
      const distance = ready.least;
      const slot = ready.pop();
      if (store.isLive(slot) && store.serials[slot] === this.#serials.get(slot)) return { slot, distance };
    }
  }
}

/**
 * @param now asked before each row
 * @param ef rows that are seen before the first is given
 */
export function* wander(now: () => Now, query: Elements, ef: number): Generator<Given, undefined> {
  const given = new Set<number>();
  let current = now();
  let walk = new Wander(current, query, ef);
  for (;;) {
    const next = walk.next(current.graph);
    if (next === undefined) return undefined;
    const serial = current.store.serials[next.slot];
    if (!given.has(serial) && current.passing.passes(next.slot)) {
      given.add(serial);
      yield next;
      current = now();
      if (current.store !== walk.store) walk = new Wander(current, query, ef);
    }
  }
}
