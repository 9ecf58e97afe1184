import { describe, expect, it } from 'vitest';
import { encodeCopy, encodeVector } from '../src/copy.js';
import { vectorOf } from '../src/dataset/source.js';
import { syntheticVectors } from './synthetic.js';

/** The rows of a binary COPY stream, read as PostgreSQL's documentation describes it. */
function decode(stream: Buffer): { id: number; word: string; embedding: number[] }[] {
  expect(stream.subarray(0, 11).toString('latin1')).toBe('PGCOPY\n\xff\r\n\0');
  expect(stream.readInt32BE(11)).toBe(0);
  expect(stream.readInt32BE(15)).toBe(0);
  const rows = [];
  let at = 19;
  const field = (): Buffer => {
    const length = stream.readInt32BE(at);
    at += 4 + length;
    return stream.subarray(at - length, at);
  };
  for (;;) {
    const fields = stream.readInt16BE(at);
    at += 2;
    if (fields === -1) break;
    expect(fields).toBe(3);
    const id = field();
    const word = field();
    const vector = field();
    expect(id.length).toBe(4);
    expect(vector.readInt16BE(2)).toBe(0);
    expect(vector.length).toBe(4 + 4 * vector.readInt16BE(0));
    const embedding = Array.from({ length: vector.readInt16BE(0) }, (_, i) => vector.readFloatBE(4 + 4 * i));
    rows.push({ id: id.readInt32BE(0), word: word.toString(), embedding });
  }
  expect(at).toBe(stream.length);
  return rows;
}

describe('encodeVector', () => {
  it('writes int16 dimensions, int16 zero and big-endian floats', () => {
    expect(encodeVector(Float32Array.of(1, -2.5)).toString('hex')).toBe('00020000' + '3f800000' + 'c0200000');
  });
});

describe('encodeCopy', () => {
  it('writes these bytes', () => {
    const data = { words: ['€'], dimensions: 1, values: Float32Array.of(0.5) };
    expect(Buffer.concat([...encodeCopy(data, Uint32Array.of(0))]).toString('hex')).toBe(
      '5047434f50590aff0d0a00' + // signature
        '00000000' + // flags
        '00000000' + // no header extension
        '0003' + // fields
        '00000004' +
        '00000000' + // id
        '00000003' +
        'e282ac' + // word
        '00000008' +
        '0001' +
        '0000' +
        '3f000000' + // embedding
        'ffff', // trailer
    );
  });

  it('writes the chosen rows in the chosen order, over several pieces', () => {
    const data = syntheticVectors(3000, 100, ['', 'ü', '日本語']);
    const rows = Uint32Array.from({ length: 2500 }, (_, i) => (i * 7) % 3000);
    const counts: number[] = [];
    const pieces = [...encodeCopy(data, rows, (count) => counts.push(count))];
    expect(pieces.length).toBeGreaterThan(5);
    expect(decode(Buffer.concat(pieces))).toEqual(
      Array.from(rows, (row) => ({ id: row, word: data.words[row], embedding: [...vectorOf(data, row)] })),
    );
    expect(counts.at(-1)).toBe(2500);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
  });

  it('has room for a row that is larger than a piece', () => {
    const data = syntheticVectors(2, 3, ['x'.repeat(1 << 19), 'y']);
    expect(decode(Buffer.concat([...encodeCopy(data, Uint32Array.of(0, 1))])).map((row) => row.word)).toEqual(
      data.words,
    );
  });

  it('writes an empty stream for no rows', () => {
    expect(decode(Buffer.concat([...encodeCopy(syntheticVectors(1, 1), new Uint32Array(0))]))).toEqual([]);
  });
});
