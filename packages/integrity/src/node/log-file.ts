/** The few operations that a store needs of a file. Tests put failing ones in their place. */
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { IntegrityError } from '../errors.js';

/** An open file. All places and lengths are bytes. */
export interface LogFile {
  /** Length now, as the file system has it; rejects if the file was deleted. */
  size(): Promise<number>;
  /** Up to `length` bytes from a place; fewer only at the end of the file. */
  read(at: number, length: number): Promise<Buffer>;
  /** All of the bytes at a place, or rejects; then any part of them may be there. */
  write(at: number, bytes: Uint8Array): Promise<void>;
  truncate(length: number): Promise<void>;
  /** Resolves once all that was written is on the medium. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

const open = promisify(fs.open);
const fstat = promisify(fs.fstat);
const readInto = promisify(fs.read);
const writeFrom = promisify(fs.write);
const ftruncate = promisify(fs.ftruncate);
const fdatasync = promisify(fs.fdatasync);
const fsync = promisify(fs.fsync);
const closeFile = promisify(fs.close);

/** The host's code of an error: `ENOENT`. */
export function hostCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** An error of the store, with the host's error as cause. */
export function storeError(message: string, cause?: unknown): IntegrityError {
  const full = hostCode(cause) === 'ENOSPC' ? ' (the disk is full: make room, then it goes on)' : '';
  const detail = cause instanceof Error ? `: ${cause.message}` : '';
  return new IntegrityError('ERR_INTEGRITY_STORE', message + detail + full, { cause });
}

/**
 * Puts the entries of a directory on the medium: a file that was created, linked or renamed is lost with its name if the power goes
 * before (fsync(2), notes). Windows cannot open directories and journals their entries by itself.
 */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const fd = await open(path, fs.constants.O_RDONLY);
  try {
    await fsync(fd);
  } finally {
    await closeFile(fd);
  }
}

class DescriptorFile implements LogFile {
  readonly #fd: number;
  constructor(fd: number) {
    this.#fd = fd;
  }

  async size(): Promise<number> {
    const stat = await fstat(this.#fd);
    if (stat.nlink === 0) throw new Error('the file was deleted while it was open');
    return stat.size;
  }

  async read(at: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await readInto(this.#fd, buffer, done, length - done, at + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return buffer.subarray(0, done);
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await writeFrom(this.#fd, bytes, done, bytes.length - done, at + done);
      if (bytesWritten === 0) throw new Error('the file system took no bytes');
      done += bytesWritten;
    }
  }

  truncate(length: number): Promise<void> {
    return ftruncate(this.#fd, length);
  }

  /** fdatasync is enough: it brings the length along, which a read needs. On macOS libuv asks for F_FULLFSYNC. */
  sync(): Promise<void> {
    return fdatasync(this.#fd);
  }

  close(): Promise<void> {
    return closeFile(this.#fd);
  }
}

async function checkRegular(fd: number, path: string): Promise<void> {
  const stat = await fstat(fd);
  if (stat.isFile()) return;
  await closeFile(fd);
  throw storeError(`${path} is not a regular file: give the path of a log file`);
}

/**
 * Opens a file to read and append, and creates it (mode 0640 less the umask) where it is not there.
 *
 * @throws IntegrityError `ERR_INTEGRITY_STORE`
 */
export async function openForAppend(path: string): Promise<LogFile> {
  const { O_RDWR, O_CREAT, O_EXCL, O_NONBLOCK = 0 } = fs.constants;
  let fd: number;
  try {
    try {
      fd = await open(path, O_RDWR | O_CREAT | O_EXCL, 0o640);
      await syncDirectory(dirname(path));
    } catch (error) {
      if (hostCode(error) !== 'EEXIST') throw error;
      // O_NONBLOCK, so that a pipe does not hold the opening up.
      fd = await open(path, O_RDWR | O_NONBLOCK);
    }
  } catch (cause) {
    throw storeError(`cannot open the log file ${path}`, cause);
  }
  await checkRegular(fd, path);
  return new DescriptorFile(fd);
}

/** Opens a file that is there to read. @throws IntegrityError `ERR_INTEGRITY_STORE` */
export async function openForReading(path: string): Promise<LogFile> {
  let fd: number;
  try {
    fd = await open(path, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    throw storeError(`cannot open the log file ${path}`, cause);
  }
  await checkRegular(fd, path);
  return new DescriptorFile(fd);
}
