#!/usr/bin/env node
/**
 * Builds the addon for packages: prebuilds/<platform>-<arch>/core_simd[.<libc>].node, by prebuildify and node-gyp
 * from binding.gyp. node-gyp-build, which the package depends on, finds them by these names.
 *
 *   node native/prebuild.mjs                    for this machine: npm run prebuildify
 *   node native/prebuild.mjs linux-arm64-glibc  for another target, where its compiler is here
 *   node native/prebuild.mjs --matrix           all targets as JSON, for a CI's matrix
 *   node native/prebuild.mjs --check            fails unless all that a release contains is there: prepublishOnly
 *
 * Node's own headers are used where they lie beside it, so that nothing is downloaded; elsewhere node-gyp fetches
 * those of this version. Honours npm_config_nodedir.
 */
import { cpSync, existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nativeDir, run, ToolchainError, which } from './toolchain.mjs';

const packageDir = join(nativeDir, '..');

/**
 * What a release is built for. `runner` is a machine that builds and tests it; `container` an image on it; `cross`
 * names the compilers that build it elsewhere. The oldest C library that a glibc binary may need is Node's own,
 * 2.28: test/package.slow.test.ts looks.
 *
 * @typedef {{ platform: string, arch: string, libc?: 'glibc' | 'musl', runner: string, container?: string,
 *   cross?: typeof aarch64 }} Target
 */

const aarch64 = {
  CC: 'aarch64-linux-gnu-gcc',
  CXX: 'aarch64-linux-gnu-g++',
  AR: 'aarch64-linux-gnu-ar',
  strip: 'aarch64-linux-gnu-strip',
  debian: 'g++-aarch64-linux-gnu',
};

/** @type {readonly Target[]} */
export const targets = [
  { platform: 'linux', arch: 'x64', libc: 'glibc', runner: 'ubuntu-24.04' },
  { platform: 'linux', arch: 'arm64', libc: 'glibc', runner: 'ubuntu-24.04-arm', cross: aarch64 },
  { platform: 'linux', arch: 'x64', libc: 'musl', runner: 'ubuntu-24.04', container: 'node:20-alpine' },
  { platform: 'linux', arch: 'arm64', libc: 'musl', runner: 'ubuntu-24.04-arm', container: 'node:20-alpine' },
  { platform: 'darwin', arch: 'x64', runner: 'macos-15-intel' },
  { platform: 'darwin', arch: 'arm64', runner: 'macos-15' },
  { platform: 'win32', arch: 'x64', runner: 'windows-2025' },
  { platform: 'win32', arch: 'arm64', runner: 'windows-11-arm' },
];

/** @param {Target} target */
export function nameOf({ platform, arch, libc }) {
  return [platform, arch, ...(libc === undefined ? [] : [libc])].join('-');
}

/** The target that this process runs on. */
export function hostTarget() {
  const libc = existsSync('/etc/alpine-release') ? 'musl' : 'glibc';
  return targets.find(
    (each) =>
      each.platform === process.platform &&
      each.arch === process.arch &&
      (each.libc === undefined || each.libc === libc),
  );
}

/** Where a prebuild lies in the package. @param {Target} target */
export function prebuildPath(target) {
  const tag = target.libc === undefined ? '' : `.${target.libc}`;
  return `prebuilds/${target.platform}-${target.arch}/core_simd${tag}.node`;
}

/** @param {Target} target */
function compilersFor(target) {
  if (target === hostTarget()) return {};
  const { cross } = target;
  if (cross === undefined || process.platform !== target.platform) {
    throw new ToolchainError(`${nameOf(target)} is built on ${target.container ?? target.runner}, not here`);
  }
  if (which(cross.CXX) === undefined) {
    throw new ToolchainError(`no ${cross.CXX}`, `apt-get install -y ${cross.debian}`);
  }
  return { CC: cross.CC, CXX: cross.CXX, AR: cross.AR, LINK: cross.CXX };
}

