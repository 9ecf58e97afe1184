import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { findCompiler, findNodeHeaders, nativeDir, run } from '../native/toolchain.mjs';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A copy of native/, not yet built, where node-api-headers is found as in the package. */
function copyNative(): string {
  const folder = mkdtempSync(join(tmpdir(), 'core-simd-build-'));
  folders.push(folder);
  cpSync(nativeDir, join(folder, 'native'), {
    recursive: true,
    filter: (path) => !path.startsWith(join(nativeDir, 'build/')) && path !== join(nativeDir, 'build'),
  });
  // Where Node came without headers, the build finds those of an npm package.
  symlinkSync(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(folder, 'node_modules'));
  return join(folder, 'native');
}

// Optimisation takes most of a compiler's time and is beside the point here.
const quick = { CFLAGS: '-O0', CXXFLAGS: '-O0' };

async function build(native: string, env: Record<string, string> = quick) {
  const command = [process.execPath, join(native, 'build.mjs')];
  const { code, stdout, stderr } = await run(command, { cwd: '/', env: { ...process.env, ...env } });
  expect(stdout).toBe('');
  return { code, steps: stderr.split('\n').filter((line: string) => line !== '') };
}

const addonOf = (native: string) => join(native, 'build/Release/core_simd.node');
const compilers = (() => {
  try {
    return [...findCompiler('CC'), ...findCompiler('CXX')];
  } catch {
    return undefined;
  }
})();

const addonUnits = ['arguments', 'async', 'bind', 'job', 'module', 'names', 'pair', 'shapes'];

describe.skipIf(compilers === undefined)('native/build.mjs (needs compilers)', { timeout: 300_000 }, () => {
  it('builds what is missing or out of date, says each step, and then nothing', async () => {
    const native = copyNative();
    const units = [
      ...JSON.parse(readFileSync(join(native, 'sources.json'), 'utf8')).sources.map(
        ({ path }: { path: string }) => `core-simd: c++ native/${path}`,
      ),
      ...addonUnits.map((name) => `core-simd: cc native/addon/${name}.c`),
    ];
    const link = 'core-simd: link native/build/Release/core_simd.node';

    const first = await build(native);
    expect(first.code).toBe(0);
    expect(first.steps.slice(0, -1).sort()).toEqual(units.sort());
    expect(first.steps.at(-1)).toBe(link);
    const addon = createRequire(import.meta.url)(addonOf(native));
    expect(Object.keys(addon.variants)).toContain('serial');

    expect(await build(native)).toEqual({ code: 0, steps: [] });

    const touch = (path: string) => {
      const soon = new Date(Date.now() + 1000);
      utimesSync(join(native, path), soon, soon);
    };
    const past = (path: string) => utimesSync(join(native, path), new Date(0), new Date(0));

    touch('addon/pair.c');
    expect(await build(native)).toEqual({ code: 0, steps: ['core-simd: cc native/addon/pair.c', link] });
    past('addon/pair.c');
    // A header is that of its folder and of those below.
    for (const [header, folder] of [
      ['src/sparse/merge.h', 'native/src/sparse/'],
      ['src/kernels.h', 'native/src/'],
    ]) {
      touch(header);
      const concerned = units.filter((step) => step.includes(` c++ ${folder}`));
      expect((await build(native)).steps.slice(0, -1).sort()).toEqual(concerned.sort());
      past(header);
    }

    const otherFlags = await build(native, { ...quick, CFLAGS: '-O0 -DUNUSED=1' });
    expect(otherFlags.steps.filter((step: string) => step.includes(' cc '))).toHaveLength(addonUnits.length);
    expect(otherFlags.steps.at(-1)).toBe(link);

    rmSync(addonOf(native));
    expect(await build(native, { ...quick, CFLAGS: '-O0 -DUNUSED=1' })).toEqual({ code: 0, steps: [link] });

    // Nor is it trusted for its name: another file, of the same size or not, is replaced.
    const written = readFileSync(addonOf(native));
    for (const other of [Buffer.from('garbage'), Buffer.alloc(0), Buffer.alloc(written.length, 1)]) {
      writeFileSync(addonOf(native), other);
      expect(await build(native, { ...quick, CFLAGS: '-O0 -DUNUSED=1' })).toEqual({ code: 0, steps: [link] });
      expect(readFileSync(addonOf(native)).equals(written)).toBe(true);
    }

    // What is up to date needs no compiler.
    const emptyPath = { ...quick, CFLAGS: '-O0 -DUNUSED=1', PATH: '/nonexistent' };
    expect(await build(native, emptyPath)).toEqual({ code: 0, steps: [] });
  });

  it('bears another build at the same time', async () => {
    const native = copyNative();
    const builds = await Promise.all([build(native), build(native)]);
    expect(builds.map(({ code }) => code)).toEqual([0, 0]);
    const addon = createRequire(import.meta.url)(addonOf(native));
    expect(Object.keys(addon.variants)).toContain('serial');
    expect(await build(native)).toEqual({ code: 0, steps: [] });
  });

  it('fails with the cure when a system header is missing, and leaves no addon', async () => {
    const native = copyNative();
    const { code, steps } = await build(native, { CFLAGS: '-O0 -nostdinc', CXXFLAGS: '-O0 -nostdinc' });
    expect(code).toBe(1);
    expect(steps.join('\n')).toMatch(/header std\w+\.h is missing\nTo cure it, run: \S+/);
    expect(existsSync(addonOf(native))).toBe(false);
  });

  it('fails with what the compiler said when it refuses', async () => {
    const native = copyNative();
    const { code, steps } = await build(native, { ...quick, CFLAGS: '-O0 --no-such-option' });
    expect(code).toBe(1);
    expect(steps.join('\n')).toContain('--no-such-option');
  });

  it('says what failed, how, and the cure, when the compiler itself says nothing', async () => {
    const native = copyNative();
    const cure = (variable: string) =>
      `To cure it, run: env -u ${variable} node ${join(native, 'build.mjs')}`;
    for (const variable of ['CC', 'CXX']) {
      const failed = await build(native, { ...quick, [variable]: 'false' });
      expect(failed.code).toBe(1);
      expect(failed.steps).toContainEqual(expect.stringMatching(/^core-simd: false .+ -c .+/));
      expect(failed.steps).toContain(
        `exit status 1, without a word; ${variable}=false is set in the environment`,
      );
      expect(failed.steps.at(-1)).toBe(cure(variable));

      // One that claims success and writes nothing is no better.
      const idle = await build(native, { ...quick, [variable]: 'true' });
      expect(idle.code).toBe(1);
      expect(idle.steps).toContain(
        `exit status 0, but no output; ${variable}=true is set in the environment`,
      );
      expect(idle.steps.at(-1)).toBe(cure(variable));
      expect(existsSync(addonOf(native))).toBe(false);
    }
  });

  it('says so when a signal ends a compiler that no variable names', async () => {
    const native = copyNative();
    const bin = join(native, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'cc'), '#!/bin/sh\nkill -9 $$\n', { mode: 0o755 });
    const { CC: _cc, ...env } = process.env;
    const { code, stderr } = await run([process.execPath, join(native, 'build.mjs')], {
      env: { ...env, ...quick, PATH: `${bin}:${process.env.PATH}` },
    });
    expect(code).toBe(1);
    expect(stderr).toContain('\nended by SIGKILL, without a word');
    expect(stderr).not.toContain('is set in the environment');
    if (existsSync('/etc/debian_version')) expect(stderr).toMatch(/To cure it, run: .*build-essential\n$/);
  });
});

