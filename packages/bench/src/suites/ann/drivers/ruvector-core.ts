/**
 * `@ruvector/core` of npm, which others publish. It stores rows in a file and makes its graph of them again whenever that is
 * opened; how many candidates a search has is set then, so another effort builds the graph again.
 */
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Engine, type Ids, inFlight, type Settings, type Source } from './engine.js';

interface Database {
  insertBatch(entries: readonly { id: string; vector: Float32Array }[]): Promise<readonly string[]>;
  search(query: { vector: Float32Array; k: number }): Promise<readonly { readonly id: string }[]>;
  len(): Promise<number>;
}

interface Library {
  readonly VectorDb: new (options: {
    dimensions: number;
    storagePath: string;
    distanceMetric: 'Euclidean';
    hnswConfig: { m: number; efConstruction: number; efSearch: number; maxElements: number };
  }) => Database;
}

class RuvectorCore implements Engine {
  readonly blockRows = 2000;
  readonly resumable = false;
  readonly #library: Library;
  #open: ((effort: number) => Database) | undefined;
  #database: Database | undefined;
  #effort: number | undefined;
  #dimensions = 0;
  #queries: readonly Float32Array[] = [];

  constructor(library: Library) {
    this.#library = library;
  }

  #opened(): Database {
    if (this.#database === undefined) throw new Error('there is no index yet');
    return this.#database;
  }

  #configure(file: string, { dimensions, count }: Source, { m = 16, efConstruction = 200 }: Settings): void {
    this.#dimensions = dimensions;
    this.#open = (effort) =>
      new this.#library.VectorDb({
        dimensions,
        storagePath: file,
        distanceMetric: 'Euclidean',
        hnswConfig: { m, efConstruction, efSearch: effort, maxElements: count },
      });
  }

  begin(source: Source, settings: Settings, _threads: number, file: string): void {
    rmSync(file, { force: true });
    this.#configure(file, source, settings);
    this.#database = this.#open?.(100);
  }

  async add(first: number, rows: Float32Array): Promise<void> {
    const entries = Array.from({ length: rows.length / this.#dimensions }, (_, i) => ({
      id: String(first + i),
      vector: rows.subarray(i * this.#dimensions, (i + 1) * this.#dimensions),
    }));
    await this.#opened().insertBatch(entries);
  }

  /** It has been written. */
  save(file: string): void {
    if (!existsSync(file)) throw new Error(`it wrote no ${file}`);
  }

  async load(file: string, source: Source, settings: Settings): Promise<void> {
    this.#configure(file, source, settings);
    this.#effort = undefined;
    await this.setEffort(100);
  }

  prepare(queries: readonly Float32Array[]): void {
    this.#queries = queries;
  }

  async setEffort(effort: number): Promise<void> {
    if (this.#open === undefined) throw new Error('there is no index yet');
    if (effort === this.#effort) return;
    this.#database = undefined;
    this.#database = this.#open(effort);
    this.#effort = effort;
    await this.#database.len();
  }

  async search(query: number, k: number): Promise<Ids> {
    const found = await this.#opened().search({ vector: this.#queries[query] as Float32Array, k });
    return found.map(({ id }) => id);
  }

  async searchMany(queries: readonly number[], k: number, threads: number): Promise<void> {
    await inFlight(queries, threads, (query) => this.search(query, k));
  }
}

export function createEngine(): Engine {
  return new RuvectorCore(createRequire(import.meta.url)('@ruvector/core') as Library);
}
