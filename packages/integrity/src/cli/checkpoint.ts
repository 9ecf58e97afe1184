/** `integrity checkpoint`: signs what a log is now. */
import type { Command } from 'commander';
import { parseCheckpoint } from '../audit/checkpoint.js';
import { toBase64 } from '../crypto/bytes.js';
import { readKeyFile } from '../node/keys.js';
import { type CliIo, give, say } from './io.js';
import { type OpenOptions, openingOptions, withLog } from './open.js';

interface Options extends OpenOptions {
  readonly key: string;
}

export function addCheckpoint(program: Command, io: CliIo): void {
  const command = program
    .command('checkpoint')
    .summary('sign the present size and root of a log')
    .description(
      'Prints a checkpoint (C2SP tlog-checkpoint): origin, size and root of the log, signed. Keep it where the writer of the log cannot change it.',
    )
    .argument('<log>', 'the file of the log; no program may have it open')
    .requiredOption('--key <file>', 'the private signing key of the log');
  openingOptions(command)
    .addHelpText(
      'after',
      '\nExample:\n  integrity checkpoint audit.log --key signing.key > monday.checkpoint\n',
    )
    .action(async (path: string, options: Options) => {
      const signer = await readKeyFile(options.key);
      const note = await withLog(io, path, options, signer, (log) => log.checkpoint());
      const { origin, size, root } = parseCheckpoint(note);
      await give(io, options, { origin, size, root: toBase64(root), checkpoint: note }, note);
      say(io, options, `checkpoint of ${origin} at ${size} records`);
    });
}
