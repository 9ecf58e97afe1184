/**
 * Which key may sign what, at each place of a log.
 *
 * The genesis record names one signing key and, if the owner wants, standby keys that are kept offline. All else follows from
 * records:
 *
 * - A rotation puts a new key in the place of one: signed by the key that it replaces or by a standby key, and counter-signed by
 *   the new key over this very place, so that nobody can be made the owner of what another wrote, and no rotation can be moved.
 * - A revocation says from which record on a key's signatures do not count. What came before stays valid.
 *
 * Who steals a key must not be able to rewrite what it stands for, nor to lock its owner out. So standby keys are touched only by standby
 * keys; a key can revoke itself for the future only; the past of a key
 * (from the theft to the day it was noticed) can be disputed by a standby key alone; and with a key go the keys that it brought in
 * after that place, unless one of them is the very key that signs the revocation, which is refused: an authority cannot
 * rest on what it declares void. A key that was replaced or revoked never comes back.
 *
 * The same class decides for the writer, before it seals, and for the verifier, after it has checked the record's signature.
 */
import { checkName, describe, visible } from '../check.js';
import { concatBytes, fromBase64, toBase64 } from '../crypto/bytes.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { ascii } from '../crypto/utf8.js';
import { IntegrityError } from '../errors.js';
import { type CanonicalObject, type CanonicalValue, canonicalBytes } from './canonical.js';
import { decodePublicKey, encodePublicKey, fingerprint, type Signer, shortFingerprint } from './keys.js';
import { checkNoteName } from './note.js';
import { checkType, type LogHead, type LogRecord, reservedTypes } from './record.js';

/** `signing`: seals events. `standby`: kept offline; replaces and revokes keys, and does nothing else. */
export type KeyRole = 'signing' | 'standby';

/** What a log says about a key. */
export interface KeyRecord {
  readonly fingerprint: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly role: KeyRole;
  /** The record that brought it in. 0 for keys of the genesis record. */
  readonly since: number;
  /** The key that signed that record; undefined for keys of the genesis record. */
  readonly introducedBy: string | undefined;
  /** The last record that it could sign: the one that replaced it. */
  readonly until: number | undefined;
  readonly revocation: KeyRevocation | undefined;
}

/** When and why a key's signatures stopped to count. */
export interface KeyRevocation {
  /** The first record whose signature by this key does not count. */
  readonly from: number;
  /** The record that says so. */
  readonly seq: number;
  /** The key that signed it. */
  readonly by: string;
  readonly reason: string;
}

/** What a genesis record fixes for good. */
export interface Genesis {
  /** The name of the log, and the first line of its checkpoints. */
  readonly origin: string;
  /** Public keys, 32 bytes each, of offline keys that can replace and revoke; at most 16. */
  readonly standby: readonly Uint8Array[];
  /** Types of events that may stand unsigned in the log; at most 16. */
  readonly unsigned: readonly string[];
}

const listLimit = 16;
const rotationDomain = ascii('ruvector-integrity/rotation/v1\n');

function refuse(message: string, field: string): never {
  throw new IntegrityError('ERR_INTEGRITY_KEY', message, { field });
}

/** What the new key of a rotation signs: the place, the key that goes and its own fingerprint. */
function rotationMessage(head: LogHead, replaces: string, next: string): Uint8Array {
  return concatBytes(rotationDomain, canonicalBytes({ next, prev: head.hash, replaces, seq: head.size }));
}

/** The body of a genesis record. The signing key is the one that signs the record. */
export function genesisBody(genesis: Genesis, signer: Signer): CanonicalObject {
  const { origin, standby, unsigned } = genesis;
  checkNoteName(origin, 'origin');
  const lists = { standby: standby.map(encodePublicKey), unsigned: [...unsigned] };
  for (const [name, list] of Object.entries(lists))
    if (list.length > listLimit || new Set(list).size !== list.length)
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `${name} must have at most ${listLimit} entries, each once`,
        { field: name },
      );
  for (const type of lists.unsigned)
    if (reservedTypes.includes(checkType(type, 'unsigned')))
      throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', `events of type ${type} are always signed`, {
        field: 'unsigned',
      });
  const publicKey = encodePublicKey(signer.publicKey);
  if (lists.standby.includes(publicKey)) refuse('the signing key cannot be a standby key, too', 'standby');
  return { origin, publicKey, ...lists };
}

/** The body of a rotation that puts `next` in the place of `replaces`. */
export function rotationBody(head: LogHead, replaces: string, next: Signer, reason: string): CanonicalObject {
  return {
    next: encodePublicKey(next.publicKey),
    proof: toBase64(next.sign(rotationMessage(head, replaces, next.fingerprint))),
    reason: checkName(reason, 'reason', 1024),
    replaces,
  };
}

/** The body of a revocation. */
export function revocationBody(key: string, from: number, reason: string): CanonicalObject {
  return { from, key, reason: checkName(reason, 'reason', 1024) };
}

