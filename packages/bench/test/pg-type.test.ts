import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseProcessorList } from '../src/suites/pg/affinity.js';
import { encodeTexts, encodeVectors, vectorParameter, vectorText } from '../src/suites/pg/copy-format.js';
import { ourStage, pgvectorStage, readStage } from '../src/suites/pg/stages.js';
import { makeTexts, makeValues } from '../src/suites/pg-type/rows.js';
import { operators, scanCase, scanRows } from '../src/suites/pg-type/scan.js';
import { temporaryDirectory } from './fake-suite.js';

/** The rows of a binary COPY file with two fields, read by the format's description. */
function decode(chunks: Iterable<Buffer>): { id: number; field: Buffer }[] {
  const file = Buffer.concat([...chunks]);
  expect(file.subarray(0, 11).toString('latin1')).toBe('PGCOPY\n\xff\r\n\0');
  expect(file.readInt32BE(11)).toBe(0);
  expect(file.readInt32BE(15)).toBe(0);
  const rows: { id: number; field: Buffer }[] = [];
  let offset = 19;
  for (; file.readInt16BE(offset) !== -1; ) {
    expect(file.readInt16BE(offset)).toBe(2);
    expect(file.readInt32BE(offset + 2)).toBe(4);
    const id = file.readInt32BE(offset + 6);
    const length = file.readInt32BE(offset + 10);
    rows.push({ id, field: file.subarray(offset + 14, offset + 14 + length) });
    offset += 14 + length;
  }
  expect(offset + 2).toBe(file.length);
  return rows;
}

describe('binary COPY', () => {
  it('holds every vector, also over several buffers', () => {
    const values = makeValues('floats', 3000, 128);
    const chunks = [...encodeVectors(values, 128)];
    expect(chunks.length).toBeGreaterThan(3);
    const rows = decode(chunks);
    expect(rows).toHaveLength(3000);
    for (const row of [0, 1, 1999, 2999]) {
      const { id, field } = rows[row] as { id: number; field: Buffer };
      expect(id).toBe(row);
      expect([field.readInt16BE(0), field.readInt16BE(2), field.length]).toEqual([128, 0, 4 + 4 * 128]);
      for (let i = 0; i < 128; i++) expect(field.readFloatBE(4 + 4 * i)).toBe(values[row * 128 + i]);
    }
  });

  it('holds a vector as a parameter does, and counts ids from the first', () => {
    const [row] = decode(encodeVectors(Float32Array.of(1, -2.5), 2, 7));
    expect(row).toEqual({ id: 7, field: vectorParameter(Float32Array.of(1, -2.5)) });
  });

  it('holds every text', () => {
    const texts = makeTexts('17-digit doubles', 50, 7);
    expect(decode(encodeTexts(texts)).map(({ field }) => field.toString())).toEqual(texts);
  });
});

describe('the rows', () => {
  it('are the same each time, and their first ones do not depend on how many follow', () => {
    expect(makeValues('floats', 10, 8)).toEqual(makeValues('floats', 20, 8).subarray(0, 80));
    expect(makeTexts('8-digit floats', 3, 8)).toEqual(makeTexts('8-digit floats', 5, 8).slice(0, 3));
  });

  const numbersOf = (kind: Parameters<typeof makeTexts>[0]): string[] =>
    makeTexts(kind, 20, 50).flatMap((text) => text.slice(1, -1).split(','));
  const digits = (text: string): number =>
    text.replace(/e.*$/, '').replace(/[-.]/g, '').replace(/^0+/, '').length;

  it('have as many digits as they say', () => {
    for (const text of numbersOf('8-digit floats')) expect(digits(text)).toBe(8);
    const long = numbersOf('17-digit doubles').filter((text) => digits(text) >= 16);
    expect(long.length).toBeGreaterThan(900);
    for (const text of numbersOf('integers')) expect(text).toMatch(/^\d{1,3}$/);
    expect([...makeValues('integers', 10, 10)].every((value) => Number.isInteger(value) && value < 256)).toBe(
      true,
    );
  });

  it('have a text that reads back as the same float32 values', () => {
    const values = makeValues('floats', 1, 1000);
    const read = (JSON.parse(vectorText(values)) as number[]).map(Math.fround);
    expect(read).toEqual([...values]);
  });

  it('fill a table well below an eighth of 512 MiB, at most', () => {
    for (const dimensions of [3, 32, 128, 256, 384, 768, 1536]) {
      expect(scanRows(dimensions, 'memory') * (4 * dimensions + 40)).toBeLessThanOrEqual(2 ** 25);
      expect(scanRows(dimensions, 'cache')).toBeLessThan(scanRows(dimensions, 'memory'));
    }
  });
});

