#!/usr/bin/env node
/**
 * Runs bits_test.cpp, sparse_test.cpp and convert_test.cpp as WebAssembly, with the kernels that a module can have:
 *
 *   node native/test/wasm_test.mjs [bits_test ...]     honours WASM_CXX and WASM_LD
 *
 * Prints one line a program and variant, `<program> <variant> <checks> checks, <failures> failed`; the exit status is 1
 * when anything failed. No C library is linked: what support.h needs of a host is imported from here.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, kernels, nativeDir } from '../toolchain.mjs';
import { findWasmTools } from '../wasm/build.mjs';

const target = ['--target=wasm32', '-msimd128', '-mbulk-memory', '-ffreestanding', '-nostdlib'];
const warnings = ['-Wall', '-Wextra', '-Werror'];
const include = kernels.includeDirs.map((path) => `-I${join(nativeDir, path)}`);
const units = kernels.sources.filter(({ path }) =>
  /^src\/(variants|dispatch|(bits|sparse|convert)\/(serial|wasm|merge))\.cpp$/.test(path),
);

const tools = findWasmTools();

async function object(path, flags, dir) {
  const output = join(dir, `${path.replaceAll('/', '-')}.o`);
  const source = join(nativeDir, path);
  await compile([
    ...tools.cxx,
    ...target,
    ...kernels.cxxflags,
    ...warnings,
    ...flags,
    ...include,
    '-c',
    source,
    '-o',
    output,
  ]);
  return output;
}

/** Links a program; the other families, which it never calls, are left out. */
async function link(program, library, dir) {
  const output = join(dir, `${program}.wasm`);
  const main = await object(`test/${program}.cpp`, [], dir);
  const options = [
    '--no-entry',
    '--export=__wasm_call_ctors',
    '--unresolved-symbols=ignore-all',
    '-z',
    'stack-size=262144',
  ];
  await compile([...tools.ld, ...options, main, ...library, '-o', output]);
  return new WebAssembly.Module(readFileSync(output));
}

function execute(program, module) {
  let memory;
  const text = (at) => {
    const bytes = new Uint8Array(memory.buffer);
    return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));
  };
  const test = {
    say_failure: (variant, what, n, at, got, want) =>
      console.log(`${program} ${text(variant)} ${text(what)} n=${n} at=${at}: got ${got}, want ${want}`),
    say_variant: (variant, checks, failures) =>
      console.log(`${program} ${text(variant)} ${checks} checks, ${failures} failed`),
  };
  const { exports } = new WebAssembly.Instance(module, { test });
  memory = exports.memory;
  exports.__wasm_call_ctors();
  return exports.main();
}

const wished = process.argv.slice(2);
const programs = wished.length > 0 ? wished : ['bits_test', 'sparse_test', 'convert_test'];
const dir = mkdtempSync(join(tmpdir(), 'core-simd-wasm-'));
try {
  const library = [];
  for (const { path, flags } of units) library.push(await object(path, flags, dir));
  for (const program of programs) {
    if (execute(program, await link(program, library, dir)) !== 0) process.exitCode = 1;
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
