/**
 * Records in a file, one a line. The file is its own export: `verifyLog`, `integrity verify` and `jq` read it as it is.
 *
 * Invariants, between calls:
 * - [0, end) are whole lines that were acknowledged; [0, synced) of them were on the medium after an fsync that succeeded.
 * - What lies behind `end` comes from one append that failed (`attempted` says how far it could have reached), and goes before the next.
 *
 * A failed write leaves a part of it; a failed fsync leaves nothing that can be relied on: Linux reports the error once, marks the
 * pages clean and may drop them (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020). So an fsync is never just
 * repeated. Before anything else happens the store writes again, from memory, what was acknowledged since the last fsync that succeeded, cuts off
 * what is behind it, and syncs. With `never` nothing is kept in memory: after a failed fsync the store is of no use until it is opened again.
 *
 * After a loss of power the blocks of one write may have reached the medium in any order, so zeros can stand before whole lines. That
 * cannot be told from a block that the medium lost later, so it is refused as damage; nothing is repaired by guessing.
 */
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { classifyTail, joinRecords } from '../audit/frames.js';
import { checkPlaces } from '../audit/memory-store.js';
import { maxRecordBytes } from '../audit/record.js';
import type { AuditStore, StoreRecovery } from '../audit/store.js';
import { checkInteger, checkKeys, checkObject, describe } from '../check.js';
import { IntegrityError } from '../errors.js';
import { indexLines, type LineIndex } from './lines.js';
import { acquireLock, type FileLock } from './lock.js';
import { type LogFile, openForAppend, storeError, syncDirectory } from './log-file.js';

/**
 * When acknowledged records are on the medium. `always`: before `append` resolves. `interval`: at most `syncIntervalMs` and one fsync
 * later; a crash of the process loses nothing, one of the machine the last interval. `never`: when the operating system likes
 * to, at `sync` and at `close`.
 */
export type FsyncPolicy = 'always' | 'interval' | 'never';

/** How a file is kept. */
export interface FileStoreOptions {
  /** Default `always`. */
  readonly fsync?: FsyncPolicy;
  /** For `interval`: milliseconds from an append to its fsync, 1 to 3,600,000; default 1000. */
  readonly syncIntervalMs?: number;
}

/** A store in a file. */
export interface FileStore extends AuditStore {
  /** The real path of the file. */
  readonly path: string;
  readonly fsync: FsyncPolicy;
  /** What a crash left behind the last whole line, and what opening did about it; undefined if there was nothing. */
  readonly recovery: StoreRecovery | undefined;
  /** Whether the lock of a process that died was taken over. */
  readonly tookOverLock: boolean;
}

const lineFeed = 10;
const windowBytes = 1 << 18;
/** The longest end without a line feed that is looked at; only zeros of a block allocation could be longer than a record. */
const maxTailBytes = 1 << 26;
/** Bytes that `interval` keeps in memory until they are synced: more of them bring the fsync forward. */
const maxUnsyncedBytes = 1 << 22;

/** What `LogFileStore` begins with. */
export interface OpenedFile {
  readonly file: LogFile;
  readonly path: string;
  readonly fsync: FsyncPolicy;
  readonly syncIntervalMs: number;
  readonly lock: FileLock | undefined;
}

