/** An ordinary user starts servers too. As root these tests become one; a user without rights is tested everywhere else. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baseOf, embeddedModule, isRoot, query, running, startChild, until } from './embedded-helpers.js';

const [uid, gid] = ['-u', '-g'].map((flag) =>
  Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout),
);

describe.skipIf(!isRoot)('a user without rights and without a home', () => {
  let outer: string;
  let module: string;
  let script: string;
  const env = { PATH: process.env.PATH, HOME: '/nonexistent' };

  beforeAll(() => {
    // The checkout may be closed to others: the user gets a copy of the built package.
    outer = mkdtempSync('/tmp/embedded-test-');
    chmodSync(outer, 0o755);
    const packageRoot = path.resolve(embeddedModule, '../../../..');
    const copy = path.join(outer, 'package');
    cpSync(path.join(packageRoot, 'dist'), path.join(copy, 'dist'), { recursive: true });
    cpSync(path.join(packageRoot, 'package.json'), path.join(copy, 'package.json'));
    module = path.join(copy, path.relative(packageRoot, embeddedModule));
    script = path.join(outer, 'child.mjs');
    cpSync(new URL('embedded-child.mjs', import.meta.url), script);
    mkdirSync(path.join(outer, 'tmp'), { mode: 0o777 });
    chmodSync(path.join(outer, 'tmp'), 0o1777);
  });

  afterAll(() => rmSync(outer, { recursive: true, force: true }));

  it('has a server that runs as that user and goes with the program', async () => {
    const child = startChild({ module, script, uid, gid, env });
    const server = await child.server();
    for (const file of [baseOf(server), server.socketDir, server.dataDir, `/proc/${server.pid}`]) {
      expect(statSync(file).uid).toBe(uid);
    }
    expect(await query(server.connectionString, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    child.process.kill('SIGKILL');
    await until(() => !running(server.pid) && !existsSync(baseOf(server)));
  });

  it('keeps a data directory of its own', async () => {
    const dataDir = path.join(outer, 'tmp', 'data');
    for (const expected of [[{ found: null }], [{ found: 'kept' }]]) {
      const child = startChild({ module, script, uid, gid, env, embedded: { extensions: [], dataDir } });
      const server = await child.server();
      expect(await query(server.connectionString, "SELECT to_regclass('kept')::text AS found")).toEqual(
        expected,
      );
      await query(server.connectionString, 'CREATE TABLE IF NOT EXISTS kept (id int)');
      child.process.kill('SIGKILL');
      await until(() => !running(server.pid) && !existsSync(baseOf(server)));
    }
  });

  it('that has no name is told so', async () => {
    const child = startChild({ module, script, uid: 54321, gid: 54321, env });
    expect((await child.outcome).error).toMatchObject({
      code: 'ERR_EMBEDDED_ACCOUNT',
      message: expect.stringContaining('useradd --uid 54321'),
    });
  });

  it("gets no server in another user's directory", async () => {
    const dataDir = path.join(outer, 'root-owned');
    mkdirSync(dataDir);
    chmodSync(dataDir, 0o777);
    const child = startChild({ module, script, uid, gid, env, embedded: { extensions: [], dataDir } });
    expect((await child.outcome).error).toMatchObject({ code: 'ERR_EMBEDDED_DATA_DIR' });
  });

  it('gets no temporary directory where it cannot write, and /tmp instead', async () => {
    const child = startChild({ module, script, uid, gid, env: { ...env, TMPDIR: '/root' } });
    const server = await child.server();
    expect(path.dirname(baseOf(server))).toBe('/tmp');
    child.process.kill('SIGKILL');
    await until(() => !existsSync(baseOf(server)));
  });
});
