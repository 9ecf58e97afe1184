import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ourEngine, type SqlEngine } from '../src/engines.js';

/** The soft-error interface of input functions came with PostgreSQL 16; pgvector does not use it. */
const errors: readonly (readonly [text: string, sqlstate: string, message: string])[] = [
  ['[1,2', '22P02', 'invalid input syntax for type vector: "[1,2"'],
  ['1,2', '22P02', 'invalid input syntax for type vector: "1,2"'],
  ['[1]x', '22P02', 'invalid input syntax for type vector: "[1]x"'],
  ['[]', '22000', 'vector must have at least 1 dimension'],
  ['[NaN]', '22000', 'NaN not allowed in vector'],
  ['[inf]', '22000', 'infinite value not allowed in vector'],
  ['[1e39]', '22003', '"1e39" is out of range for type vector'],
  ['[1,2,3]', '22000', 'expected 2 dimensions, not 3'],
  [`[${'1,'.repeat(16000)}1]`, '54000', 'vector cannot have more than 16000 dimensions'],
];

describe('text input reports errors', () => {
  let engine: SqlEngine;
  let available = false;
  beforeAll(async () => {
    engine = await ourEngine();
    const outcome = await engine.run(`SELECT count(*) FROM pg_proc WHERE proname = 'pg_input_error_info'`);
    available = outcome.kind === 'rows' && outcome.rows[0]?.[0] !== '0';
  });
  afterAll(() => engine?.close());

  it.each(errors)('%.12s', async (text, sqlstate, message) => {
    const hard = await engine.run(`SELECT vector_in('${text}', 0, 2)`);
    expect(hard).toMatchObject({ kind: 'error', sqlstate, message });
  });

  it('and gives them back as rows', async (context) => {
    context.skip(!available, 'needs PostgreSQL 16 or later');
    for (const [text, sqlstate, message] of errors) {
      const soft = await engine.run(
        `SELECT sql_error_code, message FROM pg_input_error_info('${text}', 'vector(2)')`,
      );
      expect(soft).toEqual({ kind: 'rows', rows: [[sqlstate, message]] });
    }
  });
});
