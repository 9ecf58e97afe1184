/**
 * Index pages change hands: those that pgvector made are served by us, and ours by pgvector.
 *
 * Two ways. Between PGlite, which is pgvector's own code, and an embedded server, an index's file is put in the place of
 * the other's, over a table whose rows have the same addresses on both sides. And where PGVECTOR_STAGE is set, one data
 * directory is started with one library after the other.
 */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { EmbeddedServer } from '@ruvector/pg-extension/embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine, pgvectorEngine, rowsOf, type SqlEngine } from '../src/engines.js';
import {
  checkHnswIndex,
  emptyElements,
  type HnswIndex,
  heapTidsOf,
  readHnswIndex,
  tidText,
} from '../src/hnsw-pages.js';
import { DataDirectory, type Library, ourLibrary, pgvectorLibrary } from '../src/native.js';
import { portablePages, readPages, relationFile, replacePages } from '../src/page-exchange.js';
import {
  exactNearest,
  indexNearest,
  insertVectors,
  METRICS,
  type Neighbor,
  randomVectors,
  recall,
  type Search,
} from '../src/recall.js';

const ROWS = 800;
const DIMENSIONS = 6;
const queries = randomVectors(99, 20, DIMENSIONS);
const vectors = (seed: number, count: number): string[] => randomVectors(seed, count, DIMENSIONS);
const searchOf = (name: string, operator: string): Search => ({ table: name, operator, queries, limit: 10 });

/** A table and an index for each metric, of its name. With cosine and L2, some rows that the index does not hold. */
async function createTables(engine: SqlEngine): Promise<void> {
  await rowsOf(engine, 'CREATE EXTENSION IF NOT EXISTS vector');
  for (const [i, { name, opclass }] of METRICS.entries()) {
    await rowsOf(engine, `CREATE TABLE ${name} (id int, v vector(${DIMENSIONS}))`);
    await insertVectors(engine, name, vectors(i, ROWS));
    const zero = `[${new Array(DIMENSIONS).fill(0).join(',')}]`;
    await rowsOf(
      engine,
      `INSERT INTO ${name} VALUES (-1, NULL)${name === 'cosine' ? `, (-2, '${zero}')` : ''}`,
    );
    // Rows of one vector, more than an element holds
    await insertVectors(engine, name, new Array(13).fill(vectors(50, 1)[0]), ROWS + 1);
    await rowsOf(engine, `CREATE INDEX ${name}_idx ON ${name} USING hnsw (v ${opclass}) WITH (m = 12)`);
  }
}

/** Changes of every kind, vacuum included. */
async function change(engine: SqlEngine, round: number): Promise<void> {
  for (const [i, { name }] of METRICS.entries()) {
    await rowsOf(engine, `DELETE FROM ${name} WHERE id % 5 = ${round % 5}`);
    await rowsOf(engine, `VACUUM (INDEX_CLEANUP ON) ${name}`);
    await insertVectors(engine, name, vectors(100 * round + i, 100), 10_000 * round);
    await rowsOf(engine, `UPDATE ${name} SET v = '${vectors(70 + round, 1)[0]}' WHERE id % 97 = 1`);
    await rowsOf(engine, `VACUUM (INDEX_CLEANUP ON) ${name}`);
  }
}

/** Every index is sound, holds the table's rows, finds them, and with a wide search finds exactly the nearest. */
async function expectSound(engine: SqlEngine): Promise<void> {
  for (const { name, operator, recall: least } of METRICS) {
    const index = `${name}_idx`;
    const pages = readHnswIndex(await readPages(engine, index));
    expect(checkHnswIndex(pages)).toEqual([]);
    await expectRows(engine, name, pages);
    const search = searchOf(name, operator);
    const exact = await exactNearest(engine, search);
    expect(recall(exact, await indexNearest(engine, index, search)), name).toBeGreaterThanOrEqual(least);
    await rowsOf(engine, 'SET hnsw.ef_search = 1000');
    const wide = recall(exact, await indexNearest(engine, index, search));
    await rowsOf(engine, 'RESET hnsw.ef_search');
    // Of inner products, which are no metric, the graph does not lead everywhere.
    expect(wide, name).toBeGreaterThanOrEqual(name === 'ip' ? least : 1);
  }
}

