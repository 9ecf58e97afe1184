/**
 * Verification of a log, from its records and what the verifier trusts. Nothing of the writer is used: no state, no store.
 *
 * What each check shows: the signature, that a record is its key's; `prev`, that nothing was changed, taken out, put in or moved
 * before the last signed record; the sequence number, where. What they cannot show: that records at the end were cut off, and that the
 * owner of the keys wrote two histories. A checkpoint that was kept elsewhere shows both, up to its size.
 *
 * A verifier does not stop at the first problem: it goes on from what is there, so that the report tells a changed record from a
 * missing one. `chain` mode leaves signatures out but for those that matter to the chain: genesis, key events and the last.
 */
import { checkInteger, checkObject, visible } from '../check.js';
import { checkBytes, toBase64 } from '../crypto/bytes.js';
import { type CryptoProvider, defaultCrypto } from '../crypto/provider.js';
import { type AbortSignalLike, IntegrityError, throwIfAborted } from '../errors.js';
import { parseCheckpoint } from './checkpoint.js';
import {
  type CheckpointReport,
  checkCheckpoint,
  type GivenCheckpoint,
  type WitnessPolicy,
} from './checkpoint-check.js';
import type { UnfinishedRecord } from './frames.js';
import { type KeyRecord, Keyring } from './keyring.js';
import { checkFingerprint } from './keys.js';
import { parseNoteKey } from './note.js';
import { emptyHead, type LogRecord, parseRecord, recordHash, reservedTypes } from './record.js';
import { LogTree } from './tree.js';

/**
 * What can be wrong. `malformed`: bytes that are not a record. `unfinished`: the file ends inside one. `sequence`: a number that does not follow. `chain`: `prev` is not the hash
 * of the record before. `empty`, `genesis`, `untrusted`: no first record, none that can be one, none by a trusted key. `unsigned`: no
 * signature where one must be. `key`: a key that may not sign here. `signature`: one that does not verify. `key-event`: a rotation
 * or revocation that is not allowed. `disputed`: records that a later revocation declares void. The others are about a checkpoint:
 * `checkpoint`: it does not parse, or is of another log; `checkpoint-signature`; `checkpoint-root`: the log has other records than
 * the checkpoint says; `truncated`: it has fewer; `witnesses`: too few cosignatures.
 */
export type ProblemCode =
  | 'malformed'
  | 'unfinished'
  | 'sequence'
  | 'chain'
  | 'empty'
  | 'genesis'
  | 'untrusted'
  | 'unsigned'
  | 'key'
  | 'signature'
  | 'key-event'
  | 'disputed'
  | 'checkpoint'
  | 'checkpoint-signature'
  | 'checkpoint-root'
  | 'truncated'
  | 'witnesses';

/**
 * What is not wrong and worth knowing. `no-checkpoint`: nothing to hold the end of the log against. `unsigned-tail`: records after the
 * last signature, which anyone could have written. `clock`: a time before the one of the record before. `disputed`: as the
 * problem of that name, and accepted by the caller.
 */
export type WarningCode = 'no-checkpoint' | 'unsigned-tail' | 'clock' | 'disputed';

/** Something about a record, or about the whole log. */
export interface Finding<Code extends string> {
  /** The place of the record in what was read, from 0; undefined for the whole log. */
  readonly seq: number | undefined;
  readonly code: Code;
  readonly message: string;
}

/** What a verification found. */
export interface VerifyReport {
  /** No problems. */
  readonly ok: boolean;
  /** The log's name; undefined without a genesis record. */
  readonly origin: string | undefined;
  /** Records that were read. */
  readonly size: number;
  /** The Merkle root of them, Base 64, as a checkpoint has it. */
  readonly root: string;
  /** SHA-256 of the last record, hexadecimal; 64 zeros without one. */
  readonly hash: string;
  /** Records up to and with the last signed one. */
  readonly signedSize: number;
  readonly keys: readonly KeyRecord[];
  /** One for each checkpoint that was given. */
  readonly checkpoints: readonly CheckpointReport[];
  /** In order of records, at most `maxProblems`. */
  readonly problems: readonly Finding<ProblemCode>[];
  readonly warnings: readonly Finding<WarningCode>[];
  /** Problems beyond `maxProblems`. */
  readonly omitted: number;
}

