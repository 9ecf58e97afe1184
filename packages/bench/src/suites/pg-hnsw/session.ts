/**
 * The servers of a run, one for each build, with the tables and indexes that the cases share. An index is built when a
 * case first needs it, or stays from the case that measured its build. The clusters lie in directories of their own, so
 * that the servers can be started again with other shared buffers.
 */
import type pg from 'pg';
import { throwIfAborted } from '../../errors.js';
import type { CaseContext } from '../../suite.js';
import { Contender, connect, type Running, type ServerOptions, startServer } from '../pg/contender.js';
import { encodeVectors } from '../pg/copy-format.js';
import type { Stage } from '../pg/stages.js';
import { buildIndex, type IndexOptions, indexKey } from './building.js';
import type { Dataset, Vectors } from './dataset.js';
import { newDirectory, removeDirectory, sweepDirectories } from './directory.js';
import type { Grown } from './growing.js';
import { K, kthDistances, type Truth } from './truth.js';

/**
 * As a user's server, but quiet: no vacuum, checkpoint or background writer in between, one plan for all parameters.
 * Nothing waits for a disk. WAL is written as by default, which counts in builds and inserts. Without sequential scans
 * the plan is the index's at any ef_search; every case looks at the plan.
 */
const SETTINGS = {
  work_mem: '64MB',
  max_parallel_workers_per_gather: 0,
  enable_seqscan: false,
  jit: false,
  plan_cache_mode: 'force_generic_plan',
  autovacuum: false,
  fsync: false,
  synchronous_commit: false,
  full_page_writes: false,
  wal_level: 'replica',
  max_wal_senders: 0,
  max_wal_size: '16GB',
  checkpoint_timeout: '1d',
  bgwriter_lru_maxpages: 0,
} as const;

/** Everything resident. */
export const AMPLE_BUFFERS = '2GB';

/** An index that stands. */
export interface StandingIndex {
  readonly key: string;
  readonly bytes: number;
  /** ef_search -> recall, as far as it was looked at. */
  readonly recalls: Map<number, number>;
}

/** One build in its own server, which can be started again. */
export class HnswContender extends Contender {
  /** By table. */
  readonly indexes = new Map<string, StandingIndex>();
  readonly #stage: Stage;
  readonly #options: ServerOptions & { readonly dataDir: string };

  private constructor(stage: Stage, options: ServerOptions & { readonly dataDir: string }, running: Running) {
    super(stage.subject.name, running);
    this.#stage = stage;
    this.#options = options;
  }

  static async start(
    stage: Stage,
    processor: number | undefined,
    signal: AbortSignal,
  ): Promise<HnswContender> {
    const settings = { ...SETTINGS, shared_buffers: AMPLE_BUFFERS };
    const options = { settings, processor, dataDir: newDirectory(stage.subject.name), signal };
    try {
      return new HnswContender(stage, options, await startServer(stage, options));
    } catch (error) {
      await removeDirectory(options.dataDir);
      throw error;
    }
  }

  /** Hash of the build's files. */
  get fingerprint(): string {
    return this.#stage.subject.fingerprint;
  }

  /** Another connection, bound to no processor. */
  connect(): Promise<pg.Client> {
    return connect(this.server);
  }