interface KeyState {
  readonly fingerprint: string;
  readonly publicKey: Uint8Array;
  readonly role: KeyRole;
  readonly since: number;
  readonly introducedBy: string | undefined;
  until: number | undefined;
  revocation: KeyRevocation | undefined;
  /** First and last record of each run that it signed, in turn: few, since keys rarely alternate. */
  readonly signed: number[];
}

function text(body: CanonicalObject, field: string): string {
  const value: CanonicalValue | undefined = body[field];
  if (typeof value !== 'string') refuse(`${field} must be a string, not ${describe(value)}`, field);
  return value as string;
}

function fields(body: CanonicalObject, expected: readonly string[]): void {
  const keys = Object.keys(body);
  if (keys.length !== expected.length || keys.some((key, i) => key !== expected[i]))
    refuse(`the body must have exactly the fields ${expected.join(', ')}`, 'body');
}

function strings(body: CanonicalObject, field: string): readonly string[] {
  const value = body[field];
  if (
    !Array.isArray(value) ||
    value.length > listLimit ||
    value.some((entry) => typeof entry !== 'string') ||
    new Set(value).size !== value.length
  )
    refuse(`${field} must be an array of at most ${listLimit} strings, each once`, field);
  return value as readonly string[];
}

/** What a keyring looks at in a record. */
export type KeyringRecord = Pick<LogRecord, 'type' | 'key' | 'seq' | 'prev' | 'body'>;

/** The keys of a log, up to some record. */
export class Keyring {
  readonly origin: string;
  readonly #crypto: CryptoProvider;
  readonly #keys = new Map<string, KeyState>();
  readonly #unsigned: ReadonlySet<string>;
  /** Who holds the signing place; a revoked key holds it until it is replaced. */
  #signing: string;
  #lastSigner: string;

