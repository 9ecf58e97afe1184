/** Many rows of one value, more than the links of the first ones can lead to: they are found, and share elements. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ourEngine } from '../src/engines.js';

const ROWS = 3000;
const EQUAL = ROWS / 3;

let engine: Awaited<ReturnType<typeof ourEngine>>;
beforeAll(async () => {
  engine = await ourEngine();
  await engine.client.query(
    "LOAD 'vector'; SET enable_seqscan = off; SET hnsw.iterative_scan = relaxed_order; SET hnsw.max_scan_tuples = 1000000",
  );
});
afterAll(() => engine?.close());

const create = 'CREATE INDEX equal_idx ON equal USING hnsw (v vector_l2_ops)';

/** Fills a table of which every third row is the same, with its index made before or after; found rows and bytes. */
async function measure(order: 'build' | 'insert'): Promise<{ found: number; bytes: number }> {
  const { client } = engine;
  await client.query('DROP TABLE IF EXISTS equal; CREATE TABLE equal (id int, v vector(3))');
  if (order === 'insert') await client.query(create);
  await client.query(
    `INSERT INTO equal SELECT i, CASE WHEN i % 3 = 0 THEN ARRAY[1, 1, 1]::vector
       ELSE ARRAY[random(), random(), random()]::vector END FROM generate_series(1, ${ROWS}) i`,
  );
  if (order === 'build') await client.query(create);
  const { rows } = await client.query(
    `SELECT count(*)::int AS found, pg_relation_size('equal_idx')::int AS bytes
     FROM (SELECT v FROM equal ORDER BY v <-> '[1,1,1]') q WHERE v = '[1,1,1]'`,
  );
  return rows[0] as { found: number; bytes: number };
}

it.each([
  // pgvector finds 330 and 866 of them, in 860,160 and 688,128 bytes.
  { order: 'build', least: EQUAL },
  { order: 'insert', least: 0.6 * EQUAL },
] as const)('are found after $order, and have room in common', async ({ order, least }) => {
  const { found, bytes } = await measure(order);
  expect(found).toBeGreaterThanOrEqual(least);
  // 2000 elements of their own and 100 of ten rows each, 11 to 13 a page
  expect(bytes).toBeLessThan(8192 * 90);
});
