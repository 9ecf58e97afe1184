/** hnswlib-node: hnswlib as an addon. It takes arrays of numbers, adds row by row, and works on the calling thread. */
import { createRequire } from 'node:module';
import type { Engine, Ids, Settings, Source } from './engine.js';

interface Graph {
  initIndex(maxElements: number, m: number, efConstruction: number, randomSeed: number): void;
  addPoint(point: number[], label: number): void;
  searchKnn(query: number[], k: number): { readonly neighbors: number[] };
  setEf(ef: number): void;
  writeIndexSync(file: string): void;
  readIndexSync(file: string): void;
}

interface Library {
  readonly HierarchicalNSW: new (space: 'l2', dimensions: number) => Graph;
}

class HnswlibNode implements Engine {
  readonly blockRows = 5000;
  readonly resumable = true;
  readonly #library: Library;
  #graph: Graph | undefined;
  #dimensions = 0;
  #queries: readonly number[][] = [];

  constructor(library: Library) {
    this.#library = library;
  }

  #loaded(): Graph {
    if (this.#graph === undefined) throw new Error('there is no index yet');
    return this.#graph;
  }

  begin({ count, dimensions }: Source, { m = 16, efConstruction = 200 }: Settings): void {
    this.#dimensions = dimensions;
    this.#graph = new this.#library.HierarchicalNSW('l2', dimensions);
    this.#graph.initIndex(count, m, efConstruction, 100);
  }

  add(first: number, rows: Float32Array): void {
    const graph = this.#loaded();
    for (let at = 0, id = first; at < rows.length; at += this.#dimensions, id++)
      graph.addPoint(Array.from(rows.subarray(at, at + this.#dimensions)), id);
  }

  save(file: string): void {
    this.#loaded().writeIndexSync(file);
  }

  resume(file: string): void {
    this.#loaded().readIndexSync(file);
  }

  load(file: string, { dimensions }: Source): void {
    this.#graph = new this.#library.HierarchicalNSW('l2', dimensions);
    this.#graph.readIndexSync(file);
  }

  prepare(queries: readonly Float32Array[]): void {
    this.#queries = queries.map((query) => Array.from(query));
  }

  setEffort(effort: number): void {
    this.#loaded().setEf(effort);
  }

  search(query: number, k: number): Ids {
    return this.#loaded().searchKnn(this.#queries[query] as number[], k).neighbors;
  }
}

export function createEngine(): Engine {
  return new HnswlibNode(createRequire(import.meta.url)('hnswlib-node') as Library);
}
