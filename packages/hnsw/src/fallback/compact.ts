/** Rows moved together, in arrays as small as they can be. */
import { Graph, none } from './graph.js';
import { Store } from './store.js';

const noSlot = 2 ** 32 - 1;

/**
 * Copies of a store and its graph without the slots that hold no live row. No live node has a link to a dead one.
 *
 * @yields slots that are done
 * @throws {HnswError} `ERR_HNSW_MEMORY`
 */
export function* compacted(
  store: Store,
  graph: Graph | undefined,
): Generator<number, { store: Store; graph: Graph | undefined }> {
  const places = new Uint32Array(store.end).fill(noSlot);
  const small = new Store(store.space, store.keyType, Math.max(1, store.size));
  small.nextSerial = store.nextSerial;
  for (let slot = 0; slot < store.end; slot++) {
    if (!store.isLive(slot)) continue;
    places[slot] = small.take(store.keyAt(slot), store.vector(slot), store.serials[slot]);
    yield slot;
  }
  // In the order of the old one, for whoever goes through the keys.
  for (const slot of store.slotOf.values()) small.appear(places[slot]);
  if (graph === undefined) return { store: small, graph: undefined };

  const tight = new Graph(graph.m, 0, small.capacity);
  tight.random.state.set(graph.random.state);
  const moved = new Uint32Array(256);
  for (let slot = 0; slot < store.end; slot++) {
    if (places[slot] === noSlot) continue;
    const level = graph.levels[slot];
    tight.reserveUpper(level);
    tight.open(places[slot], level);
    for (let layer = 0; layer <= level; layer++) {
      const list = graph.list(slot, layer);
      for (let i = 0; i < list.length; i++) moved[i] = places[list[i]];
      tight.setList(places[slot], layer, moved, list.length);
    }
    yield slot;
  }
  tight.upper = tight.upper.slice(0, tight.upperEnd * (1 + tight.m));
  tight.entry = graph.entry === none ? none : places[graph.entry];
  return { store: small, graph: tight };
}
