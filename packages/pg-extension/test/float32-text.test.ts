import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { header } from '../native/text/float32_powers.mjs';
import { float32TextProgram, nativeDir } from './native-program.js';

describe.each([
  ['as in the library', ['-O2']],
  ['under ASan and UBSan', ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']],
])('float32 text %s', (_, flags) => {
  let program: ReturnType<typeof float32TextProgram>;
  beforeAll(() => {
    program = float32TextProgram(flags);
  });
  afterAll(() => program?.remove());

  // 1021 is prime, so the patterns meet every exponent and all kinds of mantissas.
  it('prints as PostgreSQL prints: every 1021st float', () => {
    expect(program.run(['print', '0', '1021'])).toMatch(/^\d{7} floats printed alike\n$/);
  });

  it('prints integers as PostgreSQL prints them, in lists of nothing else', () => {
    expect(program.run(['integers'])).toBe('integers printed alike\n');
  });

  it.each([1, 2, 3])('reads as strtof() reads: half a million texts from seed %i', (seed) => {
    expect(program.run(['parse', String(seed), '500000'])).toMatch(/^\d{6} texts parsed alike\n$/);
  });
});

it('the table of powers is the one that its script writes', () => {
  expect(readFileSync(path.join(nativeDir, 'text', 'float32_powers.h'), 'utf8')).toBe(header());
});
