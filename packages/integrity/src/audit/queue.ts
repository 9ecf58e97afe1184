/**
 * Records between the moment they are sealed and the moment they are stored.
 *
 * Order was fixed when they were sealed; here they only wait. One write is under way at a time, and whatever comes meanwhile goes
 * with the next one: so many records share one fsync without a timer (group commit). A failed write leaves all of them waiting, in
 * order; the next push or flush tries again, from the first record that is not stored. Since a store's `append` is idempotent,
 * nothing is written twice even if the failed write did reach the disk.
 */
import { IntegrityError } from '../errors.js';
import type { SealedRecord } from './record.js';
import type { AuditStore } from './store.js';

/** Records and bytes of one write. */
const batchRecords = 1024;
const batchBytes = 1 << 20;

/**
 * `ok`: records are stored as they come. `degraded`: the last write failed; records wait in memory, and the next append or flush tries
 * again. `failed`: the store has other records than the log, so there is another writer; nothing more is written. `closed`.
 */
export type LogState = 'ok' | 'degraded' | 'failed' | 'closed';

/** How a log stands with its store. */
export interface LogHealth {
  readonly state: LogState;
  /** Records that the store acknowledged. */
  readonly stored: number;
  /** Records and bytes that wait to be stored. */
  readonly pending: number;
  readonly pendingBytes: number;
  /** Writes that failed in a row. */
  readonly failures: number;
  /** Why the last write failed. */
  readonly cause: unknown;
  /** When the first of those writes failed, in milliseconds since 1970. */
  readonly since: number | undefined;
}

/** How much may wait. */
export interface QueueLimits {
  readonly maxPending: number;
  readonly maxPendingBytes: number;
}

interface Waiting {
  readonly record: SealedRecord;
  resolve(): void;
  reject(error: IntegrityError): void;
}

export class WriteQueue {
  readonly #store: AuditStore;
  readonly #limits: QueueLimits;
  readonly #clock: () => number;
  readonly #onHealth: ((health: LogHealth) => void) | undefined;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #stored: number;
  #running: Promise<void> | undefined;
  #state: LogState = 'ok';
  #cause: unknown;
  #since: number | undefined;
  #failures = 0;

  constructor(
    store: AuditStore,
    limits: QueueLimits,
    clock: () => number,
    onHealth: ((health: LogHealth) => void) | undefined,
  ) {
    this.#store = store;
    this.#limits = limits;
    this.#clock = clock;
    this.#onHealth = onHealth;
    this.#stored = store.size;
  }

  get health(): LogHealth {
    return {
      state: this.#state,
      stored: this.#stored,
      pending: this.#waiting.length,
      pendingBytes: this.#bytes,
      failures: this.#failures,
      cause: this.#cause,
      since: this.#since,
    };
  }

  /** Records that wait, in order. */
  get waiting(): readonly SealedRecord[] {
    return this.#waiting.map(({ record }) => record);
  }

  /**
   * Whether there is room for a record.
   *
   * @throws IntegrityError `ERR_INTEGRITY_CLOSED`; `ERR_INTEGRITY_STORE` when too much waits, or the store has other records
   */
  admit(bytes: number): void {
    if (this.#state === 'closed') throw new IntegrityError('ERR_INTEGRITY_CLOSED', 'the log is closed');
    if (this.#state === 'failed')
      throw new IntegrityError(
        'ERR_INTEGRITY_STORE',
        'the store has records that this log did not write: stop the other writer, and open the log again',
        { cause: this.#cause },
      );
    const { maxPending, maxPendingBytes } = this.#limits;
    if (this.#waiting.length < maxPending && this.#bytes + bytes <= maxPendingBytes) return;
    // A full queue is a reason to try again, too.
    void this.#start();
    throw new IntegrityError(
      'ERR_INTEGRITY_STORE',
      this.#state === 'degraded'
        ? `the store has failed ${this.#failures} times in a row and ${this.#waiting.length} records wait: nothing more is taken until it works (see cause)`
        : `${this.#waiting.length} records wait to be stored: await their durable promises before you append more`,
      { cause: this.#cause },
    );
  }

  /** Takes a record that was admitted. The promise fulfils when it is stored. */
  push(record: SealedRecord): Promise<void> {
    const durable = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject });
    });
    // Who does not care for durability must not be ended by an unhandled rejection; the health says it.
    durable.catch(() => undefined);
    this.#bytes += record.bytes.length;
    void this.#start();
    return durable;
  }

  #start(): Promise<void> {
    this.#running ??= this.#drain();
    return this.#running;
  }

  /** In a microtask of its own, and what it throws is dropped: a listener must not stop the queue, nor end the process. */
  #tell(): void {
    const listener = this.#onHealth;
    if (listener === undefined) return;
    const { health } = this;
    void Promise.resolve()
      .then(() => listener(health))
      .catch(() => undefined);
  }

  async #drain(): Promise<void> {
    // A turn of the microtask queue first: records of one synchronous run share a write.
    await undefined;
    try {
      while (this.#waiting.length > 0 && this.#state !== 'failed') {
        const batch = this.#batch();
        try {
          await this.#store.append(this.#stored, batch);
        } catch (error) {
          this.#fail(error);
          return;
        }
        this.#stored += batch.length;
        const done = this.#waiting.splice(0, batch.length);
        for (const { record } of done) this.#bytes -= record.bytes.length;
        this.#recover();
        for (const each of done) each.resolve();
      }
    } finally {
      // In the very turn in which the loop saw that nothing waits: whoever pushes next, in the continuation of a promise that was just
      // resolved say, must find no run that is over.
      this.#running = undefined;
    }
  }

  /** The records of the next write: at least one. */
  #batch(): readonly Uint8Array[] {
    const batch: Uint8Array[] = [];
    let bytes = 0;
    for (const { record } of this.#waiting) {
      if (batch.length === batchRecords || (batch.length > 0 && bytes + record.bytes.length > batchBytes))
        break;
      batch.push(record.bytes);
      bytes += record.bytes.length;
    }
    return batch;
  }

  #fail(error: unknown): void {
    if (this.#state === 'closed') return;
    const conflict = error instanceof IntegrityError && error.code === 'ERR_INTEGRITY_LOG';
    this.#state = conflict ? 'failed' : 'degraded';
    this.#cause = error;
    this.#failures++;
    this.#since ??= this.#clock();
    this.#tell();
  }

  #recover(): void {
    if (this.#state !== 'degraded') return;
    this.#state = 'ok';
    this.#cause = undefined;
    this.#failures = 0;
    this.#since = undefined;
    this.#tell();
  }

  /**
   * Fulfils when all that waits now is stored. Tries once, also while degraded.
   *
   * @throws IntegrityError `ERR_INTEGRITY_STORE` with the store's error as `cause`; the records go on waiting
   */
  async flush(): Promise<void> {
    const end = this.#stored + this.#waiting.length;
    // What is under way may have begun before the cause of a failure was removed.
    if (this.#running !== undefined) await this.#running;
    if (this.#stored < end) await this.#start();
    if (this.#stored < end)
      throw new IntegrityError(
        'ERR_INTEGRITY_STORE',
        `${this.#waiting.length} records could not be stored; they wait in memory and are written with the next append or flush (see cause)`,
        { cause: this.#cause },
      );
  }

  /** Ends it: nothing is admitted any more, and the promises of what still waits reject. */
  close(): void {
    const cause = this.#cause;
    this.#state = 'closed';
    for (const { reject } of this.#waiting)
      reject(
        new IntegrityError('ERR_INTEGRITY_STORE', 'the log was closed before the record was stored', {
          cause,
        }),
      );
    this.#tell();
  }
}
