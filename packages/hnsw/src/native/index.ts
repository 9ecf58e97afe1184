/**
 * Indexes that the addon holds: every kind, with searches from any thread.
 *
 * What is checked here is what the addon's messages could not say as well; it checks all that it relies on itself.
 */
import { availableParallelism } from 'node:os';
import type { IndexSettings } from '../backend.js';
import {
  checkKey,
  checkKeys,
  checkNumber,
  checkOptions,
  checkVector,
  checkVectors,
  checkWhole,
  checkWord,
  maxThreads,
  newVectors,
  readLong,
  type VectorShape,
  widthOf,
} from '../check.js';
import { HnswError } from '../errors.js';
import { Turns } from '../fallback/long.js';
import type {
  BatchResult,
  CheckReport,
  Filter,
  IndexHandle,
  IndexKind,
  IndexStats,
  KeyOf,
  KeysOf,
  KeyType,
  LongOptions,
  Metric,
  Neighbor,
  PreparedFilter,
  SearchCounters,
  SearchOptions,
  SearchResult,
  ThreadOptions,
  VectorIndex,
  VectorsOf,
  VectorType,
} from '../types.js';
import type { Addon, FilterRef, IndexRef, NativeResult, NativeVectors } from './addon.js';
import { Asking } from './asking.js';
import { chooseKind } from './auto.js';
import { fromNative } from './errors.js';
import { NativeFilter, type ReadFilter, readFilter } from './filter.js';
import { fromIds, nameOfKey, toNative } from './keys.js';
import { onThread } from './long.js';
import { kindNumbers } from './options.js';

type Vector<T extends VectorType> = VectorsOf[T] | readonly number[];

/** Keys that `keys()` asks the addon for at a time. */
const keysAtOnce = 1024;

export function countersOf([hops, distances, estimates, bytes]: Float64Array): SearchCounters {
  return { hops, distances, estimates, bytes };
}

function threadsOf(threads: number | undefined): number {
  return threads ?? Math.min(maxThreads, availableParallelism());
}

export class NativeIndex<K extends KeyType, T extends VectorType> implements VectorIndex<K, T> {
  readonly dimensions: number;
  readonly metric: Metric;
  readonly type: T;
  readonly keyType: K;
  readonly readOnly: boolean;
  readonly #addon: Addon;
  readonly #settings: IndexSettings<K, T>;
  readonly #shape: VectorShape<T>;
  readonly #turns = new Turns();
  #index: IndexRef | undefined;
  #kind: IndexKind;
  /** Of `auto`, while it is flat: it may become a graph. */
  #mayGrow: boolean;
  #choice: string | undefined;
  /** While a filter's own code runs. */
  #asks = false;

  /** @param index what the addon made of these settings, a flat one for `auto` */
  constructor(addon: Addon, settings: IndexSettings<K, T>, index: IndexRef, readOnly: boolean) {
    const { dimensions, metric, type, keyType, kind } = settings;
    this.dimensions = dimensions;
    this.metric = metric;
    this.type = type;
    this.keyType = keyType;
    this.readOnly = readOnly;
    this.#addon = addon;
    this.#settings = settings;
    this.#shape = { type, metric, dimensions };
    this.#index = index;
    this.#mayGrow = kind === 'auto';
    this.#kind = kind === 'auto' ? 'flat' : kind;
  }

  get kind(): IndexKind | 'auto' {
    return this.#settings.kind === 'auto' && this.#choice === undefined ? 'auto' : this.#kind;
  }

  get choice(): string | undefined {
    return this.#choice;
  }

  get size(): number {
    return this.#index === undefined ? 0 : this.#addon.size(this.#index);
  }

  #open(operation: string): IndexRef {
    if (this.#index === undefined)
      throw new HnswError('ERR_HNSW_CLOSED', `${operation}: the index was closed`);
    if (this.#asks) {
      throw new HnswError('ERR_HNSW_BUSY', `${operation}: a filter must not use the index that asks it`);
    }
    return this.#index;
  }

