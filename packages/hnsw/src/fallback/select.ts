/**
 * Algorithm 4 of arXiv 1603.09320, the choice of neighbours, with keepPrunedConnections and without extension.
 *
 * A candidate is passed over when one that was chosen is nearer to it than the node itself; those passed over fill what is
 * left of the list. Rows that are the same vector as the node would fill all of it and lead nowhere, so they get half.
 */
import { Heap } from './heap.js';
import type { Store } from './store.js';

const open = 0;
const passedOver = 1;
const chosen = 2;
/** The same vector, where there are enough of these. */
const same = 3;

export class Selector {
  #slots = new Uint32Array(512);
  #distances = new Float32Array(512);
  #places = new Uint32Array(512);
  #states = new Uint8Array(512);
  readonly #heap = new Heap();
  /** The choice, in the order in which it was made. */
  readonly result = new Uint32Array(256);

  #room(count: number): void {
    if (count <= this.#slots.length) return;
    const room = 2 * count;
    this.#slots = new Uint32Array(room);
    this.#distances = new Float32Array(room);
    this.#places = new Uint32Array(room);
    this.#states = new Uint8Array(room);
  }

  /** Sorts the first `count` by distance. */
  sort(slots: Uint32Array, distances: Float32Array, count: number): void {
    const heap = this.#heap;
    heap.clear();
    for (let i = 0; i < count; i++) heap.push(distances[i], slots[i]);
    for (let i = 0; i < count; i++) {
      distances[i] = heap.least;
      slots[i] = heap.pop();
    }
  }

  /**
   * Leaves at most `limit` of `count` candidates in {@link result}.
   *
   * @param owner whose neighbours they become
   * @param slots candidates, nearest first, without the owner
   * @param distances theirs from the owner
   * @returns how many
   */
  select(
    store: Store,
    owner: number,
    slots: Uint32Array,
    distances: Float32Array,
    count: number,
    limit: number,
  ): number {
    this.#room(count);
    const [states, result] = [this.#states, this.result];
    states.fill(open, 0, count);
    const mostSame = Math.max(1, limit >> 1);
    let [taken, equals] = [0, 0];
    for (let i = 0; i < count && taken < limit; i++) {
      if (states[i] !== open) continue;
      const isSame = store.equal(owner, slots[i]);
      if (isSame && ++equals > mostSame) {
        states[i] = same;
        continue;
      }
      states[i] = chosen;
      result[taken++] = slots[i];
      if (!isSame && taken < limit) this.#passOver(store, slots, distances, i, count);
    }
    for (const state of [passedOver, same]) {
      for (let i = 0; i < count && taken < limit; i++) if (states[i] === state) result[taken++] = slots[i];
    }
    return taken;
  }

  /** Passes over those behind candidate i to which it is nearer than the owner. */
  #passOver(store: Store, slots: Uint32Array, distances: Float32Array, i: number, count: number): void {
    const [states, places, rest, between] = [this.#states, this.#places, this.#slots, this.#distances];
    let n = 0;
    for (let j = i + 1; j < count; j++) {
      if (states[j] !== open) continue;
      places[n] = j;
      rest[n++] = slots[j];
    }
    store.gather(store.vector(slots[i]), rest, n, between);
    for (let j = 0; j < n; j++) if (between[j] < distances[places[j]]) states[places[j]] = passedOver;
  }
}