describe('the cases', () => {
  it('are told apart by storage and table size', () => {
    const [operator] = operators;
    const tables = [{}, { storage: 'plain' }, { residence: 'cache' }, { pages: 'falling' }] as const;
    const names = tables.map(
      (table) => scanCase(operator as NonNullable<typeof operator>, { dimensions: 768, ...table }).name,
    );
    expect(names).toEqual([
      'scan <->, 768 dims',
      'scan <->, 768 dims, plain storage',
      'scan <->, 768 dims, in cache',
      'scan <->, 768 dims, falling pages',
    ]);
  });
});

describe('stages', () => {
  const makeStage = (library = 'code', control = "default_version = '0.8.7'\n"): string => {
    const directory = temporaryDirectory();
    const extension = join(directory, 'usr', 'share', 'postgresql', '15', 'extension');
    const lib = join(directory, 'usr', 'lib', 'postgresql', '15', 'lib');
    mkdirSync(extension, { recursive: true });
    mkdirSync(lib, { recursive: true });
    writeFileSync(join(extension, 'vector.control'), control);
    writeFileSync(join(lib, 'vector.so'), library);
    return directory;
  };

  it('have the version of their control file and the fingerprint of their files', () => {
    const one = readStage('pgvector', makeStage()).subject;
    expect(one).toMatchObject({ name: 'pgvector', version: '0.8.7' });
    expect(readStage('pgvector', makeStage()).subject.fingerprint).toBe(one.fingerprint);
    expect(readStage('pgvector', makeStage('other code')).subject.fingerprint).not.toBe(one.fingerprint);
  });

  it('are absent, with the cure, when PGVECTOR_STAGE is not set', () => {
    expect(pgvectorStage({})).toEqual({
      name: 'pgvector',
      reason: 'PGVECTOR_STAGE is not set',
      cure: expect.stringContaining('make install DESTDIR='),
    });
  });

  it.each([
    ['is not there', () => join(temporaryDirectory(), 'nothing')],
    ['holds no extension', () => temporaryDirectory()],
  ])('are an error when the named directory %s', (_what, make) => {
    expect(() => pgvectorStage({ PGVECTOR_STAGE: make() })).toThrow(
      expect.objectContaining({
        code: 'BENCH_NOT_BUILT',
        message: expect.stringContaining('make install DESTDIR='),
      }),
    );
  });

  it('of ours can be named, and a forced variant is told', () => {
    const stage = makeStage();
    const { directory, subject } = ourStage(15, { RUVECTOR_STAGE: stage, RUVECTOR_SIMD: 'serial' });
    expect(directory).toBe(stage);
    expect(subject).toMatchObject({ name: 'ruvector', details: { RUVECTOR_SIMD: 'serial' } });
  });

  it('of ours are an error with the command that builds them when a major is not built', () => {
    expect(() => ourStage(999, {})).toThrow(
      expect.objectContaining({ code: 'BENCH_NOT_BUILT', message: expect.stringContaining('npm run build') }),
    );
  });
});

describe('parseProcessorList', () => {
  it.each([
    ['0', [0]],
    ['0-3,8', [0, 1, 2, 3, 8]],
    ['2,5-6\n', [2, 5, 6]],
    ['', []],
  ])('reads %j', (text, processors) => {
    expect(parseProcessorList(text)).toEqual(processors);
  });
});
