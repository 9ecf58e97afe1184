import type { IndexOptions, KeyType, Metric, VectorIndex, VectorType } from '../types.js';

/** Of a test runner: those of vitest and of node:test fit. */
export interface Runner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => void | Promise<void>): unknown;
}

/** What an implementer's indexes have. */
export interface Supports {
  readonly types: readonly VectorType[];
  /** Of vectors of numbers and of bits; those that a type has not are left out. */
  readonly metrics: readonly Metric[];
  readonly keyTypes: readonly KeyType[];
  /** Whether searches give the nearest rows always, as `flat` does. */
  readonly exact: boolean;
  /** Least mean recall@10 of a search without options, on rows in clusters (1,500 of 16 dimensions). */
  readonly recall: number;
  /** The same with a filter that half of the rows pass. */
  readonly filteredRecall: number;
  /** Whether `stats().degrees` has the nodes of a graph. */
  readonly graph: boolean;
  /** Whether `share()` gives a handle; else it throws `ERR_HNSW_UNSUPPORTED`. */
  readonly share: boolean;
}

/** How files become indexes again. */
export interface Files {
  readonly load: (path: string) => Promise<VectorIndex>;
  /** Where an implementer maps files. */
  readonly view?: (path: string) => Promise<VectorIndex>;
  /** A folder that is new and empty. */
  folder(): string;
}

/** Who is to be held to the contract. */
export interface Subject {
  readonly name: string;
  /** Makes an index of the kind in question; checks options as `createIndex` does. */
  create<K extends KeyType = 'number', T extends VectorType = 'float32'>(
    options: IndexOptions<K, T>,
  ): VectorIndex<K, T>;
  readonly supports: Supports;
  /** Left out where there are none. */
  readonly files?: Files;
}

/** A type with a metric. */
export interface Pairing {
  readonly type: VectorType;
  readonly metric: Metric;
}

/** Every type with every metric that it has, among what is supported. */
export function pairings({ types, metrics }: Supports): Pairing[] {
  return types.flatMap((type) =>
    metrics
      .filter((metric) => (metric === 'hamming' || metric === 'jaccard') === (type === 'binary'))
      .map((metric) => ({ type, metric })),
  );
}
