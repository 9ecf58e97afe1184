import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { copyFile, vectorField } from '../src/copy-binary.js';
import { type Outcome, ourEngine, pgvectorEngine, type SqlEngine } from '../src/engines.js';

/** Runs (each with a few dozen statements on both servers); the slow run asks more. */
const RUNS = process.env.RUVECTOR_SLOW === '1' ? 5000 : 300;

describe('binary input', () => {
  let ours: Awaited<ReturnType<typeof ourEngine>>;
  let theirs: SqlEngine;
  beforeAll(async () => {
    [ours, theirs] = await Promise.all([ourEngine(), pgvectorEngine()]);
    for (const engine of [ours, theirs]) {
      await engine.run('CREATE TABLE any_dim (v vector)');
      await engine.run('CREATE TABLE dim3 (v vector(3))');
    }
  });
  afterAll(() => Promise.all([ours?.close(), theirs?.close()]));
  beforeEach(async () => {
    for (const engine of [ours, theirs]) await engine.run('TRUNCATE any_dim, dim3');
  });

  async function copyInto(table: string, fields: readonly Uint8Array[]): Promise<Outcome> {
    const file = copyFile(fields);
    const [a, b] = [await ours.copyBinary(table, file), await theirs.copyBinary(table, file)];
    expect(a).toEqual(b);
    return a;
  }

  it('takes what vector_send gives', async () => {
    expect(await copyInto('any_dim', [vectorField([1, 2, 3]), vectorField([-0, 1e-45])])).toEqual({
      kind: 'rows',
      rows: [],
    });
    const outcome = await ours.run('SELECT v FROM any_dim');
    expect(outcome).toEqual({ kind: 'rows', rows: [['[1,2,3]'], ['[-0,1e-45]']] });
  });

  const nan = vectorField([1, 2, 3]);
  nan.writeUInt32BE(0x7fc00000, 8);
  it.each([
    ['no dimensions', vectorField([]), '22000', 'vector must have at least 1 dimension'],
    ['negative dimensions', vectorField([1], { dim: -1 }), '22000', 'vector must have at least 1 dimension'],
    [
      'too many dimensions',
      vectorField([1], { dim: 16001 }),
      '54000',
      'vector cannot have more than 16000 dimensions',
    ],
    ['unused is not zero', vectorField([1], { unused: 1 }), '22000', 'expected unused to be 0, not 1'],
    ['unused is negative', vectorField([1], { unused: -2 }), '22000', 'expected unused to be 0, not -2'],
    ['NaN', nan, '22000', 'NaN not allowed in vector'],
    ['infinity', vectorField([1, Number.NEGATIVE_INFINITY]), '22000', 'infinite value not allowed in vector'],
    [
      'fewer floats than dimensions',
      vectorField([1], { dim: 2 }),
      '08P01',
      'insufficient data left in message',
    ],
    ['more floats than dimensions', vectorField([1, 2], { dim: 1 }), '22P03', 'incorrect binary data format'],
    ['no header', Buffer.alloc(1), '08P01', 'insufficient data left in message'],
    ['nothing', Buffer.alloc(0), '08P01', 'insufficient data left in message'],
    // The NaN stands before the end of the message: it is what pgvector meets first.
    ['NaN, then too short', nan.subarray(0, 13), '22000', 'NaN not allowed in vector'],
    ['too short, then NaN', nan.subarray(0, 11), '08P01', 'insufficient data left in message'],
  ])('rejects %s, as pgvector does', async (_, field, sqlstate, message) => {
    const outcome = await copyInto('any_dim', [vectorField([1]), field]);
    expect(outcome).toMatchObject({ kind: 'error', sqlstate, message });
    // Nothing of the failed COPY stays, and the server answers.
    expect(await ours.run('SELECT count(*) FROM any_dim')).toEqual({ kind: 'rows', rows: [['0']] });
  });

  it('holds the column to its dimensions', async () => {
    expect(await copyInto('dim3', [vectorField([1, 2])])).toMatchObject({
      kind: 'error',
      sqlstate: '22000',
      message: 'expected 3 dimensions, not 2',
    });
  });

  it('takes a Buffer parameter of the extended protocol', async () => {
    const values = Array.from({ length: 16000 }, (_, i) => i - 8000);
    const { rows } = await ours.client.query(
      'SELECT $1::vector <-> $1::vector AS d, vector_dims($1::vector) AS n',
      [vectorField(values)],
    );
    expect(rows).toEqual([{ d: 0, n: 16000 }]);
  });

  it('treats any bytes as pgvector does', async () => {
    const wellFormed = fc
      .array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 12 })
      .map((values) => vectorField(values));
    const mutated = fc
      .tuple(
        wellFormed,
        fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 3 }),
        fc.integer({ min: -9, max: 9 }),
      )
      .map(([field, changes, grow]) => {
        const bytes = Buffer.alloc(Math.max(0, field.length + Math.min(0, grow)) + Math.max(0, grow));
        field.copy(bytes);
        for (const [at, to] of changes) if (at < bytes.length) bytes[at] = to;
        return bytes;
      });
    const garbage = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(fc.oneof(wellFormed, mutated, garbage), async (field) => {
        const outcome = await copyInto('any_dim', [field]);
        if (outcome.kind === 'rows') {
          const [a, b] = [await ours.run('SELECT v FROM any_dim'), await theirs.run('SELECT v FROM any_dim')];
          expect(a).toEqual(b);
          for (const engine of [ours, theirs]) await engine.run('TRUNCATE any_dim');
        }
      }),
      { numRuns: RUNS },
    );
  });
});
