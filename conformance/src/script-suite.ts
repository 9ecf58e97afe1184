/** A folder of SQL scripts as tests: each script runs on ours and on pgvector. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ourEngine, pgvectorEngine, type SqlEngine } from './engines.js';
import { renderScript } from './script.js';

/**
 * Whose answers are written into the scripts, if anybody's: `UPDATE_EXPECTED=1` takes ours, `UPDATE_EXPECTED=pgvector`
 * those of pgvector, which is for scripts of what we do not have yet.
 */
const writer = { '1': 'ruvector', ruvector: 'ruvector', pgvector: 'pgvector' }[
  process.env.UPDATE_EXPECTED ?? ''
];

/**
 * Declares the tests of `conformance/sql/<folder>`. A script holds the expected output of both servers, so a failure says
 * which of the two moved.
 */
export function sqlScriptSuite(folder: string): void {
  const directory = new URL(`../sql/${folder}/`, import.meta.url);
  const scripts = readdirSync(directory).filter((name) => name.endsWith('.sql'));
  // The writer goes first: the other one is compared with what it wrote.
  const engines = [
    { name: 'ruvector', start: ourEngine },
    { name: 'pgvector', start: () => pgvectorEngine() },
  ].sort((a, b) => Number(b.name === writer) - Number(a.name === writer));

  describe.each(engines)(`SQL scripts of ${folder} on $name`, ({ name, start }) => {
    let engine: SqlEngine;
    beforeAll(async () => {
      engine = await start();
    });
    afterAll(() => engine?.close());

    it.each(scripts)('%s gives the expected output', async (script) => {
      const url = new URL(script, directory);
      const expected = readFileSync(url, 'utf8');
      const actual = await renderScript(expected, engine);
      if (name === writer) writeFileSync(url, actual);
      else expect(actual).toBe(expected);
    });
  });
}