/** Looks at the end of a file, mends what a crash left there, and finds the lines. */
async function recover(
  file: LogFile,
  name: string,
): Promise<{ readonly index: LineIndex; readonly recovery: StoreRecovery | undefined }> {
  const { index, size } = await indexLines(file, name);
  const at = index.end;
  const bytes = size - at;
  if (bytes === 0) return { index, recovery: undefined };
  const damaged = (): never => {
    throw new IntegrityError(
      'ERR_INTEGRITY_LOG',
      `${name} is damaged at byte ${at}, behind ${index.size} lines: the last ${bytes} bytes are neither a record nor the beginning of one, ` +
        'so no crash of a writer left them. Nothing was changed; restore the file from a copy that verifies',
    );
  };
  if (bytes > maxTailBytes) return damaged();
  const tail = await file.read(at, bytes);
  const { kind, length } = classifyTail(tail);
  const sha256 = createHash('sha256').update(tail).digest('hex');
  if (kind === 'complete') {
    await file.truncate(at + length);
    await file.write(at + length, Uint8Array.of(lineFeed));
    index.add(length + 1);
    return { index, recovery: { kind: 'completed', bytes: 1, sha256, place: name } };
  }
  if (kind !== 'torn') return damaged();
  await file.truncate(at);
  return { index, recovery: { kind, bytes, sha256, place: name } };
}

/** The store, over any `LogFile`; `fileStore` gives it a real one. */
export class LogFileStore implements FileStore {
  readonly path: string;
  readonly fsync: FsyncPolicy;
  readonly recovery: StoreRecovery | undefined;
  readonly #file: LogFile;
  readonly #lock: FileLock | undefined;
  readonly #index: LineIndex;
  readonly #syncIntervalMs: number;
  /** Bytes on the medium, and (with `interval`) the acknowledged bytes behind them. */
  #synced: number;
  #unsynced: Uint8Array[] = [];
  /** How far a failed call may have written; undefined if there is nothing to put in order. */
  #attempted: number | undefined;
  /** The fsync that failed with `never`. */
  #lost: unknown;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #closing: Promise<void> | undefined;
  /** The last of the calls that wait for each other. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #reads = new Set<Promise<unknown>>();

  private constructor(opened: OpenedFile, index: LineIndex, recovery: StoreRecovery | undefined) {
    this.path = opened.path;
    this.fsync = opened.fsync;
    this.recovery = recovery;
    this.#file = opened.file;
    this.#lock = opened.lock;
    this.#syncIntervalMs = opened.syncIntervalMs;
    this.#index = index;
    this.#synced = index.end;
  }

  /** Reads the file once. Leaves the file and the lock to the caller if it rejects. */
  static async open(opened: OpenedFile): Promise<LogFileStore> {
    try {
      const { index, recovery } = await recover(opened.file, opened.path);
      // What a writer that crashed left in the page cache is given out as acknowledged from here on.
      await opened.file.sync();
      return new LogFileStore(opened, index, recovery);
    } catch (cause) {
      throw cause instanceof IntegrityError
        ? cause
        : storeError(`cannot open the log file ${opened.path}`, cause);
    }
  }

  get size(): number {
    return this.#index.size;
  }

  get tookOverLock(): boolean {
    return this.#lock?.takenOver ?? false;
  }

  append(from: number, records: readonly Uint8Array[]): Promise<void> {
    let given: readonly Uint8Array[];
    try {
      checkInteger(from, 'from', 0, Number.MAX_SAFE_INTEGER);
      given = records.map(copyOfLine);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#inTurn('append to', async () => {
      await this.#settle();
      const { size, end } = this.#index;
      checkPlaces(from, size, given, await this.#kept(from, given.length));
      const added = given.slice(size - from);
      if (added.length === 0) return;
      await this.#checkEnd();
      const bytes = joinRecords(added);
      this.#attempted = end + bytes.length;
      try {
        await this.#file.write(end, bytes);
        if (this.fsync === 'always') await this.#file.sync();
      } catch (error) {
        // At once, so that a full disk does not keep half a record. If this fails as well, the next call tries it again.
        await this.#settle().catch(() => undefined);
        throw error;
      }
      this.#attempted = undefined;
      for (const record of added) this.#index.add(record.length + 1);
      if (this.fsync === 'always') this.#synced = this.#index.end;
      else if (this.fsync === 'interval') this.#keep(bytes);
    });
  }

