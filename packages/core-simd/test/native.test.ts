import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compile, findCompiler, nativeDir, run } from '../native/toolchain.mjs';
import { buildAddon, findCommand, loadVariant } from './support/backend.js';
import { compileLibrary, passed, removeTemporary, runKernelsTest, temporaryDir } from './support/native.js';

afterAll(removeTemporary);

function compiler(variable: 'CC' | 'CXX'): { words: string[] } | { missing: string } {
  try {
    return { words: findCompiler(variable) };
  } catch (error) {
    return { missing: (error as Error).message };
  }
}

const cxx = compiler('CXX');
const cc = compiler('CC');

/** Whether a program links with these flags: the sanitizers' libraries are packages of their own. */
async function links(command: string[], flags: string[]): Promise<boolean> {
  const dir = temporaryDir();
  const source = join(dir, 'probe.cpp');
  writeFileSync(source, 'int main() { return 0; }\n');
  return compile([...command, ...flags, source, '-o', join(dir, 'probe')]).then(
    () => true,
    () => false,
  );
}

async function expectedVariants(): Promise<string[]> {
  buildAddon();
  const { available } = (await loadVariant('')).capabilities();
  return available.filter((name) => name !== 'typescript').reverse();
}

describe('kernels_test', () => {
  it('passes for every variant of this machine, without a warning', async ({ skip }) => {
    if ('missing' in cxx) return skip(cxx.missing);
    const result = await runKernelsTest(cxx.words, []);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(passed(result.stdout)).toEqual(['dispatch', ...(await expectedVariants())]);
  });

  it('passes under the address and undefined-behaviour sanitizers', async ({ skip }) => {
    if ('missing' in cxx) return skip(cxx.missing);
    const flags = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
    if (!(await links(cxx.words, flags)))
      return skip(`${cxx.words[0]} cannot link the sanitizers' libraries`);
    const result = await runKernelsTest(cxx.words, flags);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(passed(result.stdout)).toEqual(['dispatch', ...(await expectedVariants())]);
  });

  it('passes when clang compiles the kernels', async ({ skip }) => {
    const clang = findCommand('clang++');
    if (clang === undefined) return skip('no clang++');
    const result = await runKernelsTest([clang], []);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(passed(result.stdout)).toEqual(['dispatch', ...(await expectedVariants())]);
  });
});

describe('the library', () => {
  it('links into a C program with the C library alone', async ({ skip }) => {
    if ('missing' in cxx) return skip(cxx.missing);
    if ('missing' in cc) return skip(cc.missing);
    const dir = temporaryDir();
    const objects = await compileLibrary(cxx.words, [], dir);
    const program = join(dir, 'link_test');
    const strict = ['-std=c11', '-Wall', '-Wextra', '-Wpedantic', '-Werror'];
    const source = join(nativeDir, 'test/link_test.c');
    await compile([
      ...cc.words,
      ...strict,
      `-I${join(nativeDir, 'include')}`,
      source,
      ...objects,
      '-o',
      program,
    ]);
    const { code, stdout } = await run([program]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${(await expectedVariants()).at(-1)} 32\n` });
  });
});
