import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernelObjects } from '../native/build.mjs';
import { compile, findCompiler, nativeDir, run } from '../native/toolchain.mjs';
import { buildAddon, findCommand, loadVariant } from './support/backend.js';
import {
  compileTimeout,
  type Library,
  makeLibrary,
  passed,
  passes,
  programs,
  removeTemporary,
  runProgram,
  temporaryDir,
} from './support/native.js';

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

/** The variants of this machine, in the order of the ABI. */
async function expectedVariants(): Promise<string[]> {
  const { available } = (await loadVariant('')).capabilities();
  return available.filter((name) => name !== 'typescript' && name !== 'wasm').reverse();
}

const families = ['bits', 'convert', 'dense', 'integer', 'kernels', 'shapes', 'sparse'];

it('has a program for every family', () => {
  expect(programs).toEqual(families.map((name) => `${name}_test`));
});

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
      expect(passed(result.stdout)).toEqual(passes(name, await expectedVariants()));
    },
    compileTimeout,
  );

  it('need nothing but the C library', async ({ skip }) => {
    if ('missing' in cc) return skip(cc.missing);
    const program = join(temporaryDir(), 'link_test');
    const strict = ['-std=c11', '-Wall', '-Wextra', '-Wpedantic', '-Werror'];
    const source = join(nativeDir, 'test/link_test.c');
    const include = `-I${join(nativeDir, 'include')}`;
    await compile([...cc.words, ...strict, include, source, ...library.objects, '-o', program]);
    const { code, stdout } = await run([program]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${(await expectedVariants()).at(-1)} 32 1 0.5\n` });
  });
});

/** With clang where it can: then two compilers see every unit, and neither may warn. */
const sanitizers = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const clang = findCommand('clang++');
const candidates = [...(clang === undefined ? [] : [[clang]]), ...('words' in cxx ? [cxx.words] : [])];
const sanitizing = await (async () => {
  for (const words of candidates) if (await links(words, sanitizers)) return words;
  return undefined;
})();

describe.skipIf(sanitizing === undefined)(
  `the kernels under the address and undefined-behaviour sanitizers${sanitizing ? '' : ' (no compiler links them)'}`,
  () => {
    let library: Library;
    beforeAll(async () => {
      buildAddon();
      // A unit of a variant that this machine cannot run is only linked. Sanitizing those of AVX-512 takes two minutes, so
      // that is for the slow run; guarded memory shows what these read beyond a vector anywhere.
      const variants = await expectedVariants();
      const wide = process.env.RUVECTOR_SLOW === '1' ? [] : ['skylake', 'icelake'];
      const idle = ['haswell', 'skylake', 'icelake'].filter(
        (name) => !variants.includes(name) || wide.includes(name),
      );
      library = await makeLibrary(sanitizing!, sanitizers, (path) =>
        idle.some((name) => path.endsWith(`/${name}.cpp`)) ? ['-O1'] : sanitizers,
      );
    }, compileTimeout);

    it.each(programs)(
      'pass %s',
      async (name) => {
        const result = await runProgram(library, name);
        expect(result).toMatchObject({ code: 0, stderr: '' });
        expect(passed(result.stdout)).toEqual(passes(name, await expectedVariants()));
      },
      compileTimeout,
    );
  },
);
