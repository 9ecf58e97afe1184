/**
 * A `VectorIndex` in TypeScript, for hosts where the addon does not load: kinds `hnsw`, `flat` and `auto` of both.
 *
 * It is slow: of 15,000 rows of 24 dimensions (m 12, efConstruction 100) one core of a server added some 3,000 a second,
 * and made some 3,000 searches a second (efSearch 64). It is complete, but for what one thread cannot do: there is
 * nothing to share with worker threads, `threads` are not used, and long work goes on in slices of the event loop,
 * between which searches see the rows that are there by then.
 *
 * `remove`, `update` and `add` repair the graph at once when a fifth of it is dead, which takes as long as it takes.
 * `prefilter` changes nothing: `flat` looks at every row exactly.
 */
import { type IndexSettings, writer } from '../backend.js';
import {
  checkKey,
  checkKeys,
  checkNumber,
  checkOptions,
  checkVector,
  checkVectors,
  checkWhole,
  checkWord,
  readLong,
  type VectorShape,
} from '../check.js';
import { HnswError } from '../errors.js';
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
  SearchOptions,
  SearchResult,
  ThreadOptions,
  VectorIndex,
  VectorsOf,
  VectorType,
} from '../types.js';
import { calibration, effortFor } from './calibrate.js';
import { Core, duplicate, unknown } from './core.js';
import {
  Chosen,
  everyRow,
  lastingPassing,
  type Passing,
  passingOf,
  type ReadFilter,
  readFilter,
  slotsOf,
} from './filter.js';
import { inspect, statsOf } from './inspect.js';
import { wander } from './iterate.js';
import { atOnce, inSlices, type Slices, Turns } from './long.js';
import { checkK, type ReadSearch, readSearch } from './options.js';
import { Random } from './random.js';
import { Results } from './results.js';
import { nearest, within } from './search.js';
import { type Sections, toSections } from './sections.js';
import type { Elements } from './space.js';
import type { Store } from './store.js';

type Vector<T extends VectorType> = VectorsOf[T] | readonly number[];

export class FallbackIndex<K extends KeyType, T extends VectorType> implements VectorIndex<K, T> {
  readonly dimensions: number;
  readonly metric: Metric;
  readonly type: T;
  readonly keyType: K;
  readonly readOnly = false;
  readonly #settings: IndexSettings<K, T>;
  readonly #shape: VectorShape<T>;
  #core: Core | undefined;
  readonly #turns = new Turns();
  /** While a filter's own code runs. */
  #asks = false;

  constructor(settings: IndexSettings<K, T>, core = new Core(settings as unknown as IndexSettings)) {
    const { dimensions, metric, type, keyType } = settings;
    this.dimensions = dimensions;
    this.metric = metric;
    this.type = type;
    this.keyType = keyType;
    this.#settings = settings;
    this.#shape = { type, metric, dimensions };
    this.#core = core;
  }

  get kind(): IndexKind | 'auto' {
    const { kind } = this.#settings;
    return kind === 'auto' && this.#core?.choice !== undefined ? this.#core.kind : kind;
  }

  get choice(): string | undefined {
    return this.#core?.choice;
  }

  get size(): number {
    return this.#core?.store.size ?? 0;
  }

  #open(operation: string): Core {
    if (this.#core === undefined)
      throw new HnswError('ERR_HNSW_CLOSED', `${operation}: the index was closed`);
    if (this.#asks) {
      throw new HnswError('ERR_HNSW_BUSY', `${operation}: a filter must not use the index that asks it`);
    }
    return this.#core;
  }

