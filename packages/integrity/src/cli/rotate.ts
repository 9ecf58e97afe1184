/** `integrity rotate`: puts a new key in the place of one. */
import type { Command } from 'commander';
import { readKeyFile } from '../node/keys.js';
import { type CliIo, give, say } from './io.js';
import { type OpenOptions, openingOptions, short, trustedKeys, withLog } from './open.js';

interface Options extends OpenOptions {
  readonly key: string;
  readonly new: string;
  readonly replaces?: string;
  readonly reason: string;
}

export function addRotate(program: Command, io: CliIo): void {
  const command = program
    .command('rotate')
    .summary('replace a key of a log')
    .description(
      'Records that a new key takes the place of a key of the log. Signed by the old key or a standby key, and by the new key. What the old key signed stays valid.',
    )
    .argument('<log>', 'the file of the log; no program may have it open')
    .requiredOption('--key <file>', 'private key that signs: the one that is replaced, or a standby key')
    .requiredOption('--new <file>', 'private key that takes its place (integrity keygen)')
    .requiredOption('--reason <text>', 'why; it becomes part of the log')
    .option(
      '--replaces <key>',
      'fingerprint or public key file of the key that goes; default: the signing key',
    );
  openingOptions(command)
    .addHelpText(
      'after',
      '\nExample:\n  integrity keygen new.key && integrity rotate audit.log --key signing.key --new new.key --reason "yearly rotation"\n',
    )
    .action(async (path: string, options: Options) => {
      const signer = await readKeyFile(options.key);
      const next = await readKeyFile(options.new);
      const [replaces] = options.replaces === undefined ? [] : await trustedKeys([options.replaces]);
      const record = await withLog(io, path, options, signer, async (log) => {
        const sealed = log.rotate(next, {
          reason: options.reason,
          ...(replaces === undefined ? {} : { replaces }),
        });
        await log.flush();
        return sealed;
      });
      await give(
        io,
        options,
        { seq: record.seq, hash: record.hash, next: next.fingerprint },
        `${next.fingerprint}\n`,
      );
      say(
        io,
        options,
        `record ${record.seq}: ${short(next.fingerprint)} signs from here on; put the old key away`,
      );
    });
}
