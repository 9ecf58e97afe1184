import { readFileSync, writeFileSync } from 'node:fs';
import { type ParameterRecord, vectorExtension } from '@ruvector/pg-extension';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ARRAY_TYPE, CATALOG_QUERIES, OTHER_OBJECTS, SETTINGS_QUERY } from '../src/catalog-queries.js';
import { ourEngine, pgvectorEngine, type SqlEngine } from '../src/engines.js';

async function lines(engine: SqlEngine, sql: string): Promise<string[]> {
  const outcome = await engine.run(sql);
  if (outcome.kind === 'error') throw new Error(`${engine.name}: ${outcome.message}`);
  return outcome.rows
    .map((row) => row.map((field) => field ?? 'NULL').join(' | '))
    .filter((line) => !ARRAY_TYPE.test(line));
}

/** A setting's row as `SETTINGS_QUERY` gives it, out of its record. */
function settingLine(setting: ParameterRecord): string {
  const range =
    setting.type === 'enum'
      ? ['NULL', 'NULL', `{${setting.values.join(',')}}`]
      : [String(setting.min), String(setting.max), 'NULL'];
  const value = String(setting.default);
  return [
    setting.name,
    setting.description,
    setting.extra ?? 'NULL',
    setting.type,
    'user',
    value,
    ...range,
    'NULL',
    'Customized Options',
    value,
  ].join(' | ');
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

  it('settings, also as the records say', async () => {
    for (const engine of [ours, theirs]) await lines(engine, "SELECT '[1]'::vector");
    const actual = await lines(ours, SETTINGS_QUERY);
    expect(actual).toEqual(await lines(theirs, SETTINGS_QUERY));
    expect(actual).toEqual([...vectorExtension.settings].map(settingLine).sort());
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
