import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernelObjects } from '../native/build.mjs';
import { includes, nativeDir, simd } from '../native/toolchain.mjs';
import { buildAddon, loadVariant } from './support/backend.js';
import {
  compileTimeout,
  type Library,
  passed,
  programs,
  removeTemporary,
  runProgram,
  temporaryDir,
} from './support/native.js';

afterAll(removeTemporary);

function compiler(variable: 'CC' | 'CXX'): { words: string[] } | { missing: string } {
  try {
    return { words: simd.findCompiler(variable) };
  } catch (error) {
    return { missing: (error as Error).message };
  }
}

const cxx = compiler('CXX');
const cc = compiler('CC');

/** The variants of this machine, in the order of the ABI. */
async function expectedVariants(): Promise<string[]> {
  const { available } = (await loadVariant('')).capabilities();
  return available.filter((name) => name !== 'typescript').reverse();
}

describe.skipIf('missing' in cxx)('the kernels that the addon links', () => {
  let library: Library;
  beforeAll(() => {
    buildAddon();
    library = { cxx: 'words' in cxx ? cxx.words : [], flags: [], objects: kernelObjects() };
  }, compileTimeout);

  it.each(programs)(
    'pass %s, in every variant of this machine',
    async (name) => {
      const result = await runProgram(library, name);
      expect(result).toMatchObject({ code: 0, stderr: '' });
      expect(passed(result.stdout)).toEqual(await expectedVariants());
    },
    compileTimeout,
  );

  it('need nothing but the C library, and their headers are C', async ({ skip }) => {
    if ('missing' in cc) return skip(cc.missing);
    const program = join(temporaryDir(), 'link_test');
    const strict = ['-std=c11', '-Wall', '-Wextra', '-Wpedantic', '-Werror'];
    const source = join(nativeDir, 'test/link_test.c');
    const folders = includes.map((path) => `-I${path}`);
    await simd.compile([...cc.words, ...strict, ...folders, source, ...library.objects, '-o', program]);
    const { code, stdout } = await simd.run([program]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${(await expectedVariants()).at(-1)}\n` });
  });
});
