/**
 * Compiles the units of an addon and links them, with the system's compilers. Shared by the build scripts of the packages
 * that have an addon; needs nothing but Node.
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
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import {
  compile,
  compilerFailure,
  findCompiler,
  findNodeHeaders,
  ToolchainError,
  words,
} from './toolchain.mjs';

/**
 * @typedef {object} Unit
 * @property {string} label of the package that it belongs to, for what is said
 * @property {string} nativeDir of that package; objects go to its build/obj, so that packages share them
 * @property {'CC' | 'CXX'} variable
 * @property {string} path relative to nativeDir
 * @property {string[]} flags all but `-o`, and the compiler's own name
 * @property {string[]} headers that it may include, absolute
 *
 * @typedef {{ includeDirs: string[], headers: string[], cxxflags: string[], sources: { path: string, flags: string[] }[] }} Sources
 */

const warnings = ['-Wall', '-Wextra'];
const cflags = ['-std=c11', '-O2', '-fPIC', '-fvisibility=hidden', '-DNAPI_VERSION=8'];
const ldflags =
  process.platform === 'darwin'
    ? ['-bundle', '-undefined', 'dynamic_lookup']
    : ['-shared', '-Wl,-z,relro,-z,now'];

/**
 * The C files of native/addon.
 *
 * @param {{ label: string, nativeDir: string, includes: string[], headers: string[] }} where `includes` are folders for -I;
 *   `headers` those of the interface, beside native/addon's own
 * @returns {Unit[]}
 */
export function addonUnits({ label, nativeDir, includes, headers }) {
  const addonDir = join(nativeDir, 'addon');
  const names = readdirSync(addonDir).sort();
  const nodeHeaders = findNodeHeaders();
  const own = names.filter((name) => name.endsWith('.h')).map((name) => join(addonDir, name));
  return names
    .filter((name) => name.endsWith('.c'))
    .map((name) => ({
      label,
      nativeDir,
      variable: 'CC',
      path: `addon/${name}`,
      flags: [
        ...cflags,
        ...warnings,
        ...includes.map((dir) => `-I${dir}`),
        `-I${nodeHeaders}`,
        ...words(process.env.CFLAGS),
      ],
      headers: [...own, ...headers, join(nodeHeaders, 'node_api.h')],
    }));
}

/**
 * The C++ files of a sources.json. A unit may include the ABI's headers, those of its own folder and of the folders above.
 *
 * @param {{ label: string, nativeDir: string, sources: Sources, includes: string[], headers?: string[] }} where `headers`
 *   are those of other packages
 * @returns {Unit[]}
 */
export function kernelUnits({ label, nativeDir, sources, includes, headers = [] }) {
  return sources.sources.map(({ path, flags }) => ({
    label,
    nativeDir,
    variable: 'CXX',
    path,
    flags: [
      ...sources.cxxflags,
      ...warnings,
      ...includes.map((dir) => `-I${dir}`),
      ...words(process.env.CXXFLAGS),
      ...flags,
    ],
    headers: [
      ...sources.headers
        .filter((header) => !header.startsWith('src/') || path.startsWith(`${dirname(header)}/`))
        .map((header) => join(nativeDir, header)),
      ...headers,
    ],
  }));
}

/** @param {unknown} parts */
function hash(parts) {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}

/** @param {string} path */
function mtime(path) {
  return existsSync(path) ? statSync(path).mtimeMs : Number.NEGATIVE_INFINITY;
}

/**
 * Where a unit's object lies. It is named by the whole path: families have units of one name.
 *
 * @param {Unit} unit
 */
export function objectOf({ nativeDir, variable, path, flags }) {
  const id = hash([process.env[variable] ?? '', flags, process.platform, process.arch]);
  return join(nativeDir, 'build', 'obj', `${path.replace(/\.\w+$/, '').replaceAll('/', '-')}-${id}.o`);
}

/** @param {Unit} unit */
function isCurrent(unit) {
  const inputs = [join(unit.nativeDir, unit.path), ...unit.headers];
  return mtime(objectOf(unit)) >= Math.max(...inputs.map(mtime));
}

/** Names a file by its bytes. */
function fingerprint(path) {
  const bytes = readFileSync(path);
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Whether the addon is the very file that `linkHash` stands for. */
function isLinked(output, linkHash) {
  const stamp = `${output}.hash`;
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
async function build(target, variable, flags, script) {
  const started = new Date();
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    // Only now: an addon that is up to date needs no compiler.
    const command = [...findCompiler(variable), ...flags, '-o', temporary];
    const said = await compile(command, variable, script);
    if (said !== '') process.stderr.write(said);
    if (!existsSync(temporary)) {
      throw compilerFailure(command, 'exit status 0, but no output', variable, script);
    }
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

/**
 * Builds native/build/Release/<name>.node.
 *
 * @param {{ label: string, nativeDir: string, name: string, units: Unit[], linker?: 'CC' | 'CXX' }} addon linked by the C
 *   compiler unless it uses the C++ library
 * @throws {ToolchainError} with the cure, where there is one
 */
export async function buildAddon({ label, nativeDir, name, units, linker = 'CC' }) {
  if (process.platform === 'win32') {
    throw new ToolchainError(
      'this script builds on Linux and macOS only; without the addon the package runs in TypeScript',
    );
  }
  const script = join(nativeDir, 'build.mjs');
  const release = join(nativeDir, 'build', 'Release');
  const output = join(release, `${name}.node`);
  const objects = units.map(objectOf);
  const link = [...ldflags, ...objects, ...words(process.env.LDFLAGS)];
  const linkHash = hash([process.env[linker] ?? '', link]);

  const stale = units.filter((unit) => !isCurrent(unit));
  const current = stale.length === 0 && isLinked(output, linkHash);
  if (current && mtime(output) >= Math.max(...objects.map(mtime))) return;

  for (const object of objects) mkdirSync(dirname(object), { recursive: true });
  mkdirSync(release, { recursive: true });
  await inParallel(
    stale.map((unit) => async () => {
      process.stderr.write(`${unit.label}: ${unit.variable === 'CC' ? 'cc' : 'c++'} native/${unit.path}\n`);
      await build(
        objectOf(unit),
        unit.variable,
        [...unit.flags, '-c', join(unit.nativeDir, unit.path)],
        script,
      );
    }),
    availableParallelism(),
  );
  process.stderr.write(`${label}: link native/build/Release/${name}.node\n`);
  const written = await build(output, linker, link, script);
  const stamp = `${output}.hash`;
  writeFileSync(`${stamp}.${process.pid}.tmp`, `${linkHash} ${written}`);
  renameSync(`${stamp}.${process.pid}.tmp`, stamp);
}
