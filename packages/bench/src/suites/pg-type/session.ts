/**
 * The servers of a run, one for each build, and the tables that the cases read. Both servers have the same settings
 * and the same rows; one works while the other is idle.
 *
 * Where a table's pages lie in shared buffers matters: a scan of rows at rising addresses can take half as long as one
 * of the same rows at falling addresses, or twice, by what prefetches. A new server hands its buffers out in rising
 * order, and so does the clock hand of an old one; a dropped table leaves its buffers on a free list in falling order.
 * So no table is dropped or truncated before the scans are done: a table that is not wanted now is renamed.
 */
import { throwIfAborted } from '../../errors.js';
import { Contender, startServer } from '../pg/contender.js';
import type { Stage } from '../pg/stages.js';

/** What makes a scan repeatable: one process, no compiler, no write-back, one plan for all parameters. */
const SETTINGS = {
  shared_buffers: '1GB',
  work_mem: '64MB',
  maintenance_work_mem: '256MB',
  max_parallel_workers_per_gather: 0,
  jit: false,
  plan_cache_mode: 'force_generic_plan',
  autovacuum: false,
  fsync: false,
  synchronous_commit: false,
  full_page_writes: false,
  wal_level: 'minimal',
  max_wal_senders: 0,
  max_wal_size: '8GB',
  checkpoint_timeout: '1h',
  bgwriter_lru_maxpages: 0,
} as const;

/** A table to fill: `CREATE` statement and rows in COPY's binary format. */
export interface TableData {
  /** Two tables with one key hold the same rows. */
  readonly key: string;
  readonly name: string;
  /** Columns and storage, after the name: statements separated by semicolons. */
  readonly create: string;
  readonly chunks: readonly Buffer[];
}

/** One build in its own server, with its tables. */
export class TypeContender extends Contender {
  #current: { readonly key: string; readonly name: string } | undefined;
  /** Key -> the name that a table has while it is not the current one. */
  readonly #resting = new Map<string, string>();

  /** Gives the table its name; makes it when it was not there yet. */
  async load({ key, name, create, chunks }: TableData): Promise<void> {
    if (this.#current?.key === key) return;
    if (this.#current) {
      const { key: last, name: lastName } = this.#current;
      await this.client.query(`ALTER TABLE ${lastName} RENAME TO ${this.#resting.get(last)}`);
      this.#current = undefined;
    }
    const resting = this.#resting.get(key);
    if (resting === undefined) {
      await this.client.query(create);
      await this.copyIn(name, chunks);
      // Frozen and all-visible: no scan has to look a transaction up or set a hint bit.
      await this.client.query(`VACUUM (FREEZE, ANALYZE) ${name}`);
      this.#resting.set(key, `resting_${this.#resting.size}`);
    } else {
      await this.client.query(`ALTER TABLE ${resting} RENAME TO ${name}`);
    }
    this.#current = { key, name };
  }
}

/** All servers of a run, ours first. */
export class PgSession implements AsyncDisposable {
  readonly contenders: readonly TypeContender[];
  readonly #signal: AbortSignal;
  #data: TableData | undefined;
  #made: { readonly key: string; readonly value: unknown } | undefined;

  private constructor(contenders: readonly TypeContender[], signal: AbortSignal) {
    this.contenders = contenders;
    this.#signal = signal;
  }

  /**
   * @param processor where all backends run; undefined leaves it to the system
   */
  static async open(
    stages: readonly Stage[],
    processor: number | undefined,
    signal: AbortSignal,
  ): Promise<PgSession> {
    const contenders: TypeContender[] = [];
    try {
      for (const stage of stages) {
        const running = await startServer(stage, { settings: SETTINGS, processor, signal });
        contenders.push(new TypeContender(stage.subject.name, running));
      }
    } catch (error) {
      for (const contender of contenders) await contender[Symbol.asyncDispose]();
      throw error;
    }
    return new PgSession(contenders, signal);
  }

  /** The value last made under this key, else `make`'s; cases that share rows follow one another. */
  reuse<T>(key: string, make: () => T): T {
    if (this.#made?.key !== key) this.#made = { key, value: make() };
    return this.#made.value as T;
  }

  /** Fills the same table in every server; `make` is called when its rows are not there yet. */
  async load(key: string, make: () => Omit<TableData, 'key'>): Promise<void> {
    if (this.#data?.key !== key) this.#data = { key, ...make() };
    for (const contender of this.contenders) {
      throwIfAborted(this.#signal);
      await contender.load(this.#data);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const contender of this.contenders) await contender[Symbol.asyncDispose]();
  }
}
