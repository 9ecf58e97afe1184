/** Programs of the engine, with the objects that the addon is linked from. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineObjects } from '../native/build.mjs';
import { includes } from '../native/toolchain.mjs';
import { fallbackReason } from '../src/native/backend.js';
import {
  complaints,
  enginePrograms,
  findCompiler,
  nativeDir,
  removeTemporary,
  run,
  temporaryDir,
} from './support/native.js';

afterAll(removeTemporary);

const cxx = findCompiler('CXX');

it('the addon is there', () => {
  expect(fallbackReason()).toBeUndefined();
});

describe.skipIf(cxx === undefined)('the engine', () => {
  let objects: string[];
  beforeAll(() => {
    objects = engineObjects();
  });

  it.for(enginePrograms)('%s passes, without a warning', { timeout: 300_000 }, async (program) => {
    const output = join(temporaryDir(), program);
    const source = join(nativeDir, `test/${program}.cpp`);
    const flags = ['-std=c++17', '-O2', '-pthread', '-Wall', '-Wextra', '-Werror'];
    const folders = includes.map((folder) => `-I${folder}`);
    const compiled = await run([...cxx!, ...flags, ...folders, source, ...objects, '-o', output]);
    expect(compiled).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(complaints(await run([output]))).toEqual([]);
  });
});
