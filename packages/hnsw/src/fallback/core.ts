/**
 * Rows, their graph where there is one, and each change of them as a step that happens or does not.
 *
 * One thread, so no locks: a step never gives way to the event loop, and long work is a generator that does so only
 * between steps. What can fail (memory) comes before anything is changed; a row whose links fail half-way becomes a dead
 * node, as a removed one.
 */
import type { IndexSettings } from '../backend.js';
import { HnswError } from '../errors.js';
import type { IndexKind } from '../types.js';
import type { Effort } from './calibrate.js';
import { compacted } from './compact.js';
import { Graph } from './graph.js';
import { Inserter } from './insert.js';
import { atOnce } from './long.js';
import { repairGraph } from './repair.js';
import type { Parts } from './sections.js';
import { type Elements, Space } from './space.js';
import { dead, type Key, Store } from './store.js';
import { Walk } from './walk.js';

/** Rows from which `auto` takes a graph. */
export const graphFrom = 1000;

/** Repair begins where at least 1 / deadShare of the nodes are dead. */
const deadShare = 5;

const choices = {
  flat: `flat: fewer than ${graphFrom} rows, which are soon looked at one by one`,
  hnsw: `hnsw: at least ${graphFrom} rows, of which a graph looks at few`,
};

export class Core {
  readonly settings: IndexSettings;
  store: Store;
  graph: Graph | undefined;
  /** How often a row has moved to another slot of the same store. */
  moves = 0;
  choice: string | undefined;
  efforts: readonly Effort[] | undefined;
  readonly walk = new Walk();
  readonly #inserter: Inserter;

  constructor(settings: IndexSettings, parts?: Parts) {
    this.settings = settings;
    this.store = parts?.store ?? new Store(new Space(settings), settings.keyType);
    this.graph = parts === undefined ? this.#emptyGraph(settings.kind === 'hnsw') : parts.graph;
    this.choice = parts?.choice;
    this.efforts = parts?.efforts;
    this.#inserter = new Inserter(this.walk, settings.efConstruction);
  }

  #emptyGraph(wanted: boolean): Graph | undefined {
    return wanted ? new Graph(this.settings.m, this.settings.seed, this.store.capacity) : undefined;
  }

  get kind(): IndexKind {
    return this.graph === undefined ? 'flat' : 'hnsw';
  }

  /** Chooses a kind for so many rows, where that is left to the index. @yields without progress while a graph is built */
  *choose(rows: number): Generator<number, void> {
    if (this.settings.kind !== 'auto' || rows === 0) return;
    if (rows < graphFrom) this.choice ??= choices.flat;
    else if (this.graph === undefined) {
      const graph = this.#emptyGraph(true)!;
      for (let slot = 0; slot < this.store.end; slot++) {
        if (!this.store.isLive(slot)) continue;
        const level = graph.drawLevel();
        graph.reserveUpper(level);
        this.#inserter.insert(this.store, graph, slot, level);
        yield 0;
      }
      this.graph = graph;
      this.choice = choices.hnsw;
    }
  }

  /** Writes a row, instead of the one at `old` where there is one. @throws {HnswError} `ERR_HNSW_MEMORY` */
  put(key: Key, vector: Elements, old: number | undefined): void {
    const { store, graph } = this;
    if (graph === undefined && old !== undefined) {
      store.setVector(old, vector);
      return;
    }
    store.reserve(1);
    const level = graph?.drawLevel() ?? 0;
    graph?.reserve(store.capacity);
    graph?.reserveUpper(level);
    const slot = store.take(key, vector, old === undefined ? store.nextSerial++ : store.serials[old]);
    if (graph !== undefined) {
      try {
        this.#inserter.insert(store, graph, slot, level);
      } catch (error) {
        store.states[slot] = dead;
        store.deadCount++;
        throw error;
      }
    }
    store.appear(slot);
    if (old !== undefined) {
      store.bury(old);
      this.moves++;
    }
  }

  /** Ends a row. */
  drop(slot: number): void {
    this.store.bury(slot);
    if (this.store.size === 0) this.#empty();
    else if (this.graph === undefined) this.store.release(slot);
  }

  /** Begins anew, but serials and levels go on. */
  #empty(): void {
    const { store, graph } = this;
    this.store = new Store(store.space, store.keyType);
    this.store.nextSerial = store.nextSerial;
    if (graph === undefined) return;
    this.graph = this.#emptyGraph(true)!;
    this.graph.random.state.set(graph.random.state);
  }

  /** Whether so many nodes are dead that repair begins by itself. */
  get isWorn(): boolean {
    const { deadCount, size } = this.store;
    return this.graph !== undefined && deadCount > 0 && deadShare * deadCount >= deadCount + size;
  }

  *repair(): Generator<number, void> {
    if (this.graph !== undefined && this.store.deadCount > 0) {
      yield* repairGraph(this.store, this.graph, this.#inserter);
    }
  }

  *compact(): Generator<number, void> {
    yield* this.repair();
    const small = yield* compacted(this.store, this.graph);
    this.store = small.store;
    this.graph = small.graph;
  }

  /** Repairs at once, where it is time. */
  mend(): void {
    if (this.isWorn) atOnce(this.repair());
  }

  /** Adds rows in order. @yields how many are there; throws with `done` where one cannot be */
  *addAll(
    operation: string,
    keys: readonly Key[],
    vectors: Elements,
    onDuplicate: 'error' | 'replace',
  ): Generator<number, void> {
    const { width } = this.store.space;
    if (keys.length === 0) return;
    this.store.reserve(keys.length);
    this.graph?.reserve(this.store.capacity);
    yield* this.choose(this.store.size + keys.length);
    for (let i = 0; i < keys.length; i++) {
      const old = this.store.slotOf.get(keys[i]);
      if (old !== undefined && onDuplicate === 'error') throw duplicate(operation, keys[i], i);
      try {
        this.put(keys[i], vectors.subarray(i * width, (i + 1) * width), old);
      } catch (error) {
        throw withDone(error, i);
      }
      yield i + 1;
      if (this.isWorn) for (const _ of this.repair()) yield i + 1;
    }
  }

  /** Removes rows in order. @yields how many were looked at; throws with `done` where one is not there */
  *removeAll(
    operation: string,
    keys: readonly Key[],
    onMissing: 'error' | 'ignore',
  ): Generator<number, void> {
    for (let i = 0; i < keys.length; i++) {
      const slot = this.store.slotOf.get(keys[i]);
      if (slot !== undefined) this.drop(slot);
      else if (onMissing === 'error') throw unknown(operation, keys[i], i);
      yield i + 1;
      if (this.isWorn) for (const _ of this.repair()) yield i + 1;
    }
  }
}

function say(key: Key): string {
  return typeof key === 'string' ? JSON.stringify(key.slice(0, 40)) : String(key);
}

export function duplicate(operation: string, key: Key, done = 0): HnswError {
  return new HnswError('ERR_HNSW_DUPLICATE_KEY', `${operation}: the key ${say(key)} is there already`, {
    done,
  });
}

export function unknown(operation: string, key: Key, done = 0): HnswError {
  return new HnswError('ERR_HNSW_UNKNOWN_KEY', `${operation}: there is no key ${say(key)}`, { done });
}

function withDone(error: unknown, done: number): unknown {
  if (!(error instanceof HnswError)) return error;
  return new HnswError(error.code, error.message, { cause: error.cause, done });
}
