/** The table and its rows. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { encodeCopy } from './copy.js';
import type { WordVectors } from './dataset/source.js';
import { DemoError } from './errors.js';
import { rounded } from './measure.js';

export interface LoadResult {
  readonly rows: number;
  /** From BEGIN to COMMIT of the transaction that creates and fills the table. */
  readonly seconds: number;
  readonly rowsPerSecond: number;
  /** Bytes sent to the server. */
  readonly bytes: number;
}

/** Options of {@link loadWords}. */
export interface LoadOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (rows: number) => void;
}

/**
 * Creates table `words` and fills it by one binary COPY. The table is new in the same transaction, so FREEZE is
 * allowed: the first scan need not visit every row again to set hint bits.
 *
 * @param rows rows of the data set to load
 * @throws DemoError `ROW_COUNT` if the server took another number of rows
 */
export async function loadWords(
  client: Client,
  data: WordVectors,
  rows: Uint32Array,
  options: LoadOptions = {},
): Promise<LoadResult> {
  let bytes = 0;
  function* counted(): Generator<Buffer> {
    for (const piece of encodeCopy(data, rows, options.onProgress)) {
      bytes += piece.length;
      yield piece;
    }
  }
  const begin = performance.now();
  await client.query('BEGIN');
  await client.query(
    `CREATE TABLE words (id int4 NOT NULL, word text NOT NULL, embedding vector(${data.dimensions}) NOT NULL)`,
  );
  const copy = client.query(
    copyFrom('COPY words (id, word, embedding) FROM STDIN WITH (FORMAT binary, FREEZE true)'),
  );
  await pipeline(
    Readable.from(counted(), { objectMode: true, highWaterMark: 1 }),
    copy,
    options.signal ? { signal: options.signal } : {},
  );
  await client.query('COMMIT');
  const seconds = (performance.now() - begin) / 1000;
  if (copy.rowCount !== rows.length)
    throw new DemoError('ROW_COUNT', `the server took ${copy.rowCount} rows of ${rows.length}`);
  return {
    rows: rows.length,
    seconds: rounded(seconds, 3),
    rowsPerSecond: Math.round(rows.length / seconds),
    bytes,
  };
}

/** Keys for look-ups by word, then statistics for the planner. */
export async function finishTable(client: Client): Promise<void> {
  await client.query('ALTER TABLE words ADD PRIMARY KEY (id), ADD UNIQUE (word)');
  await client.query('VACUUM (ANALYZE) words');
}

export interface TableSize {
  /** The rows themselves. */
  readonly heapBytes: number;
  /** With keys, free space and visibility maps. */
  readonly totalBytes: number;
}

export async function tableSize(client: Client): Promise<TableSize> {
  const { rows } = await client.query<{ heap: string; total: string }>(
    `SELECT pg_relation_size('words') AS heap, pg_total_relation_size('words') AS total`,
  );
  return { heapBytes: Number(rows[0]!.heap), totalBytes: Number(rows[0]!.total) };
}
