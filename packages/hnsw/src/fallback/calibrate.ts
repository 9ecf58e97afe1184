/** Recall against effort, measured on rows of the index. */
import { everyRow } from './filter.js';
import type { Graph } from './graph.js';
import type { Random } from './random.js';
import { nearest, scan } from './search.js';
import type { Elements } from './space.js';
import type { Store } from './store.js';
import type { Walk } from './walk.js';

export interface Effort {
  /** Candidates; infinity is an exact search. */
  readonly ef: number;
  readonly recall: number;
}

/** The next width to try. */
const step = 1.4;

/**
 * Searches for `samples` rows with ever more candidates, until .9995 of the k nearest are found. A row that is asked
 * for is among them. Distances count, not rows: of those at the k-th distance any will do.
 *
 * @yields searches that are done
 */
export function* calibration(
  now: () => { readonly store: Store; readonly graph: Graph | undefined },
  walk: Walk,
  random: Random,
  samples: number,
  k: number,
): Generator<number, readonly Effort[]> {
  const exact: Effort = { ef: Number.POSITIVE_INFINITY, recall: 1 };
  const queries: { vector: Elements; bound: number; count: number }[] = [];
  const slots: number[] = [];
  const { store: first } = now();
  for (let slot = 0; slot < first.end; slot++) if (first.isLive(slot)) slots.push(slot);
  const vectors: Elements[] = [];
  for (let i = 0; i < samples && slots.length > 0; i++) {
    vectors.push(first.vector(slots[random.below(slots.length)]).slice());
  }
  let done = 0;
  for (const vector of vectors) {
    const { store } = now();
    const { distances } = scan(store, walk, vector, k, everyRow(store));
    if (distances.length > 0) {
      queries.push({ vector, bound: distances[distances.length - 1], count: distances.length });
    }
    yield ++done;
  }
  if (queries.length === 0 || now().graph === undefined) return [exact];
  const efforts: Effort[] = [];
  for (let ef = Math.max(1, k); ; ef = Math.ceil(ef * step)) {
    if (ef >= now().store.size) return [...efforts, exact];
    let [found, wanted] = [0, 0];
    for (const { vector, bound, count } of queries) {
      const { store, graph } = now();
      const { distances } = nearest(store, graph, walk, vector, count, ef, everyRow(store));
      for (const distance of distances) if (distance <= bound) found++;
      wanted += count;
      yield ++done;
    }
    efforts.push({ ef, recall: Math.min(1, found / wanted) });
    if (found >= 0.9995 * wanted) return [...efforts, exact];
  }
}

/** The least effort that was measured to reach a recall. */
export function effortFor(efforts: readonly Effort[], recall: number): number {
  return efforts.find((each) => each.recall >= recall)!.ef;
}
