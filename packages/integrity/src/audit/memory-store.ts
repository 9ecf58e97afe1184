/** A store that forgets everything when the process ends: for tests, and for logs that are exported elsewhere at once. */
import { checkInteger } from '../check.js';
import { equalBytes } from '../crypto/bytes.js';
import { IntegrityError } from '../errors.js';
import type { AuditStore } from './store.js';

/** Checks rule 4 of `store.ts`: what a store already has of what it is given is the same. */
export function checkPlaces(
  from: number,
  size: number,
  records: readonly Uint8Array[],
  existing: readonly Uint8Array[],
): void {
  if (from > size)
    throw new IntegrityError(
      'ERR_INTEGRITY_LOG',
      `records from ${from} cannot follow: the store ends at ${size}`,
      { field: 'from' },
    );
  for (const [i, record] of existing.entries())
    if (!equalBytes(record, records[i] as Uint8Array))
      throw new IntegrityError(
        'ERR_INTEGRITY_LOG',
        `the store has another record at place ${from + i}: a second writer, or the store of another log`,
        { field: 'records' },
      );
}

/**
 * A store in memory.
 *
 * @param records what it has to begin with; copied
 */
export function memoryStore(records: readonly Uint8Array[] = []): AuditStore {
  const kept = records.map((record) => Uint8Array.from(record));
  let closed = false;
  function open(): void {
    if (closed) throw new IntegrityError('ERR_INTEGRITY_CLOSED', 'the store is closed');
  }
  return {
    get size() {
      return kept.length;
    },
    async append(from, given) {
      open();
      checkInteger(from, 'from', 0, Number.MAX_SAFE_INTEGER);
      checkPlaces(from, kept.length, given, kept.slice(from, from + given.length));
      for (const record of given.slice(kept.length - from)) kept.push(Uint8Array.from(record));
    },
    async read(from, to) {
      open();
      checkInteger(from, 'from', 0, Number.MAX_SAFE_INTEGER);
      checkInteger(to, 'to', from, Number.MAX_SAFE_INTEGER);
      return kept.slice(from, to).map((record) => Uint8Array.from(record));
    },
    async sync() {
      open();
    },
    async close() {
      closed = true;
    },
  };
}
