/** Algorithm 1 of arXiv 1603.09320: a node comes into the graph. */
import { type Graph, none } from './graph.js';
import { Selector } from './select.js';
import type { Store } from './store.js';
import type { Walk } from './walk.js';

export class Inserter {
  readonly walk: Walk;
  readonly efConstruction: number;
  readonly selector = new Selector();
  readonly #slots: Uint32Array;
  readonly #distances: Float32Array;
  readonly #backSlots = new Uint32Array(256);
  readonly #backDistances = new Float32Array(256);
  readonly #chosen = new Uint32Array(256);

  constructor(walk: Walk, efConstruction: number) {
    this.walk = walk;
    this.efConstruction = efConstruction;
    // A list of links has its place beside what was found.
    this.#slots = new Uint32Array(efConstruction + 256);
    this.#distances = new Float32Array(efConstruction + 256);
  }

  /** Links a slot whose row is written but not live; there is room for it. */
  insert(store: Store, graph: Graph, slot: number, level: number): void {
    graph.open(slot, level);
    if (graph.entry === none) {
      graph.entry = slot;
      return;
    }
    const { top } = graph;
    const query = store.vector(slot);
    let entries: ArrayLike<number> = [
      this.walk.descend(store, graph, query, graph.entry, top, Math.min(level, top) + 1),
    ];
    for (let layer = Math.min(level, top); layer >= 0; layer--) {
      const count = this.#search(store, graph, slot, entries, layer);
      this.#link(store, graph, slot, layer, count);
      // Where nothing on a layer is live, the way down is by what is dead.
      if (count > 0) entries = this.#slots.slice(0, count);
    }
    if (level > top) graph.entry = slot;
  }

  /** Searches anew for neighbours of a node at layer 0, beside those that it has, and links them back. */
  relink(store: Store, graph: Graph, slot: number): void {
    const entry = this.walk.descend(store, graph, store.vector(slot), graph.entry, graph.top, 1);
    let count = this.#search(store, graph, slot, [entry], 0);
    const found = new Set(this.#slots.subarray(0, count));
    const kept = graph.list(slot, 0).filter((each) => store.isLive(each) && !found.has(each));
    // They take the places of the farthest.
    count = Math.min(count, this.#slots.length - kept.length);
    this.#slots.set(kept, count);
    count += kept.length;
    store.gather(store.vector(slot), this.#slots, count, this.#distances);
    this.choose(store, graph, slot, 0, this.#slots, this.#distances, count, graph.limit(0));
  }

  /**
   * Fills a node's list with the best of some candidates, and links these back.
   *
   * @param slots live nodes of the layer without the node itself, in any order; it is changed
   * @param distances theirs from the node
   * @param limit of links that it is to have
   */
  choose(
    store: Store,
    graph: Graph,
    slot: number,
    layer: number,
    slots: Uint32Array,
    distances: Float32Array,
    count: number,
    limit: number,
  ): void {
    this.selector.sort(slots, distances, count);
    const taken = this.selector.select(store, slot, slots, distances, count, limit);
    const chosen = this.#chosen;
    chosen.set(this.selector.result.subarray(0, taken));
    graph.setList(slot, layer, chosen, taken);
    for (let i = 0; i < taken; i++) this.linkBack(store, graph, chosen[i], slot, layer);
  }

  /** Live nodes near to a slot, without itself: in #slots and #distances, nearest first. */
  #search(store: Store, graph: Graph, slot: number, entries: ArrayLike<number>, layer: number): number {
    const { walk } = this;
    const passes = (other: number) => other !== slot && store.isLive(other);
    walk.search(store, graph, store.vector(slot), entries, layer, this.efConstruction, passes);
    return walk.results.take(this.#slots, this.#distances);
  }

  /** Links a slot to m of the candidates in #slots, and these to it. */
  #link(store: Store, graph: Graph, slot: number, layer: number, count: number): void {
    const taken = this.selector.select(store, slot, this.#slots, this.#distances, count, graph.m);
    const chosen = this.#chosen;
    chosen.set(this.selector.result.subarray(0, taken));
    graph.setList(slot, layer, chosen, taken);
    for (let i = 0; i < taken; i++) this.linkBack(store, graph, chosen[i], slot, layer);
  }

  /** Gives a node one more link; of a full list Algorithm 4 chooses who stays. */
  linkBack(store: Store, graph: Graph, node: number, slot: number, layer: number): void {
    const links = graph.list(node, layer);
    if (links.includes(slot)) return;
    const [slots, distances, limit] = [this.#backSlots, this.#backDistances, graph.limit(layer)];
    slots.set(links);
    slots[links.length] = slot;
    let count = links.length + 1;
    if (count > limit) {
      store.gather(store.vector(node), slots, count, distances);
      this.selector.sort(slots, distances, count);
      count = this.selector.select(store, node, slots, distances, count, limit);
      slots.set(this.selector.result.subarray(0, count));
    }
    graph.setList(node, layer, slots, count);
  }
}
