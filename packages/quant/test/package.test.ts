/** The package as it is published: packed, installed with core-simd into an empty folder, and used from there. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addon, prebuilds } from '../native/prebuild.mjs';
import { packageDir } from './support/backend.js';
import { snippetsOf } from './support/snippets.js';
import {
  installTarball,
  type Project,
  packPackage,
  placeBuiltAddon,
  prebuiltAddon,
  removeFolders,
  temporaryFolder,
} from './support/tarball.js';

const require = createRequire(import.meta.url);

/** A script that prints, as JSON, what the README's example prints, and what computed it. */
const [example] = snippetsOf(readFileSync(join(packageDir, 'README.md'), 'utf8'));
const promised = [...example.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1]);
const script = `
import { format } from 'node:util';
import { capabilities } from '@ruvector/quant';
const printed = [];
const print = console.log;
console.log = (...values) => printed.push(format(...values));
${example}
print(JSON.stringify({ printed, ...capabilities() }));`;

afterAll(removeFolders);

describe('the tarball', () => {
  let tarball: string;
  let project: Project;

  beforeAll(() => {
    tarball = packPackage(placeBuiltAddon);
    project = installTarball(tarball);
  }, 600_000);

  const installed = (path: string) => join(project.installed, path);

  it("runs the README's example with its prebuild, and no install script ran", () => {
    expect(promised.length).toBeGreaterThan(2);
    expect(project.run(script)).toMatchObject({ printed: promised, backend: 'native' });
    const { scripts } = require(installed('package.json')) as { scripts: Record<string, string> };
    expect(Object.keys(scripts).filter((name) => /install$/.test(name))).toEqual([]);
    expect(existsSync(installed('native/build'))).toBe(false);
  });

  it('can be required from CommonJS', () => {
    const commonjs = `const { capabilities } = require('@ruvector/quant');
console.log(JSON.stringify(capabilities().backend));`;
    expect(project.run(commonjs, { commonjs: true })).toBe('native');
  });

  it('contains sources, types, documents and what builds it, and nothing that is only of use in the repository', () => {
    const files = readdirSync(project.installed, { recursive: true }) as string[];
    for (const path of [
      ...['dist/index.js', 'dist/index.d.ts', 'src/index.ts', 'README.md', 'LICENSE', 'doc/format.md'],
      ...[
        'native/build.mjs',
        'native/sources.json',
        'native/include/ruvector/quant.h',
        'native/addon/module.c',
      ],
    ]) {
      expect(files).toContain(path);
    }
    expect(
      files.filter((path) => /tsbuildinfo|\.test\.|^test|^bench|native\/(build|test)(\/|$)/.test(path)),
    ).toEqual([]);
  });

  it('may be published: nothing says that it is private, and its versions are of the packages beside it', () => {
    const manifest = JSON.parse(readFileSync(installed('package.json'), 'utf8'));
    expect(manifest).not.toHaveProperty('private');
    const beside = (name: string) => require(join(project.dir, 'node_modules', name, 'package.json'));
    for (const [name, version] of Object.entries(manifest.dependencies)) {
      expect(beside(name).version, name).toBe(version);
      expect(beside(name), name).not.toHaveProperty('private');
    }
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
    const rules = ['--no-definitely-typed', '--format', 'json', '--ignore-rules', 'cjs-resolves-to-esm'];
    const { stdout } = await promisify(execFile)(process.execPath, [attw, tarball, ...rules]);
    const { analysis } = JSON.parse(stdout) as { analysis: { problems: Array<{ kind: string }> } };
    expect(analysis.problems.filter(({ kind }) => kind !== 'CJSResolvesToESM')).toEqual([]);
  });

  it('computes the same in TypeScript where the prebuild does not load, and says how to get one', () => {
    writeFileSync(installed(prebuiltAddon()), 'not a library');
    const result = project.run(script) as { reason: string };
    expect(result).toMatchObject({ printed: promised, backend: 'typescript', variant: 'typescript' });
    expect(result.reason).toContain('does not load');
    expect(result.reason).toContain(`node ${installed('native/build.mjs')}`);
  });

  it('and where there is none, neither of core-simd', () => {
    rmSync(installed('prebuilds'), { recursive: true });
    rmSync(join(project.dir, 'node_modules/@ruvector/core-simd/prebuilds'), { recursive: true, force: true });
    const result = project.run(script) as { reason: string };
    expect(result).toMatchObject({ printed: promised, backend: 'typescript', variant: 'typescript' });
    expect(result.reason).toContain(`node ${installed('native/build.mjs')}`);
  });
});

describe('the matrix of prebuilds', () => {
  it("is core-simd's eight targets, each with a path that node-gyp-build finds there", () => {
    const { parseTags, parseTuple } = require('node-gyp-build');
    expect(prebuilds.targets).toHaveLength(8);
    for (const target of prebuilds.targets) {
      const [, tuple, file] = prebuilds.prebuildPath(addon.name, target).split('/');
      expect(parseTuple(tuple)).toMatchObject({ platform: target.platform, architectures: [target.arch] });
      expect(parseTags(file).libc).toBe(target.libc);
    }
  });

  it('compiles every unit of both packages with its own flags', () => {
    const { targets } = prebuilds.bindingOf(addon);
    const units = new Map<string, string[]>();
    for (const { sources, ...target } of targets) {
      const flags = 'cflags_cc' in target ? target.cflags_cc : [];
      for (const path of sources) units.set(path, flags);
    }
    for (const { label, sources } of addon.parts) {
      for (const { path, flags } of sources.sources) {
        expect(units.get(`${label}/${path}`), path).toEqual([...sources.cxxflags, ...flags]);
        units.delete(`${label}/${path}`);
      }
    }
    const rest = readdirSync(join(packageDir, 'native/addon')).filter((name) => name.endsWith('.c'));
    expect([...units.keys()].sort()).toEqual(rest.map((name) => `quant/addon/${name}`).sort());
  });

  it('says what a release lacks', () => {
    const missing = prebuilds.missingFiles(addon, temporaryFolder('empty'));
    expect(missing).toHaveLength(1 + prebuilds.targets.length);
    expect(missing).toContain('prebuilds/linux-x64/quant.musl.node');
  });
});