  #openForChange(operation: string): Core {
    const core = this.#open(operation);
    if (this.#turns.isTaken) {
      throw new HnswError('ERR_HNSW_BUSY', `${operation}: another call is changing the index`);
    }
    return core;
  }

  /** Asks a filter's function for a row. */
  readonly #ask = (filter: (key: never) => unknown, slot: number): boolean => {
    const key = this.#core!.store.keyAt(slot);
    this.#asks = true;
    try {
      return Boolean(filter(key as never));
    } finally {
      this.#asks = false;
    }
  };

  #slices<R>(
    slices: Omit<Slices<R>, 'checkOpen'>,
    told: Pick<LongOptions, 'signal' | 'onProgress'>,
  ): Promise<R> {
    return inSlices({ ...slices, checkOpen: () => void this.#open(slices.operation) }, told);
  }

  // Changes.

  add(key: KeyOf[K], vector: Vector<T>): void {
    const core = this.#openForChange('add');
    const own = checkKey('add', this.keyType, key);
    const row = checkVector('add', 'vector', this.#shape, vector);
    const old = core.store.slotOf.get(own);
    if (old !== undefined && this.#settings.onDuplicate === 'error') throw duplicate('add', own);
    atOnce(core.choose(core.store.size + (old === undefined ? 1 : 0)));
    core.put(own, row, old);
    core.mend();
  }

  async addMany(
    keys: KeysOf[K] | readonly KeyOf[K][],
    vectors: VectorsOf[T],
    options?: ThreadOptions & { readonly onDuplicate?: 'error' | 'replace' },
  ): Promise<void> {
    const operation = 'addMany';
    this.#open(operation);
    const told = readLong(operation, options);
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
    await this.#turns.run(() => {
      const work = this.#open(operation).addAll(operation, own, rows.vectors, onDuplicate);
      return this.#slices({ operation, phase: 'build', total: own.length, work, keeps: true }, told);
    });
  }

  update(key: KeyOf[K], vector: Vector<T>): void {
    const core = this.#openForChange('update');
    const own = checkKey('update', this.keyType, key);
    const row = checkVector('update', 'vector', this.#shape, vector);
    const old = core.store.slotOf.get(own);
    if (old === undefined) throw unknown('update', own);
    core.put(own, row, old);
    core.mend();
  }

  remove(key: KeyOf[K]): void {
    const core = this.#openForChange('remove');
    const own = checkKey('remove', this.keyType, key);
    const slot = core.store.slotOf.get(own);
    if (slot === undefined) throw unknown('remove', own);
    core.drop(slot);
    core.mend();
  }

  async removeMany(
    keys: KeysOf[K] | readonly KeyOf[K][],
    options?: LongOptions & { readonly onMissing?: 'error' | 'ignore' },
  ): Promise<void> {
    const operation = 'removeMany';
    this.#open(operation);
    const told = readLong(operation, options);
    const { onMissing = 'error' } = checkOptions(operation, options);
    checkWord(operation, 'onMissing', onMissing, ['error', 'ignore']);
    const own = checkKeys(operation, this.keyType, keys);
    await this.#turns.run(() => {
      const work = this.#open(operation).removeAll(operation, own, onMissing);
      return this.#slices({ operation, phase: 'repair', total: own.length, work, keeps: true }, told);
    });
  }

  async repair(options?: ThreadOptions): Promise<void> {
    await this.#tidy('repair', (core) => core.repair(), options);
  }

  async compact(options?: ThreadOptions): Promise<void> {
    await this.#tidy('compact', (core) => core.compact(), options);
  }

  async #tidy(
    operation: string,
    work: (core: Core) => Generator<number, void>,
    options: ThreadOptions | undefined,
  ): Promise<void> {
    this.#open(operation);
    const told = readLong(operation, options);
    await this.#turns.run(() => {
      const core = this.#open(operation);
      return this.#slices({ operation, phase: 'repair', total: core.store.end, work: work(core) }, told);
    });
  }

  // Rows.

  has(key: KeyOf[K]): boolean {
    const { store } = this.#open('has');
    return store.slotOf.has(checkKey('has', this.keyType, key));
  }

  get(key: KeyOf[K]): VectorsOf[T] | undefined {
    const { store } = this.#open('get');
    const slot = store.slotOf.get(checkKey('get', this.keyType, key));
    return slot === undefined ? undefined : (store.vector(slot).slice() as VectorsOf[T]);
  }

  /** Keys that come while it goes on may be missing; those that go are. */
  keys(): IterableIterator<KeyOf[K]> {
    const { store } = this.#open('keys');
    return this.#keysOf(store);
  }

  *#keysOf(store: Store): Generator<KeyOf[K], undefined> {
    for (const key of store.slotOf.keys()) {
      if (this.#open('keys').store.slotOf.has(key)) yield key as KeyOf[K];
    }
    return undefined;
  }

  // Searches.

  /** Candidates of a search. */
  #effort(operation: string, core: Core, { recall, efSearch }: ReadSearch): number {
    if (recall === undefined) return efSearch ?? this.#settings.efSearch;
    if (core.efforts !== undefined) return effortFor(core.efforts, recall);
    throw new HnswError('ERR_HNSW_ARGUMENT', `${operation}: recall needs calibrate() to have been called`);
  }

  search(query: Vector<T>, k: number, options?: SearchOptions<K>): SearchResult<K> {
    const operation = 'search';
    const core = this.#open(operation);
    checkK(operation, k);
    const vector = checkVector(operation, 'query', this.#shape, query);
    const read = readSearch(operation, this, this.keyType, options);
    const ef = this.#effort(operation, core, read);
    const passing = passingOf(core.store, core.moves, read.filter, this.#ask);
    const results = new Results(core, this.keyType);
    results.add(() => nearest(core.store, core.graph, core.walk, vector, k, ef, passing));
    return results.single();
  }

  searchMany(queries: VectorsOf[T], k: number, options?: SearchOptions<K>): BatchResult<K> {
    const operation = 'searchMany';
    const core = this.#open(operation);
    checkK(operation, k);
    const rows = checkVectors(operation, 'queries', this.#shape, queries);
    const read = readSearch(operation, this, this.keyType, options);
    const ef = this.#effort(operation, core, read);
    const passing = passingOf(core.store, core.moves, read.filter, this.#ask);
    return atOnce(this.#searchAll(operation, rows.vectors, k, ef, () => passing));
  }

  async searchManyAsync(
    queries: VectorsOf[T],
    k: number,
    options?: SearchOptions<K> & ThreadOptions,
  ): Promise<BatchResult<K>> {
    const operation = 'searchManyAsync';
    const core = this.#open(operation);
    checkK(operation, k);
    const told = readLong(operation, options);
    const rows = checkVectors(operation, 'queries', this.#shape, queries);
    const read = readSearch(operation, this, this.keyType, options);
    const ef = this.#effort(operation, core, read);
    const filter = read.filter === undefined ? undefined : this.#chosen(core, read.filter);
    const passing = ({ store, moves }: Core) => filter?.passing(store, moves) ?? everyRow(store);
    const work = this.#searchAll(operation, rows.vectors, k, ef, passing);
    return this.#slices({ operation, phase: 'search', total: rows.count, work }, told);
  }

  *#searchAll(
    operation: string,
    queries: VectorsOf[T],
    k: number,
    ef: number,
    passing: (core: Core) => Passing,
  ): Generator<number, BatchResult<K>> {
    const results = new Results(this.#open(operation), this.keyType);
    const { width } = this.#open(operation).store.space;
    for (let i = 0; i * width < queries.length; i++) {
      const core = this.#open(operation);
      const query = queries.subarray(i * width, (i + 1) * width) as Elements;
      results.add(() => nearest(core.store, core.graph, core.walk, query, k, ef, passing(core)));
      yield i + 1;
    }
    return results.batch();
  }

  range(
    query: Vector<T>,
    radius: number,
    options?: SearchOptions<K> & { readonly limit?: number },
  ): SearchResult<K> {
    const operation = 'range';
    const core = this.#open(operation);
    const vector = checkVector(operation, 'query', this.#shape, query);
    checkNumber(operation, 'radius', radius, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    const { limit = 10_000 } = checkOptions(operation, options);
    checkWhole(operation, 'limit', limit, 1);
    const read = readSearch(operation, this, this.keyType, options);
    const ef = this.#effort(operation, core, read);
    const passing = passingOf(core.store, core.moves, read.filter, this.#ask);
    const results = new Results(core, this.keyType);
    results.add(() => within(core.store, core.graph, core.walk, vector, radius, limit, ef, passing));
    return results.single();
  }

  iterate(query: Vector<T>, options?: SearchOptions<K>): IterableIterator<Neighbor<K>> {
    const operation = 'iterate';
    const core = this.#open(operation);
    const vector = checkVector(operation, 'query', this.#shape, query);
    const read = readSearch(operation, this, this.keyType, options);
    const ef = this.#effort(operation, core, read);
    const { filter } = read;
    const passing = lastingPassing(
      filter === undefined || 'ask' in filter ? filter : this.#chosen(core, filter),
      this.#ask,
    );
    const now = () => {
      const { store, graph, moves } = this.#open(operation);
      return { store, graph, passing: passing(store, moves) };
    };
    return this.#neighbors(now, vector, Math.min(ef, core.store.size));
  }

  *#neighbors(
    now: Parameters<typeof wander>[0],
    vector: Elements,
    ef: number,
  ): Generator<Neighbor<K>, undefined> {
    for (const { slot, distance } of wander(now, vector, ef)) {
      const { store } = now();
      yield { id: store.keyAt(slot) as KeyOf[K], distance: store.space.result(distance) };
    }
    return undefined;
  }

  #chosen(core: Core, filter: ReadFilter): Chosen<K> {
    if ('chosen' in filter) return filter.chosen as Chosen<K>;
    const slots = slotsOf(core.store, filter, this.#ask);
    return new Chosen(this, this.keyType, core.store, core.moves, slots);
  }

  prepareFilter(filter: Exclude<Filter<K>, (id: KeyOf[K]) => boolean>): PreparedFilter<K> {
    const operation = 'prepareFilter';
    const core = this.#open(operation);
    const read = readFilter(operation, this, this.keyType, filter);
    if (read === undefined || 'ask' in read) {
      throw new HnswError('ERR_HNSW_TYPE', `${operation}: filter must be { bitmap } or { ids }`);
    }
    return this.#chosen(core, read);
  }

  async calibrate(
    options?: ThreadOptions & { readonly samples?: number; readonly k?: number },
  ): Promise<void> {
    const operation = 'calibrate';
    const core = this.#open(operation);
    const told = readLong(operation, options);
    const { samples = 200, k = 10 } = checkOptions(operation, options);
    checkWhole(operation, 'samples', samples, 1, 100_000);
    checkWhole(operation, 'k', k, 1, 10_000);
    const random = new Random(this.#settings.seed);
    const now = () => this.#open(operation);
    const work = calibration(now, core.walk, random, samples, k);
    // Exact searches, then twice that to be expected.
    const efforts = await this.#slices({ operation, phase: 'search', total: 3 * samples, work }, told);
    this.#open(operation).efforts = efforts;
  }

  // The whole.

  /** The state as bytes, for a file. O(bytes). */
  sections(): Sections {
    const { store, graph, choice, efforts } = this.#open('sections');
    return toSections({
      settings: this.#settings as unknown as IndexSettings,
      store,
      graph,
      choice,
      efforts,
    });
  }

  async save(path: string, options?: LongOptions): Promise<void> {
    const operation = 'save';
    this.#open(operation);
    const told = readLong(operation, options);
    if (typeof path !== 'string') {
      throw new HnswError('ERR_HNSW_TYPE', `${operation}: path must be a string, got ${typeof path}`);
    }
    const write = writer();
    if (write === undefined) {
      throw new HnswError('ERR_HNSW_UNSUPPORTED', `${operation}: nothing that writes files has been set`);
    }
    await this.#turns.run(() => write(path, this.sections(), told));
  }

  stats(): IndexStats {
    const { kind, store, graph } = this.#open('stats');
    return statsOf(kind, store, graph);
  }

  async check(options?: LongOptions): Promise<CheckReport> {
    const operation = 'check';
    const core = this.#open(operation);
    const told = readLong(operation, options);
    const work = inspect(() => this.#open(operation));
    return this.#slices({ operation, phase: 'read', total: core.store.end, work }, told);
  }

  /** @throws {HnswError} `ERR_HNSW_UNSUPPORTED`: an index of the fallback lives in one thread */
  share(): IndexHandle {
    this.#open('share');
    throw new HnswError(
      'ERR_HNSW_UNSUPPORTED',
      'share: an index in TypeScript lives in the thread that made it; one of the native addon can be shared',
    );
  }

  close(): void {
    this.#core = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
