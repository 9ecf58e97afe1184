import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ourEngine, pgvectorEngine, type SqlEngine } from '../src/engines.js';
import { renderScript } from '../src/script.js';

const folder = new URL('../sql/vector/', import.meta.url);
const scripts = readdirSync(folder).filter((name) => name.endsWith('.sql'));

/**
 * Each script runs on ours and on pgvector; the file holds the expected output of both. So a failure says which of
 * the two moved.
 */
describe.each([
  { name: 'ruvector', start: ourEngine },
  { name: 'pgvector', start: pgvectorEngine },
])('SQL scripts on $name', ({ name, start }) => {
  let engine: SqlEngine;
  beforeAll(async () => {
    engine = await start();
  });
  afterAll(() => engine?.close());

  it.each(scripts)('%s gives the expected output', async (script) => {
    const url = new URL(script, folder);
    const expected = readFileSync(url, 'utf8');
    const actual = await renderScript(expected, engine);
    if (process.env.UPDATE_EXPECTED === '1' && name === 'ruvector') writeFileSync(url, actual);
    else expect(actual).toBe(expected);
  });
});
