/** Finds records in a file of one record a line, window by window. */
import { setTimeout as delay } from 'node:timers/promises';
import { RecordSplitter, type UnfinishedRecord } from '../audit/frames.js';
import { maxRecordBytes } from '../audit/record.js';
import { type AbortSignalLike, IntegrityError, throwIfAborted } from '../errors.js';
import { type LogFile, openForReading, storeError } from './log-file.js';

const lineFeed = 10;
const windowBytes = 1 << 18;

/** Every how many records `LineIndex` keeps the place of one. */
const stride = 256;

/** Where the lines of a file begin: the place of every 256th, so 8 bytes for 256 records. */
export class LineIndex {
  readonly #places: number[] = [];
  #size = 0;
  #end = 0;

  /** Lines. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of all lines, line feeds included. */
  get end(): number {
    return this.#end;
  }

  /** @param bytes of the next line, its line feed included */
  add(bytes: number): void {
    if (this.#size % stride === 0) this.#places.push(this.#end);
    this.#size++;
    this.#end += bytes;
  }

  /** The nearest line at or before a line whose place is known. */
  near(line: number): { readonly line: number; readonly at: number } {
    const kept = Math.min(Math.floor(line / stride), this.#places.length - 1);
    return kept < 0 ? { line: 0, at: 0 } : { line: kept * stride, at: this.#places[kept] as number };
  }
}

/** Goes over a whole file once. Memory: a window of 256 KiB. Fails for a line longer than a record can be. */
export async function indexLines(file: LogFile, name: string): Promise<{ index: LineIndex; size: number }> {
  const size = await file.size();
  const index = new LineIndex();
  let pending = 0; // bytes since the last line feed
  for (let at = 0; at < size; ) {
    const bytes = await file.read(at, Math.min(windowBytes, size - at));
    if (bytes.length === 0)
      throw storeError(`${name} became shorter while it was read: another process changes it`);
    let from = 0;
    for (let to = bytes.indexOf(lineFeed); to >= 0; to = bytes.indexOf(lineFeed, from)) {
      const length = pending + to - from;
      if (length > maxRecordBytes)
        throw new IntegrityError(
          'ERR_INTEGRITY_LOG',
          `${name} is damaged, or not a log: line ${index.size + 1}, at byte ${index.end}, is longer than a record may be. Nothing was changed; restore the file from a copy that verifies`,
        );
      index.add(length + 1);
      pending = 0;
      from = to + 1;
    }
    pending += bytes.length - from;
    at += bytes.length;
  }
  return { index, size };
}

/** How a file of records is read. */
export interface ReadLogFileOptions {
  readonly signal?: AbortSignalLike;
  /** Bytes read so far, and bytes of the file; called for each window of 256 KiB. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** How long to wait for a writer that may be in the middle of a line. */
const settleMs = 50;

/**
 * The records of a file, for `verifyLog`. Reads only, takes no lock, and may run beside the writer: it reads what was there when
 * it began. Memory: one window and one record.
 *
 * What stands behind the last line feed comes last, as `{ unfinished }`, and does not verify. If it was a crash, opening the log
 * (`fileStore`) removes or completes it.
 *
 * @throws IntegrityError `ERR_INTEGRITY_STORE`, `ERR_INTEGRITY_ABORTED`
 * @example
 * const report = await verifyLog(readLogFile('audit.log'), { trustedKeys: [fingerprint] });
 */
export async function* readLogFile(
  path: string,
  { signal, onProgress }: ReadLogFileOptions = {},
): AsyncGenerator<Uint8Array | UnfinishedRecord, void, undefined> {
  const file = await openForReading(path);
  try {
    const splitter = new RecordSplitter();
    const size = await file.size();
    let at = 0;
    while (at < size) {
      throwIfAborted(signal);
      const bytes = await file.read(at, Math.min(windowBytes, size - at));
      if (bytes.length === 0) throw storeError(`${path} became shorter while it was read`);
      at += bytes.length;
      yield* splitter.push(bytes);
      onProgress?.({ done: at, total: size });
    }
    if (splitter.rest.length === 0) return;
    // A writer may be in the middle of this line: its rest comes at once or never.
    await delay(settleMs);
    const [line] = splitter.push(await file.read(at, maxRecordBytes + 1));
    yield line ?? { unfinished: splitter.rest };
  } catch (error) {
    throw wrapped(error, path);
  } finally {
    await file.close();
  }
}

function wrapped(error: unknown, path: string): unknown {
  return error instanceof Error && 'syscall' in error ? storeError(`cannot read ${path}`, error) : error;
}
