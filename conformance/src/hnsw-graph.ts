/** What holds of an `hnsw` index between any two records of the log, and which of its elements a scan can reach. */
import {
  checkHnswIndex,
  doubledNeighbors,
  type HnswIndex,
  neighborsAt,
  tidKey,
  tidText,
} from './hnsw-pages.js';

export interface Soundness {
  /** What no prefix of the log may leave behind. */
  readonly faults: readonly string[];
  /** Edges that are there a second time: a slot wasted, no more. */
  readonly doubledEdges: number;
}

/**
 * Judges an index after a crash, an error or a paused replay.
 *
 * `checkHnswIndex` says what holds while nothing is half done. Between two records there may also be:
 * - an element that vacuum emptied, not repaired because it is to go, with edges to others that are gone already;
 * - rows without an entry point, none of them committed: the first insert wrote its element and not yet the metapage.
 *
 * @param live addresses of rows that a sequential scan sees
 */
export function soundness(index: HnswIndex, live: ReadonlySet<string>): Soundness {
  const empty = new Set<string>();
  let committed = false;
  for (const element of index.elements.values()) {
    if (element.heapTids.length === 0) empty.add(tidText(element.tid));
    committed ||= element.heapTids.some((tid) => live.has(tidText(tid)));
  }
  const faults = checkHnswIndex(index).filter((fault) => {
    const name = /^element (\(\d+,\d+\)) at layer \d+ has neighbour /.exec(fault)?.[1];
    if (name !== undefined && empty.has(name)) return false;
    return committed || !fault.startsWith('no entry point, but ');
  });
  return { faults, doubledEdges: doubledNeighbors(index).length };
}

/** Keys of the elements that ground-layer edges lead to from one of them, itself included. */
export function reachableFrom(index: HnswIndex, start: number): Set<number> {
  return closure(index, start, () => [0]);
}

/** Keys of elements at which a search may enter the ground layer: what edges of the upper layers lead to. */
export function groundEntries(index: HnswIndex): Set<number> {
  const { entry } = index.meta;
  if (entry === undefined) return new Set();
  return closure(index, tidKey(entry), (level) => Array.from({ length: level }, (_, i) => i + 1));
}

function closure(index: HnswIndex, start: number, layers: (level: number) => number[]): Set<number> {
  const reached = new Set([start]);
  const queue = [start];
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    const element = index.elements.get(key);
    if (element === undefined) continue;
    for (const layer of layers(element.level)) {
      for (const tid of neighborsAt(index, element, layer)) {
        const next = tidKey(tid);
        if (reached.has(next)) continue;
        reached.add(next);
        queue.push(next);
      }
    }
  }
  return reached;
}
