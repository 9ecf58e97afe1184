import { startEmbedded } from '@ruvector/pg-extension/embedded';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import {
  type BuildProgress,
  buildMemoryMB,
  CREATE_INDEX_SQL,
  createIndex,
  describeBuild,
  watching,
} from '../src/build.js';

describe('watching', () => {
  it('sees another session build, and gives what that gives', async () => {
    await using server = await startEmbedded({ extensions: [] });
    const { connectionString } = server;
    const builder = new pg.Client({ connectionString });
    const holder = new pg.Client({ connectionString });
    await Promise.all([builder.connect(), holder.connect()]);
    try {
      // The build waits in its first row until it has been seen, so nothing here depends on time.
      await builder.query(`
        CREATE TABLE numbers AS SELECT i FROM generate_series(1, 1000) AS i;
        CREATE FUNCTION waits(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql
          AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN i; END $$`);
      await holder.query('SELECT pg_advisory_lock(1)');
      const pid = (await builder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]!.pid;
      const seen: BuildProgress[] = [];
      let released: Promise<unknown> | undefined;
      const result = await watching(
        connectionString,
        pid,
        (progress) => {
          seen.push(progress);
          if (progress.blocksTotal > 0) released ??= holder.query('SELECT pg_advisory_unlock(1)');
        },
        () => builder.query('CREATE INDEX ON numbers (waits(i))'),
      );
      await released;
      expect(result.command).toBe('CREATE');
      expect(seen.find(({ blocksTotal }) => blocksTotal > 0)).toEqual({
        phase: 'building index: scanning table',
        tuplesDone: expect.any(Number),
        tuplesTotal: expect.any(Number),
        blocksDone: expect.any(Number),
        blocksTotal: expect.any(Number),
        workers: 0,
      });
      const failing = watching(
        connectionString,
        pid,
        () => undefined,
        () => builder.query('CREATE INDEX ON no'),
      );
      await expect(failing).rejects.toThrow(/syntax error/);
    } finally {
      await Promise.all([builder.end(), holder.end()]);
    }
  });
});

describe('createIndex', () => {
  /** A client whose first answer is an error. */
  const failingOnce = (error: Error) => {
    const statements: string[] = [];
    const query = async (sql: string): Promise<unknown> => {
      statements.push(sql);
      if (statements.length === 1) throw error;
      return undefined;
    };
    return { statements, query };
  };
  const short =
    'could not resize shared memory segment "/PostgreSQL.1" to 659554304 bytes: No space left on device';

  it('builds alone, and says so, where shared memory is short', async () => {
    const client = failingOnce(Object.assign(new Error(short), { code: '53100' }));
    const notices: string[] = [];
    await createIndex(client, ({ message }) => void notices.push(message));
    expect(client.statements).toEqual([
      CREATE_INDEX_SQL,
      'SET max_parallel_maintenance_workers = 0',
      CREATE_INDEX_SQL,
    ]);
    expect(notices).toEqual([`${short}: building without parallel workers`]);
  });

  it('does not try again after another failure', async () => {
    const client = failingOnce(Object.assign(new Error('could not extend file'), { code: '53100' }));
    await expect(createIndex(client, () => undefined)).rejects.toThrow('could not extend file');
    expect(client.statements).toHaveLength(1);
  });
});

describe('buildMemoryMB', () => {
  it('is at least the default, and more than pgvector needs', () => {
    expect(buildMemoryMB(100, 100)).toBe(64);
    expect(buildMemoryMB(340_479, 100) * 2 ** 20).toBeGreaterThan(340_479 * 1150);
  });
});

describe('describeBuild', () => {
  it('says the phase, and the blocks where there are any', () => {
    const progress = { tuplesDone: 0, tuplesTotal: 0, blocksDone: 0, workers: 0 };
    expect(describeBuild({ ...progress, phase: 'initializing', blocksTotal: 0 })).toEqual(['initializing']);
    expect(
      describeBuild({ ...progress, phase: 'building index: loading tuples', blocksTotal: 1112 }),
    ).toEqual(['loading tuples', '0 of 1,112 blocks']);
  });
});
