#!/usr/bin/env node
/**
 * Builds the kernels for WebAssembly SIMD, with clang and lld:
 *
 *   node native/wasm/build.mjs     honours WASM_CXX, WASM_CXXFLAGS and WASM_LD
 *
 *   prebuilds/wasm/core_simd.wasm  for Node, which reads it as a file
 *   prebuilds/wasm/core_simd.js    the same bytes in base64, for bundlers and browsers
 *
 * Does nothing when both are up to date: an object is named by a hash of its command, its source and all headers,
 * and the two files by one of all objects. No libc is linked, and no host function imported: a kernel that
 * needed one would fail the link.
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
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, kernels, nativeDir, ToolchainError, which, words } from '../toolchain.mjs';

const objectDir = join(nativeDir, 'build', 'wasm');
const outputDir = join(nativeDir, '..', 'prebuilds', 'wasm');

/** The two files that this script makes. */
export const wasmFile = join(outputDir, 'core_simd.wasm');
export const wasmScript = join(outputDir, 'core_simd.js');

/**
 * Bulk memory is older than SIMD in every engine, and turns what the compiler would call memcpy and memset for
 * into instructions.
 */
const target = ['--target=wasm32', '-msimd128', '-mbulk-memory', '-ffreestanding', '-nostdlib'];
const warnings = ['-Wall', '-Wextra'];

/** A stack below the data: an overflow traps rather than overwrites. */
const ldflags = ['--no-entry', '--gc-sections', '--strip-all', '--stack-first', '-z', 'stack-size=65536'];
const exported = ['--export=__heap_base'];

function say(line) {
  process.stderr.write(`core-simd: ${line}\n`);
}

function hash(parts) {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(`${part.length}:`).update(part);
  return digest.digest('hex').slice(0, 16);
}

/** The command that installs clang and lld on this system. */
export function wasmCure() {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  if (process.platform === 'darwin') return 'brew install llvm lld';
  if (existsSync('/etc/debian_version')) return `${sudo}apt-get install -y clang lld`;
  if (existsSync('/etc/alpine-release')) return `${sudo}apk add clang lld`;
  if (existsSync('/etc/redhat-release')) return `${sudo}dnf install -y clang lld`;
  if (existsSync('/etc/arch-release')) return `${sudo}pacman -S --noconfirm clang lld`;
  return undefined;
}

/** Newer releases first; Debian names the programs of some packages by the release alone. */
const releases = ['', ...Array.from({ length: 12 }, (_, i) => `-${25 - i}`)];

/**
 * @param {'WASM_CXX' | 'WASM_LD'} variable
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 */
function findTool(variable, name, env) {
  const wish = words(env[variable]);
  if (wish.length > 0) {
    if (which(wish[0], env.PATH) !== undefined) return wish;
    throw new ToolchainError(`${variable}=${env[variable]}: no such program`, wasmCure());
  }
  const found = releases.map((release) => name + release).find((each) => which(each, env.PATH) !== undefined);
  if (found !== undefined) return [found];
  throw new ToolchainError(`no ${name}, which the WebAssembly build needs`, wasmCure());
}

/**
 * The compiler and the linker, as words.
 *
 * @throws {ToolchainError} with the cure when one is not there
 */
export function findWasmTools(env = process.env) {
  return { cxx: findTool('WASM_CXX', 'clang++', env), ld: findTool('WASM_LD', 'wasm-ld', env) };
}

/** Every header of the kernels: they are few, and none is generated. */
function headerTexts() {
  const texts = [];
  for (const dir of ['include', 'src']) {
    for (const path of readdirSync(join(nativeDir, dir), { recursive: true })) {
      if (path.endsWith('.h')) texts.push(readFileSync(join(nativeDir, dir, path)));
    }
  }
  return texts;
}

/**
 * The units that the module is made of. Those of other architectures compile to nothing, which their names tell;
 * table.cpp stands in for the tables of all variants, and nothing is chosen at run time.
 */
