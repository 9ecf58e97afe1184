/**
 * The record of an event: one line of canonical JSON.
 *
 *     {"event":{"at":...,"body":{...},"key":"...","prev":"...","seq":...,"type":"...","v":1},"sig":"..."}
 *
 * What is signed is the event's own bytes, as they stand in the record, behind a prefix that no other signature of this package
 * has. What is chained, and what is a leaf of the tree, is the whole record: so a signature cannot be exchanged either. An
 * unsigned record has neither `key` nor `sig`. `doc/log-format.md` is the specification; this file and `keyring.ts` follow it.
 */
import { checkObject, checkTime, describe } from '../check.js';
import { checkBytes, concatBytes, fromBase64, toBase64, toHex } from '../crypto/bytes.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { ascii } from '../crypto/utf8.js';
import { IntegrityError } from '../errors.js';
import { type CanonicalObject, canonicalBytes } from './canonical.js';
import { parseCanonical } from './canonical-parse.js';
import type { Signer } from './keys.js';

/** Bytes of the longest record. Part of the format: every reader has the same. */
export const maxRecordBytes = 262_144;
/** How deep a record may nest, its own two levels counted. */
export const maxRecordDepth = 32;

/** Types that the log writes itself, because a verifier acts on them. */
export const reservedTypes: readonly string[] = ['genesis', 'key-rotation', 'key-revocation'];

/**
 * What kind of event it is: lower-case letters, digits and hyphens, 1 to 64 of them. The named ones are this package's;
 * others are yours.
 */
export type EventType =
  | 'transition'
  | 'override'
  | 'policy'
  | 'refusal'
  | 'sample'
  | 'recovery'
  | 'start'
  | 'state'
  | 'tick'
  // So that editors offer the names above and any other is accepted.
  | (string & Record<never, never>);

/** An event before it has a place in a log. */
export interface EventDraft {
  readonly type: EventType;
  /** Milliseconds since 1970, as the host's clock says. */
  readonly at: number;
  /** Whatever the event is about; see `canonicalBytes` for what it may hold. */
  readonly body: CanonicalObject;
}

/** Where a log ends: all that the next record must know. */
export interface LogHead {
  /** Records. */
  readonly size: number;
  /** SHA-256 of the last record, hexadecimal; 64 zeros before the first. */
  readonly hash: string;
}

/** The head of a log without records. */
export const emptyHead: LogHead = { size: 0, hash: '0'.repeat(64) };

/** A record with its place. */
export interface SealedRecord {
  readonly seq: number;
  readonly at: number;
  readonly type: EventType;
  /** The fingerprint of the key that signed; undefined for an unsigned record. */
  readonly key: string | undefined;
  /** What is stored, without a line end. */
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`, hexadecimal: `prev` of the record that follows. */
  readonly hash: string;
}

/** What a record says, before any of it is believed. */
export interface LogRecord {
  readonly seq: number;
  readonly at: number;
  readonly type: EventType;
  readonly body: CanonicalObject;
  /** SHA-256 of the record before, hexadecimal. */
  readonly prev: string;
  readonly key: string | undefined;
  /** 64 bytes; undefined exactly if `key` is. */
  readonly signature: Uint8Array | undefined;
  /** What was signed: the domain prefix and the event's bytes. */
  readonly message: Uint8Array;
}

const eventDomain = ascii('ruvector-integrity/event/v1\n');
const opening = ascii('{"event":');
const closing = ascii('}');
const signatureOpening = ascii(',"sig":"');
const signatureClosing = ascii('"}');
/** Base 64 of 64 bytes. */
const signatureDigits = 88;
const signedTail = signatureOpening.length + signatureDigits + signatureClosing.length;

/** What a key signs for an event's bytes. */
function eventMessage(event: Uint8Array): Uint8Array {
  return concatBytes(eventDomain, event);
}

/** SHA-256 of a record, hexadecimal. */
export function recordHash(record: Uint8Array, crypto: CryptoProvider): string {
  return toHex(crypto.sha256(record));
}

/** @throws IntegrityError `ERR_INTEGRITY_ARGUMENT` for what cannot be the type of an event */
export function checkType(value: unknown, field: string): string {
  if (typeof value === 'string' && /^[a-z][a-z0-9-]{0,63}$/.test(value)) return value;
  throw new IntegrityError(
    'ERR_INTEGRITY_ARGUMENT',
    `${field} must be 1 to 64 lower-case letters, digits and hyphens, and begin with a letter, not ${describe(value)}`,
    { field },
  );
}

/**
 * Gives an event its place behind a head and signs it. Pure: the same arguments give the same bytes in every host.
 *
 * @param signer undefined for an unsigned record
 * @throws IntegrityError `ERR_INTEGRITY_CANONICAL` for a body without canonical bytes, `ERR_INTEGRITY_LIMIT` for a record of more
 *   than 262,144 bytes, `ERR_INTEGRITY_ARGUMENT` and `ERR_INTEGRITY_CLOCK` for other fields
 * @example
 * const first = seal(emptyHead, { type: 'sample', at: 0, body: { lambda: 812_000 } }, signer, defaultCrypto());
 * const second = seal(headAfter(first), draft, signer, defaultCrypto());
 */
export function seal(
  head: LogHead,
  draft: EventDraft,
  signer: Signer | undefined,
  crypto: CryptoProvider,
): SealedRecord {
  const type = checkType(draft.type, 'type');
  const at = checkTime(draft.at, 'at');
  const body = checkObject(draft.body, 'body');
  const fields = { at, body, prev: head.hash, seq: head.size, type, v: 1 };
  const event = canonicalBytes(signer === undefined ? fields : { ...fields, key: signer.fingerprint }, {
    maxDepth: maxRecordDepth - 1,
    maxBytes: maxRecordBytes - opening.length - signedTail,
  });
  const bytes =
    signer === undefined
      ? concatBytes(opening, event, closing)
      : concatBytes(
          opening,
          event,
          signatureOpening,
          ascii(toBase64(checkBytes(signer.sign(eventMessage(event)), 'signature', { length: 64 }))),
          signatureClosing,
        );
  return { seq: head.size, at, type, key: signer?.fingerprint, bytes, hash: recordHash(bytes, crypto) };
}

/** The head of a log whose last record is this one. */
export function headAfter(record: SealedRecord): LogHead {
  return { size: record.seq + 1, hash: record.hash };
}

function malformed(message: string, field: string): never {
  throw new IntegrityError('ERR_INTEGRITY_LOG', `a record's ${field} ${message}`, { field });
}

