import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nativeDir, run } from '../native/toolchain.mjs';
import { findCommand } from './support/backend.js';
import {
  compileTimeout,
  type Library,
  makeLibrary,
  passed,
  passes,
  programs,
  removeTemporary,
  runProgram,
} from './support/native.js';
import { noWasm } from './support/wasm.js';

afterAll(removeTemporary);

interface Target {
  readonly name: string;
  readonly missing: string | undefined;
  readonly cxx: string;
  readonly flags: string[];
  readonly runner: string[];
  readonly variants: string[];
}

const clang = findCommand('clang++');
const cross = findCommand('aarch64-linux-gnu-g++');
const emulator = findCommand('qemu-aarch64-static', 'qemu-aarch64');
const gcc = findCommand('g++');
const simde = existsSync('/usr/include/simde/x86/avx512.h');
const x64 = process.arch === 'x64';

const targets: Target[] = [
  {
    name: 'armv8-a, cross-compiled and under user-mode emulation',
    missing:
      cross === undefined
        ? 'no aarch64-linux-gnu-g++; apt-get install g++-aarch64-linux-gnu'
        : emulator === undefined
          ? 'no qemu-aarch64; apt-get install qemu-user-static'
          : undefined,
    cxx: cross ?? '',
    flags: ['-static'],
    runner: [emulator ?? ''],
    variants: ['serial', 'neon', 'dotprod'],
  },
  {
    name: 'AVX-512, with intrinsics in portable C',
    missing: !x64
      ? 'for x86-64'
      : gcc === undefined
        ? 'no g++'
        : simde
          ? undefined
          : 'no SIMDe; apt-get install libsimde-dev',
    cxx: gcc ?? '',
    flags: ['-DRV_EMULATED'],
    runner: [],
    variants: ['serial', 'haswell', 'skylake', 'icelake'],
  },
  {
    name: 'this machine, compiled by clang',
    missing: !x64 ? 'for x86-64' : clang === undefined ? 'no clang++' : undefined,
    cxx: clang ?? '',
    flags: [],
    runner: [],
    variants: ['serial', 'haswell'],
  },
];

describe('the kernels as WebAssembly', () => {
  it(
    'pass the native tests of bits, sparse vectors and conversions',
    async ({ skip }) => {
      const missing = noWasm();
      if (missing !== undefined) return skip(missing);
      const { code, stdout, stderr } = await run([process.execPath, join(nativeDir, 'test/wasm_test.mjs')]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const lines = stdout.trim().split('\n');
      expect(lines.map((line) => line.replace(/\d+ checks/, 'N checks'))).toEqual(
        ['bits_test', 'sparse_test', 'convert_test'].flatMap((name) =>
          ['serial', 'wasm'].map((variant) => `${name} ${variant} N checks, 0 failed`),
        ),
      );
      for (const line of lines) expect(Number(/(\d+) checks/.exec(line)?.[1])).toBeGreaterThan(1000);
    },
    compileTimeout,
  );
});

describe.each(targets)('the kernels for $name', ({ missing, cxx, flags, runner, variants }) => {
  let library: Library;
  beforeAll(async () => {
    if (missing === undefined) library = await makeLibrary([cxx], flags);
  }, compileTimeout);

  it.for(programs)('pass %s', async (name, { skip }) => {
    if (missing !== undefined) return skip(missing);
    const result = await runProgram(library, name, runner);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    // A machine may have more than these.
    const names = passed(result.stdout).slice(0, passes(name, variants).length);
    expect(names).toEqual(passes(name, variants));
  });
});
