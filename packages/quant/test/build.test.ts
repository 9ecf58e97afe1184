import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kernelObjects } from '../native/build.mjs';
import { kernels, nativeDir, simd } from '../native/toolchain.mjs';
import { buildAddon } from './support/backend.js';

const files = (folder: string, suffix: string): string[] =>
  (readdirSync(join(nativeDir, folder), { recursive: true }) as string[])
    .filter((path) => path.endsWith(suffix))
    .map((path) => `${folder}/${path}`)
    .sort();

describe('native/sources.json', () => {
  it('lists every unit and every header', () => {
    expect(kernels.sources.map(({ path }) => path).sort()).toEqual(files('src', '.cpp'));
    expect(kernels.headers.toSorted()).toEqual([...files('include', '.h'), ...files('src', '.h')].sort());
  });

  it('keeps the vectoriser from the serial units, and contraction from all', () => {
    // What a unit may ask for beside the common flags: it changes what a compiler may assume of traps, and no result.
    const harmless = new Set(['-fno-trapping-math']);
    const plain = ['-fno-tree-vectorize', '-fno-tree-slp-vectorize'];
    for (const { path, flags } of kernels.sources)
      expect(
        flags.filter((flag: string) => !harmless.has(flag)),
        path,
      ).toEqual(path.endsWith('/serial.cpp') ? plain : []);
    expect(kernels.cxxflags).toContain('-ffp-contract=off');
  });
});

describe('native/build.mjs', () => {
  const script = join(nativeDir, 'build.mjs');

  it('does nothing when all is up to date, and needs no compiler then', () => {
    buildAddon();
    const addon = join(nativeDir, 'build/Release/quant.node');
    const before = statSync(addon).mtimeMs;
    const env = { ...process.env, PATH: '/nonexistent' };
    const said = execFileSync(process.execPath, [script], { env, encoding: 'utf8', stdio: 'pipe' });
    expect(said).toBe('');
    expect(statSync(addon).mtimeMs).toBe(before);
    expect(kernelObjects().filter((object: string) => !existsSync(object))).toEqual([]);
  });

  it('says which script to run without the variable that names a compiler', () => {
    const env = { ...process.env, CXX: 'false' };
    const { status, stderr } = spawnSync(process.execPath, [script], { env, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain(`env -u CXX node ${script}`);
  });

  it('links nothing of a C++ library', ({ skip }) => {
    if (simd.which('nm') === undefined || process.platform !== 'linux') return skip('no nm');
    const names = execFileSync(
      'nm',
      ['-D', '--undefined-only', join(nativeDir, 'build/Release/quant.node')],
      {
        encoding: 'utf8',
      },
    );
    // `w` are weak: crt1's, which every shared object has.
    expect(names).not.toMatch(/ U (_Z|__cxa|__gxx|_Unwind)/m);
  });
});
