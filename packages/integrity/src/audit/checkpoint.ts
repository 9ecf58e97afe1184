/**
 * Checkpoints (C2SP tlog-checkpoint): what a log was at a size, as a signed note of three lines: origin, size, root. One that is
 * kept elsewhere shows that records were cut off or that there is a second history, which a log alone cannot show.
 */
import { checkInteger } from '../check.js';
import { checkBytes, fromBase64, toBase64 } from '../crypto/bytes.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { IntegrityError } from '../errors.js';
import type { Signer } from './keys.js';
import { hashBytes } from './merkle.js';
import {
  checkNoteName,
  formatNote,
  type Note,
  type NoteSignature,
  noteBytes,
  noteKey,
  parseNote,
} from './note.js';

/** A size of a log and its root. */
export interface TreeHead {
  /** The name of the log. */
  readonly origin: string;
  /** Records. */
  readonly size: number;
  /** The root of the Merkle tree, 32 bytes. */
  readonly root: Uint8Array;
}

/** A checkpoint taken apart. Nothing of it is verified. */
export interface Checkpoint extends TreeHead {
  readonly note: Note;
}

/** The text of a checkpoint, without signatures. */
export function checkpointText({ origin, size, root }: TreeHead): string {
  checkNoteName(origin, 'origin');
  checkInteger(size, 'size', 0, Number.MAX_SAFE_INTEGER);
  checkBytes(root, 'root', { length: hashBytes });
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** A log's signature line for a text. The key's name is the origin. */
export function signText(text: string, name: string, signer: Signer, crypto: CryptoProvider): NoteSignature {
  const { keyId } = noteKey(name, signer.publicKey, crypto);
  return { name, keyId, signature: signer.sign(noteBytes(text)) };
}

/**
 * A checkpoint, signed by the log's key.
 *
 * @example
 * signCheckpoint({ origin: 'example.com/log', size: log.head.size, root }, signer, defaultCrypto());
 */
export function signCheckpoint(head: TreeHead, signer: Signer, crypto: CryptoProvider): string {
  const text = checkpointText(head);
  return formatNote(text, [signText(text, head.origin, signer, crypto)]);
}

/**
 * Takes a checkpoint apart.
 *
 * @throws IntegrityError `ERR_INTEGRITY_NOTE` for what is not a checkpoint
 */
export function parseCheckpoint(text: string | Uint8Array): Checkpoint {
  const note = parseNote(text);
  const bad = (message: string): never => {
    throw new IntegrityError('ERR_INTEGRITY_NOTE', `not a checkpoint: ${message}`);
  };
  const lines = note.text.split('\n');
  lines.pop();
  const [origin = '', digits = '', encoded = ''] = lines;
  if (lines.length < 3 || lines.includes(''))
    return bad(
      'its text is an origin, a size and a root, one a line, and perhaps more lines, none of them empty',
    );
  if (!/^(0|[1-9][0-9]*)$/.test(digits)) return bad('the size is not a decimal number');
  const size = Number(digits);
  if (!Number.isSafeInteger(size)) return bad('the size is beyond 2^53 - 1');
  const root = fromBase64(encoded);
  if (root?.length !== hashBytes) return bad('the root is not Base 64 of 32 bytes');
  return { origin, size, root, note };
}
