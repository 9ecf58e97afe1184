import { chmodSync, copyFileSync, existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { type EmbeddedServer, startEmbedded } from '@ruvector/pg-extension/embedded';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

function findFile(dir: string, name: string): string | undefined {
  for (const entry of readdirSync(dir)) {
    const full = path.join(dir, entry);
    if (entry === name && statSync(full).isFile()) return full;
    if (statSync(full).isDirectory()) {
      const found = findFile(full, name);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const stage = process.env.PGVECTOR_STAGE;
const theirLibrary = stage !== undefined && existsSync(stage) ? findFile(stage, 'vector.so') : undefined;

/**
 * PostgreSQL opens libraries with global symbols, and both export functions of the same names. Needs a pgvector built
 * for the same server: `make install DESTDIR=<dir>`, then PGVECTOR_STAGE=<dir>.
 */
describe.skipIf(theirLibrary === undefined)("pgvector's library and ours in one backend", () => {
  let server: EmbeddedServer;
  let theirs: string;
  beforeAll(async () => {
    server = await startEmbedded();
    // Where the server's account can read it.
    theirs = path.join(server.dataDir, 'pgvector.so');
    copyFileSync(theirLibrary as string, theirs);
    chmodSync(theirs, 0o755);
    const client = new pg.Client(server.connectionString);
    await client.connect();
    await client.query('CREATE EXTENSION vector');
    for (const [name, symbol, result] of [
      ['their_l2', 'l2_distance', 'float8'],
      ['their_add', 'vector_add', 'vector'],
      ['their_cmp', 'vector_cmp', 'int'],
      ['their_normalize', 'l2_normalize', 'vector'],
    ]) {
      const args = symbol === 'l2_normalize' ? 'vector' : 'vector, vector';
      await client.query(
        `CREATE FUNCTION ${name}(${args}) RETURNS ${result} AS '${theirs}', '${symbol}' LANGUAGE C IMMUTABLE STRICT`,
      );
    }
    await client.end();
  });
  afterAll(() => server?.stop());

  const ours = `SELECT '[1,2]'::vector <-> '[4,6]' AS d, ('[1,2]'::vector + '[1,1]')::text AS s,
    vector_cmp('[1]', '[2]') AS c, l2_normalize('[3,4]')::text AS n`;
  const other = `SELECT their_l2('[1,2]', '[4,6]') AS d, their_add('[1,2]', '[1,1]')::text AS s,
    their_cmp('[1]', '[2]') AS c, their_normalize('[3,4]')::text AS n`;
  const answer = [{ d: 5, s: '[2,3]', c: -1, n: '[0.6,0.8]' }];

  it.each([
    ['ours first', [ours, other, ours]],
    ["pgvector's first", [`LOAD '$theirs'`, other, ours, other]],
  ])('%s', async (_, statements) => {
    const client = new pg.Client(server.connectionString);
    await client.connect();
    try {
      for (const sql of statements) {
        const { rows } = await client.query(sql.replace('$theirs', theirs));
        if (!sql.startsWith('LOAD')) expect(rows).toEqual(answer);
      }
    } finally {
      await client.end();
    }
  });
});