  #openForChange(operation: string): IndexRef {
    const index = this.#open(operation);
    this.#checkWritable(operation);
    if (!this.#turns.isTaken) return index;
    throw new HnswError('ERR_HNSW_BUSY', `${operation}: another call is changing the index`);
  }

  #checkWritable(operation: string): void {
    if (!this.readOnly) return;
    throw new HnswError('ERR_HNSW_READ_ONLY', `${operation}: the index is a view of a file`);
  }

  #call<R>(operation: string, call: () => R, keys: readonly (number | bigint | string)[] = []): R {
    try {
      return call();
    } catch (error) {
      throw fromNative(operation, error, (row) => nameOfKey(keys[row] ?? row));
    }
  }

  // Changes.

  /** Before rows come: `auto` becomes another kind where there will be many. */
  #choose(rows: number, adding: number): void {
    if (!this.#mayGrow || adding === 0) return;
    const { kind, choice } = chooseKind(this.type, rows, adding);
    this.#choice = choice;
    if (kind === this.#kind) return;
    this.#addon.become(this.#index!, kindNumbers[kind]);
    this.#kind = kind;
    this.#mayGrow = false;
  }

  add(key: KeyOf[K], vector: Vector<T>): void {
    const operation = 'add';
    const index = this.#openForChange(operation);
    const own = checkKey(operation, this.keyType, key);
    const row = checkVector(operation, 'vector', this.#shape, vector);
    const replace = this.#settings.onDuplicate === 'replace';
    this.#call(operation, () => {
      this.#choose(this.size, 1);
      this.#addon.add(index, ...toNative(this.keyType, [own]), row as NativeVectors, replace);
    }, [own]);
  }

  async addMany(
    keys: KeysOf[K] | readonly KeyOf[K][],
    vectors: VectorsOf[T],
    options?: ThreadOptions & { readonly onDuplicate?: 'error' | 'replace' },
  ): Promise<void> {
    const operation = 'addMany';
    this.#open(operation);
    this.#checkWritable(operation);
    const { threads, ...told } = readLong(operation, options);
    const { onDuplicate = this.#settings.onDuplicate } = checkOptions(operation, options);
    checkWord(operation, 'onDuplicate', onDuplicate, ['error', 'replace']);
    const own = checkKeys(operation, this.keyType, keys);
    const rows = checkVectors(operation, 'vectors', this.#shape, vectors);
    if (own.length !== rows.count) {
      throw new HnswError(
        'ERR_HNSW_LENGTH',
        `${operation}: there are ${own.length} keys and ${rows.count} vectors`,
      );
    }
    const [list, ends] = toNative(this.keyType, own);
    await this.#turns.run(async () => {
      const index = this.#open(operation);
      this.#call(operation, () => this.#choose(this.size, own.length));
      await onThread(
        this.#addon,
        operation,
        'add',
        [index, list, ends, rows.vectors as NativeVectors, onDuplicate === 'replace', threadsOf(threads)],
        told,
        (row) => nameOfKey(own[row]),
      );
    });
  }

  update(key: KeyOf[K], vector: Vector<T>): void {
    const operation = 'update';
    const index = this.#openForChange(operation);
    const own = checkKey(operation, this.keyType, key);
    const row = checkVector(operation, 'vector', this.#shape, vector);
    const change = () => this.#addon.update(index, ...toNative(this.keyType, [own]), row as NativeVectors);
    this.#call(operation, change, [own]);
  }

  remove(key: KeyOf[K]): void {
    const operation = 'remove';
    const index = this.#openForChange(operation);
    const own = checkKey(operation, this.keyType, key);
    this.#call(operation, () => this.#addon.remove(index, ...toNative(this.keyType, [own])), [own]);
  }

  async removeMany(
    keys: KeysOf[K] | readonly KeyOf[K][],
    options?: LongOptions & { readonly onMissing?: 'error' | 'ignore' },
  ): Promise<void> {
    const operation = 'removeMany';
    this.#open(operation);
    this.#checkWritable(operation);
    const told = readLong(operation, options);
    const { onMissing = 'error' } = checkOptions(operation, options);
    checkWord(operation, 'onMissing', onMissing, ['error', 'ignore']);
    const own = checkKeys(operation, this.keyType, keys);
    const native = toNative(this.keyType, own);
    await this.#turns.run(async () => {
      const index = this.#open(operation);
      const ignore = onMissing === 'ignore';
      await onThread(this.#addon, operation, 'remove', [index, ...native, ignore], told, (row) =>
        nameOfKey(own[row]),
      );
    });
  }

  async #upkeep(operation: 'repair' | 'compact', options: ThreadOptions | undefined): Promise<void> {
    this.#open(operation);
    this.#checkWritable(operation);
    const { threads, ...told } = readLong(operation, options);
    await this.#turns.run(async () => {
      const index = this.#open(operation);
      await onThread(this.#addon, operation, operation, [index, threadsOf(threads)], told);
    });
  }

  async repair(options?: ThreadOptions): Promise<void> {
    await this.#upkeep('repair', options);
  }

  async compact(options?: ThreadOptions): Promise<void> {
    await this.#upkeep('compact', options);
  }

  // Rows.

  has(key: KeyOf[K]): boolean {
    const index = this.#open('has');
    const own = checkKey('has', this.keyType, key);
    return this.#call('has', () => this.#addon.has(index, ...toNative(this.keyType, [own])));
  }

  get(key: KeyOf[K]): VectorsOf[T] | undefined {
    const index = this.#open('get');
    const own = checkKey('get', this.keyType, key);
    const vector = newVectors(this.type, widthOf(this.#shape));
    const get = () => this.#addon.get(index, ...toNative(this.keyType, [own]), vector as NativeVectors);
    return this.#call('get', get) ? vector : undefined;
  }

  /** Keys that come or go while it goes on may be missing or not. */
  keys(): IterableIterator<KeyOf[K]> {
    this.#open('keys');
    return this.#keysOf();
  }

  *#keysOf(): Generator<KeyOf[K], undefined> {
    for (let from: number | undefined = 0; from !== undefined; ) {
      const index = this.#open('keys');
      const at: number = from;
      const [ids, next] = this.#call('keys', () => this.#addon.keys(index, at, keysAtOnce));
      yield* ids as Iterable<KeyOf[K]>;
      from = next;
    }
    return undefined;
  }

  // Searches.

  #read(operation: string, index: IndexRef, options: SearchOptions<K> | undefined) {
    const { efSearch, probes, recall, filter } = checkOptions(operation, options);
    if (efSearch !== undefined) checkWhole(operation, 'efSearch', efSearch, 1, 100_000);
    if (probes !== undefined) checkWhole(operation, 'probes', probes, 1, 2 ** 24);
    if (recall !== undefined) checkNumber(operation, 'recall', recall, 0.5, 1);
    const effort =
      recall !== undefined
        ? this.#call(operation, () => this.#addon.effortFor(index, recall))
        : this.#kind === 'ivf'
          ? (probes ?? this.#settings.probes)
          : (efSearch ?? this.#settings.efSearch);
    const read = () => readFilter(operation, this.#addon, this, index, this.keyType, filter);
    return { effort, filter: this.#call(operation, read) };
  }

  #resultOf([ids, distances, counters]: NativeResult): SearchResult<K> {
    return { ids: fromIds<K>(ids), distances, counters: countersOf(counters) };
  }

  /** A search by one query whose filter is no function. */
  #find(
    filter: NativeFilter<K> | undefined,
    search: (ref: FilterRef | undefined) => NativeResult,
  ): SearchResult<K> {
    return this.#resultOf(search(filter?.ref));
  }

  /** Asks functions that are filters. */
  #asking(index: IndexRef, filter: (id: KeyOf[K]) => unknown): Asking<K> {
    return new Asking<K>(this.#addon, index, this.keyType, (id) => {
      this.#asks = true;
      try {
        return Boolean(filter(id));
      } finally {
        this.#asks = false;
      }
    });
  }

  /** The filter that a function is, asked for every row. */
  #asked(index: IndexRef, filter: ReadFilter<K>): NativeFilter<K> | undefined {
    if (typeof filter !== 'function') return filter;
    return this.#asking(index, filter).askAll(this);
  }

  search(query: Vector<T>, k: number, options?: SearchOptions<K>): SearchResult<K> {
    const operation = 'search';
    const index = this.#open(operation);
    checkWhole(operation, 'k', k, 1, 2 ** 30);
    const vector = checkVector(operation, 'query', this.#shape, query) as NativeVectors;
    const { effort, filter } = this.#read(operation, index, options);
    return this.#call(operation, () => {
      if (typeof filter === 'function') {
        return this.#asking(index, filter).search(this, vector, k, effort);
      }
      return this.#find(filter, (ref) => this.#addon.search(index, vector, k, effort, ref));
    });
  }

  searchMany(queries: VectorsOf[T], k: number, options?: SearchOptions<K>): BatchResult<K> {
    const operation = 'searchMany';
    const index = this.#open(operation);
    checkWhole(operation, 'k', k, 1, 2 ** 30);
    const rows = checkVectors(operation, 'queries', this.#shape, queries);
    const { effort, filter } = this.#read(operation, index, options);
    return this.#call(operation, () => {
      const chosen = this.#asked(index, filter);
      const vectors = rows.vectors as NativeVectors;
      const found = this.#addon.searchMany(index, vectors, k, effort, chosen?.ref);
      return { ...this.#resultOf([found[0], found[1], found[2]]), offsets: found[3] };
    });
  }

  async searchManyAsync(
    queries: VectorsOf[T],
    k: number,
    options?: SearchOptions<K> & ThreadOptions,
  ): Promise<BatchResult<K>> {
    const operation = 'searchManyAsync';
    const index = this.#open(operation);
    checkWhole(operation, 'k', k, 1, 2 ** 30);
    const { threads, ...told } = readLong(operation, options);
    const rows = checkVectors(operation, 'queries', this.#shape, queries);
    const { effort, filter } = this.#read(operation, index, options);
    const chosen = this.#call(operation, () => this.#asked(index, filter));
    const vectors = rows.vectors as NativeVectors;
    const args = [index, vectors, k, effort, chosen?.ref, threadsOf(threads)] as const;
    const found = await onThread(this.#addon, operation, 'search', [...args], told);
    return { ...this.#resultOf([found[0], found[1], found[2]]), offsets: found[3] };
  }

  range(
    query: Vector<T>,
    radius: number,
    options?: SearchOptions<K> & { readonly limit?: number },
  ): SearchResult<K> {
    const operation = 'range';
    const index = this.#open(operation);
    const vector = checkVector(operation, 'query', this.#shape, query) as NativeVectors;
    checkNumber(operation, 'radius', radius, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    const { limit = 10_000 } = checkOptions(operation, options);
    checkWhole(operation, 'limit', limit, 1, 2 ** 30);
    const { effort, filter } = this.#read(operation, index, options);
    return this.#call(operation, () => {
      const chosen = this.#asked(index, filter);
      return this.#find(chosen, (ref) => this.#addon.range(index, vector, radius, limit, effort, ref));
    });
  }

  iterate(query: Vector<T>, options?: SearchOptions<K>): IterableIterator<Neighbor<K>> {
    const operation = 'iterate';
    const index = this.#open(operation);
    const vector = checkVector(operation, 'query', this.#shape, query) as NativeVectors;
    const { effort, filter } = this.#read(operation, index, options);
    const asking = typeof filter === 'function' ? this.#asking(index, filter) : undefined;
    const chosen = typeof filter === 'function' ? undefined : filter;
    const cursor = this.#call(operation, () => this.#addon.open(index, vector, effort, chosen?.ref));
    const next = () => this.#call(operation, () => this.#addon.more(this.#open(operation), cursor));
    // What came with a batch may have gone before it is wanted.
    const isThere = (id: KeyOf[K]) => {
      const key = toNative(this.keyType, [id]);
      return this.#call(operation, () => this.#addon.has(this.#open(operation), ...key));
    };
    return this.#neighbors(next, isThere, asking, () => this.#addon.end(cursor));
  }

  *#neighbors(
    next: () => NativeResult | undefined,
    isThere: (id: KeyOf[K]) => boolean,
    asking: Asking<K> | undefined,
    end: () => void,
  ): Generator<Neighbor<K>, undefined> {
    // A row that is updated meanwhile could come at its new place, too.
    const seen = new Set<KeyOf[K]>();
    try {
      for (let found = next(); found !== undefined; found = next()) {
        const [ids, distances] = found;
        for (let i = 0; i < ids.length; i++) {
          const id = ids[i] as KeyOf[K];
          if (seen.has(id)) continue;
          seen.add(id);
          if (isThere(id) && (asking === undefined || asking.passes(id))) {
            yield { id, distance: distances[i] };
          }
        }
      }
    } finally {
      end();
    }
    return undefined;
  }

  prepareFilter(filter: Exclude<Filter<K>, (id: KeyOf[K]) => boolean>): PreparedFilter<K> {
    const operation = 'prepareFilter';
    const index = this.#open(operation);
    const read = this.#call(operation, () =>
      readFilter(operation, this.#addon, this, index, this.keyType, filter),
    );
    if (NativeFilter.is(read)) return read as unknown as NativeFilter<K>;
    throw new HnswError('ERR_HNSW_TYPE', `${operation}: filter must be { bitmap } or { ids }`);
  }

  async calibrate(
    options?: ThreadOptions & { readonly samples?: number; readonly k?: number },
  ): Promise<void> {
    const operation = 'calibrate';
    const index = this.#open(operation);
    const { threads, ...told } = readLong(operation, options);
    const { samples = 200, k = 10 } = checkOptions(operation, options);
    checkWhole(operation, 'samples', samples, 1, 100_000);
    checkWhole(operation, 'k', k, 1, 10_000);
    await onThread(this.#addon, operation, 'calibrate', [index, samples, k, threadsOf(threads)], told);
  }

  // The whole.

  async save(path: string, options?: LongOptions): Promise<void> {
    const operation = 'save';
    this.#open(operation);
    const told = readLong(operation, options);
    if (typeof path !== 'string' || path.includes('\0')) {
      throw new HnswError('ERR_HNSW_TYPE', `${operation}: path must be a string, got ${typeof path}`);
    }
    await this.#turns.run(async () => {
      await onThread(this.#addon, operation, 'save', [this.#open(operation), path], told);
    });
  }

  stats(): IndexStats {
    const index = this.#open('stats');
    const [numbers, degrees] = this.#call('stats', () => this.#addon.stats(index));
    const [size, dead, unreachable, vectors, links, codes, keys, total] = numbers;
    return {
      kind: this.#kind,
      size,
      dead,
      deadShare: dead / Math.max(1, size + dead),
      degrees,
      unreachable,
      bytes: { vectors, links, codes, keys, total },
    };
  }

  async check(options?: LongOptions): Promise<CheckReport> {
    const operation = 'check';
    this.#open(operation);
    const told = readLong(operation, options);
    const problems = await this.#turns.run(() =>
      onThread(this.#addon, operation, 'check', [this.#open(operation)], told),
    );
    return { ok: problems.length === 0, problems };
  }

  share(): IndexHandle {
    const index = this.#open('share');
    return { ruvectorIndex: this.#addon.share(index) };
  }

  close(): void {
    if (this.#index !== undefined) this.#addon.close(this.#index);
    this.#index = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
