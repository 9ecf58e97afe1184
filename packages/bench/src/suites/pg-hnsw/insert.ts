/** Rows into an index that stands: how fast, for how much WAL, and what searches notice of it. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError } from '../../errors.js';
import { quantile } from '../../statistics.js';
import type { Budget, Case, Entrant, Metric } from '../../suite.js';
import { indexKey } from './building.js';
import { parametersOf } from './client.js';
import { BARE, EF_SEARCH, GROWN, Grown, type GrowthOptions, SOURCE } from './growing.js';
import { checkSinglePlan, preparedSearch, setEf } from './searching.js';
import type { HnswContender, HnswSession } from './session.js';

const recallMetric: Metric = { name: 'recall', unit: `recall@10, ef ${EF_SEARCH}`, better: 'higher' };

/** Rows that a case takes: every round's, those of the warm-ups too. */
function rowsOf({ rounds, warmups }: Budget, rows: number): number {
  return (rounds + warmups) * rows;
}

function parametersFor({ dataset, index, base, spare, queries }: GrowthOptions, rows: number) {
  const { identity: source } = dataset;
  return { dataset: source, index: indexKey(index), base, spare, queries, rows };
}

/**
 * `insert_rows(first, n)`: seconds and WAL of inserting so many rows into the table with the index, and WAL of the same
 * rows into the one without. Their difference is the index's.
 */
const INSERT_ROWS = `
  CREATE OR REPLACE FUNCTION insert_rows(first integer, n integer,
    OUT seconds double precision, OUT wal double precision)
  LANGUAGE plpgsql AS $insert$
  DECLARE
    started timestamptz := clock_timestamp();
    place pg_lsn := pg_current_wal_insert_lsn();
  BEGIN
    INSERT INTO ${GROWN} SELECT id, v FROM ${SOURCE} WHERE id >= first AND id < first + n;
    seconds := extract(epoch FROM clock_timestamp() - started);
    wal := pg_current_wal_insert_lsn() - place;
    place := pg_current_wal_insert_lsn();
    INSERT INTO ${BARE} SELECT id, v FROM ${SOURCE} WHERE id >= first AND id < first + n;
    wal := wal - (pg_current_wal_insert_lsn() - place);
  END $insert$`;

/** Whether the first change of a page after a checkpoint writes the whole page. Returns when it holds. */
async function setFullPageWrites(contender: HnswContender, on: boolean): Promise<void> {
  await contender.client.query(`ALTER SYSTEM ${on ? 'SET full_page_writes = on' : 'RESET full_page_writes'}`);
  await contender.client.query('SELECT pg_reload_conf()');
  // The checkpointer puts it into effect when it has seen the signal.
  for (let attempt = 0; attempt < 100; attempt++) {
    await contender.client.query('CHECKPOINT');
    const { full } = await contender.row<{ full: boolean }>(
      'SELECT full_page_writes AS full FROM pg_control_checkpoint()',
    );
    if (full === on) return;
    await sleep(50);
  }
  throw new BenchError('BENCH_CASE_FAILED', `${contender.name}: full_page_writes does not change`);
}

export interface InsertOptions {
  readonly growth: GrowthOptions;
  /** Rows of a sample. */
  readonly rows: number;
  /** With full-page images, each sample right after a checkpoint. */
  readonly afterCheckpoint: boolean;
  readonly budget: Budget;
}

export function insertCase({ growth, rows, afterCheckpoint, budget }: InsertOptions): Case<HnswSession> {
  return {
    name: `insert ${growth.dataset.name}${afterCheckpoint ? ', after a checkpoint' : ''}`,
    parameters: { ...parametersFor(growth, rows), afterCheckpoint },
    metrics: [
      { name: 'rate', unit: 'rows/s', better: 'higher' },
      { name: 'wal', unit: 'index bytes/row', better: 'lower' },
      recallMetric,
    ],
    budget,
    prepare: async (session, context) => {
      const grown = await Grown.open(session, growth, rowsOf(context.budget, rows), context);
      for (const contender of session.contenders) {
        await contender.client.query(INSERT_ROWS);
        if (afterCheckpoint) await setFullPageWrites(contender, true);
      }
      return {
        entrants: session.contenders.map(
          (contender): Entrant => ({
            name: contender.name,
            sample: async () => {
              if (afterCheckpoint) await contender.client.query('CHECKPOINT');
              const { seconds, wal } = await grown.insert(contender, rows, (first) =>
                contender.row<{ seconds: number; wal: number }>('SELECT * FROM insert_rows($1, $2)', [
                  first,
                  rows,
                ]),
              );
              const recall = await grown.recall(contender, context.signal);
              return { rate: rows / seconds, wal: wal / rows, recall };
            },
          }),
        ),
        verify: async () => {
          for (const contender of session.contenders) await grown.recall(contender, context.signal);
        },
        [Symbol.asyncDispose]: async () => {
          if (!afterCheckpoint || context.signal.aborted) return;
          for (const contender of session.contenders) await setFullPageWrites(contender, false);
        },
      };
    },
  };
}

