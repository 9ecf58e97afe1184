/** Recall of indexes that came about in each way that there is, as tests. */
import { type EmbeddedServer, startEmbedded } from '@ruvector/pg-extension/embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine, rowsOf, type SqlEngine } from './engines.js';
import { checkHnswIndex, emptyElements, heapTidsOf, readHnswIndex } from './hnsw-pages.js';
import { ourLibrary } from './native.js';
import { readPages } from './page-exchange.js';
import {
  exactNearest,
  indexNearest,
  insertVectors,
  METRICS,
  type Metric,
  randomVectors,
  recall,
} from './recall.js';

export interface RecallSuite {
  readonly rows: number;
  readonly dimensions: number;
  /** How many of the nearest are asked for. */
  readonly limit: number;
  readonly vectors: (seed: number, count: number, dimensions: number) => string[];
  /** The least recall with that ef_search. */
  readonly least: readonly { readonly efSearch: number; readonly recall: (metric: Metric) => number }[];
}

/**
 * For every metric: an index built by one process and by several, one that was empty when rows came, from several
 * sessions at a time, and the same after a vacuum of half of them.
 */
export function recallSuite({ rows, dimensions, limit, vectors, least }: RecallSuite): void {
  describe(`the nearest ${limit} of ${rows} rows of ${dimensions} dimensions`, () => {
    let server: EmbeddedServer;
    let engine: SqlEngine & { readonly client: import('pg').Client };
    const notices: string[] = [];
    // As pgvector's tests do: the queries are uniform, whatever the rows are.
    const queries = randomVectors(1000, 50, dimensions);
    const run = (sql: string) => rowsOf(engine, sql);

    beforeAll(async () => {
      server = await startEmbedded({
        extensions: ourLibrary.extensions,
        settings: { autovacuum: false, maintenance_work_mem: '128MB', max_parallel_maintenance_workers: 2 },
      });
      engine = await connectEngine('ruvector', server);
      engine.client.on('notice', ({ message }) => notices.push(message ?? ''));
      await run('CREATE EXTENSION vector');
      await run(`CREATE TABLE items (id int, v vector(${dimensions}))`);
      await insertVectors(engine, 'items', vectors(1, rows, dimensions));
      // So small a table would not be read in parallel.
      await run('ALTER TABLE items SET (parallel_workers = 2)');
    });
    afterAll(async () => {
      await engine?.close();
      await server?.stop();
    });

    async function expectRecall(table: string, index: string, metric: Metric): Promise<void> {
      const pages = readHnswIndex(await readPages(engine, index));
      expect(checkHnswIndex(pages)).toEqual([]);
      expect(emptyElements(pages)).toEqual([]);
      const [[count] = []] = await run(`SELECT count(*) FROM ${table}`);
      expect(heapTidsOf(pages)).toHaveLength(Number(count));

      const search = { table, operator: metric.operator, queries, limit };
      const exact = await exactNearest(engine, search);
      for (const { efSearch, recall: wanted } of least) {
        await run(`SET hnsw.ef_search = ${efSearch}`);
        const found = recall(exact, await indexNearest(engine, index, search));
        await run('RESET hnsw.ef_search');
        expect(found, `ef_search ${efSearch}`).toBeGreaterThanOrEqual(wanted(metric));
      }
    }

    describe.each(METRICS)('$name', (metric) => {
      const { name, opclass } = metric;

      it('built by one process', async () => {
        await run('SET max_parallel_maintenance_workers = 0');
        await run(`CREATE INDEX ${name}_serial ON items USING hnsw (v ${opclass})`);
        await run('RESET max_parallel_maintenance_workers');
        await expectRecall('items', `${name}_serial`, metric);
        await run(`DROP INDEX ${name}_serial`);
      });

      it('built by several', async () => {
        notices.length = 0;
        await run('SET client_min_messages = debug1');
        await run(`CREATE INDEX ${name}_parallel ON items USING hnsw (v ${opclass})`);
        await run('RESET client_min_messages');
        expect(notices).toContainEqual(expect.stringMatching(/^using [12] parallel workers$/));
        await expectRecall('items', `${name}_parallel`, metric);
        await run(`DROP INDEX ${name}_parallel`);
      });

      it('filled by several sessions, and vacuumed', async () => {
        const [table, index] = [`filled_${name}`, `filled_${name}_idx`];
        await run(`CREATE TABLE ${table} (id int, v vector(${dimensions}))`);
        await run(`CREATE INDEX ${index} ON ${table} USING hnsw (v ${opclass})`);
        const sessions = await Promise.all([1, 2, 3].map(() => connectEngine('ruvector', server)));
        try {
          const share = Math.ceil(rows / sessions.length);
          await Promise.all(
            sessions.map((session, i) =>
              insertVectors(session, table, vectors(10 + i, share, dimensions), 1 + i * share),
            ),
          );
        } finally {
          await Promise.all(sessions.map((session) => session.close()));
        }
        await expectRecall(table, index, metric);
        await run(`DELETE FROM ${table} WHERE id % 2 = 0`);
        await run(`VACUUM ${table}`);
        await expectRecall(table, index, metric);
        await run(`DROP TABLE ${table}`);
      });
    });
  });
}
