/**
 * LanceDB: a table on disk with a graph over scalar codes (HNSW-SQ) in one partition, exact distances for the candidates.
 * Its searches are asynchronous and read from a file that is in the system's page cache.
 */
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Engine, type Ids, inFlight, type Settings, type Source } from './engine.js';

interface Column {
  toArray(): Int32Array;
}

interface Query {
  nearestTo(vector: Float32Array): Query;
  column(name: string): Query;
  ef(ef: number): Query;
  nprobes(probes: number): Query;
  refineFactor(factor: number): Query;
  select(columns: readonly string[]): Query;
  limit(k: number): Query;
  toArrow(): Promise<{ getChild(name: string): Column | null }>;
}

interface Table {
  add(rows: unknown): Promise<unknown>;
  createIndex(column: string, options: object): Promise<void>;
  prewarmIndex(name: string): Promise<void>;
  query(): Query;
}

interface Database {
  createTable(name: string, rows: unknown, options: { mode: 'overwrite' }): Promise<Table>;
  openTable(name: string): Promise<Table>;
}

interface Library {
  connect(directory: string): Promise<Database>;
  readonly Index: { hnswSq(options: object): object };
}

/** What of Apache Arrow makes a table without a copy. */
interface Arrow {
  readonly FixedSizeList: new (length: number, field: object) => object;
  readonly Field: new (name: string, type: object, nullable: boolean) => object;
  readonly Float32: new () => object;
  readonly Int32: new () => object;
  readonly Struct: new (fields: readonly object[]) => object;
  readonly Schema: new (fields: readonly object[]) => { readonly fields: readonly object[] };
  readonly RecordBatch: new (schema: object, data: object) => object;
  readonly Table: new (schema: object, batch: object) => object;
  makeData(options: object): object;
}

const TABLE = 'rows';
/** The library's name for the index of column `vector`. */
const INDEX = 'vector_idx';
const DAY_SECONDS = 86_400;
/** Exact distances of twice as many as are wanted: of these alone, its codes cost recall that no `ef` brings back. */
const REFINE = 2;

class LanceDb implements Engine {
  readonly blockRows = 50_000;
  readonly resumable = false;
  readonly #library: Library;
  readonly #arrow: Arrow;
  #database: Database | undefined;
  #table: Table | undefined;
  #settings: Settings = {};
  #dimensions = 0;
  #effort = 64;
  #queries: readonly Float32Array[] = [];

  constructor(library: Library, arrow: Arrow) {
    this.#library = library;
    this.#arrow = arrow;
  }

  #opened(): Table {
    if (this.#table === undefined) throw new Error('there is no table yet');
    return this.#table;
  }

  #rows(first: number, values: Float32Array): object {
    const { FixedSizeList, Field, Float32, Int32, Struct, Schema, RecordBatch, Table, makeData } =
      this.#arrow;
    const length = values.length / this.#dimensions;
    const type = new FixedSizeList(this.#dimensions, new Field('item', new Float32(), true));
    const schema = new Schema([new Field('id', new Int32(), false), new Field('vector', type, false)]);
    const ids = makeData({ type: new Int32(), data: Int32Array.from({ length }, (_, i) => first + i) });
    const items = makeData({ type: new Float32(), length: values.length, data: values });
    const vectors = makeData({ type, length, nullCount: 0, child: items });
    const data = makeData({
      type: new Struct(schema.fields),
      length,
      nullCount: 0,
      children: [ids, vectors],
    });
    return new Table(schema, new RecordBatch(schema, data));
  }

  async begin({ dimensions }: Source, settings: Settings, _threads: number, file: string): Promise<void> {
    this.#dimensions = dimensions;
    this.#settings = settings;
    mkdirSync(file, { recursive: true });
    this.#database = await this.#library.connect(file);
    this.#table = undefined;
  }

  async add(first: number, rows: Float32Array): Promise<void> {
    const table = this.#rows(first, rows);
    if (this.#table === undefined)
      this.#table = await this.#database?.createTable(TABLE, table, { mode: 'overwrite' });
    else await this.#table.add(table);
  }

  async finish(): Promise<void> {
    const { m = 20, efConstruction = 300 } = this.#settings;
    await this.#opened().createIndex('vector', {
      config: this.#library.Index.hnswSq({ distanceType: 'l2', numPartitions: 1, m, efConstruction }),
      replace: true,
      name: INDEX,
      waitTimeoutSeconds: DAY_SECONDS,
    });
  }

  /** It has been written. */
  save(): void {
    this.#opened();
  }

  async load(file: string): Promise<void> {
    this.#database = await this.#library.connect(file);
    this.#table = await this.#database.openTable(TABLE);
    await this.#table.prewarmIndex(INDEX);
  }

  prepare(queries: readonly Float32Array[]): void {
    this.#queries = queries;
  }

  setEffort(effort: number): void {
    this.#effort = effort;
  }

  async search(query: number, k: number): Promise<Ids> {
    const found = await this.#opened()
      .query()
      .nearestTo(this.#queries[query] as Float32Array)
      .column('vector')
      .nprobes(1)
      // Fewer than it refines it refuses.
      .ef(Math.max(this.#effort, REFINE * k))
      .refineFactor(REFINE)
      .select(['id', '_distance'])
      .limit(k)
      .toArrow();
    return found.getChild('id')?.toArray() ?? [];
  }

  async searchMany(queries: readonly number[], k: number, threads: number): Promise<void> {
    await inFlight(queries, threads, (query) => this.search(query, k));
  }
}

/** @param directory whose node_modules has the library */
export function createEngine(directory: string): Engine {
  const require = createRequire(join(directory, 'package.json'));
  return new LanceDb(require('@lancedb/lancedb') as Library, require('apache-arrow') as Arrow);
}