/** What a verifier trusts, and how it works. */
export interface VerifyOptions {
  /** Fingerprints of the keys that may sign a genesis record. All other keys follow from it. */
  readonly trustedKeys: readonly string[];
  /** Checkpoints that were kept elsewhere: signed notes. */
  readonly checkpoints?: readonly (string | Uint8Array)[];
  /** Whose cosignatures every checkpoint must have. */
  readonly witnesses?: WitnessPolicy;
  /** Milliseconds since 1970; cosignatures from the future do not count. Default: any time counts. */
  readonly now?: number;
  /** Take records that a later revocation disputes as a warning instead of a problem. Default false. */
  readonly acceptDisputed?: boolean;
  /** `all` (default) verifies every signature; `chain` those of genesis, key events and the last signed record. */
  readonly signatures?: 'all' | 'chain';
  /** Default 100. */
  readonly maxProblems?: number;
  readonly crypto?: CryptoProvider;
  readonly signal?: AbortSignalLike;
  /** Called now and then with the records read so far. */
  readonly onProgress?: (progress: { readonly done: number }) => void;
}

const maxWarnings = 100;

/** Verifies records one by one. `verifyLog` is the loop around it. */
export class LogVerifier {
  /** The tree of the records so far. */
  readonly tree: LogTree;
  readonly #crypto: CryptoProvider;
  readonly #options: VerifyOptions;
  readonly #trusted: ReadonlySet<string>;
  readonly #maxProblems: number;
  readonly #problems: Finding<ProblemCode>[] = [];
  readonly #warnings: Finding<WarningCode>[] = [];
  readonly #checkpoints: GivenCheckpoint[] = [];
  /** Roots at the sizes of checkpoints. */
  readonly #roots = new Map<number, Uint8Array | undefined>();
  #omitted = 0;
  #keyring: Keyring | undefined;
  /** The sequence number that must come. */
  #expected = 0;
  #hash = emptyHead.hash;
  #at = 0;
  #signedSize = 0;
  /** The last signed record, if its signature was not looked at. */
  #unverified: LogRecord | undefined;

