/** `integrity revoke`: declares that a key's signatures do not count any more. */
import type { Command } from 'commander';
import { readKeyFile } from '../node/keys.js';
import { type CliIo, give, say } from './io.js';
import { type OpenOptions, openingOptions, short, trustedKeys, withLog } from './open.js';
import { wholeNumber } from './parse.js';

interface Options extends OpenOptions {
  readonly key: string;
  readonly target: string;
  readonly from?: number;
  readonly reason: string;
}

export function addRevoke(program: Command, io: CliIo): void {
  const command = program
    .command('revoke')
    .summary('revoke a key of a log')
    .description(
      'Records that signatures of a key do not count from a record on. What it signed before stays valid. Only a standby key can say so about records that are there already.',
    )
    .argument('<log>', 'the file of the log; no program may have it open')
    .requiredOption('--key <file>', 'private key that signs the revocation')
    .requiredOption('--target <key>', 'fingerprint or public key file of the key to revoke')
    .requiredOption('--reason <text>', 'why; it becomes part of the log')
    .option('--from <seq>', 'first record whose signature does not count; default: the next', wholeNumber);
  openingOptions(command)
    .addHelpText(
      'after',
      '\nExample:\n  integrity revoke audit.log --key standby.key --root signing.key.pub --target signing.key.pub --from 1042 --reason "stolen laptop"\n',
    )
    .action(async (path: string, options: Options) => {
      const signer = await readKeyFile(options.key);
      const [target = ''] = await trustedKeys([options.target]);
      const record = await withLog(io, path, options, signer, async (log) => {
        const sealed = log.revoke(target, {
          reason: options.reason,
          ...(options.from === undefined ? {} : { from: options.from }),
        });
        await log.flush();
        return sealed;
      });
      const from = options.from ?? record.seq + 1;
      await give(io, options, { seq: record.seq, hash: record.hash, key: target, from }, `${target}\n`);
      say(
        io,
        options,
        `record ${record.seq}: signatures of ${short(target)} do not count from record ${from} on`,
      );
    });
}
