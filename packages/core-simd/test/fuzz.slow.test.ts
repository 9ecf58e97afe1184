import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compile, kernels, nativeDir, run } from '../native/toolchain.mjs';
import { findCommand } from './support/backend.js';
import { compileLibrary, removeTemporary, temporaryDir } from './support/native.js';

afterAll(removeTemporary);

/** How long libFuzzer looks, in seconds. */
const seconds = 60;

describe('the kernels under libFuzzer', () => {
  it(`read no byte that is not theirs and agree with the serial ones, for ${seconds} s`, async ({ skip }) => {
    const clang = findCommand('clang++');
    if (clang === undefined) return skip('no clang++');
    const dir = temporaryDir();
    const flags = ['-g', '-O1', '-fsanitize=fuzzer-no-link,address,undefined', '-fno-sanitize-recover=all'];
    const objects = await compileLibrary([clang], () => flags, dir);
    const program = join(dir, 'fuzz');
    await compile([
      clang,
      '-std=c++17',
      ...flags,
      '-fsanitize=fuzzer',
      ...kernels.includeDirs.map((path: string) => `-I${join(nativeDir, path)}`),
      join(nativeDir, 'test/fuzz.cpp'),
      ...objects,
      '-o',
      program,
    ]);
    const result = await run([program, `-max_total_time=${seconds}`, '-max_len=8192', '-len_control=0'], {
      cwd: dir,
    });
    expect(result.stderr).toMatch(/Done \d{4,} runs/);
    expect(result.code).toBe(0);
  }, 300_000);
});
