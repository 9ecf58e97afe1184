/** What every index offers, whatever its kind and whether its work is native or not. */

/**
 * - `hnsw`: hierarchical graph, the classic; every type and metric.
 * - `qg`: flat graph with one-bit codes of its neighbours beside each node; the fastest to search. l2, ip, cosine.
 * - `ivf`: lists around centroids; the fastest to build. l2, ip, cosine.
 * - `flat`: no index: every row is looked at, with a prefilter of one-bit codes where asked for.
 */
export type IndexKind = 'hnsw' | 'qg' | 'ivf' | 'flat';

/**
 * Smaller distances are nearer.
 *
 * - `l2`: Euclidean distance.
 * - `ip`: the negative of the inner product, as pgvector's `<#>`.
 * - `cosine`: 1 - cosine of the angle; vectors of zeros are refused.
 * - `hamming`, `jaccard`: of binary vectors alone, which have no others.
 */
export type Metric = 'l2' | 'ip' | 'cosine' | 'hamming' | 'jaccard';

/** How vectors are given and stored. `float16` is given as bits in Uint16Array, `binary` as bytes, the lowest bit first. */
export type VectorType = 'float32' | 'float16' | 'int8' | 'binary';

/** `number`: safe integers; `bigint`: of 64 bits, signed; `string`: up to 1,024 bytes of UTF-8. */
export type KeyType = 'number' | 'bigint' | 'string';

export interface KeyOf {
  readonly number: number;
  readonly bigint: bigint;
  readonly string: string;
}

export interface KeysOf {
  readonly number: Float64Array;
  readonly bigint: BigInt64Array;
  readonly string: readonly string[];
}

export interface VectorsOf {
  readonly float32: Float32Array;
  readonly float16: Uint16Array;
  readonly int8: Int8Array;
  readonly binary: Uint8Array;
}

export interface IndexOptions<K extends KeyType = KeyType, T extends VectorType = VectorType> {
  /** `auto` chooses by the number of rows that comes first; `index.choice` says what and why. Default `auto`. */
  readonly kind?: IndexKind | 'auto';
  /** 1 to 65,535; of binary vectors the number of bits. */
  readonly dimensions: number;
  /** Default `l2`; of binary vectors `hamming`. */
  readonly metric?: Metric;
  /** Default `float32`. */
  readonly type?: T;
  /** Default `number`. */
  readonly keyType?: K;
  /** hnsw: links of a node at upper layers, twice as many at layer 0; 2 to 100. Default 16. */
  readonly m?: number;
  /** qg: links of a node, a multiple of 32 up to 192. Default 32. */
  readonly degree?: number;
  /** hnsw, qg: candidates while building; 4 to 10,000. Default 200 (hnsw), 128 (qg). */
  readonly efConstruction?: number;
  /** Candidates of a search that does not say how many; 1 to 100,000. Default 64. */
  readonly efSearch?: number;
  /** ivf: lists; 0 chooses by the number of rows. Default 0. */
  readonly lists?: number;
  /** ivf: lists that a search looks into unless it says how many. Default 8. */
  readonly probes?: number;
  /** flat, ivf: one-bit codes before exact distances. Default false (flat), true (ivf). */
  readonly prefilter?: boolean;
  /** qg: what of a vector stands beside its links. Default `fast`; the others are refused as yet. */
  readonly mode?: 'fast' | 'balanced' | 'compact';
  /** What becomes of a key that is there already. Default `error`. */
  readonly onDuplicate?: 'error' | 'replace';
  /** Of levels, rotations and samples: the same seed, rows and one thread give the same index. Default 1. */
  readonly seed?: number;
}

