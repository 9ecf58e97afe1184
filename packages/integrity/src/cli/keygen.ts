/** `integrity keygen`: makes a key. */
import { access } from 'node:fs/promises';
import type { Command } from 'commander';
import { encodePublicKey } from '../audit/keys.js';
import { checkNoteName, formatNoteKey, noteKey } from '../audit/note.js';
import { defaultCrypto } from '../crypto/provider.js';
import { createKeyFile, createPublicKeyFile } from '../node/keys.js';
import { type CliIo, type CommonOptions, give, say, usageError } from './io.js';

interface Options extends CommonOptions {
  readonly name?: string;
  readonly witness?: boolean;
}

export function addKeygen(program: Command, io: CliIo): void {
  program
    .command('keygen')
    .summary('make an Ed25519 key')
    .description(
      'Makes an Ed25519 key: <file> (private, mode 0600) and <file>.pub. Prints the fingerprint, which is what others trust.',
    )
    .argument('<file>', 'path of the new private key; nothing is overwritten')
    .option(
      '--name <name>',
      'also print the verifier key for signed notes: the origin of a log, or the name of a witness',
    )
    .option('--witness', 'with --name: the verifier key of a witness instead of a log')
    .option('--json', 'print JSON')
    .option('--quiet', 'no words on the standard error')
    .addHelpText(
      'after',
      '\nExamples:\n  integrity keygen signing.key\n  integrity keygen witness.key --name witness.example.com/w1 --witness\n',
    )
    .action(async (file: string, options: Options) => {
      const publicFile = `${file}.pub`;
      if (options.witness === true && options.name === undefined)
        throw usageError(
          '--witness needs --name <name>: the name of the witness is part of its verifier key',
        );
      if (options.name !== undefined) checkNoteName(options.name, '--name');
      const verifierKey = (publicKey: Uint8Array): string | undefined =>
        options.name === undefined
          ? undefined
          : formatNoteKey(
              noteKey(
                options.name,
                publicKey,
                defaultCrypto(),
                options.witness === true ? 'cosignature' : 'ed25519',
              ),
            );
      // Before there is half of a pair.
      if (await exists(publicFile))
        throw usageError(`${publicFile} exists, and a key file is never overwritten: choose another path`);
      const { fingerprint, publicKey } = await createKeyFile(file);
      await createPublicKeyFile(publicFile, publicKey);
      const vkey = verifierKey(publicKey);
      await give(
        io,
        options,
        {
          fingerprint,
          publicKey: encodePublicKey(publicKey),
          privateKeyFile: file,
          publicKeyFile: publicFile,
          ...(vkey === undefined ? {} : { verifierKey: vkey }),
        },
        `${fingerprint}\n${vkey === undefined ? '' : `${vkey}\n`}`,
      );
      say(io, options, `wrote ${file} (private: keep a copy offline) and ${publicFile}`);
    });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