  /**
   * @param record the first record of a log
   * @throws IntegrityError `ERR_INTEGRITY_KEY` or `ERR_INTEGRITY_ARGUMENT` for a body that is not one of a genesis record
   */
  constructor(record: KeyringRecord, crypto: CryptoProvider) {
    this.#crypto = crypto;
    const { body } = record;
    fields(body, ['origin', 'publicKey', 'standby', 'unsigned']);
    this.origin = checkNoteName(body.origin, 'origin');
    const key = this.#add(decodePublicKey(body.publicKey, 'publicKey'), 'signing', 0, undefined);
    if (key.fingerprint !== record.key)
      refuse('the genesis record must be signed by the key that it names as publicKey', 'publicKey');
    key.signed.push(0, 0);
    this.#signing = key.fingerprint;
    this.#lastSigner = key.fingerprint;
    for (const standby of strings(body, 'standby'))
      this.#add(decodePublicKey(standby, 'standby'), 'standby', 0, undefined);
    this.#unsigned = new Set(strings(body, 'unsigned').map((type) => checkType(type, 'unsigned')));
    for (const type of reservedTypes)
      if (this.#unsigned.has(type)) refuse(`events of type ${type} are always signed`, 'unsigned');
  }

  #add(publicKey: Uint8Array, role: KeyRole, since: number, introducedBy: string | undefined): KeyState {
    const name = fingerprint(publicKey, this.#crypto);
    if (this.#keys.has(name))
      refuse(
        `key ${shortFingerprint(name)} is already known to this log, and a key never comes back: make a new one`,
        'next',
      );
    const key: KeyState = {
      fingerprint: name,
      publicKey,
      role,
      since,
      introducedBy,
      until: undefined,
      revocation: undefined,
      signed: [],
    };
    this.#keys.set(name, key);
    return key;
  }

  /** The key that holds the signing place. It may be revoked. */
  get signing(): KeyRecord {
    return this.#keys.get(this.#signing) as KeyState;
  }

  /** Every key that the log ever named, in order. */
  get keys(): readonly KeyRecord[] {
    return [...this.#keys.values()].map(({ signed: _signed, ...key }) => ({ ...key }));
  }

  find(name: string): KeyRecord | undefined {
    return this.#keys.get(name);
  }

  /** Whether events of a type may stand unsigned. */
  allowsUnsigned(type: string): boolean {
    return this.#unsigned.has(type);
  }

  /**
   * Says why a key may not sign a record of a type at a place; undefined if it may.
   *
   * @param seq the place of the record, which is the next one
   */
  objection(name: string, type: string, seq: number): string | undefined {
    const key = this.#keys.get(name);
    const short = name.slice(0, 16);
    if (key === undefined) return `key ${short} is not known to this log`;
    if (key.revocation !== undefined)
      return `key ${short} was revoked by record ${key.revocation.seq}: ${visible(key.revocation.reason)}`;
    if (key.until !== undefined && seq > key.until) return `key ${short} was replaced by record ${key.until}`;
    if (key.role === 'standby' && type !== 'key-rotation' && type !== 'key-revocation')
      return `key ${short} is a standby key, which signs rotations and revocations only`;
    return undefined;
  }

  /**
   * Takes note of a record that follows: its signature, place and right to sign were checked before.
   *
   * @throws IntegrityError `ERR_INTEGRITY_KEY` for a rotation or revocation that is not allowed; the keyring is then unchanged
   */
  accept(record: KeyringRecord): void {
    if (record.type === 'key-rotation') this.#rotate(record);
    else if (record.type === 'key-revocation') this.#revoke(record);
    if (record.key === undefined) return;
    const { signed } = this.#keys.get(record.key) as KeyState;
    if (this.#lastSigner === record.key && signed.length > 0) signed[signed.length - 1] = record.seq;
    else signed.push(record.seq, record.seq);
    this.#lastSigner = record.key;
  }

  #rotate({ body, key: signer, seq, prev }: KeyringRecord): void {
    fields(body, ['next', 'proof', 'reason', 'replaces']);
    checkName(body.reason, 'reason', 1024);
    const replaces = this.#keys.get(text(body, 'replaces'));
    if (replaces === undefined || replaces.until !== undefined)
      refuse('replaces must be a key of this log that holds its place', 'replaces');
    if (replaces.role === 'standby' && signer !== replaces.fingerprint)
      refuse('a standby key can be replaced only by itself', 'replaces');
    const next = decodePublicKey(body.next, 'next');
    const proof = fromBase64(text(body, 'proof'));
    const message = rotationMessage(
      { size: seq, hash: prev },
      replaces.fingerprint,
      fingerprint(next, this.#crypto),
    );
    if (proof === undefined || !this.#crypto.ed25519Verify(next, message, proof))
      refuse('the new key did not sign this rotation, at this place of this log', 'proof');
    const added = this.#add(next, replaces.role, seq, signer);
    replaces.until = seq;
    if (replaces.role === 'signing') this.#signing = added.fingerprint;
  }

  #revoke({ body, key: signer, seq }: KeyringRecord): void {
    fields(body, ['from', 'key', 'reason']);
    const reason = checkName(body.reason, 'reason', 1024);
    const key = this.#keys.get(text(body, 'key'));
    if (key === undefined) refuse('the key to revoke is not known to this log', 'key');
    if (key.revocation !== undefined)
      refuse(
        `key ${shortFingerprint(key.fingerprint)} is already revoked, by record ${key.revocation.seq}`,
        'key',
      );
    const { from } = body;
    if (key.role === 'standby' && this.#keys.get(signer as string)?.role !== 'standby')
      refuse(
        'a standby key can be revoked only by a standby key: else who steals the signing key locks its owner out',
        'key',
      );
    const by = this.#keys.get(signer as string) as KeyState;
    const future = seq + 1;
    if (typeof from !== 'number' || from < 1 || from > future)
      refuse(`from must be a record from 1 to ${future}: the genesis record cannot be revoked`, 'from');
    if (from < future && (by === key || by.role !== 'standby'))
      refuse(
        `from must be ${future}: only another key, one in standby, can dispute what a key signed before`,
        'from',
      );
    const fallen = this.#fallen(key, from);
    if (by !== key && fallen.includes(by))
      refuse('the key that signs this revocation was brought in by what it revokes', 'from');
    // The first revocation of a key stands.
    for (const each of fallen)
      each.revocation ??= {
        from: Math.max(from, each === key ? 0 : each.since + 1),
        seq,
        by: by.fingerprint,
        reason,
      };
  }

  /** A key, and the keys that it brought in from a record on, and theirs. */
  #fallen(key: KeyState, from: number): readonly KeyState[] {
    const fallen = [key];
    for (let i = 0; i < fallen.length; i++)
      for (const each of this.#keys.values())
        if (
          each.introducedBy === (fallen[i] as KeyState).fingerprint &&
          each.since >= from &&
          !fallen.includes(each)
        )
          fallen.push(each);
    return fallen;
  }

  /** Whether a key may sign a checkpoint of a size: it held the signing place when the log had so many records. */
  maySignCheckpoint(name: string, size: number): boolean {
    const key = this.#keys.get(name);
    return (
      key !== undefined &&
      key.role === 'signing' &&
      size > key.since &&
      (key.until === undefined || size <= key.until + 1) &&
      (key.revocation === undefined || size <= key.revocation.from)
    );
  }

  /** Runs of records that were signed by a key before it was revoked, from a place on that the revocation disputes. */
  get disputed(): readonly { readonly from: number; readonly to: number; readonly key: string }[] {
    const runs: { from: number; to: number; key: string }[] = [];
    for (const { fingerprint: key, revocation, signed } of this.#keys.values()) {
      if (revocation === undefined) continue;
      for (let i = 0; i < signed.length; i += 2) {
        const from = Math.max(signed[i] as number, revocation.from);
        const to = signed[i + 1] as number;
        if (from <= to) runs.push({ from, to, key });
      }
    }
    return runs.sort((a, b) => a.from - b.from);
  }
}
