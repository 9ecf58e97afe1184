/**
 * Records in a stream of bytes: one record, one newline. A record has no newline of its own (canonical JSON escapes it), and no
 * beginning of a record is a record. So a line without a newline at the end that is the beginning of a record is a write that was
 * cut off, and nothing else is: a changed byte leaves a line that is whole and wrong.
 */
import { concatBytes } from '../crypto/bytes.js';
import { isCanonicalPrefix } from './canonical-parse.js';
import { maxRecordBytes, maxRecordDepth, parseRecord } from './record.js';

const newline = 10;

/** Records as a file has them. */
export function joinRecords(records: readonly Uint8Array[]): Uint8Array {
  let length = records.length;
  for (const record of records) length += record.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const record of records) {
    bytes.set(record, at);
    at += record.length;
    bytes[at++] = newline;
  }
  return bytes;
}

/** Cuts a stream into lines. Lines longer than a record may be are cut, and then are not records. */
export class RecordSplitter {
  #rest: Uint8Array = new Uint8Array(0);

  /** Bytes after the last newline. */
  get rest(): Uint8Array {
    return this.#rest;
  }

  /** @returns the lines that these bytes complete, without newlines */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    const bytes = this.#rest.length === 0 ? chunk : concatBytes(this.#rest, chunk);
    const lines: Uint8Array[] = [];
    let from = 0;
    for (;;) {
      const end = bytes.indexOf(newline, from);
      if (end < 0) break;
      lines.push(bytes.slice(from, end));
      from = end + 1;
    }
    // One byte more than a record may have is enough to see that it is none, and what is kept stays small.
    while (bytes.length - from > maxRecordBytes) {
      lines.push(bytes.slice(from, from + maxRecordBytes + 1));
      from = Math.min(bytes.length, from + maxRecordBytes + 1);
    }
    this.#rest = bytes.slice(from);
    return lines;
  }
}

/** What a file ends with instead of a record: bytes without a newline behind them. */
export interface UnfinishedRecord {
  readonly unfinished: Uint8Array;
}

/** The records of a file's bytes, as `verifyLog` takes them. */
export function splitRecords(bytes: Uint8Array): readonly (Uint8Array | UnfinishedRecord)[] {
  const splitter = new RecordSplitter();
  const lines = splitter.push(bytes);
  return splitter.rest.length === 0 ? lines : [...lines, { unfinished: splitter.rest }];
}

/** The records of a stream of bytes, such as a file or the standard input, as `verifyLog` takes them. */
export async function* readRecords(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array | UnfinishedRecord, void, undefined> {
  const splitter = new RecordSplitter();
  for await (const chunk of chunks) yield* splitter.push(chunk);
  if (splitter.rest.length > 0) yield { unfinished: splitter.rest };
}

/**
 * What stands after the last newline of a file: nothing; a record that lacks only its newline (`complete`); the beginning of a record
 * (`torn`); or what no writer leaves behind (`damaged`). Zeros at the end count as not written: a file's length can reach the disk
 * before its data does.
 */
export type TailKind = 'none' | 'complete' | 'torn' | 'damaged';

/** @param tail the bytes after the last newline */
export function classifyTail(tail: Uint8Array): { readonly kind: TailKind; readonly length: number } {
  if (tail.length === 0) return { kind: 'none', length: 0 };
  let length = tail.length;
  while (length > 0 && tail[length - 1] === 0) length--;
  const written = tail.subarray(0, length);
  if (length <= maxRecordBytes && isCanonicalPrefix(written, { maxDepth: maxRecordDepth }))
    return { kind: 'torn', length };
  try {
    parseRecord(written);
    return { kind: 'complete', length };
  } catch {
    return { kind: 'damaged', length };
  }
}
