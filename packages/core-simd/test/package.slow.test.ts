/** Prebuilds as releases have them: prebuildify and node-gyp, without a network where this machine can be cut off. */
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addon } from '../native/prebuild.mjs';
import { hostTarget, nameOf, prebuildPath, targets } from '../native/prebuild-addon.mjs';
import { nativeDir } from '../native/toolchain.mjs';
import { installTarball, packPackage, removeFolders } from './support/tarball.js';

const require = createRequire(import.meta.url);
const has = (command: string, ...args: string[]) =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** A command in front of which there is no network. */
const cutOff = has('unshare', '-n', 'true') ? ['unshare', '-n'] : [];
const python = has('python3', '--version');

/** Runs prebuild.mjs, which writes below `folder` and not into the checkout. */
function prebuild(folder: string, ...args: string[]): void {
  const script = join(nativeDir, 'prebuild.mjs');
  const [program, ...rest] = [...cutOff, process.execPath, script, '--out', folder, ...args];
  const { status, stderr } = spawnSync(program, rest, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

/** What readelf says of a library: the libraries that it needs, and the newest version of the C library's symbols. */
function needs(file: string): { libraries: string[]; glibc: number[] } {
  const { stdout } = spawnSync('readelf', ['--wide', '--dynamic', '--version-info', file], {
    encoding: 'utf8',
  });
  const versions = [...stdout.matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(
    ([, major, minor]) => 100 * +major + +minor,
  );
  const newest = Math.max(...versions);
  return {
    libraries: [...stdout.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name),
    glibc: [Math.floor(newest / 100), newest % 100],
  };
}

describe.skipIf(!python)(`prebuildify${python ? '' : ' (needs python3, which node-gyp runs)'}`, () => {
  const host = hostTarget();
  let folder: string;
  let tarball: string;

  beforeAll(() => {
    tarball = packPackage((stage) => {
      folder = stage;
      prebuild(stage);
    });
  }, 900_000);

  afterAll(removeFolders);

  it('makes a prebuild that node-gyp-build finds and the installed package uses', () => {
    expect(require('node-gyp-build').path(folder)).toBe(join(folder, prebuildPath(addon.name, host!)));
    const script = `
      import { capabilities, dot } from '@ruvector/core-simd';
      const { backend, variant } = capabilities();
      console.log(JSON.stringify([backend, variant, dot(new Float32Array(500).fill(2), new Float32Array(500).fill(3))]));`;
    const [backend, variant, result] = installTarball(tarball).run(script) as [string, string, number];
    expect([backend, result]).toEqual(['native', 3000]);
    expect(variant).not.toBe('serial');
  });

  it('brings what builds it anew, with the command that it gives', () => {
    const project = installTarball(tarball);
    rmSync(join(project.installed, 'prebuilds'), { recursive: true });
    const script = (what: string) => `
      import { capabilities } from '@ruvector/core-simd';
      console.log(JSON.stringify(capabilities().${what}));`;
    const [, command] = /To build it, run: (node \S+native\/build\.mjs)/.exec(
      project.run(script('reason')) as string,
    )!;
    // Where Node came without headers, they are those of an npm package.
    const headers = dirname(require.resolve('node-api-headers/package.json'));
    cpSync(headers, join(project.dir, 'node_modules', 'node-api-headers'), { recursive: true });
    const env = { ...process.env, CFLAGS: '-O0', CXXFLAGS: '-O0' };
    const { status, stderr } = spawnSync(process.execPath, command.split(' ').slice(1), { cwd: '/', env });
    expect(status, String(stderr)).toBe(0);
    expect(project.run(script('backend'))).toBe('native');
  });

  it.skipIf(host?.libc !== 'glibc')('needs the C library alone, and none newer than Node itself does', () => {
    const { libraries, glibc } = needs(join(folder, prebuildPath(addon.name, host!)));
    expect(libraries.filter((name) => !/^(libc|libm)\.so\.6$|^ld-linux/.test(name))).toEqual([]);
    expect(glibc[0]).toBe(2);
    // What Node 20 is built for.
    expect(glibc[1]).toBeLessThanOrEqual(28);
  });

  const crossed = targets.filter(({ cross }) => cross !== undefined && has(cross.CXX, '--version'));
  it.each(crossed.filter((target) => target !== host).map(nameOf))('makes one for %s here', (name) => {
    prebuild(folder, name);
    const target = targets.find((each) => nameOf(each) === name)!;
    const { libraries } = needs(join(folder, prebuildPath(addon.name, target)));
    expect(libraries.filter((each) => !/^(libc|libm)\.so\.6$|^ld-linux/.test(each))).toEqual([]);
  });

  it('says where a target is built that cannot be built here', () => {
    const far = targets.find(({ platform }) => platform !== process.platform)!;
    expect(() => prebuild(folder, nameOf(far))).toThrow(`${nameOf(far)} is built on ${far.runner}, not here`);
    expect(() => prebuild(folder, 'amiga-m68k')).toThrow('usage: ');
  });
});
