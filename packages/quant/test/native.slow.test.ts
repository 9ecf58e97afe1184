import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCommand } from './support/backend.js';
import {
  compileTimeout,
  type Library,
  makeWholeLibrary,
  passed,
  programs,
  removeTemporary,
  runProgram,
} from './support/native.js';

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
    // Vectors that the machine has no registers for are returned by way of memory, of which GCC warns.
    flags: ['-DRV_EMULATED', '-Wno-psabi'],
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

describe.each(targets)('the kernels for $name', ({ missing, cxx, flags, runner, variants }) => {
  let library: Library;
  beforeAll(async () => {
    if (missing === undefined) library = await makeWholeLibrary([cxx], flags);
  }, compileTimeout);

  it.for(programs)('pass %s', async (name, { skip }) => {
    if (missing !== undefined) return skip(missing);
    const result = await runProgram(library, name, runner);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    // A machine may have more than these.
    expect(passed(result.stdout).slice(0, variants.length)).toEqual(variants);
  });
});