function units() {
  const absent = /\/(serial|haswell|skylake|icelake|sapphire|neon|dotprod|variants|dispatch)\.cpp$/;
  const shared = kernels.sources.filter(({ path }) => !absent.test(path));
  return [...shared, ...['table', 'exports'].map((name) => ({ path: `wasm/${name}.cpp`, flags: [] }))];
}

/** @param {{ cxx: string[] }} tools @param {NodeJS.ProcessEnv} env */
function plan(tools, env) {
  const includes = kernels.includeDirs.map((dir) => `-I${join(nativeDir, dir)}`);
  // There is nothing to relocate in a module of one piece.
  const common = kernels.cxxflags.filter((flag) => flag !== '-fPIC');
  const headers = headerTexts();
  return units().map(({ path, flags }) => {
    const source = join(nativeDir, path);
    const options = [...target, ...common, ...warnings, ...includes, ...flags, ...words(env.WASM_CXXFLAGS)];
    const id = hash([tools.cxx.join(' '), options.join('\0'), readFileSync(source), ...headers]);
    const name = path.replace(/\.\w+$/, '').replaceAll('/', '-');
    return {
      path,
      object: join(objectDir, `${name}-${id}.o`),
      command: [...tools.cxx, ...options, '-c', source],
    };
  });
}

/** Writes a file in one piece, whoever else does. */
function replace(path, content) {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Runs a compiler that writes `output`, in one piece. */
async function produce(command, output) {
  const temporary = `${output}.${process.pid}.tmp`;
  try {
    const said = await compile([...command, '-o', temporary]);
    if (said !== '') process.stderr.write(said);
    renameSync(temporary, output);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** After a failure no job is begun, and it is thrown when all have ended. */
async function inParallel(jobs, run) {
  const queue = jobs[Symbol.iterator]();
  const failures = [];
  const worker = async () => {
    for (const job of queue) {
      if (failures.length > 0) return;
      await run(job).catch((error) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  if (failures.length > 0) throw failures[0];
}

/** The newest objects of this plan are kept; others are of sources that have changed. */
function dropOld(objects) {
  for (const file of readdirSync(objectDir)) {
    const path = join(objectDir, file);
    const old = file.endsWith('.o') && !objects.includes(path);
    if (old && Date.now() - statSync(path).mtimeMs > 86_400_000) rmSync(path, { force: true });
  }
}

/** The text of a module that exports the bytes. */
function scriptOf(bytes, id) {
  return [
    '// Made by native/wasm/build.mjs.',
    `// ${id}`,
    `export const base64 = '${bytes.toString('base64')}';`,
    '',
  ].join('\n');
}

/** Whether both files are what `id` stands for, and of one another. */
function isCurrent(id) {
  if (!existsSync(wasmFile) || !existsSync(wasmScript)) return false;
  return readFileSync(wasmScript, 'utf8') === scriptOf(readFileSync(wasmFile), id);
}

/**
 * Builds what is out of date.
 *
 * @returns {Promise<{ built: boolean }>}
 * @throws {ToolchainError}
 */
export async function buildWasm(env = process.env) {
  const tools = findWasmTools(env);
  const planned = plan(tools, env);
  const objects = planned.map(({ object }) => object);
  const link = [...tools.ld, ...ldflags, ...exported, ...objects];
  const id = hash(link.map((word) => basename(word)));
  if (isCurrent(id)) return { built: false };

  mkdirSync(objectDir, { recursive: true });
  mkdirSync(dirname(wasmFile), { recursive: true });
  await inParallel(
    planned.filter(({ object }) => !existsSync(object)),
    ({ path, object, command }) => {
      say(`wasm c++ native/${path}`);
      return produce(command, object);
    },
  );
  say('link prebuilds/wasm/core_simd.wasm');
  const linked = join(objectDir, `core_simd-${id}.wasm`);
  await produce(link, linked);
  const bytes = readFileSync(linked);
  rmSync(linked, { force: true });
  replace(wasmFile, bytes);
  replace(wasmScript, scriptOf(bytes, id));
  dropOld(objects);
  return { built: true };
}

const isMain =
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);

if (isMain) {
  try {
    await buildWasm();
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
