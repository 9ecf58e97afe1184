/** Holds a checkpoint that was kept elsewhere against a log that was read. */

import { visible } from '../check.js';
import { equalBytes } from '../crypto/bytes.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { IntegrityError } from '../errors.js';
import type { Checkpoint } from './checkpoint.js';
import type { Keyring } from './keyring.js';
import { fingerprint } from './keys.js';
import { noteKey, parseNoteKey, verifyNote } from './note.js';

/** Whose cosignatures count, and how many there must be. */
export interface WitnessPolicy {
  /** Verifier keys, `<name>+<key ID>+<base64>`, of type cosignature. */
  readonly keys: readonly string[];
  /** How many of them must have cosigned; default all. */
  readonly quorum?: number;
}

/** What was found about a checkpoint. */
export interface CheckpointReport {
  /** Whether the log has what the checkpoint says and enough witnesses saw it. */
  readonly ok: boolean;
  /** Its size; undefined if it does not parse. */
  readonly size: number | undefined;
  /** The key of the log that signed it. */
  readonly key: string | undefined;
  /** Witnesses that cosigned it, with the time that each gives in seconds since 1970. */
  readonly witnesses: readonly { readonly name: string; readonly time: number }[];
}

/** A checkpoint, or why it does not parse. */
export interface GivenCheckpoint {
  readonly checkpoint?: Checkpoint;
  readonly error?: IntegrityError;
}

/** A log that was read. */
interface ReadLog {
  readonly keyring: Keyring | undefined;
  readonly size: number;
  /** The root that the log had at the checkpoint's size; undefined if it is shorter. */
  readonly root: Uint8Array | undefined;
  readonly witnesses: WitnessPolicy | undefined;
  readonly now: number | undefined;
  readonly crypto: CryptoProvider;
}

interface CheckpointFinding {
  readonly code: 'checkpoint' | 'checkpoint-signature' | 'checkpoint-root' | 'truncated' | 'witnesses';
  readonly message: string;
}

/** Compares a checkpoint with a log. */
export function checkCheckpoint(
  given: GivenCheckpoint,
  log: ReadLog,
): { readonly report: CheckpointReport; readonly findings: readonly CheckpointFinding[] } {
  const findings: CheckpointFinding[] = [];
  const { checkpoint, error } = given;
  if (checkpoint === undefined) {
    findings.push({ code: 'checkpoint', message: (error as IntegrityError).message });
    return { report: { ok: false, size: undefined, key: undefined, witnesses: [] }, findings };
  }
  const { origin, size, root } = checkpoint;
  if (log.keyring !== undefined && origin !== log.keyring.origin)
    findings.push({
      code: 'checkpoint',
      message: `the checkpoint is of ${visible(origin)}, and the log is ${log.keyring.origin}`,
    });
  if (size > log.size)
    findings.push({
      code: 'truncated',
      message: `the checkpoint says ${size} records, and the log has ${log.size}: ${size - log.size} are missing at the end`,
    });
  else if (log.root === undefined || !equalBytes(log.root, root))
    findings.push({
      code: 'checkpoint-root',
      message: `the first ${size} records are not those of the checkpoint: one of them was changed, or this is another history`,
    });
  const key = signedBy(checkpoint, log, findings);
  const witnesses = witnessedBy(checkpoint, log, findings);
  return { report: { ok: findings.length === 0, size, key, witnesses }, findings };
}

/** The key of the log that signed, if it might at that size. */
function signedBy(
  { size, note }: Checkpoint,
  { keyring, crypto }: ReadLog,
  findings: CheckpointFinding[],
): string | undefined {
  // By the log's own name: that of the checkpoint may be any line, and need not be the name of a key.
  const keys =
    keyring === undefined
      ? []
      : keyring.keys
          .filter(({ role }) => role === 'signing')
          .map(({ publicKey }) => noteKey(keyring.origin, publicKey, crypto));
  let message = `no key of the log that might sign at size ${size} signed the checkpoint`;
  try {
    for (const { key } of verifyNote(note, keys, crypto)) {
      const name = fingerprint(key.publicKey, crypto);
      if (keyring?.maySignCheckpoint(name, size)) return name;
    }
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error;
    message = error.message;
  }
  findings.push({ code: 'checkpoint-signature', message });
  return undefined;
}

function witnessedBy(
  { note }: Checkpoint,
  { witnesses, now, crypto }: ReadLog,
  findings: CheckpointFinding[],
): readonly { readonly name: string; readonly time: number }[] {
  if (witnesses === undefined) return [];
  const quorum = witnesses.quorum ?? witnesses.keys.length;
  const keys = witnesses.keys
    .map((key) => parseNoteKey(key, crypto))
    .filter(({ type }) => type === 'cosignature');
  let found: readonly { readonly name: string; readonly time: number }[] = [];
  let message = '';
  try {
    found = verifyNote(note, keys, crypto)
      .map(({ name, time }) => ({ name, time: time as number }))
      // A second of grace: the time was rounded down by a clock of its own.
      .filter(({ time }) => now === undefined || time * 1000 <= now + 1000);
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error;
    message = `: ${error.message}`;
  }
  if (found.length < quorum)
    findings.push({
      code: 'witnesses',
      message: `${found.length} of the ${quorum} witnesses that must have cosigned the checkpoint did${message}`,
    });
  return found;
}
