/**
 * The README's first command in a fresh clone of the last commit, in a closed folder, with an empty environment. Fetches from
 * package registries. `tools/bare-debian.sh` does the same where nothing is installed yet.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const isRoot = process.getuid?.() === 0;
const cloned = spawnSync('git', ['-C', repository, 'rev-parse', 'HEAD']).status === 0;

let outer: string;

beforeEach(() => {
  outer = mkdtempSync('/tmp/bootstrap-test-');
  chmodSync(outer, 0o711);
});

afterEach(() => rmSync(outer, { recursive: true, force: true }));

/** Clones into a folder that only the user can enter, and runs the demo there. */
function fresh(user: { uid: number; gid: number } | undefined, home: string) {
  const closed = path.join(outer, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  const clone = path.join(closed, 'ruvector');
  expect(spawnSync('git', ['clone', '-q', repository, clone]).status).toBe(0);
  if (user !== undefined) spawnSync('chown', ['-R', `${user.uid}:${user.gid}`, closed]);
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: home };
  for (const name of ['NODE_EXTRA_CA_CERTS', 'npm_config_registry', 'https_proxy', 'http_proxy']) {
    if (process.env[name] !== undefined) env[name] = process.env[name];
  }
  const npm = (...args: string[]) => {
    const result = spawnSync('npm', args, { cwd: clone, env, encoding: 'utf8', maxBuffer: 1 << 28, ...user });
    expect(result, result.stderr).toMatchObject({ status: 0 });
    return result;
  };
  return { npm };
}

/** The demo prints one object of JSON, and a second run has nothing to set up. */
function expectDemo({ npm }: ReturnType<typeof fresh>) {
  const first = npm('run', '-s', 'demo', '--', '--json', '--rows', '2000');
  expect(JSON.parse(first.stdout)).toMatchObject({ load: { rows: 2000 } });
  expect(first.stderr).toContain('[set-up] npm ci');
  const second = npm('run', '-s', 'demo', '--', '--json', '--rows', '2000');
  expect(JSON.parse(second.stdout)).toMatchObject({ load: { rows: 2000 } });
  expect(second.stderr).not.toMatch(/\[set-up\] (npm|apt)/);
}

describe.skipIf(!cloned)('a fresh clone', () => {
  it('runs the demo with an empty home', () => {
    const home = path.join(outer, 'home');
    mkdirSync(home);
    expectDemo(fresh(undefined, home));
  });

  it('runs the demo without a home, which cannot be made either', () => {
    writeFileSync(path.join(outer, 'file'), '');
    expectDemo(fresh(undefined, path.join(outer, 'file', 'home')));
  });

  it.runIf(isRoot)('runs the demo of another user', () => {
    const id = (flag: string) => Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout);
    expectDemo(fresh({ uid: id('-u'), gid: id('-g') }, '/nonexistent'));
  });
});
