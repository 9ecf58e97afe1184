/**
 * The table that inserts go to. It begins with the first rows of a data set and an index on them; what follows is at
 * hand in a table of its own, so that an insert is one statement of the server, without protocol or parsing. Every
 * sample takes the rows that the last one left, the same for each side.
 */
import { BenchError } from '../../errors.js';
import type { CaseContext } from '../../suite.js';
import type { IndexOptions } from './building.js';
import { type Dataset, vectorAt } from './dataset.js';
import { RECALL_FLOOR } from './search.js';
import { measureRecall, type Target } from './searching.js';
import { AMPLE_BUFFERS, createTable, type HnswContender, type HnswSession } from './session.js';
import { kthDistances, type Truth } from './truth.js';

/** How large it is. */
export interface GrowthOptions {
  readonly dataset: Dataset;
  readonly index: IndexOptions;
  /** Rows that the index is built on. */
  readonly base: number;
  /** Rows that are there to be inserted, at most what the data set has. */
  readonly spare: number;
  /** Queries that look at the recall, at most what the data set has. */
  readonly queries: number;
}

/** ef_search of every search of it. */
export const EF_SEARCH = 100;

export const GROWN = 'grown';
/** Rows to insert. */
export const SOURCE = 'grown_source';
/** As `grown`, without an index: what an insert costs beside it. */
export const BARE = 'grown_bare';
const QUERIES = 'grown_queries';

/** The tables in all servers. */
export class Grown {
  readonly target: Target;
  readonly queries: Float32Array;
  readonly #options: GrowthOptions;
  readonly #rows: Float32Array;
  /** By contender: the rows that it has. */
  readonly #sizes = new Map<string, number>();
  /** The truth at a size; sides pass through the same ones. */
  #truth: { readonly rows: number; readonly truth: Truth } | undefined;

  private constructor(options: GrowthOptions, rows: Float32Array, queries: Float32Array) {
    const { dataset, base } = options;
    this.#options = options;
    this.#rows = rows;
    this.queries = queries;
    this.target = {
      table: { name: GROWN, index: `${GROWN}_hnsw`, dataset, rows: base },
      queries: QUERIES,
    };
  }

  /**
   * The tables as the last case left them, or new ones: where there are none, where too few rows are left, and where a
   * failure left the sides with different ones.
   *
   * @param inserts rows that the case will insert
   */
  static async open(
    session: HnswSession,
    options: GrowthOptions,
    inserts: number,
    context: CaseContext,
  ): Promise<Grown> {
    await session.setBuffers(AMPLE_BUFFERS, context);
    const last = session.grown;
    if (last?.fits(session, options, inserts)) return last;
    session.grown = undefined;
    const { dataset, base, spare } = options;
    const { dimensions } = dataset;
    const { vectors } = await session.load(dataset, context);
    const rows = vectors.rows.subarray(0, (base + spare) * dimensions);
    const queries = vectors.queries.subarray(0, options.queries * dimensions);
    const grown = new Grown(options, rows, queries);
    const available = rows.length / dimensions - base;
    if (available < inserts)
      throw new RangeError(`${inserts} rows to insert, ${available} of ${dataset.name} are left`);
    for (const contender of session.contenders) {
      context.step(`${contender.name} fills a table of ${base} rows for inserts`);
      contender.indexes.delete(GROWN);
      await createTable(contender, GROWN, rows.subarray(0, base * dimensions), dimensions);
      await createTable(contender, SOURCE, rows.subarray(base * dimensions), dimensions, base);
      await contender.client.query(`ALTER TABLE ${SOURCE} ADD PRIMARY KEY (id)`);
      await createTable(contender, BARE, new Float32Array(0), dimensions);
      await createTable(contender, QUERIES, queries, dimensions);
      grown.#sizes.set(contender.name, base);
    }
    await session.ensureIndex(grown.target.table, options.index, context);
    session.grown = grown;
    return grown;
  }

  /** Whether a case can go on with these tables. */
  fits(session: HnswSession, options: GrowthOptions, inserts: number): boolean {
    const sizes = session.contenders.map(({ name }) => this.#sizes.get(name) ?? Number.NaN);
    const [size = Number.NaN] = sizes;
    return (
      options === this.#options &&
      sizes.every((each) => each === size) &&
      this.#rows.length / options.dataset.dimensions - size >= inserts
    );
  }

  /** Lets one side insert the next rows; `work` gets the first id. */
  async insert<T>({ name }: HnswContender, rows: number, work: (first: number) => Promise<T>): Promise<T> {
    const first = this.#sizes.get(name) ?? Number.NaN;
    // When the work fails, nobody knows what is there.
    this.#sizes.delete(name);
    const result = await work(first);
    this.#sizes.set(name, first + rows);
    return result;
  }

  /**
   * Recall of the table as it is now.
   *
   * @throws BenchError `BENCH_DISAGREEMENT` when rows are missing, or the recall is not that of a sound graph
   */
  async recall(contender: HnswContender, signal: AbortSignal): Promise<number> {
    const size = this.#sizes.get(contender.name) ?? Number.NaN;
    const { dimensions, distance } = this.#options.dataset;
    const { count } = await contender.row<{ count: string }>(`SELECT count(*) FROM ${GROWN}`);
    if (Number(count) !== size)
      throw new BenchError('BENCH_DISAGREEMENT', `${contender.name} has ${count} rows instead of ${size}`);
    if (this.#truth?.rows !== size) {
      const rows = this.#rows.subarray(0, size * dimensions);
      const kth = await kthDistances(rows, this.queries, dimensions, distance, signal);
      this.#truth = { rows: size, truth: { distance, dimensions, rows, queries: this.queries, kth } };
    }
    const recall = await measureRecall(contender, this.target, this.#truth.truth, EF_SEARCH);
    if (!(recall >= RECALL_FLOOR))
      throw new BenchError('BENCH_DISAGREEMENT', `${contender.name} has recall ${recall} after inserts`);
    return recall;
  }

  /** The vector of a query. */
  query(number: number): Float32Array {
    return vectorAt(this.queries, this.#options.dataset.dimensions, number);
  }
}
