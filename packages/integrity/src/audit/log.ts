/**
 * The log: seals events in the order of the calls, stores them, and proves what it has.
 *
 * `append` is synchronous up to the signed record: when it returns, place, hash and signature are fixed, and no other event can come
 * between. Storing happens behind it. If the store fails the chain stays in memory as it was sealed: records wait in a bounded
 * queue (`health` says so), are retried with every append and flush, and once the bound is reached `append` throws before it
 * seals. So a record is either stored at its place, or waits, or was never made; a caller that must not act before its record is
 * safe awaits `durable`.
 *
 * A checkpoint is signed only for records that the store has synced: a crash must not take back what was signed.
 */
import { checkInteger, checkObject, checkTime, describe } from '../check.js';
import { type CryptoProvider, defaultCrypto } from '../crypto/provider.js';
import { type AbortSignalLike, IntegrityError, throwIfAborted } from '../errors.js';
import type { CanonicalObject } from './canonical.js';
import { signCheckpoint } from './checkpoint.js';
import { genesisBody, type KeyRecord, type Keyring, revocationBody, rotationBody } from './keyring.js';
import { checkFingerprint, type Signer } from './keys.js';
import { type LogHealth, WriteQueue } from './queue.js';
import {
  checkType,
  type EventType,
  emptyHead,
  headAfter,
  type LogHead,
  type LogRecord,
  parseRecord,
  recordHash,
  reservedTypes,
  type SealedRecord,
  seal,
} from './record.js';
import { type AuditStore, readStore } from './store.js';
import type { LogTree } from './tree.js';
import { LogVerifier, type VerifyReport } from './verify.js';

/** An event for `append`. */
export interface AuditEvent {
  readonly type: EventType;
  readonly body: CanonicalObject;
  /** Milliseconds since 1970; default: the log's clock. A time before the last one is recorded as it is. */
  readonly at?: number;
}

/** A sealed record, and when it is stored. */
export interface AppendedRecord extends SealedRecord {
  /**
   * Fulfils when the store has the record, as durably as its policy says. Rejects with `ERR_INTEGRITY_STORE` only when the log is
   * closed before that; a failing store leaves it pending. It is safe not to look at it.
   */
  readonly durable: Promise<void>;
}

