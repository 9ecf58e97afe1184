/**
 * Links around dead nodes.
 *
 * A node with a link to a dead one is given the choice (Algorithm 4) among its live neighbours and those that its dead
 * ones lead to; of as many links as it had, since a list that is full takes nobody in. When no live node has a link to a
 * dead one any more, their slots are free. Then nodes that few links lead to get more: of 10,000 rows of which half were
 * replaced one by one, recall@10 (24 dimensions, m 12, efSearch 128) was .991 without this step and .995 with it, as in a
 * fresh graph. In every step the graph is one that can be searched and grown, so the work may stop anywhere.
 */
import { type Graph, none } from './graph.js';
import type { Inserter } from './insert.js';
import type { Store } from './store.js';
import { reached } from './walk.js';

/** Dead nodes that are gone through for the sake of one live one. */
const mostDead = 64;

class Repair {
  readonly #store: Store;
  readonly #graph: Graph;
  readonly #inserter: Inserter;
  #slots: Uint32Array;
  #distances: Float32Array;

  constructor(store: Store, graph: Graph, inserter: Inserter) {
    this.#store = store;
    this.#graph = graph;
    this.#inserter = inserter;
    const most = inserter.efConstruction + 256;
    this.#slots = new Uint32Array(most);
    this.#distances = new Float32Array(most);
  }

  /** Whether a list has a dead node in it. */
  #isBroken(slot: number, layer: number): boolean {
    for (const other of this.#graph.list(slot, layer)) if (!this.#store.isLive(other)) return true;
    return false;
  }

  node(slot: number): void {
    for (let layer = this.#graph.levels[slot]; layer >= 0; layer--) {
      if (this.#isBroken(slot, layer)) this.#mend(slot, layer);
    }
  }

  #mend(slot: number, layer: number): void {
    const [store, graph] = [this.#store, this.#graph];
    const seen = new Set<number>([slot]);
    const through: number[] = [];
    let count = 0;
    const look = (list: Uint32Array) => {
      for (const other of list) {
        if (seen.has(other)) continue;
        seen.add(other);
        if (!store.isLive(other)) through.push(other);
        else if (count < this.#slots.length) this.#slots[count++] = other;
      }
    };
    look(graph.list(slot, layer));
    for (let i = 0; i < through.length && i < mostDead; i++) look(graph.list(through[i], layer));
    if (count === 0) {
      // A place where all have gone.
      graph.setList(slot, layer, this.#slots, 0);
      if (layer === 0) this.#inserter.relink(store, graph, slot);
      return;
    }
    store.gather(store.vector(slot), this.#slots, count, this.#distances);
    const links = graph.list(slot, layer).length;
    this.#inserter.choose(store, graph, slot, layer, this.#slots, this.#distances, count, links);
  }
}

/**
 * Nodes with fewer than 2 m / 3 links to them at layer 0 get links from their own neighbours: in free places, else in that
 * of a neighbour's neighbour which has more than twice as many.
 */
function supportWeak(store: Store, graph: Graph): void {
  const least = Math.ceil((2 * graph.m) / 3);
  const incoming = new Uint32Array(store.end);
  for (let slot = 0; slot < store.end; slot++) {
    if (store.isLive(slot)) for (const other of graph.list(slot, 0)) incoming[other]++;
  }
  for (let slot = 0; slot < store.end; slot++) {
    if (!store.isLive(slot)) continue;
    for (const neighbor of graph.list(slot, 0)) {
      if (incoming[slot] >= least) break;
      const list = graph.list(neighbor, 0);
      if (list.includes(slot)) continue;
      if (list.length < graph.limit(0)) {
        graph.setList(neighbor, 0, Uint32Array.of(...list, slot), list.length + 1);
      } else {
        let most = 0;
        for (let i = 1; i < list.length; i++) if (incoming[list[i]] > incoming[list[most]]) most = i;
        if (incoming[list[most]] <= 2 * least) continue;
        incoming[list[most]]--;
        list[most] = slot;
      }
      incoming[slot]++;
    }
  }
}

/** The highest live node. */
function highest(store: Store, graph: Graph): number {
  let best = none;
  for (let slot = 0; slot < store.end; slot++) {
    if (store.isLive(slot) && (best === none || graph.levels[slot] > graph.levels[best])) best = slot;
  }
  return best;
}

/**
 * Leads links around all dead nodes, then frees their slots. There is a live one. O(rows x m), and about m^2 distances for
 * each link to a dead node.
 *
 * @yields slots that were looked at
 */
export function* repairGraph(store: Store, graph: Graph, inserter: Inserter): Generator<number, void> {
  const repair = new Repair(store, graph, inserter);
  for (let slot = 0; slot < store.end; slot++) {
    if (store.isLive(slot)) repair.node(slot);
    yield slot;
  }
  if (!store.isLive(graph.entry)) graph.entry = highest(store, graph);
  for (let slot = 0; slot < store.end; slot++) {
    if (store.isLive(slot) || store.states[slot] === 0) continue;
    graph.shut(slot);
    store.release(slot);
  }
  supportWeak(store, graph);
  // Nodes that only dead ones led to.
  const found = reached(store, graph);
  for (let slot = 0; slot < store.end; slot++) {
    if (!store.isLive(slot) || found[slot] === 1) continue;
    inserter.relink(store, graph, slot);
    yield slot;
  }
}
