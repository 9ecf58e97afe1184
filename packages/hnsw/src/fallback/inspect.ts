/** What `stats()` and `check()` say. */
import type { CheckReport, IndexKind, IndexStats } from '../types.js';
import { type Graph, none } from './graph.js';
import { free, type Store } from './store.js';
import { reached } from './walk.js';

const mostProblems = 100;

export function statsOf(kind: IndexKind, store: Store, graph: Graph | undefined): IndexStats {
  const dead = store.end - store.size;
  let unreachable = 0;
  let degrees = new Uint32Array(0);
  if (graph !== undefined) {
    degrees = new Uint32Array(graph.limit(0) + 1);
    const found = reached(store, graph);
    for (let slot = 0; slot < store.end; slot++) {
      if (!store.isLive(slot)) continue;
      degrees[graph.list(slot, 0).length]++;
      if (found[slot] === 0) unreachable++;
    }
  }
  const vectors = store.vectors.byteLength;
  const links = graph?.bytes ?? 0;
  const own = store.serials.byteLength + store.states.byteLength;
  const keys = own + (store.keyType === 'string' ? store.stringBytes : 8 * store.capacity);
  return {
    kind,
    size: store.size,
    dead,
    deadShare: store.end === 0 ? 0 : dead / store.end,
    degrees,
    unreachable,
    bytes: { vectors, links, codes: 0, keys, total: vectors + links + keys },
  };
}

/** What is wrong with the links of a node; all lists of links must hold at all times. */
function* brokenLinks(store: Store, graph: Graph, slot: number): Generator<string> {
  const level = graph.levels[slot];
  for (let layer = 0; layer <= level; layer++) {
    const at = graph.at(slot, layer);
    if (at + 1 + graph.limit(layer) > graph.words(layer).length) {
      yield `node ${slot} has its links of layer ${layer} outside of the links`;
      continue;
    }
    const count = graph.words(layer)[at];
    if (count > graph.limit(layer)) {
      yield `node ${slot} has ${count} links at layer ${layer}, and may have ${graph.limit(layer)}`;
      continue;
    }
    const seen = new Set<number>();
    for (const other of graph.list(slot, layer)) {
      if (other >= store.end) yield `node ${slot} has a link to ${other}, which was never used`;
      else if (store.states[other] === free) yield `node ${slot} has a link to ${other}, which is free`;
      else if (graph.levels[other] < layer) {
        yield `node ${slot} has a link to ${other} at layer ${layer}, above its level ${graph.levels[other]}`;
      }
      if (other === slot) yield `node ${slot} has a link to itself at layer ${layer}`;
      if (seen.has(other)) yield `node ${slot} has ${other} twice at layer ${layer}`;
      seen.add(other);
    }
  }
}

/** What is wrong with counts, the key map, the free slots and the entry point. */
function* brokenTotals(store: Store, graph: Graph | undefined): Generator<string> {
  const counts = [0, 0, 0];
  for (let slot = 0; slot < store.end; slot++) {
    counts[store.states[slot]]++;
    if (store.isLive(slot) && store.slotOf.get(store.keyAt(slot)) !== slot) {
      yield `the key of slot ${slot} does not lead to it`;
    }
  }
  const [empty, living, gone] = counts;
  if (living !== store.size) yield `${living} slots are live, and ${store.size} keys lead to slots`;
  if (gone !== store.deadCount) yield `${gone} slots are dead, and ${store.deadCount} are counted`;
  const freeSlots = new Set(store.freeSlots);
  if (freeSlots.size !== store.freeSlots.length) yield 'a free slot is listed twice';
  if (freeSlots.size !== empty) yield `${empty} slots are free, and ${freeSlots.size} are listed`;
  for (const slot of freeSlots) {
    if (store.states[slot] !== free || slot >= store.end) yield `slot ${slot} is listed as free, and is not`;
  }
  if (graph === undefined) {
    if (gone > 0) yield `${gone} slots are dead where no graph needs them`;
    return;
  }
  const { entry } = graph;
  if (entry === none) {
    if (living + gone > 0) yield `there are ${living + gone} nodes and no entry point`;
    return;
  }
  if (entry >= store.end || store.states[entry] === free) {
    yield `the entry point ${entry} is no node`;
    return;
  }
  for (let slot = 0; slot < store.end; slot++) {
    if (store.states[slot] !== free && graph.levels[slot] > graph.top) {
      yield `node ${slot} has level ${graph.levels[slot]}, above the entry point's ${graph.top}`;
    }
  }
}

/**
 * Looks at every node and key.
 *
 * @param now the index as it is: it may change between two nodes, but each change leaves all of this true
 * @yields slots that were looked at
 */
export function* inspect(
  now: () => { readonly store: Store; readonly graph: Graph | undefined },
): Generator<number, CheckReport> {
  const problems: string[] = [];
  const note = (found: Iterable<string>) => {
    for (const problem of found) {
      if (problems.length === mostProblems) return;
      problems.push(problem);
    }
  };
  for (let slot = 0; ; slot++) {
    const { store, graph } = now();
    if (slot >= store.end || problems.length === mostProblems) break;
    if (graph !== undefined && store.states[slot] !== free) note(brokenLinks(store, graph, slot));
    yield slot;
  }
  const { store, graph } = now();
  note(brokenTotals(store, graph));
  return { ok: problems.length === 0, problems };
}
