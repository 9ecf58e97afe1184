/**
 * A file on a disk that fails when it is told to. `cache` is what a process sees, `disk` what is left after the power went.
 * A failed fsync drops what was not on the disk, as ext4 and XFS may do (Rebello et al., USENIX ATC 2020), and reports it once.
 */

import type { FsyncPolicy } from '../../src/node/file-store.js';
import { LogFileStore } from '../../src/node/file-store.js';
import type { LogFile } from '../../src/node/log-file.js';

/** What goes wrong in a call: nothing, all of it, or (for `write`) all but the first bytes. */
export type Fault = undefined | { readonly code: string; readonly written?: number };

function hostError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

export class FakeFile implements LogFile {
  cache: Buffer;
  disk: Buffer;
  closed = false;
  /** Names of the calls, in order. */
  readonly calls: string[] = [];
  /** Decides about each call. */
  fault: (call: 'size' | 'read' | 'write' | 'truncate' | 'sync', bytes: number) => Fault = () => undefined;

  constructor(content: Uint8Array = new Uint8Array(0)) {
    this.cache = Buffer.from(content);
    this.disk = Buffer.from(content);
  }

  #fails(call: 'size' | 'read' | 'write' | 'truncate' | 'sync', bytes = 0): Fault {
    this.calls.push(call);
    return this.fault(call, bytes);
  }

  async size(): Promise<number> {
    const fault = this.#fails('size');
    if (fault) throw hostError(fault.code);
    return this.cache.length;
  }

  async read(at: number, length: number): Promise<Buffer> {
    const fault = this.#fails('read', length);
    if (fault) throw hostError(fault.code);
    return Buffer.from(this.cache.subarray(at, at + length));
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    const fault = this.#fails('write', bytes.length);
    const part = fault ? bytes.subarray(0, fault.written ?? 0) : bytes;
    const front = this.cache.subarray(0, at);
    this.cache = Buffer.concat([front, part, this.cache.subarray(at + part.length)]);
    if (fault) throw hostError(fault.code);
  }

  async truncate(length: number): Promise<void> {
    const fault = this.#fails('truncate', length);
    if (fault) throw hostError(fault.code);
    this.cache = Buffer.from(this.cache.subarray(0, length));
  }

  async sync(): Promise<void> {
    const fault = this.#fails('sync');
    if (fault?.code === 'EIO-KEEPS') throw hostError('EIO'); // the pages stay in the cache, and are never written
    if (fault) {
      // The length is metadata and stays; the data behind what is on the disk is gone.
      const kept = this.disk.subarray(0, this.cache.length);
      this.cache = Buffer.concat([kept, Buffer.alloc(this.cache.length - kept.length)]);
      throw hostError(fault.code);
    }
    this.disk = Buffer.from(this.cache);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

/** A store over such a file. */
export function openFake(
  file: FakeFile,
  fsync: FsyncPolicy = 'always',
  syncIntervalMs = 3_600_000,
): Promise<LogFileStore> {
  return LogFileStore.open({ file, path: 'fake.log', fsync, syncIntervalMs, lock: undefined });
}