async function expectRows(engine: SqlEngine, table: string, pages: HnswIndex): Promise<void> {
  const indexed = table === 'cosine' ? 'vector_norm(v) > 0' : 'v IS NOT NULL';
  const rows = await rowsOf(engine, `SELECT ctid FROM ${table} WHERE ${indexed} ORDER BY ctid`);
  expect(heapTidsOf(pages).map(tidText)).toEqual(rows.flat());
  expect(emptyElements(pages)).toEqual([]);
}

async function addresses(engine: SqlEngine): Promise<unknown> {
  return rowsOf(
    engine,
    METRICS.map(({ name }) => `SELECT '${name}', id, ctid, v::text FROM ${name}`).join(' UNION ALL ') +
      ' ORDER BY 1, 3',
  );
}

const pagesOf = async (engine: SqlEngine): Promise<Buffer[]> => {
  const all: Buffer[] = [];
  for (const { name } of METRICS) all.push(await readPages(engine, `${name}_idx`));
  return all;
};

const answersOf = async (engine: SqlEngine): Promise<Neighbor[][]> => {
  const all: Neighbor[][] = [];
  for (const { name, operator } of METRICS) {
    all.push(...(await indexNearest(engine, `${name}_idx`, searchOf(name, operator))));
  }
  return all;
};

/** A server whose index files can be replaced. */
abstract class Side {
  engine!: SqlEngine;
  abstract readonly dataDir: string;
  abstract start(): Promise<void>;
  abstract stop(): Promise<void>;
  abstract remove(): Promise<void>;

  /** Goes on with other pages in its indexes. */
  async take(pages: readonly Buffer[]): Promise<void> {
    const files: string[] = [];
    for (const { name } of METRICS) files.push(await relationFile(this.engine, `${name}_idx`));
    await this.stop();
    for (const [i, file] of files.entries()) replacePages(this.dataDir, file, pages[i] as Buffer);
    await this.start();
  }
}

class Ours extends Side {
  readonly #directory = new DataDirectory();
  readonly dataDir = this.#directory.path;
  #server: EmbeddedServer | undefined;

  async start(): Promise<void> {
    this.#server = await this.#directory.start(ourLibrary);
    this.engine = await connectEngine('ruvector', this.#server);
  }

  async stop(): Promise<void> {
    await this.engine?.close();
    await this.#server?.stop();
  }

  async remove(): Promise<void> {
    await this.#directory.remove();
  }
}

class Theirs extends Side {
  readonly dataDir = mkdtempSync(path.join(tmpdir(), 'ruvector-pglite-'));

  async start(): Promise<void> {
    this.engine = await pgvectorEngine(this.dataDir);
    // Pages that came from a server without checksums have none.
    await rowsOf(this.engine, 'SET ignore_checksum_failure = on');
  }

  async stop(): Promise<void> {
    await this.engine?.close();
  }