describe('native/sources.json', () => {
  const read = (): { headers: string[]; sources: Array<{ path: string; flags: string[] }> } =>
    JSON.parse(readFileSync(join(nativeDir, 'sources.json'), 'utf8'));
  const files = (suffix: string): string[] =>
    (readdirSync(join(nativeDir, 'src'), { recursive: true }) as string[])
      .filter((path) => path.endsWith(suffix))
      .map((path) => `src/${path}`)
      .sort();

  it('lists every unit and every header', () => {
    const { headers, sources } = read();
    expect(sources.map(({ path }) => path).sort()).toEqual(files('.cpp'));
    expect(headers.toSorted()).toEqual(['include/ruvector/simd.h', ...files('.h')]);
  });

  it('keeps the vectoriser and contraction from the serial units, and from no other', () => {
    const plain = ['-fno-tree-vectorize', '-fno-tree-slp-vectorize', '-ffp-contract=off'];
    for (const { path, flags } of read().sources) {
      expect(flags).toEqual(path.endsWith('/serial.cpp') ? plain : []);
    }
  });
});

describe('native/build.mjs', () => {
  it('fails with the cure when there is no compiler', async () => {
    const native = copyNative();
    const { code, steps } = await build(native, { PATH: '/nonexistent', CC: '', CXX: '' });
    expect(code).toBe(1);
    expect(steps.join('\n')).toMatch(/no C(\+\+)? compiler \(looked for .+\)/);
    if (existsSync('/etc/debian_version')) {
      expect(steps.at(-1)).toMatch(/^To cure it, run: (sudo )?apt-get install -y build-essential$/);
    }
  });

  it('fails when CXX names what is not there', async () => {
    const native = copyNative();
    const { code, steps } = await build(native, { CXX: 'no-such-compiler' });
    expect(code).toBe(1);
    expect(steps.join('\n')).toContain('CXX=no-such-compiler: no such C++ compiler');
  });

  it('takes the headers beside Node, else those of node-api-headers, else says how to get them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'core-simd-headers-'));
    folders.push(folder);
    mkdirSync(join(folder, 'include/node'), { recursive: true });
    const own = createRequire(import.meta.url)('node-api-headers').include_dir as string;
    cpSync(join(own, 'node_api.h'), join(folder, 'include/node/node_api.h'));
    expect(findNodeHeaders(join(folder, 'bin/node'))).toBe(join(folder, 'include/node'));
    expect(findNodeHeaders('/nonexistent/bin/node')).toBe(own);

    // Away from node_modules the package is not found either.
    const native = copyNative();
    rmSync(join(native, '..', 'node_modules'));
    const elsewhere = await import(join(native, 'toolchain.mjs'));
    expect(() => elsewhere.findNodeHeaders('/nonexistent/bin/node')).toThrow(
      'To cure it, run: npm install --no-save node-api-headers@1.9.0',
    );
  });
});