  /** Starts the server again, with these shared buffers. */
  async restart(buffers: string): Promise<void> {
    await super[Symbol.asyncDispose]();
    const settings = { ...SETTINGS, shared_buffers: buffers };
    this.running = await startServer(this.#stage, { ...this.#options, settings });
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await removeDirectory(this.#options.dataDir);
  }
}

/** A table with an index. */
export interface Table {
  readonly name: string;
  readonly index: string;
  readonly dataset: Dataset;
  readonly rows: number;
}

/** A data set in all servers. */
export interface Loaded {
  readonly dataset: Dataset;
  readonly vectors: Vectors;
  readonly items: Table;
  /** Name of the table of queries. */
  readonly queries: string;
}

/** All servers of a run, ours first. */
export class HnswSession implements AsyncDisposable {
  readonly contenders: readonly HnswContender[];
  /** The table that inserts go to, see `growing.ts`; undefined when it is to be made anew. */
  grown: Grown | undefined;
  readonly #signal: AbortSignal;
  readonly #loaded = new Map<string, Promise<Loaded>>();
  #buffers = AMPLE_BUFFERS;
  #disposed: Promise<void> | undefined;

  private constructor(contenders: readonly HnswContender[], signal: AbortSignal) {
    this.contenders = contenders;
    this.#signal = signal;
    // A build takes minutes: an interruption ends it by ending its server.
    signal.addEventListener('abort', () => void this[Symbol.asyncDispose]().catch(() => {}), { once: true });
  }

  /** @param processor where all backends run; undefined leaves it to the system */
  static async open(
    stages: readonly Stage[],
    processor: number | undefined,
    signal: AbortSignal,
  ): Promise<HnswSession> {
    await sweepDirectories();
    const contenders: HnswContender[] = [];
    try {
      for (const stage of stages) contenders.push(await HnswContender.start(stage, processor, signal));
    } catch (error) {
      for (const contender of contenders) await contender[Symbol.asyncDispose]();
      throw error;
    }
    return new HnswSession(contenders, signal);
  }

  /** Fills the tables of a data set, where they are not there yet. */
  load(dataset: Dataset, { step }: CaseContext): Promise<Loaded> {
    const known = this.#loaded.get(dataset.id);
    if (known) return known;
    const load = async (): Promise<Loaded> => {
      step(`loading ${dataset.name}`);
      const vectors = await dataset.load();
      const { id, dimensions, rows } = dataset;
      const items = { name: `items_${id}`, index: `items_${id}_hnsw`, dataset, rows };
      const queries = `queries_${id}`;
      for (const contender of this.contenders) {
        contender.indexes.delete(items.name);
        await createTable(contender, items.name, vectors.rows.subarray(0, rows * dimensions), dimensions);
        await createTable(contender, queries, vectors.queries, dimensions);
        await contender.client.query(`ALTER TABLE ${queries} ADD PRIMARY KEY (id)`);
        throwIfAborted(this.#signal);
      }
      return { dataset, vectors, items, queries };
    };
    const loading = load();
    this.#loaded.set(dataset.id, loading);
    loading.catch(() => this.#loaded.delete(dataset.id));
    return loading;
  }

  /** The exact answers for the table `items`. */
  async truth({ dataset, vectors }: Loaded, context: CaseContext): Promise<Truth> {
    const { dimensions, distance, identity, rows, queries } = dataset;
    const searched = vectors.rows.subarray(0, rows * dimensions);
    const kth = await context.remember(
      { step: 'kth distances', version: 1, dataset: identity, rows, queries, k: K },
      async () => {
        context.step(`exact neighbours of ${dataset.name}`);
        return [...(await kthDistances(searched, vectors.queries, dimensions, distance, context.signal))];
      },
    );
    return { distance, dimensions, rows: searched, queries: vectors.queries, kth };
  }

  /** Every server has exactly this index on the table afterwards. */
  async ensureIndex(table: Table, options: IndexOptions, context: CaseContext): Promise<void> {
    for (const contender of this.contenders) {
      if (contender.indexes.get(table.name)?.key === indexKey(options)) continue;
      await this.setBuffers(AMPLE_BUFFERS, context);
      await buildIndex(contender, table, options, context);
    }
  }

  /** Starts the servers again where they have other shared buffers. */
  async setBuffers(buffers: string, { step }: CaseContext): Promise<void> {
    if (this.#buffers === buffers) return;
    step(`starting the servers with shared_buffers = ${buffers}`);
    // When a start fails, the next case tries again.
    this.#buffers = '';
    for (const contender of this.contenders) await contender.restart(buffers);
    this.#buffers = buffers;
  }

  [Symbol.asyncDispose](): Promise<void> {
    const dispose = async (): Promise<void> => {
      for (const contender of this.contenders) await contender[Symbol.asyncDispose]();
    };
    this.#disposed ??= dispose();
    return this.#disposed;
  }
}

/** A frozen, analysed table `(id integer, v vector)`. */
export async function createTable(
  contender: Contender,
  name: string,
  values: Float32Array,
  dimensions: number,
  firstId = 0,
): Promise<void> {
  // What a failed case left.
  await contender.client.query(`DROP TABLE IF EXISTS ${name}`);
  await contender.client.query(`CREATE TABLE ${name} (id integer, v vector(${dimensions}))`);
  await contender.copyIn(name, encodeVectors(values, dimensions, firstId));
  // No scan has to look a transaction up or set a hint bit.
  await contender.client.query(`VACUUM (FREEZE, ANALYZE) ${name}`);
}
