/**
 * Signed notes (C2SP signed-note): a text, an empty line, and one line for each signature.
 *
 *     example.com/log
 *     8
 *     Xcna...Qyg=
 *
 *     (em dash) example.com/log base64(key ID || signature)
 *
 * A signature line names its key by a name and four bytes, which tell keys apart and prove nothing. So a line of an unknown key is
 * passed over, and a line of a known key must verify, or the whole note is refused.
 */
import { describe } from '../check.js';
import { checkBytes, concatBytes, fromBase64, fromHex, toBase64, toHex } from '../crypto/bytes.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { decodeUtf8, encodeUtf8 } from '../crypto/utf8.js';
import { IntegrityError } from '../errors.js';
import { checkPublicKey } from './keys.js';

/** Bytes of the longest note that is read: room for a checkpoint and some hundred signatures. */
const maxNoteBytes = 1 << 20;
/** Signature lines that are read. The specification asks for at least 16. */
const maxSignatures = 128;
const emDash = '\u2014';

/** Signature types of C2SP signed-note that are implemented: a note, and a witness's cosignature with a time. */
export type NoteKeyType = 'ed25519' | 'cosignature';

const typeBytes: Readonly<Record<NoteKeyType, number>> = { ed25519: 0x01, cosignature: 0x04 };

/** A key that verifies signature lines. */
export interface NoteKey {
  readonly name: string;
  readonly type: NoteKeyType;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 8 hexadecimal digits: the start of SHA-256(name || 0x0A || type || public key). */
  readonly keyId: string;
}

/** A signature line. */
export interface NoteSignature {
  readonly name: string;
  /** 8 hexadecimal digits. */
  readonly keyId: string;
  /** What follows the key ID: 64 bytes for a note, 72 for a cosignature. */
  readonly signature: Uint8Array;
}

/** A note taken apart. Nothing of it is verified. */
export interface Note {
  /** Ends with a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

function malformed(message: string): never {
  throw new IntegrityError('ERR_INTEGRITY_NOTE', `not a signed note: ${message}`);
}

function isNoteName(value: string): boolean {
  return (
    value.length > 0 &&
    value.length <= 255 &&
    !/[\p{White_Space}\p{Cc}+]/u.test(value) &&
    encodeUtf8(value) !== undefined
  );
}

/** The name of a log or a witness: no spaces, no control characters, no plus sign; 1 to 255 UTF-16 code units. */
export function checkNoteName(value: unknown, field: string): string {
  if (typeof value === 'string' && isNoteName(value)) return value;
  throw new IntegrityError(
    'ERR_INTEGRITY_ARGUMENT',
    `${field} must be a name such as example.com/log, 1 to 255 characters without spaces and +, not ${describe(value)}`,
    { field },
  );
}

/** A key for signature lines. */
export function noteKey(
  name: string,
  publicKey: Uint8Array,
  crypto: CryptoProvider,
  type: NoteKeyType = 'ed25519',
): NoteKey {
  checkNoteName(name, 'name');
  checkPublicKey(publicKey, 'publicKey');
  const id = crypto.sha256(
    concatBytes(encodeUtf8(`${name}\n`) as Uint8Array, Uint8Array.of(typeBytes[type]), publicKey),
  );
  return { name, type, publicKey: Uint8Array.from(publicKey), keyId: toHex(id.subarray(0, 4)) };
}

/**
 * A key as text, `<name>+<key ID>+<base64(type || public key)>`: what C2SP calls a verifier key or vkey.
 *
 * @example
 * formatNoteKey(noteKey('example.com/log', signer.publicKey, defaultCrypto()));
 */
export function formatNoteKey(key: NoteKey): string {
  return `${key.name}+${key.keyId}+${toBase64(concatBytes(Uint8Array.of(typeBytes[key.type]), key.publicKey))}`;
}

/** @throws IntegrityError `ERR_INTEGRITY_NOTE` for text that is not a verifier key of a known type */
export function parseNoteKey(text: string, crypto: CryptoProvider): NoteKey {
  const bad = (message: string): never => {
    throw new IntegrityError(
      'ERR_INTEGRITY_NOTE',
      `${describe(text)} is not a verifier key, <name>+<key ID>+<base64>: ${message}`,
    );
  };
  // Base 64 has plus signs of its own.
  const [name = '', id = '', ...rest] = typeof text === 'string' ? text.split('+') : [];
  const key = fromBase64(rest.join('+'));
  if (!isNoteName(name)) return bad('the name is not one');
  if (fromHex(id)?.length !== 4) return bad('the key ID is not 8 digits 0-9 and a-f');
  if (key === undefined || key.length === 0) return bad('the key is not Base 64');
  const type = (Object.keys(typeBytes) as NoteKeyType[]).find((each) => typeBytes[each] === key[0]);
  if (type === undefined) return bad(`signatures of type ${key[0]} are not known here`);
  if (key.length !== 33) return bad(`the public key has ${key.length - 1} bytes instead of 32`);
  const parsed = noteKey(name, key.subarray(1), crypto, type);
  return parsed.keyId === id ? parsed : bad(`its key ID should be ${parsed.keyId}`);
}

/** A signature line, with its newline. */
export function formatSignature({ name, keyId, signature }: NoteSignature): string {
  return `${emDash} ${name} ${toBase64(concatBytes(fromHex(keyId) as Uint8Array, signature))}\n`;
}

/** A note of a text, which ends with a newline, and signatures. */
export function formatNote(text: string, signatures: readonly NoteSignature[]): string {
  checkNoteText(text);
  if (signatures.length === 0) malformed('it needs at least one signature');
  return `${text}\n${signatures.map(formatSignature).join('')}`;
}

/** The bytes that note signatures are over. */
export function noteBytes(text: string): Uint8Array {
  return encodeUtf8(text) ?? malformed('it holds half of a surrogate pair');
}

function checkNoteText(text: string): void {
  if (!text.endsWith('\n')) malformed('the text must end with a newline');
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 && code !== 10) malformed(`control character ${code} at ${i}`);
  }
  noteBytes(text);
}