function checkFields(object: CanonicalObject, fields: readonly string[], what: string): void {
  const keys = Object.keys(object);
  if (keys.length !== fields.length || keys.some((key, i) => key !== fields[i]))
    malformed(`must have exactly the fields ${fields.join(', ')}`, what);
}

const signedFields = ['at', 'body', 'key', 'prev', 'seq', 'type', 'v'];
const unsignedFields = signedFields.filter((field) => field !== 'key');

/**
 * Takes a record apart. Form only: `LogVerifier` says whether what it says is so.
 *
 * @param bytes a record without its line end
 * @throws IntegrityError `ERR_INTEGRITY_CANONICAL` for bytes that are not canonical, `ERR_INTEGRITY_LIMIT` for too many,
 *   `ERR_INTEGRITY_LOG` for canonical bytes that are not a record
 */
export function parseRecord(bytes: Uint8Array): LogRecord {
  const record = parseCanonical(bytes, { maxDepth: maxRecordDepth, maxBytes: maxRecordBytes });
  const whole = checkRecordObject(record, 'record');
  const signed = whole.sig !== undefined;
  checkFields(whole, signed ? ['event', 'sig'] : ['event'], 'record');
  const event = checkRecordObject(whole.event, 'event');
  checkFields(event, signed ? signedFields : unsignedFields, 'event');
  if (event.v !== 1)
    malformed(
      `is ${describe(event.v)}: this version reads format 1 only; use the version that wrote the log`,
      'v',
    );
  const { seq, at, type, prev } = event;
  if (typeof seq !== 'number' || seq < 0) malformed('must be a whole number from 0', 'seq');
  if (typeof at !== 'number' || at < 0) malformed('must be milliseconds since 1970', 'at');
  if (typeof type !== 'string' || !/^[a-z][a-z0-9-]{0,63}$/.test(type))
    malformed('must be 1 to 64 lower-case letters, digits and hyphens', 'type');
  if (typeof prev !== 'string' || !/^[0-9a-f]{64}$/.test(prev))
    malformed('must be 64 hexadecimal digits', 'prev');
  const body = checkRecordObject(event.body, 'body');
  let signature: Uint8Array | undefined;
  if (signed) {
    if (typeof event.key !== 'string' || !/^[0-9a-f]{64}$/.test(event.key))
      malformed('must be the fingerprint of a key', 'key');
    signature =
      typeof whole.sig === 'string' && whole.sig.length === signatureDigits
        ? fromBase64(whole.sig)
        : undefined;
    if (signature?.length !== 64) malformed('must be the Base 64 of 64 bytes', 'sig');
  }
  const end = bytes.length - (signed ? signedTail : closing.length);
  return {
    seq: seq as number,
    at: at as number,
    type: type as string,
    body,
    prev: prev as string,
    key: signed ? (event.key as string) : undefined,
    signature,
    message: eventMessage(bytes.subarray(opening.length, end)),
  };
}

function checkRecordObject(value: unknown, field: string): CanonicalObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    malformed('must be an object', field);
  return value as CanonicalObject;
}
