import { startEmbedded } from '@ruvector/pg-extension/embedded';
import pg from 'pg';
import { expect, it } from 'vitest';

it('starts a server that answers, and stops it', async () => {
  const server = await startEmbedded({ extensions: [] });
  const client = new pg.Client(server.connectionString);
  await client.connect();
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await client.end();
  await server.stop();
});
