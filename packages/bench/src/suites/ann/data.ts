/**
 * Data sets as files of float32, which every process reads by itself; a million rows fit in no cache of ours. Rows by cosine
 * have norm 1, so that L2 orders them and every peer searches by L2.
 */
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheKey } from '../../cache.js';
import { throwIfAborted } from '../../errors.js';
import { type Corpus, QUERY_SEED } from '../quant/corpora.js';

/** Where the rows and queries of a corpus are. */
export interface Files {
  readonly rows: string;
  readonly queries: string;
}

/** What long work says and when it ends. */
export interface Told {
  readonly signal: AbortSignal;
  step(what: string): void;
}

/** A data set of which the first rows are searched. */
export interface AnnCorpus {
  readonly name: string;
  /** The data set in a prefix's name and in the names of files. */
  readonly base: string;
  readonly identity: string;
  readonly dimensions: number;
  readonly rows: number;
  readonly queries: number;
  /** What this is the first rows of. */
  readonly whole?: AnnCorpus;
  /** In words, for the notes. */
  readonly about: string;
  /** Writes the files where that has not been done. */
  files(directory: string, told: Told): Promise<Files>;
}

/** `10k`, `1M`: rows in a name. */
export function shortCount(rows: number): string {
  if (rows % 1_000_000 === 0) return `${rows / 1_000_000}M`;
  return rows % 1000 === 0 ? `${rows / 1000}k` : String(rows);
}

/** The first rows of a corpus: the same files, the same queries. */
export function prefixOf(corpus: AnnCorpus, rows: number): AnnCorpus {
  if (rows >= corpus.rows) return corpus;
  const { base, whole = corpus } = corpus;
  return { ...corpus, name: `${base} ${shortCount(rows)}`, rows, whole };
}

/** What identifies the vectors and queries of a corpus in keys. */
export function parametersOf(corpus: AnnCorpus): Readonly<Record<string, string | number>> {
  const { identity, dimensions, rows, queries } = corpus;
  return { identity, dimensions, rows, queries, querySeed: QUERY_SEED };
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Linux writes and reads no more than 2 GiB at once. */
const CHUNK_BYTES = 2 ** 28;

async function writeAll(file: FileHandle, values: Float32Array): Promise<void> {
  const bytes = bytesOf(values);
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES)
    await file.writeFile(bytes.subarray(at, at + CHUNK_BYTES));
}

/** Writes a file under another name and renames it. */
export async function writeFloats(path: string, values: Float32Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      await writeAll(file, values);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Reads so many float32 from the value `first` on. */
export async function readFloats(file: FileHandle, first: number, count: number): Promise<Float32Array> {
  const values = new Float32Array(count);
  const bytes = bytesOf(values);
  for (let at = 0; at < bytes.length; ) {
    const length = Math.min(CHUNK_BYTES, bytes.length - at);
    const { bytesRead } = await file.read(bytes, at, length, 4 * first + at);
    if (bytesRead === 0) throw new RangeError(`a file of vectors ends before value ${first + count}`);
    at += bytesRead;
  }
  return values;
}

/** A corpus of suite `quant` as files. */
export function fromCorpus(corpus: Corpus): AnnCorpus {
  const { name, identity, dimensions, rows, queries, metric } = corpus;
  const key = cacheKey({ identity, rows, queries, metric, querySeed: QUERY_SEED }).slice(0, 16);
  const way = metric === 'cosine' ? 'scaled to norm 1, by L2' : 'by L2';
  return {
    name,
    base: name,
    identity: `${identity}-${metric}`,
    dimensions,
    rows,
    queries,
    about: `${name}: ${rows.toLocaleString('en-US')} rows of ${dimensions} dimensions, ${way}; ${queries.toLocaleString('en-US')} queries that are not among them`,
    files: async (directory, { signal, step }) => {
      const files = {
        rows: join(directory, `${key}.rows.f32`),
        queries: join(directory, `${key}.queries.f32`),
      };
      if (existsSync(files.rows) && existsSync(files.queries)) return files;
      step(`writing ${name} to a file`);
      await mkdir(directory, { recursive: true });
      const vectors = await corpus.load();
      throwIfAborted(signal);
      await writeFloats(files.queries, vectors.queries);
      await writeFloats(files.rows, vectors.rows);
      return files;
    },
  };
}
