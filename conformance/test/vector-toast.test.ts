import { type EmbeddedServer, startEmbedded } from '@ruvector/pg-extension/embedded';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Distances keep the locks of the TOAST table until the transaction ends; nothing may depend on when. */
describe('out-of-line vectors', () => {
  let server: EmbeddedServer;
  let client: pg.Client;
  beforeAll(async () => {
    server = await startEmbedded();
    client = new pg.Client(server.connectionString);
    await client.connect();
    await client.query('CREATE EXTENSION vector');
    await client.query('CREATE TABLE wide (id int PRIMARY KEY, v vector)');
    await client.query(
      'INSERT INTO wide SELECT i, array_fill(i::real, ARRAY[1000])::vector FROM generate_series(1, 20) i',
    );
  });
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  const nearest = `SELECT id FROM wide ORDER BY v <-> array_fill(7.4::real, ARRAY[1000])::vector LIMIT 3`;
  const answer = [{ id: 7 }, { id: 8 }, { id: 6 }];
  const toastLocks = `SELECT DISTINCT mode FROM pg_locks l JOIN pg_class c ON c.reltoastrelid = l.relation
    WHERE c.relname = 'wide' AND l.pid = pg_backend_pid()`;

  it('lock the TOAST table to the end of the transaction, as the table itself is locked', async () => {
    await client.query('BEGIN');
    expect((await client.query(nearest)).rows).toEqual(answer);
    expect((await client.query(toastLocks)).rows).toEqual([{ mode: 'AccessShareLock' }]);
    await client.query('COMMIT');
    expect((await client.query(toastLocks)).rows).toEqual([]);
  });

  it('are read alike after a subtransaction that took the locks is gone', async () => {
    await client.query('BEGIN');
    await client.query('SAVEPOINT s');
    expect((await client.query(nearest)).rows).toEqual(answer);
    await client.query('ROLLBACK TO s');
    expect((await client.query(toastLocks)).rows).toEqual([]);
    expect((await client.query(nearest)).rows).toEqual(answer);
    await client.query('COMMIT');
  });

  it('are read alike through a cursor whose locks were rolled back, and after the table is rewritten', async () => {
    await client.query('BEGIN');
    await client.query(`DECLARE c CURSOR FOR SELECT id, v <-> v AS zero FROM wide`);
    await client.query('SAVEPOINT s');
    expect((await client.query('FETCH 2 FROM c')).rows).toEqual([
      { id: 1, zero: 0 },
      { id: 2, zero: 0 },
    ]);
    await client.query('ROLLBACK TO s');
    expect((await client.query('FETCH 1 FROM c')).rows).toEqual([{ id: 3, zero: 0 }]);
    await client.query('COMMIT');
    await client.query(`PREPARE q AS ${nearest}`);
    expect((await client.query('EXECUTE q')).rows).toEqual(answer);
    await client.query('VACUUM FULL wide');
    expect((await client.query('EXECUTE q')).rows).toEqual(answer);
    await client.query('DROP TABLE wide');
  });
});