/** The folder with include/node/common.gypi; undefined lets node-gyp fetch one. */
function nodeDir(env) {
  if (env.npm_config_nodedir) return env.npm_config_nodedir;
  const beside = join(dirname(realpathSync(process.execPath)), '..');
  return existsSync(join(beside, 'include', 'node', 'common.gypi')) ? beside : undefined;
}

/** prebuildify and node-gyp are tools of the repository, not of the package. */
function tool(name, file) {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), file);
  } catch {
    throw new ToolchainError(`no npm package ${name}`, 'npm ci');
  }
}

const staged = ['addon', 'include', 'src', 'binding.gyp', 'gyp.mjs', 'sources.json', 'toolchain.mjs'];

/**
 * Builds one target.
 *
 * @param {Target} target
 * @param {{ out?: string, env?: NodeJS.ProcessEnv }} [options] `out` is the package's folder
 * @returns {Promise<string>} the file
 */
export async function prebuild(target, options = {}) {
  const { out = packageDir, env = process.env } = options;
  const compilers = compilersFor(target);
  const headers = nodeDir(env);
  const words = [
    ...['--napi', '--strip', '--name', 'core_simd', '--target', process.versions.node],
    ...['--platform', target.platform, '--arch', target.arch, '--out', out],
    ...(target.libc === undefined ? [] : ['--tag-libc', target.libc, '--libc', target.libc]),
    ...(target === hostTarget() ? [] : ['--strip-bin', target.cross.strip]),
    // Windows cannot start a script by its name: there prebuildify looks for node-gyp.cmd, which npm has put on PATH.
    ...(process.platform === 'win32' ? [] : ['--node-gyp', tool('node-gyp', 'bin/node-gyp.js')]),
  ];
  // node-gyp begins by deleting build/ beside binding.gyp, where build.mjs has its own.
  const stage = mkdtempSync(join(tmpdir(), 'core-simd-prebuild-'));
  try {
    for (const part of staged) cpSync(join(nativeDir, part), join(stage, part), { recursive: true });
    const { code, stdout, stderr } = await run([process.execPath, tool('prebuildify', 'bin.js'), ...words], {
      cwd: stage,
      env: {
        JOBS: 'max',
        ...env,
        ...compilers,
        ...(headers === undefined ? {} : { npm_config_nodedir: headers }),
      },
    });
    if (code !== 0) throw new ToolchainError(`prebuildify ${words.join(' ')}\n${stdout}${stderr}`);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  return join(out, prebuildPath(target));
}

/** What a release contains and is not there. */
export function missingFiles(folder = packageDir) {
  const built = [
    'dist/index.js',
    'dist/browser.js',
    'prebuilds/wasm/core_simd.wasm',
    'prebuilds/wasm/core_simd.js',
  ];
  return [...built, ...targets.map(prebuildPath)].filter((path) => !existsSync(join(folder, path)));
}

async function main(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      matrix: { type: 'boolean' },
      check: { type: 'boolean' },
      out: { type: 'string', default: packageDir },
    },
  });
  if (values.matrix) {
    const include = targets.map((target) => ({ name: nameOf(target), ...target }));
    process.stdout.write(`${JSON.stringify({ include })}\n`);
    return;
  }
  if (values.check) {
    const absent = missingFiles(values.out);
    if (absent.length > 0) throw new ToolchainError(`a release needs also: ${absent.join(', ')}`);
    return;
  }
  const [wish, ...rest] = positionals;
  const target = wish === undefined ? hostTarget() : targets.find((each) => nameOf(each) === wish);
  if (target === undefined || rest.length > 0) {
    throw new ToolchainError(
      `usage: node native/prebuild.mjs [${targets.map(nameOf).join(' | ')}] [--out folder]`,
    );
  }
  process.stderr.write(`core-simd: ${await prebuild(target, { out: values.out })}\n`);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`core-simd: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