function parseSignature(line: string): NoteSignature {
  const parts = line.split(' ');
  const [dash, name = '', encoded = ''] = parts;
  if (dash !== emDash || parts.length !== 3)
    malformed(
      `${describe(line)} is not a signature line, which is an em dash, a name and Base 64, with a space between them`,
    );
  if (!isNoteName(name)) malformed(`${describe(name)} is not the name of a key`);
  const bytes = fromBase64(encoded);
  if (bytes === undefined || bytes.length < 5)
    malformed(`the signature of ${describe(name)} is not Base 64 of a key ID and a signature`);
  return { name, keyId: toHex(bytes.subarray(0, 4)), signature: bytes.slice(4) };
}

/**
 * Takes a note apart.
 *
 * @param note a string, or its UTF-8
 * @throws IntegrityError `ERR_INTEGRITY_NOTE` for what is not a signed note, is longer than 1 MiB or has more than 128 signatures
 */
export function parseNote(note: string | Uint8Array): Note {
  if (note.length > maxNoteBytes) malformed(`it is longer than ${maxNoteBytes} bytes`);
  const whole =
    typeof note === 'string'
      ? note
      : (decodeUtf8(checkBytes(note, 'note')) ?? malformed('the bytes are not UTF-8'));
  checkNoteText(whole);
  const split = whole.lastIndexOf('\n\n');
  if (split < 0) malformed('there is no empty line before the signatures');
  const lines = whole.slice(split + 2).split('\n');
  lines.pop();
  if (lines.length === 0) malformed('it has no signature');
  if (lines.length > maxSignatures) malformed(`it has more than ${maxSignatures} signatures`);
  return { text: whole.slice(0, split + 1), signatures: lines.map(parseSignature) };
}

/** A signature line that verified, and by which key. */
export interface VerifiedSignature extends NoteSignature {
  readonly key: NoteKey;
  /** Seconds since 1970 that a witness gives; undefined for a note's signature. */
  readonly time: number | undefined;
}

/**
 * What a cosignature is over (C2SP tlog-cosignature).
 *
 * @param time whole seconds since 1970
 */
export function cosignatureMessage(text: string, time: number): Uint8Array {
  return noteBytes(`cosignature/v1\ntime ${time}\n${text}`);
}

/** The time of a cosignature of 72 bytes: 8 bytes, big-endian; undefined beyond 2^53 - 1. */
function cosignatureTime(signature: Uint8Array): number | undefined {
  let time = 0;
  for (let i = 0; i < 8; i++) time = time * 256 + (signature[i] as number);
  return Number.isSafeInteger(time) ? time : undefined;
}

/** Whether a signature line is a key's; undefined if it is not for this key, the time (or 0) if it verifies. */
function check(
  text: string,
  line: NoteSignature,
  key: NoteKey,
  crypto: CryptoProvider,
): { readonly time: number | undefined } | undefined {
  const { signature } = line;
  if (key.type === 'ed25519')
    return signature.length === 64 && crypto.ed25519Verify(key.publicKey, noteBytes(text), signature)
      ? { time: undefined }
      : undefined;
  const time = signature.length === 72 ? cosignatureTime(signature) : undefined;
  return time !== undefined &&
    crypto.ed25519Verify(key.publicKey, cosignatureMessage(text, time), signature.subarray(8))
    ? { time }
    : undefined;
}

/**
 * The signatures of known keys, each key once. Lines of unknown keys are passed over.
 *
 * @returns possibly nothing: the caller decides who must have signed
 * @throws IntegrityError `ERR_INTEGRITY_SIGNATURE` if a line of a known key does not verify, which makes the note malformed
 *   (C2SP signed-note, "Signatures")
 */
export function verifyNote(
  note: Note,
  keys: readonly NoteKey[],
  crypto: CryptoProvider,
): readonly VerifiedSignature[] {
  const verified = new Map<NoteKey, VerifiedSignature>();
  // A key that is given twice counts once: a quorum is of keys.
  const known = [...new Map(keys.map((key) => [formatNoteKey(key), key])).values()];
  for (const line of note.signatures) {
    const candidates = known.filter((key) => key.name === line.name && key.keyId === line.keyId);
    // Two known keys of one name and ID: 1 in 2^32 by chance. A line of either is a line of a known key.
    for (const key of candidates) {
      if (verified.has(key)) continue;
      const found = check(note.text, line, key, crypto);
      if (found !== undefined) verified.set(key, { ...line, key, time: found.time });
      else if (candidates.length === 1)
        throw new IntegrityError(
          'ERR_INTEGRITY_SIGNATURE',
          `the note has a signature line of ${line.name} with key ID ${line.keyId} that does not verify`,
        );
    }
  }
  return [...verified.values()];
}
