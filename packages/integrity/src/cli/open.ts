/** What several commands do: find keys that are named on the command line, and open a log that is there. */
import { access } from 'node:fs/promises';
import type { Command } from 'commander';
import { type Signer, shortFingerprint } from '../audit/keys.js';
import { AuditLog } from '../audit/log.js';
import { fileStore } from '../node/file-store.js';
import { readPublicKeyFile } from '../node/keys.js';
import { type CliIo, type CommonOptions, progress, say, usageError } from './io.js';
import { collect } from './parse.js';

/** Fingerprints of keys that are given as such or as public key files. */
export async function trustedKeys(given: readonly string[]): Promise<readonly string[]> {
  const keys: string[] = [];
  for (const key of given)
    if (/^[0-9a-f]{64}$/.test(key)) keys.push(key);
    else if (/^[0-9a-fA-F]+$/.test(key) && key.length >= 8)
      throw usageError(
        `"${key}" is not a fingerprint, which has 64 digits 0-9 and a-f: give all of them (integrity keygen prints them), or a public key file`,
      );
    else keys.push((await readPublicKeyFile(key)).fingerprint);
  return keys;
}

/** Adds what every command has that opens a log with a key of its own: `--root`, `--json`, `--quiet`. */
export function openingOptions(command: Command): Command {
  return command
    .option(
      '--root <key>',
      'fingerprint or public key file of the key that began the log; default: --key',
      collect,
      [],
    )
    .option('--json', 'print JSON')
    .option('--quiet', 'no words on the standard error');
}

/** Options that open a log. */
export interface OpenOptions extends CommonOptions {
  /** Keys that may have begun the log. */
  readonly root: readonly string[];
}

/**
 * Opens a log that is there, does something, and closes it whatever happens. Never makes a log: only a program that has something
 * to record begins one.
 */
export async function withLog<Result>(
  io: CliIo,
  path: string,
  options: OpenOptions,
  signer: Signer | undefined,
  work: (log: AuditLog) => Promise<Result>,
): Promise<Result> {
  try {
    await access(path);
  } catch {
    throw usageError(`there is no log ${path}: give the path of one that AuditLog.open made`);
  }
  const roots = await trustedKeys(options.root);
  if (roots.length === 0 && signer === undefined)
    throw usageError('say which key began the log: --root <fingerprint or public key file>');
  const store = await fileStore(path);
  const { report, end } = progress(io, options, 'records read:');
  let log: AuditLog;
  try {
    if (store.size === 0)
      throw usageError(`${path} has no records: give the path of a log that AuditLog.open made`);
    log = await AuditLog.open(store, {
      clock: io.now,
      ...(signer === undefined ? {} : { signer }),
      trustedKeys: roots.length > 0 ? roots : [(signer as Signer).fingerprint],
      onProgress: ({ done }) => report(done),
    });
  } catch (error) {
    await store.close();
    throw error;
  } finally {
    end();
  }
  const { recovery } = store;
  if (recovery?.kind === 'torn')
    say(io, options, `a crash had cut off the last record: ${recovery.bytes} bytes of it were removed`);
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

/** A key as people read it. */
export function short(fingerprint: string): string {
  return `${shortFingerprint(fingerprint)}...`;
}
