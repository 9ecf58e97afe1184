/**
 * Witnesses (C2SP tlog-witness and tlog-cosignature). A witness remembers the largest tree of a log that it has seen, and signs a
 * checkpoint only if its tree begins with that one. So a log whose checkpoints several witnesses cosign cannot show different
 * histories to different readers without the help of all of them.
 *
 * `cosign` is a pure function of what the witness remembers. Whoever calls it must write the new state down, durably, before the
 * cosignature leaves the house, and must not let two calls for one log run at once.
 */
import { checkInteger, visible } from '../check.js';
import { concatBytes, fromBase64, toBase64 } from '../crypto/bytes.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { IntegrityError } from '../errors.js';
import { type Checkpoint, parseCheckpoint, type TreeHead } from './checkpoint.js';
import type { Signer } from './keys.js';
import { emptyRoot } from './merkle.js';
import { cosignatureMessage, formatSignature, type NoteKey, noteKey, verifyNote } from './note.js';
import { verifyConsistency } from './proofs.js';

/** Hashes that a request may have (C2SP tlog-witness). */
const maxProofLines = 63;

/** What a log asks of a witness: an `add-checkpoint` request of C2SP tlog-witness. */
export interface WitnessRequest {
  /** The size that the witness cosigned last, 0 for none. */
  readonly oldSize: number;
  /** Consistency proof from that size to the checkpoint's; empty for 0. */
  readonly proof: readonly Uint8Array[];
  /** The signed note. */
  readonly checkpoint: string;
}

/** The body of an `add-checkpoint` request. */
export function formatWitnessRequest({ oldSize, proof, checkpoint }: WitnessRequest): string {
  return `old ${oldSize}\n${proof.map((hash) => `${toBase64(hash)}\n`).join('')}\n${checkpoint}`;
}

/** @throws IntegrityError `ERR_INTEGRITY_NOTE` for text that is not such a request */
export function parseWitnessRequest(text: string): WitnessRequest {
  const bad = (message: string): never => {
    throw new IntegrityError('ERR_INTEGRITY_NOTE', `not an add-checkpoint request: ${message}`);
  };
  const end = text.indexOf('\n\n');
  if (end < 0) return bad('there is no empty line before the checkpoint');
  const [first = '', ...lines] = text.slice(0, end).split('\n');
  const digits = /^old (0|[1-9][0-9]*)$/.exec(first)?.[1];
  if (digits === undefined || !Number.isSafeInteger(Number(digits)))
    return bad('the first line must be "old" and a size');
  if (lines.length > maxProofLines) return bad(`a proof has at most ${maxProofLines} hashes`);
  const proof = lines.map((line) => fromBase64(line) ?? bad('a hash of the proof is not Base 64'));
  return { oldSize: Number(digits), proof, checkpoint: text.slice(end + 2) };
}

/** What a witness remembers of a log. */
export type WitnessedTree = TreeHead;

/** What a witness knows and is asked. */
export interface CosignOptions {
  readonly request: WitnessRequest;
  /** The keys that the witness trusts for the log that the checkpoint names. */
  readonly logKeys: readonly NoteKey[];
  /** What it cosigned last for this log; undefined if nothing. */
  readonly previous: WitnessedTree | undefined;
  /** The witness's name, such as witness.example.com/w1. */
  readonly name: string;
  readonly signer: Signer;
  /** Milliseconds since 1970; a cosignature says it in whole seconds. */
  readonly now: number;
}

/** A signature line to append to the checkpoint, and what to remember before it is given away. */
export interface Cosignature {
  /** With its newline. */
  readonly line: string;
  readonly next: WitnessedTree;
}

/** What a checkpoint says, after a signature of one of its log's keys was verified. */
function trusted(checkpoint: Checkpoint, keys: readonly NoteKey[], crypto: CryptoProvider): void {
  const known = keys.filter(({ name, type }) => name === checkpoint.origin && type === 'ed25519');
  if (known.length === 0)
    throw new IntegrityError(
      'ERR_INTEGRITY_KEY',
      `no key is configured for a log named ${visible(checkpoint.origin)}`,
      { field: 'logKeys' },
    );
  if (verifyNote(checkpoint.note, known, crypto).length === 0)
    throw new IntegrityError(
      'ERR_INTEGRITY_SIGNATURE',
      `the checkpoint of ${visible(checkpoint.origin)} is not signed by a key that is trusted for it`,
    );
}

/**
 * Cosigns a checkpoint, after C2SP tlog-witness's `add-checkpoint`.
 *
 * @throws IntegrityError `ERR_INTEGRITY_NOTE` for a checkpoint that does not parse, `ERR_INTEGRITY_KEY` for an unknown log,
 *   `ERR_INTEGRITY_SIGNATURE` for a missing or wrong signature of the log, `ERR_INTEGRITY_PROOF` for a tree that is smaller than the
 *   one before, is not shown to begin with it, or starts from another size than the witness remembers
 * @example
 * const { line, next } = cosign({ request, logKeys, previous, name, signer, now: Date.now() }, defaultCrypto());
 * save(next); // durably, and only then:
 * send(line);
 */
export function cosign(options: CosignOptions, crypto: CryptoProvider): Cosignature {
  const { request, logKeys, previous, name, signer, now } = options;
  const checkpoint = parseCheckpoint(request.checkpoint);
  const { origin, size, root } = checkpoint;
  trusted(checkpoint, logKeys, crypto);
  if (previous !== undefined && previous.origin !== origin)
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `the state is of ${visible(previous.origin)}, and the checkpoint is of ${visible(origin)}`,
      { field: 'previous' },
    );
  const known = previous ?? { size: 0, root: emptyRoot(crypto) };
  if (request.oldSize !== known.size)
    throw new IntegrityError(
      'ERR_INTEGRITY_PROOF',
      `the witness has size ${known.size} of ${visible(origin)}, and the proof starts at ${request.oldSize}: ask again with old ${known.size}`,
      { field: 'oldSize' },
    );
  if (size < known.size)
    throw new IntegrityError(
      'ERR_INTEGRITY_PROOF',
      `the checkpoint of ${visible(origin)} has size ${size}, and the witness has cosigned ${known.size}: records were taken away`,
      { field: 'checkpoint' },
    );
  if (request.proof.length > maxProofLines)
    throw new IntegrityError('ERR_INTEGRITY_PROOF', `a proof has at most ${maxProofLines} hashes`, {
      field: 'proof',
    });
  verifyConsistency(
    { first: known.size, second: size, firstRoot: known.root, secondRoot: root, proof: request.proof },
    crypto,
  );
  const time = Math.floor(checkInteger(now, 'now', 0, Number.MAX_SAFE_INTEGER) / 1000);
  const seconds = new Uint8Array(8);
  for (let i = 7, rest = time; i >= 0; i--) {
    seconds[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  const { keyId } = noteKey(name, signer.publicKey, crypto, 'cosignature');
  const signature = concatBytes(seconds, signer.sign(cosignatureMessage(checkpoint.note.text, time)));
  return { line: formatSignature({ name, keyId, signature }), next: { origin, size, root } };
}
