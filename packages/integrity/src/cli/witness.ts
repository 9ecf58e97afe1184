/** `integrity witness`: cosigns checkpoints of a log that somebody else writes, and asks for cosignatures. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { parseCheckpoint } from '../audit/checkpoint.js';
import { parseNoteKey } from '../audit/note.js';
import { cosign, formatWitnessRequest, parseWitnessRequest, type WitnessedTree } from '../audit/witness.js';
import { fromBase64, toBase64 } from '../crypto/bytes.js';
import { defaultCrypto } from '../crypto/provider.js';
import { readKeyFile } from '../node/keys.js';
import { acquireLock } from '../node/lock.js';
import { hostCode } from '../node/log-file.js';
import { replaceFile } from '../node/replace-file.js';
import { type CliIo, type CommonOptions, give, readText, say, usageError } from './io.js';
import { type OpenOptions, withLog } from './open.js';
import { collect, wholeNumber } from './parse.js';

interface RequestOptions extends OpenOptions {
  readonly checkpoint: string;
  readonly old: number;
}

interface CosignOptions extends CommonOptions {
  readonly key: string;
  readonly name: string;
  readonly logKey: readonly string[];
  readonly state: string;
  readonly new?: boolean;
}

/** What the witness wrote down; undefined if there is no file. */
async function readState(path: string): Promise<WitnessedTree | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (hostCode(error) === 'ENOENT') return undefined;
    throw usageError(`cannot read the state ${path} (${hostCode(error)})`);
  }
  try {
    const { origin, size, root } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const bytes = typeof root === 'string' ? fromBase64(root) : undefined;
    if (
      typeof origin === 'string' &&
      Number.isSafeInteger(size) &&
      (size as number) >= 0 &&
      bytes?.length === 32
    )
      return { origin, size: size as number, root: bytes };
  } catch {
    // as below
  }
  throw usageError(
    `${path} is not the state of a witness: restore it. A witness that has forgotten what it saw must not sign`,
  );
}

async function cosignRequest(io: CliIo, path: string, options: CosignOptions): Promise<void> {
  const crypto = defaultCrypto();
  const logKeys = options.logKey.map((key) => parseNoteKey(key, crypto));
  const signer = await readKeyFile(options.key, crypto);
  const request = parseWitnessRequest(await readText(io, path, 'request'));
  // Two cosignatures at once could both start from the same state, and sign two histories.
  const lock = await acquireLock(`${options.state}.lock`);
  try {
    const previous = await readState(options.state);
    if (previous === undefined && options.new !== true)
      throw usageError(
        `there is no state ${options.state}: give --new if this witness has never cosigned the log, else restore the file`,
      );
    if (previous !== undefined && options.new === true)
      throw usageError(`${options.state} is there: leave out --new`);
    const { line, next } = cosign(
      { request, logKeys, previous, name: options.name, signer, now: io.now() },
      crypto,
    );
    const { origin, size, root } = next;
    // Durably, before the cosignature leaves the house.
    await replaceFile(options.state, `${JSON.stringify({ origin, size, root: toBase64(root) })}\n`, 0o644);
    await give(io, options, { origin, size, root: toBase64(root), signature: line }, line);
    say(io, options, `cosigned ${origin} at ${size} records`);
  } finally {
    await lock.release();
  }
}

export function addWitness(program: Command, io: CliIo): void {
  const witness = program
    .command('witness')
    .summary('cosign checkpoints, so that no second history can be shown')
    .description(
      'A witness signs a checkpoint only if the log still begins with what the witness saw before (C2SP tlog-witness). Its signature line is appended to the checkpoint.',
    )
    .addHelpText(
      'after',
      '\nExample (the last command is run by the witness):\n  integrity checkpoint audit.log --key signing.key > new.checkpoint\n  integrity witness request audit.log --root signing.key.pub --checkpoint new.checkpoint --old 120 > request\n  integrity witness cosign request --key witness.key --name witness.example.com/w1 --log-key "$LOG_VKEY" --state orders.state >> new.checkpoint\n',
    );
  witness
    .command('request')
    .summary('prove to a witness that a log has only grown')
    .description(
      'Prints an add-checkpoint request: a checkpoint and the proof that it extends an older size.',
    )
    .argument('<log>', 'the file of the log; no program may have it open')
    .requiredOption('--checkpoint <file>', 'the checkpoint to cosign')
    .requiredOption('--old <size>', 'the size that the witness cosigned last; 0 for none', wholeNumber)
    .option('--root <key>', 'fingerprint or public key file of the key that began the log', collect, [])
    .option('--json', 'print JSON')
    .option('--quiet', 'no words on the standard error')
    .action(async (path: string, options: RequestOptions) => {
      const checkpoint = await readText(io, options.checkpoint, 'checkpoint');
      const { size } = parseCheckpoint(checkpoint);
      if (options.old > size)
        throw usageError(`--old ${options.old} is beyond the checkpoint, which has size ${size}`);
      const { old } = options;
      const proof = await withLog(io, path, options, undefined, async (log) => {
        if (size > log.head.size)
          throw usageError(`the checkpoint has size ${size}, and the log ${log.head.size} records`);
        return old === 0 ? [] : log.proveConsistency(old, size);
      });
      const request = formatWitnessRequest({ oldSize: old, proof, checkpoint });
      await give(io, options, { old, size, proof: proof.map(toBase64), request }, request);
    });
  witness
    .command('cosign')
    .summary('cosign the checkpoint of a request')
    .description(
      'Prints the signature line to append to the checkpoint, or refuses. Keeps in --state what it signed last; one file a log.',
    )
    .argument('<request>', 'file of an add-checkpoint request; - for the standard input')
    .requiredOption('--key <file>', 'private key of the witness')
    .requiredOption('--name <name>', 'name of the witness, such as witness.example.com/w1')
    .requiredOption(
      '--log-key <vkey>',
      'verifier key of the log (integrity keygen --name); may be repeated',
      collect,
    )
    .requiredOption('--state <file>', 'what the witness saw last of this log')
    .option('--new', 'the witness has not cosigned this log before')
    .option('--json', 'print JSON')
    .option('--quiet', 'no words on the standard error')
    .action((path: string, options: CosignOptions) => cosignRequest(io, path, options));
}
