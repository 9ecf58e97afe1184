import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ourEngine, pgvectorEngine, type SqlEngine } from '../src/engines.js';

const RUNS = process.env.RUVECTOR_SLOW === '1' ? 20_000 : 1500;

/** Numbers as clients print them, and what is nearly a number. */
const numberText = fc.oneof(
  fc.float({ noDefaultInfinity: true, noNaN: true }).map(String),
  fc.double({ noDefaultInfinity: true, noNaN: true }).map(String),
  fc.double({ min: -1, max: 1, noNaN: true }).map((x) => x.toFixed(17)),
  fc.integer().map(String),
  fc.bigInt({ min: -(10n ** 45n), max: 10n ** 45n }).map(String),
  fc
    .tuple(fc.stringMatching(/^[0-9]{0,25}$/), fc.stringMatching(/^[0-9]{0,25}$/))
    .map(([a, b]) => `${a}.${b}`),
  fc.tuple(fc.stringMatching(/^[0-9]{1,3}$/), fc.integer({ min: -60, max: 60 })).map(([a, b]) => `${a}e${b}`),
  fc.stringMatching(/^[-+0-9.eExXinfaINFNA()]{0,8}$/),
);
const space = fc.stringMatching(/^[ \t\n\r\v\f]{0,2}$/);
const vectorText = fc
  .array(fc.tuple(space, numberText, space), { maxLength: 6 })
  .map((parts) => `[${parts.map((p) => p.join('')).join(',')}]`);
const anyText = fc.oneof(
  { weight: 6, arbitrary: vectorText },
  { weight: 2, arbitrary: fc.tuple(space, vectorText, space).map((p) => p.join('')) },
  { weight: 2, arbitrary: fc.stringMatching(/^[[\]{},. 0-9eE+-]{0,16}$/) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: 'grapheme', maxLength: 10 }).filter((text) => !text.includes('\0')),
  },
);

describe('text input', () => {
  let ours: SqlEngine;
  let theirs: SqlEngine;
  beforeAll(async () => {
    [ours, theirs] = await Promise.all([ourEngine(), pgvectorEngine()]);
  });
  afterAll(() => Promise.all([ours?.close(), theirs?.close()]));

  it('treats any text as pgvector does: same value, or same error', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const sql = 'SELECT $1::text::vector::text, vector_send($1::text::vector)::text';
        const [a, b] = [await ours.run(sql, [text]), await theirs.run(sql, [text])];
        expect(a).toEqual(b);
        if (a.kind === 'rows') accepted++;
      }),
      { numRuns: RUNS },
    );
    // A generator of nothing but errors, or of nothing but vectors, would test half.
    expect(accepted).toBeGreaterThan(RUNS / 10);
    expect(accepted).toBeLessThan(RUNS);
  });

  it('takes a megabyte of brackets, commas or digits', async () => {
    for (const text of [
      '['.repeat(1e6),
      `[${','.repeat(1e6)}`,
      `[${'1'.repeat(1e6)}]`,
      `[0.${'0'.repeat(1e6)}1]`,
    ]) {
      const sql = 'SELECT length($1::text::vector::text)';
      expect(await ours.run(sql, [text])).toEqual(await theirs.run(sql, [text]));
    }
  });
});