  /** @throws IntegrityError `ERR_INTEGRITY_KEY` or `ERR_INTEGRITY_ARGUMENT` for bad options; a bad checkpoint is a problem of the report */
  constructor(options: VerifyOptions) {
    checkObject(options, 'options');
    this.#options = options;
    this.#crypto = options.crypto ?? defaultCrypto();
    if (!Array.isArray(options.trustedKeys) || options.trustedKeys.length === 0)
      throw new IntegrityError(
        'ERR_INTEGRITY_KEY',
        'trustedKeys must have at least one fingerprint: without one, any log by anyone verifies',
        { field: 'trustedKeys' },
      );
    this.#trusted = new Set(options.trustedKeys.map((key) => checkFingerprint(key, 'trustedKeys')));
    this.#maxProblems = checkInteger(options.maxProblems ?? 100, 'maxProblems', 1, 1_000_000);
    this.tree = new LogTree(this.#crypto);
    const { witnesses } = options;
    if (witnesses !== undefined) {
      for (const key of witnesses.keys) parseNoteKey(key, this.#crypto);
      checkInteger(witnesses.quorum ?? witnesses.keys.length, 'witnesses.quorum', 1, witnesses.keys.length);
    }
    for (const note of options.checkpoints ?? []) {
      try {
        const checkpoint = parseCheckpoint(note);
        this.#checkpoints.push({ checkpoint });
        this.#roots.set(checkpoint.size, undefined);
      } catch (error) {
        if (!(error instanceof IntegrityError)) throw error;
        this.#checkpoints.push({ error });
      }
    }
    this.#noteRoot();
  }

  /** Records so far. */
  get size(): number {
    return this.tree.size;
  }

  /** SHA-256 of the last record, hexadecimal. */
  get hash(): string {
    return this.#hash;
  }

  /** The keys so far; undefined without a genesis record. */
  get keyring(): Keyring | undefined {
    return this.#keyring;
  }

  #problem(seq: number | undefined, code: ProblemCode, message: string): void {
    if (this.#problems.length < this.#maxProblems) this.#problems.push({ seq, code, message });
    else this.#omitted++;
  }

  #warn(seq: number | undefined, code: WarningCode, message: string): void {
    if (this.#warnings.length < maxWarnings) this.#warnings.push({ seq, code, message });
  }

  #noteRoot(): void {
    if (this.#roots.has(this.size)) this.#roots.set(this.size, this.tree.root());
  }

  /**
   * Takes the next record, without its line end.
   *
   * @returns the record, taken apart, or undefined if it is not one; a problem with it is in the report
   */
  push(bytes: Uint8Array): LogRecord | undefined {
    const place = this.size;
    this.tree.append(bytes);
    this.#noteRoot();
    const before = this.#hash;
    this.#hash = recordHash(bytes, this.#crypto);
    let record: LogRecord;
    try {
      record = parseRecord(bytes);
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error;
      this.#problem(place, 'malformed', error.message);
      this.#expected++;
      return undefined;
    }
    if (record.seq !== this.#expected)
      this.#problem(
        place,
        'sequence',
        record.seq > this.#expected
          ? `record ${record.seq} follows where ${this.#expected} should: ${record.seq - this.#expected} missing or moved`
          : `record ${record.seq} follows where ${this.#expected} should: put in twice or moved`,
      );
    this.#expected = record.seq + 1;
    if (record.prev !== before)
      this.#problem(
        place,
        'chain',
        `its prev is not the hash of the record before: that one was changed, or records were moved, taken out or put in`,
      );
    if (record.at < this.#at)
      this.#warn(
        place,
        'clock',
        `its time is ${this.#at - record.at} ms before the one of the record before`,
      );
    this.#at = record.at;
    if (place === 0) this.#begin(record);
    else this.#follow(place, record);
    return record;
  }

  /** Takes what a file ends with after its last newline. It is no record: a write, or a copy, was cut off. */
  pushUnfinished(bytes: Uint8Array): void {
    this.#problem(
      this.size,
      'unfinished',
      `the log ends with ${bytes.length} bytes without a newline: a record was cut off, when it was written or later`,
    );
  }

