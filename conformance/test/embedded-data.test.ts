/** Data directories that the caller gives: made, reused, refused, and never taken away. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type EmbeddedServer, startEmbedded } from '@ruvector/pg-extension/embedded';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { baseOf, isRoot, query, rejection, running, startChild, until } from './embedded-helpers.js';

let outer: string;
const started: EmbeddedServer[] = [];

async function start(options: Parameters<typeof startEmbedded>[0]) {
  const server = await startEmbedded({ extensions: [], ...options });
  started.push(server);
  return server;
}

beforeEach(() => {
  outer = mkdtempSync('/tmp/embedded-test-');
  chmodSync(outer, 0o711);
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
  rmSync(outer, { recursive: true, force: true });
});

describe('a given data directory', () => {
  it('is made with what is missing above it, and keeps its data across restarts', async () => {
    const dataDir = path.join(outer, 'new', "it's a \\ directory", 'data');
    const first = await start({ dataDir });
    expect(first.dataDir).toBe(dataDir);
    await query(first.connectionString, "CREATE TABLE kept AS SELECT 'still here' AS text");
    await first.stop();
    expect(existsSync(baseOf(first))).toBe(false);
    expect(existsSync(path.join(dataDir, 'postmaster.pid'))).toBe(false);
    const phases: string[] = [];
    const second = await start({ dataDir, onProgress: (phase) => phases.push(phase) });
    expect(phases).not.toContain('initdb');
    expect(await query(second.connectionString, 'SELECT text FROM kept')).toEqual([{ text: 'still here' }]);
  });

  it('is crash-proof, and temporary data is not', async () => {
    const settings = "SELECT current_setting('fsync') || current_setting('full_page_writes') AS safe";
    const given = await start({ dataDir: path.join(outer, 'data') });
    expect(await query(given.connectionString, settings)).toEqual([{ safe: 'onon' }]);
    const temporary = await start({});
    expect(await query(temporary.connectionString, settings)).toEqual([{ safe: 'offoff' }]);
  });

  it('keeps what ALTER SYSTEM sets, except where the server is and who gets in', async () => {
    const dataDir = path.join(outer, 'data');
    const first = await start({ dataDir, settings: { work_mem: '5MB' } });
    await query(first.connectionString, "ALTER SYSTEM SET work_mem = '6MB'");
    await query(first.connectionString, "ALTER SYSTEM SET listen_addresses = '*'");
    await query(first.connectionString, "ALTER SYSTEM SET unix_socket_directories = '/tmp'");
    await query(first.connectionString, 'ALTER SYSTEM SET port = 9999');
    await first.stop();
    const second = await start({ dataDir, settings: { work_mem: '5MB' } });
    const [row] = await query(
      second.connectionString,
      "SELECT current_setting('work_mem') AS work_mem, current_setting('listen_addresses') AS addresses",
    );
    expect(row).toEqual({ work_mem: '6MB', addresses: '' });
  });

  it('survives the killing of the parent, shut down in order', async () => {
    const dataDir = path.join(outer, 'data');
    const child = startChild({ embedded: { extensions: [], dataDir } });
    const server = await child.server();
    await query(server.connectionString, 'CREATE TABLE kept AS SELECT 1 AS id');
    child.process.kill('SIGKILL');
    await until(() => !running(server.pid) && !existsSync(baseOf(server)));
    const again = await start({ dataDir });
    expect(again.log()).toContain('database system was shut down at');
    expect(await query(again.connectionString, 'SELECT id FROM kept')).toEqual([{ id: 1 }]);
  });

  it('is empty again when its initialisation is cancelled', async () => {
    const dataDir = path.join(outer, 'data');
    const controller = new AbortController();
    const onProgress = (phase: string) => {
      if (phase === 'initdb') setTimeout(() => controller.abort(), 150);
    };
    await rejection(start({ dataDir, signal: controller.signal, onProgress }), 'ERR_EMBEDDED_ABORTED');
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('that cannot be used is told why, and nothing is left of it', async () => {
    const file = path.join(outer, 'file');
    writeFileSync(file, '');
    await rejection(start({ dataDir: file }), 'ERR_EMBEDDED_DATA_DIR');
    await rejection(start({ dataDir: path.join(file, 'below') }), 'ERR_EMBEDDED_DATA_DIR');
    await rejection(start({ dataDir: `${outer}/a\nb` }), 'ERR_EMBEDDED_DATA_DIR');
    expect(readdirSync(outer)).toEqual(['file']);
  });

  it('with something else in it is left alone', async () => {
    const { dataDir } = await ownDirectory('mine');
    writeFileSync(path.join(dataDir, 'letter.txt'), 'dear reader');
    const error = await rejection(start({ dataDir }), 'ERR_EMBEDDED_DATA_DIR');
    expect(error.message).toContain('neither empty nor a PostgreSQL cluster');
    expect(readdirSync(dataDir)).toEqual(['letter.txt']);
  });

  it('of another major version is left alone', async () => {
    const { dataDir } = await ownDirectory('old');
    writeFileSync(path.join(dataDir, 'PG_VERSION'), '9.6\n');
    const error = await rejection(start({ dataDir }), 'ERR_EMBEDDED_DATA_DIR');
    expect(error.message).toContain('PostgreSQL 9.6');
  });

  it('that was never finished is refused', async () => {
    const { dataDir } = await ownDirectory('half');
    const temporary = await start({});
    writeFileSync(path.join(dataDir, 'PG_VERSION'), `${temporary.majorVersion}\n`);
    const error = await rejection(start({ dataDir }), 'ERR_EMBEDDED_DATA_DIR');
    expect(error.message).toContain('unfinished');
  });

  it('that another server runs in is refused, and that server goes on', async () => {
    const dataDir = path.join(outer, 'data');
    const server = await start({ dataDir });
    await rejection(start({ dataDir }), 'ERR_EMBEDDED_DATA_DIR');
    expect(await query(server.connectionString, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('that two start in at the same time serves one of them', async () => {
    const dataDir = path.join(outer, 'data');
    await (await start({ dataDir })).stop();
    const both = await Promise.allSettled([start({ dataDir }), start({ dataDir })]);
    const [won] = both.filter((each) => each.status === 'fulfilled');
    const [lost] = both.filter((each) => each.status === 'rejected');
    expect(lost?.reason).toMatchObject({ name: 'EmbeddedError' });
    expect(await query(won!.value.connectionString, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe.runIf(isRoot)('as root, a given data directory', () => {
  it('of root is not given away, and the error says what to do', async () => {
    const dataDir = path.join(outer, 'data');
    mkdirSync(dataDir, { mode: 0o777 });
    chmodSync(dataDir, 0o777);
    const error = await rejection(start({ dataDir }), 'ERR_EMBEDDED_DATA_DIR');
    expect(error.message).toMatch(/chown -R \w+ \/tmp\//);
    expect(statSync(dataDir).uid).toBe(0);
  });

  it('that the server cannot reach is refused and not left behind', async () => {
    const closed = path.join(outer, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    await rejection(start({ dataDir: path.join(closed, 'data') }), 'ERR_EMBEDDED_DATA_DIR');
    expect(readdirSync(closed)).toEqual([]);
  });
});

/** An empty directory that belongs to the account that servers run as. */
async function ownDirectory(name: string) {
  const dataDir = path.join(outer, name);
  mkdirSync(dataDir, { mode: 0o700 });
  if (isRoot) {
    const id = (flag: string) => {
      for (const account of ['postgres', 'nobody']) {
        const { status, stdout } = spawnSync('id', [flag, account], { encoding: 'utf8' });
        if (status === 0) return Number(stdout);
      }
      throw new Error('neither postgres nor nobody is an account here');
    };
    chownSync(dataDir, id('-u'), id('-g'));
  }
  return { dataDir };
}
