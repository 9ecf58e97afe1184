/** A store in memory that can be slow, fail, and fail after it has stored a part. */
import { type AuditStore, IntegrityError, memoryStore } from '../../src/index.js';

export class FlakyStore implements AuditStore {
  readonly #memory = memoryStore();
  /** How many records each write had that reached the store. */
  readonly writes: number[] = [];
  syncs = 0;
  failSync = false;
  closed = false;
  #failures = 0;
  #kept = 0;
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;

  get size(): number {
    return this.#memory.size;
  }

  /** The next writes fail, each after it stored `kept` of its records. */
  fail(times: number, kept = 0): void {
    this.#failures = times;
    this.#kept = kept;
  }

  /** Writes wait until `release`. */
  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  release(): void {
    this.#open();
  }

  async append(from: number, records: readonly Uint8Array[]): Promise<void> {
    await this.#gate;
    if (this.#failures > 0) {
      this.#failures--;
      await this.#memory.append(from, records.slice(0, this.#kept));
      throw new IntegrityError('ERR_INTEGRITY_STORE', 'no space left (a test)');
    }
    this.writes.push(records.length);
    await this.#memory.append(from, records);
  }

  read(from: number, to: number): Promise<readonly Uint8Array[]> {
    return this.#memory.read(from, to);
  }

  async sync(): Promise<void> {
    if (this.failSync) throw new IntegrityError('ERR_INTEGRITY_STORE', 'the disk does not answer (a test)');
    this.syncs++;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.#memory.close();
  }
}
