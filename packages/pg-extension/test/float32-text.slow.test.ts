import { expect, it } from 'vitest';
import { float32TextProgram } from './native-program.js';

it('prints every one of the 4,278,190,080 finite floats as PostgreSQL does', () => {
  const program = float32TextProgram(['-O2']);
  try {
    expect(program.run(['print', '0', '1'])).toBe('4278190080 floats printed alike\n');
  } finally {
    program.remove();
  }
});

it('reads a hundred million texts as strtof() does', () => {
  const program = float32TextProgram(['-O2']);
  try {
    expect(program.run(['parse', '99', '100000000'])).toMatch(/ texts parsed alike\n$/);
  } finally {
    program.remove();
  }
});
