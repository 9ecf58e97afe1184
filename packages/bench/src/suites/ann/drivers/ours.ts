/** `@ruvector/hnsw` through its public door: the one place that knows how its functions are called. */
import type * as Hnsw from '@ruvector/hnsw';
import type { IndexKind, SearchCounters, SearchOptions, VectorIndex } from '@ruvector/hnsw';
import { type Counters, type Engine, type Ids, matrixOf, type Settings, type Source } from './engine.js';

type Index = VectorIndex<'number', 'float32'>;

type Door = typeof Hnsw;

/** `qg`, `qg balanced`, `ivf` ...: a kind, and the mode of a qg. */
interface Kind {
  readonly kind: IndexKind;
  readonly mode: 'fast' | 'balanced' | 'compact';
}

export function parseKind(text: string): Kind {
  const [kind = '', mode = 'fast'] = text.split(' ');
  if (kind !== 'hnsw' && kind !== 'qg' && kind !== 'ivf' && kind !== 'flat')
    throw new Error(`no kind of index is called ${kind}`);
  if (mode !== 'fast' && mode !== 'balanced' && mode !== 'compact')
    throw new Error(`no mode of an index is called ${mode}`);
  return { kind, mode };
}

class Ours implements Engine {
  /** Rows of an empty index are built in bulk, so it gets all at once. */
  readonly blockRows = Number.POSITIVE_INFINITY;
  readonly resumable = false;
  readonly #door: Door;
  readonly #kind: Kind;
  #index: Index | undefined;
  #threads = 1;
  #dimensions = 0;
  #options: SearchOptions<'number'> = {};
  #queries: readonly Float32Array[] = [];
  #batch: Float32Array = new Float32Array(0);

  constructor(door: Door, kind: Kind) {
    this.#door = door;
    this.#kind = kind;
  }

  #opened(): Index {
    if (this.#index === undefined) throw new Error('there is no index yet');
    return this.#index;
  }

  begin({ dimensions }: Source, settings: Settings, threads: number): void {
    const { kind, mode } = this.#kind;
    const { m, degree, efConstruction, lists } = settings;
    this.#dimensions = dimensions;
    this.#threads = threads;
    this.#index = this.#door.createIndex({
      kind,
      dimensions,
      metric: 'l2',
      type: 'float32',
      keyType: 'number',
      ...(kind === 'qg' ? { mode } : {}),
      ...(m === undefined ? {} : { m }),
      ...(degree === undefined ? {} : { degree }),
      ...(efConstruction === undefined ? {} : { efConstruction }),
      ...(lists === undefined ? {} : { lists }),
    });
  }

  async add(first: number, rows: Float32Array): Promise<void> {
    const keys = Float64Array.from({ length: rows.length / this.#dimensions }, (_, i) => first + i);
    await this.#opened().addMany(keys, rows, { threads: this.#threads });
  }

  async save(file: string): Promise<void> {
    await this.#opened().save(file);
  }

  async load(file: string, _source: Source, _settings: Settings, how: 'load' | 'view'): Promise<void> {
    const open = how === 'view' ? this.#door.viewIndex : this.#door.loadIndex;
    this.#index?.close();
    const index: VectorIndex = await open(file);
    if (index.keyType !== 'number' || index.type !== 'float32')
      throw new Error(`${file} has keys ${index.keyType} and vectors ${index.type}`);
    this.#index = index as Index;
  }

  prepare(queries: readonly Float32Array[]): void {
    this.#queries = queries;
  }

  setEffort(effort: number): void {
    this.#options = this.#kind.kind === 'ivf' ? { probes: effort } : { efSearch: effort };
  }

  search(query: number, k: number): Ids {
    return this.#opened().search(this.#queries[query] as Float32Array, k, this.#options).ids;
  }

  gather(queries: readonly number[]): void {
    this.#batch = matrixOf(this.#queries, queries);
  }

  async searchMany(_queries: readonly number[], k: number, threads: number): Promise<void> {
    await this.#opened().searchManyAsync(this.#batch, k, { ...this.#options, threads });
  }

  counters(k: number): Counters {
    const sums = { hops: 0, distances: 0, estimates: 0, bytes: 0 };
    const names = ['hops', 'distances', 'estimates', 'bytes'] as const;
    for (const query of this.#queries) {
      const counters: SearchCounters = this.#opened().search(query, k, this.#options).counters;
      for (const name of names) sums[name] += counters[name] / this.#queries.length;
    }
    return sums;
  }
}

/** @param kind as {@link parseKind} reads it */
export async function createEngine(kind: string): Promise<Engine> {
  return new Ours(await import('@ruvector/hnsw'), parseKind(kind));
}