  #begin(record: LogRecord): void {
    if (
      record.type !== 'genesis' ||
      record.seq !== 0 ||
      record.prev !== emptyHead.hash ||
      record.key === undefined
    ) {
      this.#problem(0, 'genesis', 'the first record must be a signed genesis record with number 0');
      return;
    }
    try {
      this.#keyring = new Keyring(record, this.#crypto);
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error;
      this.#problem(0, 'genesis', error.message);
      return;
    }
    if (!this.#trusted.has(record.key))
      this.#problem(
        0,
        'untrusted',
        `the log begins with key ${record.key}, which is not one of the trusted keys: ask its owner for the fingerprint by another way, and name it in trustedKeys (after a rotation that is still the key the log began with)`,
      );
    this.#signature(0, record, this.#keyring);
    this.#signedSize = 1;
  }

  #follow(place: number, record: LogRecord): void {
    const keyring = this.#keyring;
    // Without keys nothing can be said about signatures; the problem with the genesis record says so.
    if (keyring === undefined) return;
    if (record.type === 'genesis') {
      this.#problem(place, 'genesis', 'a genesis record can only be the first');
      return;
    }
    if (record.key === undefined) {
      if (!keyring.allowsUnsigned(record.type))
        this.#problem(
          place,
          'unsigned',
          `it has no signature, and the genesis record does not allow that for events of type ${record.type}`,
        );
      return;
    }
    const objection = keyring.objection(record.key, record.type, record.seq);
    if (objection !== undefined) {
      this.#problem(place, 'key', objection);
      return;
    }
    if (this.#options.signatures === 'chain' && !reservedTypes.includes(record.type)) {
      this.#unverified = record;
    } else {
      this.#unverified = undefined;
      if (!this.#signature(place, record, keyring)) return;
    }
    this.#signedSize = place + 1;
    try {
      keyring.accept(record);
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error;
      this.#problem(place, 'key-event', error.message);
    }
  }

  #signature(place: number, record: LogRecord, keyring: Keyring): boolean {
    const key = keyring.find(record.key as string);
    const holds =
      key !== undefined &&
      this.#crypto.ed25519Verify(key.publicKey, record.message, record.signature as Uint8Array);
    if (!holds)
      this.#problem(
        place,
        'signature',
        `its signature does not verify with key ${(record.key as string).slice(0, 16)}: the record was changed, or another key signed it`,
      );
    return holds;
  }

  /** What was found. Call it once, after the last record. */
  finish(): VerifyReport {
    const keyring = this.#keyring;
    if (this.size === 0) this.#problem(undefined, 'empty', 'there is no record, not even a genesis record');
    if (this.#unverified !== undefined && keyring !== undefined)
      this.#signature(this.#signedSize - 1, this.#unverified, keyring);
    if (keyring !== undefined) this.#disputes(keyring);
    const reports = this.#checkpoints.map((given) => {
      const { report, findings } = checkCheckpoint(given, {
        keyring,
        size: this.size,
        root: given.checkpoint && this.#roots.get(given.checkpoint.size),
        witnesses: this.#options.witnesses,
        now: this.#options.now,
        crypto: this.#crypto,
      });
      for (const { code, message } of findings) this.#problem(undefined, code, message);
      return report;
    });
    if (reports.length === 0)
      this.#warn(
        undefined,
        'no-checkpoint',
        'without a checkpoint that was kept elsewhere, nothing shows whether records are missing at the end or whether there is a second history',
      );
    if (this.#signedSize < this.size)
      this.#warn(
        this.#signedSize,
        'unsigned-tail',
        `${this.size - this.#signedSize} records follow the last signed one: only a checkpoint vouches for them`,
      );
    return {
      ok: this.#problems.length === 0,
      origin: keyring?.origin,
      size: this.size,
      root: toBase64(this.tree.root()),
      hash: this.#hash,
      signedSize: this.#signedSize,
      keys: keyring?.keys ?? [],
      checkpoints: reports,
      problems: this.#problems,
      warnings: this.#warnings,
      omitted: this.#omitted,
    };
  }

  #disputes(keyring: Keyring): void {
    for (const { from, to, key } of keyring.disputed) {
      const { revocation } = keyring.find(key) as KeyRecord;
      const message = `records ${from} to ${to} were signed by key ${key.slice(0, 16)}, which record ${revocation?.seq} revokes from ${revocation?.from} on: ${visible(revocation?.reason ?? '')}`;
      if (this.#options.acceptDisputed) this.#warn(from, 'disputed', message);
      else this.#problem(from, 'disputed', message);
    }
  }
}

/** How many records there are between calls of `onProgress` and looks at the signal. */
const progressStep = 1024;

/**
 * Verifies a log. It reads records one after the other and keeps none, and a quarter of a byte for each. With `all` signatures it takes
 * about 0.2 ms a record in Node, nearly all of it for the signature.
 *
 * @param records the records in order, each without its line end: `readLogFile` of `@ruvector/integrity/node`, `splitRecords` of a file's
 *   bytes, or what a store reads
 * @throws IntegrityError for bad options, and `ERR_INTEGRITY_ABORTED`; whatever is wrong with the log is in the report
 * @example
 * const report = await verifyLog(readLogFile('audit.log'), { trustedKeys: [fingerprint], checkpoints: [note] });
 * if (!report.ok) console.error(report.problems);
 */
export async function verifyLog(
  records: AsyncIterable<Uint8Array | UnfinishedRecord> | Iterable<Uint8Array | UnfinishedRecord>,
  options: VerifyOptions,
): Promise<VerifyReport> {
  const verifier = new LogVerifier(options);
  throwIfAborted(options.signal);
  for await (const record of records) {
    if (record instanceof Uint8Array) verifier.push(record);
    else verifier.pushUnfinished(checkBytes(record?.unfinished, 'records'));
    if (verifier.size % progressStep === 0) {
      throwIfAborted(options.signal);
      options.onProgress?.({ done: verifier.size });
    }
  }
  options.onProgress?.({ done: verifier.size });
  return verifier.finish();
}