export interface Progress {
  /** What goes on: `build`, `refine`, `train`, `write`, `read`, `repair`, `search`. */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

export interface LongOptions {
  readonly signal?: AbortSignal | undefined;
  /** At least every 200 ms of work, and at the end of a phase. What it throws ends the work. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface ThreadOptions extends LongOptions {
  /** Default: as many as the machine has processors, up to 64. */
  readonly threads?: number;
}

/**
 * Which rows may be found: a bit for each key from 0 on (number keys; the lowest bit of a byte first, missing bytes are 0), a
 * set of ids, or a function. A function is called once for an id in a search, and must not use the index.
 */
export type Filter<K extends KeyType> =
  | { readonly bitmap: Uint8Array }
  | { readonly ids: Iterable<KeyOf[K]> }
  | ((id: KeyOf[K]) => boolean);

/** A bitmap or set that was made ready once, for many searches of one index; it sees the rows that were there then. */
export interface PreparedFilter<K extends KeyType> {
  readonly kind: 'prepared';
  readonly keyType: K;
  /** Rows that pass. */
  readonly size: number;
}

export interface SearchOptions<K extends KeyType> {
  /** hnsw, qg: candidates; at least k is used. */
  readonly efSearch?: number;
  /** ivf: lists to look into. */
  readonly probes?: number;
  /** Instead of these: the share of the true k nearest to aim at, .5 to 1; `calibrate()` must have been called. */
  readonly recall?: number;
  readonly filter?: Filter<K> | PreparedFilter<K>;
}

/** What a search did; these numbers do not depend on the machine. */
export interface SearchCounters {
  /** Nodes expanded, or lists looked into. */
  readonly hops: number;
  /** Exact distances. */
  readonly distances: number;
  /** Estimates from codes. */
  readonly estimates: number;
  /** Bytes of vectors, codes and links that were read. */
  readonly bytes: number;
}

export interface SearchResult<K extends KeyType> {
  /** Nearest first; min(k, rows that pass) of them. */
  readonly ids: KeysOf[K];
  readonly distances: Float32Array;
  readonly counters: SearchCounters;
}

export interface BatchResult<K extends KeyType> {
  /** Those of query q begin at offsets[q] and end before offsets[q + 1]. */
  readonly ids: KeysOf[K];
  readonly distances: Float32Array;
  readonly offsets: Uint32Array;
  readonly counters: SearchCounters;
}

export interface Neighbor<K extends KeyType> {
  readonly id: KeyOf[K];
  readonly distance: number;
}

export interface IndexStats {
  readonly kind: IndexKind;
  /** Rows that can be found. */
  readonly size: number;
  /** Places of removed rows that wait for repair or reuse. */
  readonly dead: number;
  readonly deadShare: number;
  /** Entry n: nodes with n links at layer 0; empty where there is no graph. */
  readonly degrees: Uint32Array;
  /** Nodes that no path of links leads to from the entry points. */
  readonly unreachable: number;
  /** Of memory (or of the mapped file). */
  readonly bytes: {
    readonly vectors: number;
    readonly links: number;
    readonly codes: number;
    readonly keys: number;
    readonly total: number;
  };
}

export interface CheckReport {
  readonly ok: boolean;
  /** Each broken invariant, at most a hundred. */
  readonly problems: readonly string[];
}

/** Names an index of this process; can be posted to worker threads. */
export interface IndexHandle {
  readonly ruvectorIndex: string;
}

/**
 * An index in memory or in a mapped file. Any number of searches go on beside one change; a call that would be a second change
 * at once is refused with `ERR_HNSW_BUSY` where it is synchronous, and waits its turn where it gives a promise.
 */
export interface VectorIndex<K extends KeyType = KeyType, T extends VectorType = VectorType>
  extends Disposable {
  readonly kind: IndexKind | 'auto';
  /** What `auto` chose, and why; undefined before there are rows and where the kind was given. */
  readonly choice: string | undefined;
  readonly dimensions: number;
  readonly metric: Metric;
  readonly type: T;
  readonly keyType: K;
  readonly size: number;
  readonly readOnly: boolean;

  add(key: KeyOf[K], vector: VectorsOf[T] | readonly number[]): void;
  /** Many at once, on threads of their own. Rows of an empty index are built in bulk. */
  addMany(
    keys: KeysOf[K] | readonly KeyOf[K][],
    vectors: VectorsOf[T],
    options?: ThreadOptions & { readonly onDuplicate?: 'error' | 'replace' },
  ): Promise<void>;
  /** Gives a key that is there another vector. */
  update(key: KeyOf[K], vector: VectorsOf[T] | readonly number[]): void;
  remove(key: KeyOf[K]): void;
  removeMany(
    keys: KeysOf[K] | readonly KeyOf[K][],
    options?: LongOptions & { readonly onMissing?: 'error' | 'ignore' },
  ): Promise<void>;
  has(key: KeyOf[K]): boolean;
  /** A copy of the vector; undefined where there is no such key. */
  get(key: KeyOf[K]): VectorsOf[T] | undefined;
  keys(): IterableIterator<KeyOf[K]>;

  search(query: VectorsOf[T] | readonly number[], k: number, options?: SearchOptions<K>): SearchResult<K>;
  searchMany(queries: VectorsOf[T], k: number, options?: SearchOptions<K>): BatchResult<K>;
  /** The same off the event loop. A filter that is a function is asked for all keys first. */
  searchManyAsync(
    queries: VectorsOf[T],
    k: number,
    options?: SearchOptions<K> & ThreadOptions,
  ): Promise<BatchResult<K>>;
  /** All that is found at distances up to `radius`, nearest first; `limit` most (default 10,000). */
  range(
    query: VectorsOf[T] | readonly number[],
    radius: number,
    options?: SearchOptions<K> & { readonly limit?: number },
  ): SearchResult<K>;
  /** One after the other, about nearest first, as many as are wanted; all rows in the end. */
  iterate(query: VectorsOf[T] | readonly number[], options?: SearchOptions<K>): IterableIterator<Neighbor<K>>;
  prepareFilter(filter: Exclude<Filter<K>, (id: KeyOf[K]) => boolean>): PreparedFilter<K>;
  /** Measures recall against effort on `samples` rows of the index, for searches with `recall`. */
  calibrate(options?: ThreadOptions & { readonly samples?: number; readonly k?: number }): Promise<void>;

  /** Leads links around removed rows, and frees their places. Begins by itself where a fifth is dead. */
  repair(options?: ThreadOptions): Promise<void>;
  /** Moves rows together, so that memory is as small as in a new index. */
  compact(options?: ThreadOptions): Promise<void>;
  /** Writes a file beside `path` and renames it; an error leaves what was there. */
  save(path: string, options?: LongOptions): Promise<void>;
  stats(): IndexStats;
  /** Looks at every node. */
  check(options?: LongOptions): Promise<CheckReport>;
  /** For `attachIndex` in a worker thread. */
  share(): IndexHandle;
  close(): void;
}
