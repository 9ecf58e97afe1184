#!/usr/bin/env node
/**
 * Builds native/build/Release/core_simd.node with the system's compilers.
 *
 *   node native/build.mjs          honours CC, CXX, CFLAGS, CXXFLAGS, LDFLAGS
 *
 * Does nothing when the addon is up to date: every object is named after a hash
 * of its command and compared by time with its source and the headers that it may include, and the addon
 * by its bytes with what the last link wrote. Files are renamed into place, so builds
 * at the same time do not break each other.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  compile,
  compilerFailure,
  findCompiler,
  findNodeHeaders,
  kernels,
  nativeDir,
  ToolchainError,
  words,
} from './toolchain.mjs';

const buildDir = join(nativeDir, 'build');
const objectDir = join(buildDir, 'obj');
const output = join(buildDir, 'Release', 'core_simd.node');
const stamp = `${output}.hash`;

const warnings = ['-Wall', '-Wextra'];
const cflags = ['-std=c11', '-O2', '-fPIC', '-fvisibility=hidden', '-DNAPI_VERSION=8'];
const ldflags =
  process.platform === 'darwin'
    ? ['-bundle', '-undefined', 'dynamic_lookup']
    : ['-shared', '-Wl,-z,relro,-z,now'];

function say(line) {
  process.stderr.write(`core-simd: ${line}\n`);
}

function hash(parts) {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}

function mtime(path) {
  return existsSync(path) ? statSync(path).mtimeMs : Number.NEGATIVE_INFINITY;
}

/** The headers that a unit may include: the ABI's, those of its own folder and of the folders above. */
function headersOf(path) {
  return kernels.headers.filter(
    (header) => !header.startsWith('src/') || path.startsWith(`${dirname(header)}/`),
  );
}

/** Every unit with its command, but for `-o` and the compiler's own name. */
function plan() {
  const includes = kernels.includeDirs.map((dir) => `-I${join(nativeDir, dir)}`);
  const addonDir = join(nativeDir, 'addon');
  // The addon's units come first: they are quick, so what a compiler has against them is known at once.
  const units = [];
  const nodeHeaders = findNodeHeaders();
  for (const file of readdirSync(addonDir)
    .filter((name) => name.endsWith('.c'))
    .sort()) {
    units.push({
      variable: 'CC',
      path: `addon/${file}`,
      flags: [...cflags, ...warnings, ...includes, `-I${nodeHeaders}`, ...words(process.env.CFLAGS)],
      headers: [
        join(addonDir, 'addon.h'),
        join(nativeDir, 'include/ruvector/simd.h'),
        join(nodeHeaders, 'node_api.h'),
      ],
    });
  }
  for (const { path, flags } of kernels.sources) {
    units.push({
      variable: 'CXX',
      path,
      flags: [...kernels.cxxflags, ...warnings, ...includes, ...words(process.env.CXXFLAGS), ...flags],
      headers: headersOf(path).map((header) => join(nativeDir, header)),
    });
  }
  return units.map((unit) => {
    const compiler = findLazily(unit.variable);
    const id = hash([compiler.name, unit.flags, process.platform, process.arch]);
    return {
      ...unit,
      compiler,
      // Named by the whole path: families have units of one name.
      object: join(objectDir, `${unit.path.replace(/\.\w+$/, '').replaceAll('/', '-')}-${id}.o`),
    };
  });
}

/** The objects of the kernels, as the last build has left them. */
export function kernelObjects() {
  return plan()
    .filter(({ variable }) => variable === 'CXX')
    .map(({ object }) => object);
}

/** An addon that is up to date needs no compiler, so it is only looked for when one is run. */
function findLazily(variable) {
  return { name: process.env[variable] ?? '', words: () => findCompiler(variable) };
}

function isCurrent(unit) {
  const inputs = [join(nativeDir, unit.path), ...unit.headers];
  return mtime(unit.object) >= Math.max(...inputs.map(mtime));
}

/** Names a file by its bytes. */
function fingerprint(path) {
  const bytes = readFileSync(path);
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Whether the addon is the very file that `linkHash` stands for. */
function isLinked(linkHash) {
  return (
    existsSync(output) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === `${linkHash} ${fingerprint(output)}`
  );
}

/**
 * Compiles to a name of this process, dates it back to the start, and renames.
 *
 * @returns the fingerprint of what was written
 */
async function build(target, compiler, variable, flags) {
  const started = new Date();
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    const command = [...compiler.words(), ...flags, '-o', temporary];
    const said = await compile(command, variable);
    if (said !== '') process.stderr.write(said);
    if (!existsSync(temporary)) throw compilerFailure(command, 'exit status 0, but no output', variable);
    const written = fingerprint(temporary);
    utimesSync(temporary, started, started);
    renameSync(temporary, target);
    return written;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Runs jobs, `width` at a time. After a failure none is begun, and it is thrown when all have ended. */
async function inParallel(jobs, width) {
  const queue = jobs[Symbol.iterator]();
  const failures = [];
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const job of queue) {
        if (failures.length > 0) return;
        await job().catch((error) => failures.push(error));
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
}

async function main() {
  if (process.platform === 'win32') {
    throw new ToolchainError(
      'this script builds on Linux and macOS only; without the addon the package runs in TypeScript',
    );
  }
  const units = plan();
  const linker = findLazily('CC');
  const objects = units.map((unit) => unit.object);
  const link = [...ldflags, ...objects, ...words(process.env.LDFLAGS)];
  const linkHash = hash([linker.name, link]);

  const stale = units.filter((unit) => !isCurrent(unit));
  if (stale.length === 0 && isLinked(linkHash) && mtime(output) >= Math.max(...objects.map(mtime))) return;

  mkdirSync(objectDir, { recursive: true });
  mkdirSync(join(buildDir, 'Release'), { recursive: true });
  await inParallel(
    stale.map((unit) => async () => {
      say(`${unit.variable === 'CC' ? 'cc' : 'c++'} native/${unit.path}`);
      const flags = [...unit.flags, '-c', join(nativeDir, unit.path)];
      await build(unit.object, unit.compiler, unit.variable, flags);
    }),
    availableParallelism(),
  );
  say('link native/build/Release/core_simd.node');
  // With the C compiler: nothing of the C++ library is used, and so none is linked.
  const written = await build(output, linker, 'CC', link);
  writeFileSync(`${stamp}.${process.pid}.tmp`, `${linkHash} ${written}`);
  renameSync(`${stamp}.${process.pid}.tmp`, stamp);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
