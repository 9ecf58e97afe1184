/**
 * The k nearest, by the graph or by looking at every row.
 *
 * Never fewer than min(k, rows that pass): where the graph does not lead to as many, and where looking at the rows that
 * pass costs less than a walk among those that do not, rows are scanned.
 */
import type { Passing } from './filter.js';
import type { Graph } from './graph.js';
import type { Elements } from './space.js';
import type { Store } from './store.js';
import { batch, type Walk } from './walk.js';

/** Slots nearest first, with distances as the space has them. */
export interface Found {
  readonly slots: Uint32Array;
  readonly distances: Float32Array;
}

function take(walk: Walk, k: number): Found {
  const count = walk.results.size;
  const slots = new Uint32Array(count);
  const distances = new Float32Array(count);
  walk.results.take(slots, distances);
  return { slots: slots.subarray(0, k), distances: distances.subarray(0, k) };
}

/** The k nearest of all rows that pass. O(rows). */
export function scan(store: Store, walk: Walk, query: Elements, k: number, passing: Passing): Found {
  const { slots, distances, results } = walk;
  results.begin(k);
  let count = 0;
  const score = () => {
    store.gather(query, slots, count, distances);
    walk.scored += count;
    for (let i = 0; i < count; i++) results.offer(distances[i], slots[i]);
    count = 0;
  };
  for (let slot = 0; slot < store.end; slot++) {
    if (!passing.passes(slot)) continue;
    slots[count++] = slot;
    if (count === batch) score();
  }
  score();
  return take(walk, k);
}

/**
 * Whether a scan of p rows that pass, of n, costs less than a walk. A walk has to meet about n / p nodes for each that
 * passes; without a filter it scores about 8 for each of the ef.
 */
function scanIsCheaper(p: number, n: number, ef: number): boolean {
  return p <= ef || (p < n && p * p <= 8 * ef * n);
}

/** @param ef candidates of a walk; infinity for an exact search */
export function nearest(
  store: Store,
  graph: Graph | undefined,
  walk: Walk,
  query: Elements,
  k: number,
  ef: number,
  passing: Passing,
): Found {
  const most = Math.min(k, passing.count ?? store.size);
  if (most === 0) return { slots: new Uint32Array(0), distances: new Float32Array(0) };
  const width = Math.max(ef, k);
  if (graph === undefined || scanIsCheaper(passing.count ?? store.size, store.size, width)) {
    return scan(store, walk, query, most, passing);
  }
  const entry = walk.descend(store, graph, query, graph.entry, graph.top, 1);
  // A walk that has scored as many as there are to be scanned has cost enough.
  const budget = passing.count === store.size ? Number.POSITIVE_INFINITY : (passing.count ?? store.size);
  const ended = walk.search(store, graph, query, [entry], 0, width, passing.passes, budget);
  if (!ended || walk.results.size < most) return scan(store, walk, query, most, passing);
  return take(walk, k);
}

/** All that is found at distances up to `radius`, as users see them; the nearest `limit`. */
export function within(
  store: Store,
  graph: Graph | undefined,
  walk: Walk,
  query: Elements,
  radius: number,
  limit: number,
  ef: number,
  passing: Passing,
): Found {
  // A beam that reaches beyond the radius has what lies within; one that does not is made wider.
  for (let width = graph === undefined ? limit : Math.min(ef, limit); ; width *= 2) {
    const { slots, distances } = nearest(store, graph, walk, query, width, width, passing);
    let count = 0;
    while (count < slots.length && count < limit && store.space.result(distances[count]) <= radius) count++;
    if (count < slots.length || slots.length < width || width >= limit) {
      return { slots: slots.subarray(0, count), distances: distances.subarray(0, count) };
    }
  }
}
