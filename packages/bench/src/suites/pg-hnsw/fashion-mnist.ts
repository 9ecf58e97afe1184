/**
 * Fashion-MNIST: 60,000 images and 10,000 to ask for, 784 pixels each, by L2 distance; the data set that
 * ann-benchmarks calls fashion-mnist-784-euclidean. Debian has it in a package. Files are in the IDX format
 * (http://yann.lecun.com/exdb/mnist), compressed.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { BenchError } from '../../errors.js';
import { type AbsentDataset, type Dataset, l2, type Size, type Vectors } from './dataset.js';

/** Where the package puts the files. */
export const FASHION_MNIST_DIRECTORY = '/usr/share/datasets/fashion-mnist';

const ROWS_FILE = 'train-images-idx3-ubyte.gz';
const QUERIES_FILE = 't10k-images-idx3-ubyte.gz';

/** Two zero bytes, 8: unsigned bytes, 3 dimensions. */
const MAGIC = 0x0803;
const HEADER_BYTES = 16;
const PIXELS = 784;

/** Pixels of an uncompressed file of images, as float32. */
export function readIdx(file: string, bytes: Buffer): Float32Array {
  const wrong = (why: string): BenchError =>
    new BenchError('BENCH_NOT_BUILT', `${basename(file)} is not a file of 28 x 28 images: ${why}`);
  if (bytes.length < HEADER_BYTES || bytes.readUInt32BE(0) !== MAGIC)
    throw wrong('its first bytes are others');
  const [images, height, width] = [4, 8, 12].map((offset) => bytes.readUInt32BE(offset));
  if (height !== 28 || width !== 28) throw wrong(`they are ${height} x ${width}`);
  const expected = HEADER_BYTES + (images as number) * PIXELS;
  if (bytes.length !== expected) throw wrong(`${bytes.length} bytes instead of ${expected}`);
  return Float32Array.from(bytes.subarray(HEADER_BYTES));
}

async function readImages(file: string): Promise<Float32Array> {
  return readIdx(file, await promisify(gunzip)(await readFile(file)));
}

/**
 * @param directory of the four files, such as {@link FASHION_MNIST_DIRECTORY}
 * @param size of the table and how many queries; at most 60,000 and 10,000
 */
export function fashionMnistDataset(directory: string, size: Size): Dataset | AbsentDataset {
  const files = [ROWS_FILE, QUERIES_FILE].map((name) => join(directory, name));
  const [rowsFile, queriesFile] = files as [string, string];
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined)
    return {
      name: 'Fashion-MNIST',
      reason: `there is no ${basename(missing)} in ${directory}`,
      cure: 'run: apt-get install dataset-fashion-mnist; or set FASHION_MNIST to a directory that has it',
    };
  const identity = createHash('sha256');
  for (const file of files) identity.update(readFileSync(file));
  const rows = Math.min(size.rows, 60_000);
  const queries = Math.min(size.queries, 10_000);
  return {
    name: 'Fashion-MNIST',
    id: 'fashion',
    identity: identity.digest('hex'),
    dimensions: PIXELS,
    distance: l2,
    rows,
    queries,
    load: async (): Promise<Vectors> => {
      const vectors = {
        rows: await readImages(rowsFile),
        queries: (await readImages(queriesFile)).subarray(0, queries * PIXELS),
      };
      if (vectors.rows.length < rows * PIXELS || vectors.queries.length < queries * PIXELS)
        throw new BenchError('BENCH_NOT_BUILT', `${directory} has fewer images than Fashion-MNIST`);
      return vectors;
    },
  };
}
