import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { complaints, findCompiler, links, NativeTests, programs, removeTemporary } from './support/native.js';

afterAll(removeTemporary);

const cxx = findCompiler('CXX');

describe.each([
  ['as a host compiles it', ['-O3'], programs, 4],
  ['under the thread sanitizer', ['-O1', '-g1', '-fsanitize=thread'], ['concurrent'], 1],
])('at larger sizes, %s', (_, flags, each, scale) => {
  let tests: NativeTests | undefined;

  beforeAll(async () => {
    if (cxx !== undefined && (await links(cxx, flags))) tests = new NativeTests(cxx, flags);
  });

  it.for(each)('%s passes', async (program, { skip }) => {
    if (tests === undefined) return skip(`no compiler links with ${flags.join(' ')}`);
    expect(complaints(await tests.run(program, each, scale))).toEqual([]);
  });
});
