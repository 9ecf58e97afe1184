/**
 * A proof in a file of its own (C2SP tlog-proof): record, place, inclusion proof and checkpoint. Who has the log's public key, and
 * perhaps those of witnesses, needs nothing else to see that the record is in the log.
 */
import { describe, visible } from '../check.js';
import { fromBase64, toBase64 } from '../crypto/bytes.js';
import { type CryptoProvider, defaultCrypto } from '../crypto/provider.js';
import { IntegrityError } from '../errors.js';
import { parseCheckpoint } from './checkpoint.js';
import { hashLeaf } from './merkle.js';
import { type NoteKey, type VerifiedSignature, verifyNote } from './note.js';
import { verifyInclusion } from './proofs.js';
import { type LogRecord, parseRecord } from './record.js';

const header = 'c2sp.org/tlog-proof@v1';
/** No tree of up to 2^53 records has longer paths. */
const maxHashes = 64;

/** What a proof consists of. */
export interface RecordProof {
  /** The record itself; in the file it is the line `extra`. */
  readonly record: Uint8Array;
  /** Its place. */
  readonly index: number;
  /** Inclusion proof in the tree of the checkpoint. */
  readonly proof: readonly Uint8Array[];
  /** The signed note. */
  readonly checkpoint: string;
}

/** The text of a proof, for a file that ends in `.tlog-proof`. */
export function formatRecordProof({ record, index, proof, checkpoint }: RecordProof): string {
  const hashes = proof.map((hash) => `${toBase64(hash)}\n`).join('');
  return `${header}\nextra ${toBase64(record)}\nindex ${index}\n${hashes}\n${checkpoint}`;
}

/** @throws IntegrityError `ERR_INTEGRITY_NOTE` for text that is not a proof with its record */
export function parseRecordProof(text: string): RecordProof {
  const bad = (message: string): never => {
    throw new IntegrityError('ERR_INTEGRITY_NOTE', `not a proof of a record: ${message}`);
  };
  if (typeof text !== 'string') return bad(`${describe(text)} is not a string`);
  const end = text.indexOf('\n\n');
  if (end < 0) return bad('there is no empty line before the checkpoint');
  const [first, extra = '', place = '', ...lines] = text.slice(0, end).split('\n');
  if (first !== header) return bad(`the first line must be ${header}`);
  const record = extra.startsWith('extra ') ? fromBase64(extra.slice(6)) : undefined;
  if (record === undefined) return bad('the second line must be "extra" and the record in Base 64');
  const digits = /^index (0|[1-9][0-9]*)$/.exec(place)?.[1];
  if (digits === undefined || !Number.isSafeInteger(Number(digits)))
    return bad('the third line must be "index" and a whole number');
  if (lines.length > maxHashes) return bad(`a proof has at most ${maxHashes} hashes`);
  const proof = lines.map((line) => fromBase64(line) ?? bad('a hash of the proof is not Base 64'));
  return { record, index: Number(digits), proof, checkpoint: text.slice(end + 2) };
}

/** What a proof shows. */
export interface ProvenRecord {
  readonly origin: string;
  /** Records of the log when the checkpoint was made. */
  readonly size: number;
  readonly record: LogRecord;
  /** Signatures of the keys that were given. */
  readonly signatures: readonly VerifiedSignature[];
}

/**
 * Verifies a proof.
 *
 * @param keys the keys that are trusted for the log's name, and those of witnesses
 * @param options `quorum`: how many witnesses must have cosigned, default 0
 * @throws IntegrityError `ERR_INTEGRITY_NOTE`, `ERR_INTEGRITY_SIGNATURE` or `ERR_INTEGRITY_PROOF` for a proof that does not hold
 * @example
 * const { record } = verifyRecordProof(text, [parseNoteKey(logKey, defaultCrypto())]);
 */
export function verifyRecordProof(
  text: string,
  keys: readonly NoteKey[],
  options: { readonly quorum?: number; readonly crypto?: CryptoProvider } = {},
): ProvenRecord {
  const { quorum = 0, crypto = defaultCrypto() } = options;
  const { record, index, proof, checkpoint: note } = parseRecordProof(text);
  const checkpoint = parseCheckpoint(note);
  const { origin, size, root } = checkpoint;
  const signatures = verifyNote(checkpoint.note, keys, crypto);
  if (!signatures.some(({ key }) => key.type === 'ed25519' && key.name === origin))
    throw new IntegrityError(
      'ERR_INTEGRITY_SIGNATURE',
      `the checkpoint is not signed by a key that is trusted for ${visible(origin)}`,
    );
  const witnesses = signatures.filter(({ key }) => key.type === 'cosignature').length;
  if (witnesses < quorum)
    throw new IntegrityError(
      'ERR_INTEGRITY_SIGNATURE',
      `${witnesses} witnesses cosigned the checkpoint, and ${quorum} must have`,
    );
  if (index >= size)
    throw new IntegrityError('ERR_INTEGRITY_PROOF', `record ${index} cannot be in a log of ${size} records`);
  verifyInclusion({ index, size, leafHash: hashLeaf(record, crypto), root, proof }, crypto);
  const parsed = parseRecord(record);
  if (parsed.seq !== index)
    throw new IntegrityError(
      'ERR_INTEGRITY_PROOF',
      `the record says that it is number ${parsed.seq}, and it stands at ${index}`,
    );
  return { origin, size, record: parsed, signatures };
}
