import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engine, simd, simdUnits } from '../native/toolchain.mjs';
import { buildAddon, findCommand } from './support/backend.js';
import {
  compileTimeout,
  type Library,
  makeLibrary,
  makeWholeLibrary,
  passed,
  programs,
  removeTemporary,
  runProgram,
  temporaryDir,
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

/** Whether a program links with these flags: the sanitizers' libraries are packages of their own. */
async function links(command: string[], flags: string[]): Promise<boolean> {
  const dir = temporaryDir();
  const source = join(dir, 'probe.cpp');
  writeFileSync(source, 'int main() { return 0; }\n');
  return simd.compile([...command, ...flags, source, '-o', join(dir, 'probe')]).then(
    () => true,
    () => false,
  );
}

/** With clang where it can: then two compilers see every unit, and neither may warn. */
async function compilerThatLinks(flags: string[]): Promise<string[] | undefined> {
  for (const found of [clang, gcc]) {
    if (found !== undefined && (await links([found], flags))) return [found];
  }
  return undefined;
}

const sanitizers = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const sanitizing = await compilerThatLinks(sanitizers);
const threadSanitizer = ['-g', '-O1', '-fsanitize=thread'];
const watching = await compilerThatLinks(threadSanitizer);

describe.skipIf(sanitizing === undefined)(
  `the kernels under the address and undefined-behaviour sanitizers${sanitizing ? '' : ' (no compiler links them)'}`,
  () => {
    let library: Library;
    beforeAll(async () => {
      buildAddon();
      library = await makeLibrary(sanitizing!, sanitizers, simdUnits().map(engine.objectOf));
    }, compileTimeout);

    it.each(programs)(
      'pass %s',
      async (name) => {
        const result = await runProgram(library, name);
        expect(result).toMatchObject({ code: 0, stderr: '' });
        expect(passed(result.stdout)).toEqual(expect.arrayContaining(['serial']));
      },
      compileTimeout,
    );
  },
);

describe.skipIf(watching === undefined)(
  `training under the thread sanitizer${watching ? '' : ' (no compiler links it)'}`,
  () => {
    it(
      'races nowhere',
      async () => {
        buildAddon();
        const library = await makeLibrary(watching!, threadSanitizer, simdUnits().map(engine.objectOf));
        const result = await runProgram(library, 'threads_test');
        expect(result).toMatchObject({ code: 0, stderr: '' });
        expect(passed(result.stdout)).toEqual(expect.arrayContaining(['serial']));
      },
      compileTimeout,
    );
  },
);