  async remove(): Promise<void> {
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

describe('pages of PGlite and of an embedded server', () => {
  const ours = new Ours();
  const theirs = new Theirs();
  /** What each made itself. */
  let ourPages: Buffer[];
  let theirPages: Buffer[];

  beforeAll(async () => {
    await Promise.all([ours.start(), theirs.start()]);
    await createTables(ours.engine);
    await createTables(theirs.engine);
    ourPages = await pagesOf(ours.engine);
    theirPages = await pagesOf(theirs.engine);
  });
  afterAll(async () => {
    await Promise.allSettled([ours.stop(), theirs.stop()]);
    await Promise.all([ours.remove(), theirs.remove()]);
  });

  it('can change places, because the rows have the same addresses', async () => {
    expect(await addresses(ours.engine)).toEqual(await addresses(theirs.engine));
  });

  it('of pgvector are searched, extended and vacuumed by us', async () => {
    const answers = await answersOf(theirs.engine);
    await ours.take(theirPages);
    // The same graph, searched in the same way: what pgvector misses we miss.
    expect(recall(answers, await answersOf(ours.engine))).toBeGreaterThanOrEqual(0.995);
    await expectSound(ours.engine);
    await change(ours.engine, 1);
    await expectSound(ours.engine);
  });

  it('of ours are searched, extended and vacuumed by pgvector', async () => {
    const before = await pagesOf(theirs.engine);
    expect(before.map(portablePages)).toEqual(theirPages.map(portablePages));
    await theirs.take(ourPages);
    await expectSound(theirs.engine);
    await change(theirs.engine, 1);
    await expectSound(theirs.engine);
  });

  it('go back, after the other has changed them', async () => {
    expect(await addresses(ours.engine)).toEqual(await addresses(theirs.engine));
    const answers = await answersOf(theirs.engine);
    const [fromUs, fromThem] = [await pagesOf(ours.engine), await pagesOf(theirs.engine)];
    await ours.take(fromThem);
    await theirs.take(fromUs);
    expect(recall(answers, await answersOf(ours.engine))).toBeGreaterThanOrEqual(0.995);
    for (const { engine } of [ours, theirs]) {
      await expectSound(engine);
      await change(engine, 2);
      await expectSound(engine);
    }
  });
});

describe.skipIf(pgvectorLibrary === undefined)('one data directory under one library and the other', () => {
  const directory = new DataDirectory();
  afterAll(() => directory.remove());

  const served = async (library: Library, work: (engine: SqlEngine) => Promise<void>): Promise<void> => {
    const server = await directory.start(library);
    try {
      const engine = await connectEngine(library.name, server);
      try {
        await work(engine);
      } finally {
        await engine.close();
      }
    } finally {
      await server.stop();
    }
  };
  const pgvector = pgvectorLibrary as Library;

  /** Plans with their costs, under settings that enter into them. */
  const plansOf = async (engine: SqlEngine): Promise<unknown> => {
    const plans: unknown[] = [];
    // The first use loads the library.
    await rowsOf(engine, "SELECT '[1]'::vector");
    for (const settings of [
      '',
      'SET hnsw.ef_search = 7',
      'SET hnsw.ef_search = 1000',
      'SET random_page_cost = 1.1',
    ]) {
      if (settings !== '') await rowsOf(engine, settings);
      for (const { name, operator } of METRICS) {
        for (const limit of ['', 'LIMIT 1', 'LIMIT 100']) {
          const sql = `EXPLAIN SELECT id FROM ${name} ORDER BY v ${operator} '${queries[0]}' ${limit}`;
          plans.push(...(await rowsOf(engine, sql)));
        }
        plans.push(
          ...(await rowsOf(engine, `EXPLAIN SELECT id FROM ${name} WHERE v ${operator} '${queries[0]}' < 1`)),
        );
      }
    }
    await rowsOf(engine, 'RESET ALL');
    return plans;
  };

  it.each([
    ['built by us', ourLibrary, pgvector],
    ['built by pgvector', pgvector, ourLibrary],
  ] as const)('%s: searched, extended and vacuumed by each in turn', async (_, first, second) => {
    await served(first, async (engine) => {
      await rowsOf(engine, 'DROP EXTENSION IF EXISTS vector CASCADE');
      for (const { name } of METRICS) await rowsOf(engine, `DROP TABLE IF EXISTS ${name}`);
      await createTables(engine);
    });
    for (const [round, library] of [second, first].entries()) {
      await served(library, async (engine) => {
        await expectSound(engine);
        await change(engine, round + 1);
        await expectSound(engine);
      });
    }
    // What one planner says of the indexes the other says too, to the last cost.
    const plans: unknown[] = [];
    for (const library of [first, second]) {
      await served(library, async (engine) => {
        for (const { name } of METRICS) await rowsOf(engine, `ANALYZE ${name}`);
        plans.push(await plansOf(engine));
      });
    }
    expect(plans[1]).toEqual(plans[0]);
  });
});
