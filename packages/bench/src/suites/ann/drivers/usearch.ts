/** usearch, float32, L2. How many candidates a search has is set when an index is made, so another effort loads the file again. */
import { createRequire } from 'node:module';
import { type Engine, type Ids, matrixOf, type Settings, type Source } from './engine.js';

interface Matches {
  readonly keys: BigUint64Array;
}

interface Graph {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
  search(vectors: Float32Array, k: number, threads: number): Matches;
  save(file: string): void;
  load(file: string): void;
  view(file: string): void;
}

interface Library {
  readonly Index: new (config: {
    dimensions: number;
    metric: 'l2sq';
    quantization: 'f32';
    connectivity: number;
    expansion_add: number;
    expansion_search: number;
    multi: boolean;
  }) => Graph;
}

class Usearch implements Engine {
  readonly blockRows = 10_000;
  readonly resumable = true;
  readonly #library: Library;
  #graph: Graph | undefined;
  #loaded: (() => void) | undefined;
  #make: ((effort: number) => Graph) | undefined;
  #threads = 1;
  #dimensions = 0;
  #queries: readonly Float32Array[] = [];
  #batch: Float32Array = new Float32Array(0);

  constructor(library: Library) {
    this.#library = library;
  }

  #index(): Graph {
    if (this.#graph === undefined) throw new Error('there is no index yet');
    return this.#graph;
  }

  #configure(dimensions: number, { m = 16, efConstruction = 128 }: Settings): void {
    this.#dimensions = dimensions;
    this.#make = (effort) =>
      new this.#library.Index({
        dimensions,
        metric: 'l2sq',
        quantization: 'f32',
        connectivity: m,
        expansion_add: efConstruction,
        expansion_search: effort,
        multi: false,
      });
    this.#graph = this.#make(64);
  }

  begin({ dimensions }: Source, settings: Settings, threads: number): void {
    this.#threads = threads;
    this.#configure(dimensions, settings);
  }

  add(first: number, rows: Float32Array): void {
    const keys = BigUint64Array.from({ length: rows.length / this.#dimensions }, (_, i) => BigInt(first + i));
    this.#index().add(keys, rows, this.#threads);
  }

  save(file: string): void {
    this.#index().save(file);
  }

  resume(file: string): void {
    this.#index().load(file);
  }

  load(file: string, { dimensions }: Source, settings: Settings, how: 'load' | 'view'): void {
    this.#configure(dimensions, settings);
    this.#loaded = () => this.#index()[how](file);
    this.#loaded();
  }

  prepare(queries: readonly Float32Array[]): void {
    this.#queries = queries;
  }

  setEffort(effort: number): void {
    if (this.#make === undefined) throw new Error('there is no index yet');
    this.#graph = undefined;
    this.#graph = this.#make(effort);
    this.#loaded?.();
  }

  search(query: number, k: number): Ids {
    return this.#index().search(this.#queries[query] as Float32Array, k, 1).keys;
  }

  gather(queries: readonly number[]): void {
    this.#batch = matrixOf(this.#queries, queries);
  }

  searchMany(_queries: readonly number[], k: number, threads: number): void {
    this.#index().search(this.#batch, k, threads);
  }
}

export function createEngine(): Engine {
  return new Usearch(createRequire(import.meta.url)('usearch') as Library);
}