/** `write_rows(first, n, pause)`: a transaction for each row, so many seconds apart at least. */
const WRITE_ROWS = `
  CREATE OR REPLACE PROCEDURE write_rows(first integer, n integer, pause double precision)
  LANGUAGE plpgsql AS $write$
  DECLARE
    started timestamptz := clock_timestamp();
    early double precision;
  BEGIN
    FOR i IN 0..n - 1 LOOP
      early := i * pause - extract(epoch FROM clock_timestamp() - started);
      IF early > 0 THEN
        PERFORM pg_sleep(early);
      END IF;
      INSERT INTO ${GROWN} SELECT id, v FROM ${SOURCE} WHERE id = first + i;
      COMMIT;
    END LOOP;
  END $write$`;

export interface WritesOptions {
  readonly growth: GrowthOptions;
  /** Rows that are inserted during a sample. */
  readonly rows: number;
  /** Rows a second, or as fast as they go. */
  readonly rate: number | 'unlimited';
  readonly budget: Budget;
}

/** One connection searches, prepared and binary, as long as another one inserts. */
export function writesCase({ growth, rows, rate, budget }: WritesOptions): Case<HnswSession> {
  return {
    name: `search ${growth.dataset.name} during inserts, ${rate === 'unlimited' ? 'unlimited' : `${rate}/s`}`,
    parameters: { ...parametersFor(growth, rows), rate },
    metrics: [
      { name: 'p50', unit: 'us', better: 'lower' },
      { name: 'p99', unit: 'us', better: 'lower' },
      { name: 'inserts', unit: 'rows/s', better: 'higher' },
      recallMetric,
    ],
    budget,
    prepare: async (session, context) => {
      const grown = await Grown.open(session, growth, rowsOf(context.budget, rows), context);
      const parameters = parametersOf(grown.queries, growth.dataset.dimensions);
      const pause = rate === 'unlimited' ? 0 : 1 / rate;
      const searchDuring = async (contender: HnswContender, first: number) => {
        await setEf(contender, EF_SEARCH);
        // Not bound: the searches have the bound processor, the writer finds another.
        const writer = await contender.connect();
        let writing = true;
        const latencies: number[] = [];
        const start = performance.now();
        const written = writer
          .query(`CALL write_rows(${first}, ${rows}, ${pause})`)
          .then(() => (1000 * rows) / (performance.now() - start))
          .finally(() => {
            writing = false;
          });
        // Awaited below; a search may fail first.
        written.catch(() => {});
        try {
          for (let i = 0; writing; i++) {
            const parameter = parameters[i % parameters.length] as Buffer;
            const asked = performance.now();
            await contender.client.query(preparedSearch(grown.target.table, parameter));
            latencies.push((performance.now() - asked) * 1000);
          }
          return {
            p50: quantile(latencies, 0.5),
            p99: quantile(latencies, 0.99),
            inserts: await written,
          };
        } finally {
          await writer.end().catch(() => {});
        }
      };
      return {
        entrants: session.contenders.map(
          (contender): Entrant => ({
            name: contender.name,
            sample: async () => {
              const figures = await grown.insert(contender, rows, (first) => searchDuring(contender, first));
              return { ...figures, recall: await grown.recall(contender, context.signal) };
            },
          }),
        ),
        verify: async () => {
          for (const contender of session.contenders) {
            await contender.client.query(WRITE_ROWS);
            await grown.recall(contender, context.signal);
            await checkSinglePlan(contender, grown.target.table, grown.query(0));
          }
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
