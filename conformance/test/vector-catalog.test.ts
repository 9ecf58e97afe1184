import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ARRAY_TYPE, CATALOG_QUERIES, OTHER_OBJECTS } from '../src/catalog-queries.js';
import { ourEngine, pgvectorEngine, type SqlEngine } from '../src/engines.js';

async function lines(engine: SqlEngine, sql: string): Promise<string[]> {
  const outcome = await engine.run(sql);
  if (outcome.kind === 'error') throw new Error(`${engine.name}: ${outcome.message}`);
  return outcome.rows
    .map((row) => row.map((field) => field ?? 'NULL').join(' | '))
    .filter((line) => !ARRAY_TYPE.test(line));
}

describe("the catalog of extension vector is pgvector's, for the vector type", () => {
  let ours: SqlEngine;
  let theirs: SqlEngine;
  beforeAll(async () => {
    [ours, theirs] = await Promise.all([ourEngine(), pgvectorEngine()]);
  });
  afterAll(() => Promise.all([ours?.close(), theirs?.close()]));

  it.each(Object.keys(CATALOG_QUERIES))('%s', async (name) => {
    const sql = CATALOG_QUERIES[name] as string;
    const expected = (await lines(theirs, sql)).filter((line) => !OTHER_OBJECTS.test(line));
    const actual = await lines(ours, sql);
    expect(expected.length).toBeGreaterThan(0);
    expect(actual).toEqual(expected);
  });

  it('holds the objects that are listed in sql/vector-objects.txt', async () => {
    const url = new URL('../sql/vector-objects.txt', import.meta.url);
    const objects = (await lines(ours, CATALOG_QUERIES.members as string))
      .map((line) => `${line}\n`)
      .join('');
    if (process.env.UPDATE_EXPECTED === '1') writeFileSync(url, objects);
    expect(objects).toBe(readFileSync(url, 'utf8'));
  });
});
