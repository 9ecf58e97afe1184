/** The package as it is published: packed, installed into an empty folder, and used from there. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addon } from '../native/prebuild.mjs';
import { hostTarget, missingFiles, nameOf, prebuildPath, targets } from '../native/prebuild-addon.mjs';
import { wasmScript } from '../native/wasm/build.mjs';
import { chromiumPath, launchChromium } from './support/chromium.js';
import { bundle, inPage } from './support/page.js';
import {
  installTarball,
  type Project,
  packPackage,
  placeBuiltAddon,
  removeFolders,
  temporaryFolder,
} from './support/tarball.js';
import { noWasm, wasmBytes } from './support/wasm.js';

const require = createRequire(import.meta.url);
const missing = noWasm();

const compute = `
const a = Float32Array.from({ length: 300 }, (_, i) => i % 7);
const b = Float32Array.from({ length: 300 }, (_, i) => i % 5);
const { backend, variant, reason } = simd.capabilities();
console.log(JSON.stringify({ dot: simd.dot(a, b), many: [...simd.dotMany(a, b)], backend, variant, reason }));`;
const script = `import * as simd from '@ruvector/core-simd';${compute}`;

/** Sum of (i mod 7)(i mod 5), in whole numbers. */
const dot = Array.from({ length: 300 }, (_, i) => (i % 7) * (i % 5)).reduce((sum, each) => sum + each);

afterAll(removeFolders);

describe('the tarball', () => {
  let tarball: string;
  let project: Project;

  beforeAll(async () => {
    if (missing === undefined) await wasmBytes();
    tarball = packPackage((folder) => {
      placeBuiltAddon(folder);
      if (missing === undefined) {
        cpSync(dirname(wasmScript), join(folder, 'prebuilds', 'wasm'), { recursive: true });
      }
    });
    project = installTarball(tarball);
  }, 170_000);

  const installed = (path: string) => join(project.installed, path);

  it('computes with its prebuild, and no install script ran', () => {
    expect(project.run(script)).toMatchObject({ dot, many: [dot], backend: 'native' });
    const { scripts } = require(installed('package.json')) as { scripts: Record<string, string> };
    expect(Object.keys(scripts).filter((name) => /install$/.test(name))).toEqual([]);
    expect(existsSync(installed('native/build'))).toBe(false);
  });

  it('can be required from CommonJS', () => {
    const commonjs = `const simd = require('@ruvector/core-simd');${compute}`;
    expect(project.run(commonjs, { commonjs: true })).toMatchObject({ dot, backend: 'native' });
  });

  it.skipIf(missing !== undefined || chromiumPath() === undefined)(
    'gives bundlers a door for browsers',
    async () => {
      const text = `import * as simd from '@ruvector/core-simd';
      globalThis.__answer = [simd.capabilities().backend, simd.dot(new Float32Array(500).fill(2), new Float32Array(500).fill(3))];`;
      const bundled = await bundle(text, project.dir);
      const browser = await launchChromium();
      try {
        expect(await inPage(browser, bundled)).toEqual(['wasm', 3000]);
      } finally {
        await browser.close();
      }
    },
  );

  it('contains sources, types and maps, and nothing that is only of use in the repository', () => {
    const files = readdirSync(project.installed, { recursive: true }) as string[];
    for (const path of [
      'dist/index.js',
      'dist/index.d.ts',
      'dist/browser.js',
      'src/index.ts',
      'README.md',
      'LICENSE',
    ]) {
      expect(files).toContain(path);
    }
    expect(
      files.filter((path) => /tsbuildinfo|\.test\.|^test|^bench|native\/(build|test)(\/|$)/.test(path)),
    ).toEqual([]);
  });

  it('is sound to publint', async () => {
    const { messages } = await publint({
      pkgDir: project.installed,
      pack: false,
      level: 'suggestion',
      strict: true,
    });
    expect(messages).toEqual([]);
  });

  it('is sound to are-the-types-wrong', async () => {
    const attw = join(dirname(require.resolve('@arethetypeswrong/cli/package.json')), 'dist', 'index.js');
    // What it says of require() was true of Node before 20.19; the test above shows what is true now.
    const args = [
      attw,
      tarball,
      '--no-definitely-typed',
      '--format',
      'json',
      '--ignore-rules',
      'cjs-resolves-to-esm',
    ];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { analysis } = JSON.parse(stdout) as { analysis: { problems: Array<{ kind: string }> } };
    expect(analysis.problems.filter(({ kind }) => kind !== 'CJSResolvesToESM')).toEqual([]);
  });

  describe('without what it brings', () => {
    let bare: Project;

    beforeAll(() => {
      bare = project.copy();
      rmSync(join(bare.installed, dirname(prebuildPath(addon.name, hostTarget()!))), { recursive: true });
    }, 60_000);

    it.skipIf(missing !== undefined)(
      'computes in WebAssembly without a prebuild, and says how to get one',
      () => {
        const result = bare.run(script) as { reason: string };
        expect(result).toMatchObject({ dot, many: [dot], backend: 'wasm', variant: 'wasm' });
        expect(result.reason).toContain(`node ${join(bare.installed, 'native/build.mjs')}`);
      },
    );

    it.skipIf(missing !== undefined)('computes in WebAssembly when the prebuild does not load', () => {
      cpSync(project.installed, bare.installed, { recursive: true });
      writeFileSync(join(bare.installed, prebuildPath(addon.name, hostTarget()!)), 'not a library');
      const result = bare.run(script) as { reason: string };
      expect(result).toMatchObject({ dot, backend: 'wasm' });
      expect(result.reason).toContain('does not load');
      rmSync(join(bare.installed, prebuildPath(addon.name, hostTarget()!)));
    });

    it('computes in TypeScript without either, and says how to get them', () => {
      rmSync(join(bare.installed, 'prebuilds'), { recursive: true });
      const result = bare.run(script) as { reason: string };
      expect(result).toMatchObject({ dot, many: [dot], backend: 'typescript', variant: 'typescript' });
      expect(result.reason).toContain(`node ${join(bare.installed, 'native/build.mjs')}`);
      expect(result.reason).toContain(`node ${join(bare.installed, 'native/wasm/build.mjs')}`);
    });
  });
});

describe('the matrix of prebuilds', () => {
  it('has eight targets, each with a path that node-gyp-build finds there', () => {
    const { parseTags, parseTuple } = require('node-gyp-build');
    expect(targets.map(nameOf)).toEqual([
      'linux-x64-glibc',
      'linux-arm64-glibc',
      'linux-x64-musl',
      'linux-arm64-musl',
      'darwin-x64',
      'darwin-arm64',
      'win32-x64',
      'win32-arm64',
    ]);
    for (const target of targets) {
      const [, tuple, file] = prebuildPath(addon.name, target).split('/');
      expect(parseTuple(tuple)).toMatchObject({ platform: target.platform, architectures: [target.arch] });
      expect(parseTags(file).libc).toBe(target.libc);
      expect(parseTags(file).abi).toBeUndefined();
    }
  });

  it('says what a release lacks', () => {
    const empty = temporaryFolder('empty');
    expect(missingFiles(addon, empty)).toHaveLength(4 + targets.length);
    expect(missingFiles(addon, empty)).toContain('prebuilds/linux-x64/core_simd.musl.node');
  });
});