  /** What there is of [from, from + count). */
  async #kept(from: number, count: number): Promise<readonly Uint8Array[]> {
    const kept: Uint8Array[] = [];
    const to = Math.min(from + count, this.#index.size);
    while (from + kept.length < to) kept.push(...(await this.read(from + kept.length, to)));
    return kept;
  }

  sync(): Promise<void> {
    return this.#inTurn('sync', () => this.#syncNow());
  }

  async read(from: number, to: number): Promise<readonly Uint8Array[]> {
    if (this.#closed) throw closedError(this.path);
    checkInteger(from, 'from', 0, Number.MAX_SAFE_INTEGER);
    checkInteger(to, 'to', from, Number.MAX_SAFE_INTEGER);
    const { size, end } = this.#index;
    const last = Math.min(to, size);
    const records: Uint8Array[] = [];
    let { line, at } = this.#index.near(from);
    let rest: Buffer = Buffer.alloc(0);
    while (line < last && records.length === 0) {
      const bytes = await this.#readAt(at, Math.min(windowBytes, end - at));
      if (bytes.length === 0) throw storeError(`${this.path} became shorter while it was open`);
      at += bytes.length;
      const window = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      let begin = 0;
      for (
        let stop = window.indexOf(lineFeed);
        stop >= 0 && line < last;
        stop = window.indexOf(lineFeed, begin)
      ) {
        // A copy: the caller may keep a record without keeping the window.
        if (line >= from) records.push(new Uint8Array(window.subarray(begin, stop)));
        begin = stop + 1;
        line++;
      }
      rest = window.subarray(begin);
    }
    return records;
  }

  async #readAt(at: number, length: number): Promise<Buffer> {
    if (this.#closed) throw closedError(this.path);
    const reading = this.#file.read(at, length);
    this.#reads.add(reading);
    try {
      return await reading;
    } catch (cause) {
      throw storeError(`cannot read ${this.path}`, cause);
    } finally {
      this.#reads.delete(reading);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#inTurn('close', async () => {
      this.#closed = true;
      clearTimeout(this.#timer);
      try {
        await this.#syncNow();
      } finally {
        // A descriptor that is closed under a read may by then be another file's.
        await Promise.allSettled(this.#reads);
        await this.#file.close().finally(() => this.#lock?.release());
      }
    });
    return this.#closing;
  }

  /** Runs a call when those before it are done; its host errors become errors of the store. */
  #inTurn<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(async () => {
      if (this.#closed) throw closedError(this.path);
      try {
        return await call();
      } catch (cause) {
        throw cause instanceof IntegrityError ? cause : storeError(`cannot ${what} ${this.path}`, cause);
      }
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** The file must end where this store left it, or within an append of its own that failed: else somebody else writes. */
  async #checkEnd(attempted: number = this.#index.end): Promise<number> {
    const { end } = this.#index;
    const size = await this.#file.size();
    if (size >= end && size <= attempted) return size;
    throw new IntegrityError(
      'ERR_INTEGRITY_LOG',
      `${this.path} has ${size} bytes, and this store left it with ${end}: another process changed it. Close the log, find out who, and verify the file`,
    );
  }

  async #syncNow(): Promise<void> {
    await this.#settle();
    const { end } = this.#index;
    if (this.#synced === end) return;
    this.#attempted = end;
    try {
      await this.#file.sync();
    } catch (error) {
      if (this.fsync === 'never') this.#lost = error;
      throw error;
    }
    this.#attempted = undefined;
    this.#synced = end;
    this.#unsynced = [];
  }

  /** After a failure: back to what was acknowledged. Rejects as long as the file does not let it. */
  async #settle(): Promise<void> {
    if (this.#lost !== undefined)
      throw storeError(
        `an fsync of ${this.path} failed, and with fsync 'never' nothing was kept to write it again: close the store and open it, which shows what is left`,
        this.#lost,
      );
    if (this.#attempted === undefined) return;
    const { end } = this.#index;
    await this.#checkEnd(this.#attempted);
    // In place: a file that is never shorter than `end` cannot be taken for one that another writer cut.
    if (this.#unsynced.length > 0) await this.#file.write(this.#synced, Buffer.concat(this.#unsynced));
    await this.#file.truncate(end);
    if (this.fsync !== 'never') {
      await this.#file.sync();
      this.#synced = end;
      this.#unsynced = [];
    }
    this.#attempted = undefined;
  }

  /** Remembers bytes until they are synced, which will be soon. */
  #keep(bytes: Uint8Array): void {
    this.#unsynced.push(bytes);
    const full = this.#index.end - this.#synced > maxUnsyncedBytes;
    if (full) clearTimeout(this.#timer);
    else if (this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        // A failure shows at the next call, which has to settle first.
        this.sync().catch(() => undefined);
      },
      full ? 0 : this.#syncIntervalMs,
    ).unref();
  }
}

function closedError(path: string): IntegrityError {
  return new IntegrityError('ERR_INTEGRITY_CLOSED', `the store of ${path} was closed: open it again`);
}

/** A record must make one line. Copied, since its owner may change it while others are being written. */
function copyOfLine(record: Uint8Array): Uint8Array {
  if (
    record instanceof Uint8Array &&
    record.length > 0 &&
    record.length <= maxRecordBytes &&
    !record.includes(lineFeed)
  )
    return new Uint8Array(record);
  throw new IntegrityError(
    'ERR_INTEGRITY_ARGUMENT',
    `a record must be 1 to ${maxRecordBytes} bytes without a line feed, not ${describe(record)}`,
    { field: 'records' },
  );
}

const policies: readonly string[] = ['always', 'interval', 'never'];

/**
 * Opens a log file, or creates it (mode 0640 less the umask), and locks it against other writers. Reads it once.
 *
 * A last line that a crash cut off is removed, and `recovery` says so; anything else that is wrong with the end of the file is an error, and the
 * file is left as it is. What the lines say is not looked at: `AuditLog.open` does.
 *
 * The lock is a file beside the log, `<path>.lock`. It holds among processes of one machine and container; a lock that another
 * machine or container left behind must be deleted by hand.
 *
 * @throws IntegrityError `ERR_INTEGRITY_LOCKED` if another process has it open; `ERR_INTEGRITY_LOG` if it is damaged;
 *   `ERR_INTEGRITY_STORE` if the host says no (`cause`); `ERR_INTEGRITY_ARGUMENT` for a bad option
 * @example
 * const store = await fileStore('audit.log', { fsync: 'interval', syncIntervalMs: 200 });
 * const log = await AuditLog.open(store, { origin: 'example.com/jobs', signer, clock: Date.now });
 */
export async function fileStore(path: string, options: FileStoreOptions = {}): Promise<FileStore> {
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `path must be the path of a file, not ${describe(path)}`,
      { field: 'path' },
    );
  checkKeys(checkObject(options, 'options'), 'options', ['fsync', 'syncIntervalMs']);
  const { fsync = 'always', syncIntervalMs = 1000 } = options;
  if (!policies.includes(fsync))
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `fsync must be ${policies.join(', ')}, not ${describe(fsync)}`,
      { field: 'fsync' },
    );
  checkInteger(syncIntervalMs, 'syncIntervalMs', 1, 3_600_000);
  const file = await openForAppend(path);
  let lock: FileLock | undefined;
  try {
    // Through links, so that one file has one lock whatever name it is opened by.
    const real = await realpath(path);
    lock = await acquireLock(`${real}.lock`);
    // Whoever created the file may have died before its name was durable.
    await syncDirectory(dirname(real));
    return await LogFileStore.open({ file, path: real, fsync, syncIntervalMs, lock });
  } catch (error) {
    await file.close();
    await lock?.release();
    throw error instanceof IntegrityError ? error : storeError(`cannot open the log file ${path}`, error);
  }
}
