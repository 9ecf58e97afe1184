import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Dataset } from '../src/suites/pg-hnsw/dataset.js';
import { fashionMnistDataset, readIdx } from '../src/suites/pg-hnsw/fashion-mnist.js';
import { gloveDataset } from '../src/suites/pg-hnsw/glove.js';
import { temporaryDirectory } from './fake-suite.js';

describe('GloVe', () => {
  const ROWS = 1100;
  const DIMENSIONS = 4;
  const NULLS = [5, 600];

  /** A file as the demo writes it; the first number of a vector is its row, from 1. */
  function makeFile(change: (bytes: Buffer) => void = () => {}): string {
    const values = new Float32Array(ROWS * DIMENSIONS).fill(0.5);
    for (let row = 0; row < ROWS; row++) values[row * DIMENSIONS] = row + 1;
    for (const row of NULLS) values.fill(0, row * DIMENSIONS, (row + 1) * DIMENSIONS);
    const header = Buffer.alloc(128);
    header.write('RVWORDS\0', 'latin1');
    header.set(new Uint8Array(Uint32Array.of(1, 0x01020304, ROWS, DIMENSIONS, 0).buffer), 8);
    const offsets = new Uint32Array(ROWS + 1);
    const bytes = Buffer.concat([header, Buffer.from(values.buffer), Buffer.from(offsets.buffer)]);
    createHash('sha256').update(bytes.subarray(0, 96)).update(bytes.subarray(128)).digest().copy(bytes, 96);
    change(bytes);
    const file = join(temporaryDirectory(), 'words.bin');
    writeFileSync(file, bytes);
    return file;
  }

  const all = { rows: Number.POSITIVE_INFINITY, queries: Number.POSITIVE_INFINITY };
  const labels = (values: Float32Array): number[] =>
    Array.from({ length: values.length / DIMENSIONS }, (_, row) => values[row * DIMENSIONS] as number);

  it('holds the queries out, and asks the same ones of a part of the rows', async () => {
    const file = makeFile();
    const dataset = (await gloveDataset(file, { ...all, rows: 90 })) as Dataset;
    expect(dataset).toMatchObject({ dimensions: DIMENSIONS, rows: 90, queries: 1000 });
    const { rows, queries } = await dataset.load();
    const seen = [...labels(rows), ...labels(queries)];
    expect(new Set(seen).size).toBe(1090);
    for (const row of NULLS) expect(seen).not.toContain(row + 1);

    const part = await ((await gloveDataset(file, { rows: 50, queries: 20 })) as Dataset).load();
    expect(labels(part.rows)).toEqual(labels(rows).slice(0, 50));
    expect(labels(part.queries)).toEqual(labels(queries).slice(0, 20));
    expect(labels(queries)).not.toEqual(labels(queries).sort((a, b) => a - b));
  });

  it('says which command makes it where it is absent', async () => {
    expect(await gloveDataset(join(temporaryDirectory(), 'words.bin'), all)).toEqual({
      name: 'GloVe',
      reason: 'there is no words.bin in the cache of the demo',
      cure: 'run: npm run demo',
    });
  });

  it('is not used when a bit is wrong', async () => {
    const dataset = (await gloveDataset(
      makeFile((bytes) => bytes.writeUInt8((bytes[5000] as number) ^ 1, 5000)),
      all,
    )) as Dataset;
    await expect(dataset.load()).rejects.toMatchObject({
      code: 'BENCH_NOT_BUILT',
      message: expect.stringContaining('checksum'),
    });
  });

  it('is not used when it is another file', async () => {
    const file = makeFile((bytes) => bytes.write('OTHER', 'latin1'));
    await expect(gloveDataset(file, all)).rejects.toMatchObject({ code: 'BENCH_NOT_BUILT' });
  });
});

describe('Fashion-MNIST', () => {
  function images(count: number, firstPixel = 0): Buffer {
    const bytes = Buffer.alloc(16 + count * 784);
    for (const [index, value] of [0x0803, count, 28, 28].entries()) bytes.writeUInt32BE(value, 4 * index);
    for (let image = 0; image < count; image++) bytes[16 + image * 784] = firstPixel + image;
    return bytes;
  }

  it('is read from compressed IDX files', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'train-images-idx3-ubyte.gz'), gzipSync(images(5)));
    writeFileSync(join(directory, 't10k-images-idx3-ubyte.gz'), gzipSync(images(3, 100)));
    const dataset = fashionMnistDataset(directory, { rows: 4, queries: 2 }) as Dataset;
    expect(dataset).toMatchObject({ dimensions: 784, rows: 4, queries: 2 });
    const { rows, queries } = await dataset.load();
    // What is beyond the table is there for inserts.
    expect([0, 1, 2, 3, 4].map((row) => rows[row * 784])).toEqual([0, 1, 2, 3, 4]);
    expect([queries.length, queries[0], queries[784]]).toEqual([2 * 784, 100, 101]);
  });

  it('says which command installs it where it is absent', () => {
    expect(fashionMnistDataset(temporaryDirectory(), { rows: 1, queries: 1 })).toMatchObject({
      name: 'Fashion-MNIST',
      cure: expect.stringContaining('apt-get install dataset-fashion-mnist'),
    });
  });

  it.each([
    ['too short', images(2).subarray(0, 1000)],
    ['of labels', Buffer.concat([Buffer.from([0, 0, 8, 1]), Buffer.alloc(100)])],
  ])('is not read from a file that is %s', (_what, bytes) => {
    expect(() => readIdx('images.gz', bytes)).toThrow(expect.objectContaining({ code: 'BENCH_NOT_BUILT' }));
  });
});