/** A record as it is read back. */
export interface LogEntry extends LogRecord {
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`, hexadecimal. */
  readonly hash: string;
}

/** How a log is opened. */
export interface AuditLogOptions {
  /** Milliseconds since 1970, such as `Date.now`. */
  readonly clock: () => number;
  /**
   * The key that signs: the log's signing key, or a standby key, which can then only rotate and revoke. Leave it out to read and prove
   * only.
   */
  readonly signer?: Signer;
  /** The log's name, such as example.com/orders. Needed for a new log; checked against one that is there. */
  readonly origin?: string;
  /** For a new log: public keys of offline keys that can replace and revoke. */
  readonly standby?: readonly Uint8Array[];
  /** For a new log: types of events that are not signed, such as `['sample']`. Default none. */
  readonly unsigned?: readonly string[];
  /** Fingerprints of the keys that may have begun this log; default: the signer's. */
  readonly trustedKeys?: readonly string[];
  /** Checkpoints that were kept elsewhere. A log that has less, or other records, is not opened. */
  readonly checkpoints?: readonly (string | Uint8Array)[];
  /**
   * What is verified before the log is opened. `chain` (default): form, chain and tree of all records, and the signatures of genesis, key
   * events and the last signed record, which vouches for all before it. `full`: every signature.
   */
  readonly verify?: 'chain' | 'full';
  /** Records that may wait while the store fails or is slow; default 10,000. */
  readonly maxPending?: number;
  /** Bytes that may wait; default 16 MiB. */
  readonly maxPendingBytes?: number;
  /** Told when the state changes, and at each failure of the store. What it throws is dropped. */
  readonly onHealth?: (health: LogHealth) => void;
  readonly crypto?: CryptoProvider;
  readonly signal?: AbortSignalLike;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

const progressStep = 1024;

/** A log of one writer over a store. */
export class AuditLog {
  readonly #store: AuditStore;
  readonly #crypto: CryptoProvider;
  readonly #clock: () => number;
  readonly #queue: WriteQueue;
  readonly #tree: LogTree;
  readonly #keyring: Keyring;
  #signer: Signer | undefined;
  #head: LogHead;
  #closing: Promise<void> | undefined;

  private constructor(
    store: AuditStore,
    options: AuditLogOptions,
    crypto: CryptoProvider,
    state: { readonly tree: LogTree; readonly keyring: Keyring; readonly head: LogHead },
  ) {
    this.#store = store;
    this.#crypto = crypto;
    this.#clock = options.clock;
    this.#signer = options.signer;
    this.#tree = state.tree;
    this.#keyring = state.keyring;
    this.#head = state.head;
    this.#queue = new WriteQueue(store, queueLimits(options), options.clock, options.onHealth);
  }

  /**
   * Opens the log of a store, or begins one in an empty store. Verifies what is there first; O(records), about 20 microseconds each with
   * `chain` in Node. If the store had to repair its end, the first new record is a `recovery` event that says what was found. When it
   * throws, the store stays open, and is the caller's to close.
   *
   * @throws IntegrityError `ERR_INTEGRITY_LOG` for a log that does not verify, with the `VerifyReport` as `cause`; `ERR_INTEGRITY_KEY`
   *   for a signer that may not sign here; `ERR_INTEGRITY_STORE`; `ERR_INTEGRITY_ABORTED`
   * @example
   * const log = await AuditLog.open(memoryStore(), { origin: 'example.com/jobs', signer, clock: Date.now });
   * const { seq, durable } = log.append({ type: 'transition', body: { from: 'normal', to: 'stress' } });
   * await durable;
   */
  static async open(store: AuditStore, options: AuditLogOptions): Promise<AuditLog> {
    if (typeof options?.clock !== 'function')
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `clock must be a function that gives milliseconds, such as Date.now, not ${describe(options?.clock)}`,
        { field: 'clock' },
      );
    const crypto = options.crypto ?? defaultCrypto();
    throwIfAborted(options.signal);
    checkStore(store);
    const { recovery } = store;
    const log = await (store.size === 0 ? AuditLog.#begin : AuditLog.#continue)(store, options, crypto);
    if (recovery !== undefined && log.#signer?.fingerprint === log.#keyring.signing.fingerprint) {
      const { kind, bytes, sha256 } = recovery;
      log.append({ type: 'recovery', body: { bytes, kind, sha256 } });
    }
    return log;
  }

  static async #continue(
    store: AuditStore,
    options: AuditLogOptions,
    crypto: CryptoProvider,
  ): Promise<AuditLog> {
    const verifier = await readVerified(store, options, crypto);
    const keyring = verifier.keyring as Keyring;
    if (options.origin !== undefined && options.origin !== keyring.origin)
      throw new IntegrityError(
        'ERR_INTEGRITY_LOG',
        `the store has the log ${keyring.origin}, and ${options.origin} was asked for`,
        { field: 'origin' },
      );
    const { tree, hash, size } = verifier;
    const log = new AuditLog(store, options, crypto, { tree, keyring, head: { size, hash } });
    log.#checkSigner();
    return log;
  }

  static async #begin(
    store: AuditStore,
    options: AuditLogOptions,
    crypto: CryptoProvider,
  ): Promise<AuditLog> {
    const { signer, origin, standby = [], unsigned = [], checkpoints = [] } = options;
    if (signer === undefined)
      throw new IntegrityError('ERR_INTEGRITY_KEY', 'a new log needs a signer', { field: 'signer' });
    if (checkpoints.length > 0)
      throw new IntegrityError(
        'ERR_INTEGRITY_LOG',
        'the store is empty, and there is a checkpoint of its log: its records are gone',
        { field: 'checkpoints' },
      );
    const draft = {
      type: 'genesis',
      at: checkTime(options.clock(), 'clock'),
      body: genesisBody({ origin: origin as string, standby, unsigned }, signer),
    };
    const genesis = seal(emptyHead, draft, signer, crypto);
    // The keyring and the tree come from the record itself, as for every reader.
    const verifier = new LogVerifier({ trustedKeys: [signer.fingerprint], crypto });
    verifier.push(genesis.bytes);
    if (verifier.keyring === undefined)
      throw new IntegrityError('ERR_INTEGRITY_LOG', 'the genesis record does not verify', {
        cause: verifier.finish(),
      });
    const { tree, keyring } = verifier;
    const log = new AuditLog(store, options, crypto, { tree, keyring, head: headAfter(genesis) });
    // Rejects only when the log is closed; flush says whether it worked.
    void log.#queue.push(genesis);
    await log.#queue.flush();
    return log;
  }

  /** The log's name. */
  get origin(): string {
    return this.#keyring.origin;
  }

  /** Where the log ends, records that wait to be stored included. */
  get head(): LogHead {
    return this.#head;
  }

  /** The Merkle root of all records up to `head`, 32 bytes. */
  get root(): Uint8Array {
    return this.#tree.root();
  }

  /** The log's keys, in the order in which they came in. */
  get keys(): readonly KeyRecord[] {
    return this.#keyring.keys;
  }

  /** How the log stands with its store. */
  get health(): LogHealth {
    return this.#queue.health;
  }

  /** Records that are sealed and not stored, in order: what a caller can rescue if `close` fails. */
  get unstored(): readonly SealedRecord[] {
    return this.#queue.waiting;
  }

  #checkSigner(): void {
    const signer = this.#signer;
    if (signer === undefined) return;
    const { signing } = this.#keyring;
    // A standby key may sign this much; the signing key may, too.
    const objection = this.#keyring.objection(signer.fingerprint, 'key-rotation', this.#head.size);
    if (objection !== undefined)
      throw new IntegrityError(
        'ERR_INTEGRITY_KEY',
        `${objection}: the log's signing key is ${signing.fingerprint}`,
        { field: 'signer' },
      );
  }

  /**
   * Seals an event behind all that came before and begins to store it. About 60 microseconds in Node, nearly all of it the signature.
   *
   * @throws IntegrityError, and then nothing was sealed: `ERR_INTEGRITY_CANONICAL` or `ERR_INTEGRITY_LIMIT` for the body,
   *   `ERR_INTEGRITY_ARGUMENT` for the type, `ERR_INTEGRITY_CLOCK`, `ERR_INTEGRITY_KEY` if the signer may not sign events,
   *   `ERR_INTEGRITY_STORE` when too many records wait, `ERR_INTEGRITY_CLOSED`
   */
  append(event: AuditEvent): AppendedRecord {
    const type = checkType((checkObject(event, 'event') as unknown as AuditEvent).type, 'type');
    if (reservedTypes.includes(type))
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `events of type ${type} are written by the log itself: use rotate or revoke`,
        { field: 'type' },
      );
    return this.#seal(type, event.body, event.at, this.#requireSigner());
  }

  #requireSigner(): Signer {
    if (this.#signer === undefined)
      throw new IntegrityError('ERR_INTEGRITY_KEY', 'the log was opened without a signer, to read only', {
        field: 'signer',
      });
    return this.#signer;
  }

  #seal(type: string, body: CanonicalObject, given: number | undefined, signer: Signer): AppendedRecord {
    this.#queue.admit(0);
    const objection = this.#keyring.objection(signer.fingerprint, type, this.#head.size);
    if (objection !== undefined)
      throw new IntegrityError('ERR_INTEGRITY_KEY', objection, { field: 'signer' });
    const at = given === undefined ? checkTime(this.#clock(), 'clock') : checkTime(given, 'at');
    const { hash: prev } = this.#head;
    const signed = this.#keyring.allowsUnsigned(type) ? undefined : signer;
    const record = seal(this.#head, { type, at, body }, signed, this.#crypto);
    this.#queue.admit(record.bytes.length);
    // The last thing that can refuse; from here on the record is part of the log.
    this.#keyring.accept({ type, key: record.key, seq: record.seq, prev, body });
    this.#head = headAfter(record);
    this.#tree.append(record.bytes);
    return { ...record, durable: this.#queue.push(record) };
  }

  /**
   * Puts a new key in the place of one. Await `durable` before the old key is put away: until then only it opens the log.
   *
   * From here on the log signs with `next`, if it replaces the signing key.
   *
   * @param options `by`: who signs, default the log's signer; `replaces`: default the signing key
   * @throws IntegrityError as `append`; `ERR_INTEGRITY_KEY` for a rotation that is not allowed
   */
  rotate(
    next: Signer,
    options: { readonly reason: string; readonly by?: Signer; readonly replaces?: string },
  ): AppendedRecord {
    const { signing } = this.#keyring;
    checkObject(options, 'options');
    checkObject(next, 'next', 'ERR_INTEGRITY_KEY');
    const { reason, by = this.#requireSigner(), replaces = signing.fingerprint } = options;
    const body = rotationBody(this.#head, checkFingerprint(replaces, 'replaces'), next, reason);
    const record = this.#seal('key-rotation', body, undefined, by);
    // A standby key that replaced the signing key has done its work; one that replaced itself goes on as the new one.
    if (replaces === signing.fingerprint || this.#signer?.fingerprint === replaces) this.#signer = next;
    return record;
  }

  /**
   * Declares that a key's signatures do not count any more.
   *
   * @param key the fingerprint of the key
   * @param options `from`: the first record whose signature does not count, default the next one; an earlier one only if a standby key
   *   signs. `by`: who signs, default the log's signer
   * @throws IntegrityError as `append`; `ERR_INTEGRITY_KEY` for a revocation that is not allowed
   */
  revoke(
    key: string,
    options: { readonly reason: string; readonly from?: number; readonly by?: Signer },
  ): AppendedRecord {
    checkObject(options, 'options');
    const { reason, from = this.#head.size + 1, by = this.#requireSigner() } = options;
    const body = revocationBody(checkFingerprint(key, 'key'), from, reason);
    return this.#seal('key-revocation', body, undefined, by);
  }

  /**
   * Fulfils when every record sealed so far is stored. Tries the store again if it failed before.
   *
   * @throws IntegrityError `ERR_INTEGRITY_STORE` with the store's error as `cause`
   */
  flush(): Promise<void> {
    return this.#queue.flush();
  }

  /**
   * Signs what the log is now, after all of it is stored and synced: a C2SP checkpoint. Keep it where the writer of the log cannot
   * change it, or have it cosigned.
   *
   * @throws IntegrityError `ERR_INTEGRITY_STORE` if not all is stored; `ERR_INTEGRITY_KEY` without the signing key
   */
  async checkpoint(): Promise<string> {
    this.#requireSigner();
    // Once more if a key came in while the records before it were stored: its record must be stored, too, before it signs.
    do await this.#queue.flush();
    while (this.#keyring.signing.since >= this.#queue.health.stored);
    const { stored } = this.#queue.health;
    const signer = this.#requireSigner();
    await this.#store.sync();
    if (!this.#keyring.maySignCheckpoint(signer.fingerprint, stored))
      throw new IntegrityError(
        'ERR_INTEGRITY_KEY',
        `the signer is not the signing key of the log, ${this.#keyring.signing.fingerprint}, or came in after record ${stored - 1}`,
        { field: 'signer' },
      );
    const root = await this.#tree.rootAt(stored, this.#records);
    return signCheckpoint({ origin: this.origin, size: stored, root }, signer, this.#crypto);
  }

  /** Records by place, stored or waiting. */
  readonly #records = async (from: number, to: number): Promise<readonly Uint8Array[]> => {
    const { stored } = this.#queue.health;
    if (from < stored) return this.#store.read(from, Math.min(to, stored));
    return this.#queue.waiting.slice(from - stored, to - stored).map(({ bytes }) => bytes);
  };

  /**
   * The entries [from, to), read back from the store as it has them.
   *
   * @param to default: all
   */
  async *entries(from = 0, to: number = this.#head.size): AsyncGenerator<LogEntry, void, undefined> {
    checkInteger(to, 'to', 0, this.#head.size);
    checkInteger(from, 'from', 0, to);
    const source = { size: this.#head.size, read: this.#records };
    for await (const bytes of readStore(source, from, to))
      yield { ...parseRecord(bytes), bytes, hash: recordHash(bytes, this.#crypto) };
  }

  /**
   * Proves that a record is in the log at a size.
   *
   * @param seq the record
   * @param size default: all records
   * @returns hashes for `verifyInclusion`
   */
  proveInclusion(seq: number, size: number = this.#head.size): Promise<readonly Uint8Array[]> {
    return this.#tree.proveInclusion(seq, size, this.#records);
  }

  /**
   * Proves that the log at a size begins with the log at an earlier size.
   *
   * @param second default: all records
   * @returns hashes for `verifyConsistency`
   */
  proveConsistency(first: number, second: number = this.#head.size): Promise<readonly Uint8Array[]> {
    return this.#tree.proveConsistency(first, second, this.#records);
  }

  /**
   * The Merkle root that the log had at a size, 32 bytes.
   */
  rootAt(size: number): Promise<Uint8Array> {
    return this.#tree.rootAt(size, this.#records);
  }

  /**
   * Stores what waits and closes the store. Repeating it does nothing more.
   *
   * @throws IntegrityError `ERR_INTEGRITY_STORE` if records could not be stored: they are in `unstored`, and the log is closed
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.#queue.flush();
    } finally {
      this.#queue.close();
      await this.#store.close();
    }
  }
}

function checkStore(store: AuditStore): void {
  const { size, append, read } = checkObject(store, 'store') as unknown as Partial<AuditStore>;
  if (typeof size !== 'number' || typeof append !== 'function' || typeof read !== 'function')
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      'store must be an AuditStore, such as memoryStore() or await fileStore(path)',
      { field: 'store' },
    );
}

function queueLimits(options: AuditLogOptions): {
  readonly maxPending: number;
  readonly maxPendingBytes: number;
} {
  return {
    maxPending: checkInteger(options.maxPending ?? 10_000, 'maxPending', 1, 10_000_000),
    maxPendingBytes: checkInteger(
      options.maxPendingBytes ?? 1 << 24,
      'maxPendingBytes',
      1024,
      Number.MAX_SAFE_INTEGER,
    ),
  };
}

/** Reads a store through a verifier. */
async function readVerified(
  store: AuditStore,
  options: AuditLogOptions,
  crypto: CryptoProvider,
): Promise<LogVerifier> {
  const { signer, trustedKeys = signer === undefined ? [] : [signer.fingerprint] } = options;
  const verifier = new LogVerifier({
    trustedKeys,
    checkpoints: options.checkpoints ?? [],
    // A dispute is recorded and known; it must not keep the log from going on.
    acceptDisputed: true,
    signatures: options.verify === 'full' ? 'all' : 'chain',
    crypto,
  });
  for await (const record of readStore(store)) {
    verifier.push(record);
    if (verifier.size % progressStep !== 0) continue;
    throwIfAborted(options.signal);
    options.onProgress?.({ done: verifier.size, total: store.size });
  }
  const report = verifier.finish();
  if (!report.ok) throw refused(report);
  return verifier;
}

function refused(report: VerifyReport): IntegrityError {
  const [first] = report.problems;
  const more = report.problems.length + report.omitted - 1;
  return new IntegrityError(
    'ERR_INTEGRITY_LOG',
    `the log does not verify: ${first?.seq === undefined ? '' : `record ${first.seq}: `}${first?.message}${more > 0 ? ` (and ${more} more)` : ''}. Nothing was changed; look at it with verifyLog or \`integrity verify\``,
    { cause: report },
  );
}
