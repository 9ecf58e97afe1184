import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { complaints, findCompiler, links, NativeTests, programs, removeTemporary } from './support/native.js';

afterAll(removeTemporary);

const cxx = findCompiler('CXX');

describe.each([
  ['the address and undefined-behaviour sanitizers', '-O0', 'address,undefined', programs],
  ['the thread sanitizer', '-O1', 'thread', ['concurrent']],
])('under %s', (_, optimisation, sanitizer, sanitized) => {
  // With -O1 the compiler takes longer than all programs gain by it, but for TSan's.
  const flags = [optimisation, '-g1', `-fsanitize=${sanitizer}`, '-fno-sanitize-recover=all'];
  let tests: NativeTests | undefined;

  beforeAll(async () => {
    if (cxx !== undefined && (await links(cxx, flags))) tests = new NativeTests(cxx, flags);
  });

  // A tenth of the size: each instruction takes several times as long.
  it.for(sanitized)('%s passes', async (program, { skip }) => {
    if (tests === undefined) return skip(`no compiler links with -fsanitize=${sanitizer}`);
    expect(complaints(await tests.run(program, sanitized, 0.1))).toEqual([]);
  });
});
