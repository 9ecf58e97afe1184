/**
 * Where records are kept: the one interface that a file, a table of PostgreSQL or memory implements.
 *
 * The log decides order and bytes; a store keeps what it is given, in place, and never less than it promised. Its rules:
 *
 * 1. `append(from, records)` is given records in order, one call at a time. Its promise fulfils when the records are as durable as the
 *    store promises, and all of them are there.
 * 2. When it rejects, none of the records, or a first part of them, may be there; whatever is there is exactly what was given. The
 *    caller repeats the call with the same `from` and the same first records, perhaps with more of them.
 * 3. So `append` is idempotent: records that the store already has at these places are compared, and equal ones are not written
 *    again. That is what makes a lost answer harmless, such as that of a COMMIT before the connection broke.
 * 4. It rejects with `ERR_INTEGRITY_LOG` when `from` is beyond its end or a record that it has is another: two writers, or a wrong
 *    store. It changes nothing then.
 * 5. `read` gives records exactly as they were given, also those of which only `sync` makes sure that they last.
 * 6. Other errors of the host are wrapped in `ERR_INTEGRITY_STORE` with the `cause`.
 *
 * `auditStoreContract` tests these rules on an implementation.
 */
import { IntegrityError } from '../errors.js';

/** What a store did when it was opened, besides reading. */
export interface StoreRecovery {
  /**
   * `torn`: the beginning of a record was removed, which had never been acknowledged. `completed`: the last record lacked only its
   * end, and got it.
   */
  readonly kind: 'torn' | 'completed';
  /** Bytes that were removed, or added for `completed`. */
  readonly bytes: number;
  /** SHA-256 of the bytes after the last record, as they were found, hexadecimal. */
  readonly sha256: string;
  /** The file or table, for people. */
  readonly place: string;
}

/** Keeps the records of one log. One writer at a time has it open. */
export interface AuditStore {
  /** Records. */
  readonly size: number;
  /** What opening found and repaired; undefined if all was well. */
  readonly recovery?: StoreRecovery | undefined;
  /**
   * Keeps records at the places from `from` on; see the rules above.
   *
   * @throws IntegrityError `ERR_INTEGRITY_STORE`, `ERR_INTEGRITY_LOG`, `ERR_INTEGRITY_CLOSED`
   */
  append(from: number, records: readonly Uint8Array[]): Promise<void>;
  /**
   * The records [from, to), or a first part of them: at least one unless from is `to` or the store's end.
   *
   * @throws IntegrityError `ERR_INTEGRITY_STORE`, `ERR_INTEGRITY_CLOSED`
   */
  read(from: number, to: number): Promise<readonly Uint8Array[]>;
  /**
   * Fulfils when every record that was there when it was called will survive a crash of the machine, whatever the store's policy.
   *
   * @throws IntegrityError `ERR_INTEGRITY_STORE`, `ERR_INTEGRITY_CLOSED`
   */
  sync(): Promise<void>;
  /** Makes sure of what is there and lets go of it. Repeating it does nothing. */
  close(): Promise<void>;
}

/** Every record of a store, or of a part of it. */
export async function* readStore(
  store: Pick<AuditStore, 'size' | 'read'>,
  from = 0,
  to: number = store.size,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = from;
  while (at < to) {
    const records = await store.read(at, to);
    if (records.length === 0)
      throw new IntegrityError(
        'ERR_INTEGRITY_STORE',
        `the store has no record ${at}, and it said that it has ${store.size}`,
      );
    yield* records;
    at += records.length;
  }
}
