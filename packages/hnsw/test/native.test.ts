import { afterAll, describe, expect, it } from 'vitest';
import { complaints, findCompiler, NativeTests, programs, removeTemporary } from './support/native.js';

afterAll(removeTemporary);

const cxx = findCompiler('CXX');
const plain = cxx && new NativeTests(cxx, ['-O2']);

it('there is a program for each subject', () => {
  expect(programs).toEqual([
    'arena_insert',
    'arena',
    'beam',
    'concurrent',
    'degenerate',
    'interleaved',
    'page_order',
    'refine',
    'select_neighbors',
    'visited_set',
  ]);
});

describe('as a host compiles it', () => {
  it.for(programs)('%s passes, without a warning', async (program, { skip }) => {
    if (plain === undefined) return skip('no C++ compiler');
    expect(complaints(await plain.run(program, programs))).toEqual([]);
  });
});
