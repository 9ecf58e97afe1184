/** The command line as a function: arguments and an `io` in, an exit code out. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { IntegrityError } from '../errors.js';
import { addCheckpoint } from './checkpoint.js';
import { addExport } from './export.js';
import { type CliIo, exitCodeOf, exitCodes, paint } from './io.js';
import { addKeygen } from './keygen.js';
import { addRevoke } from './revoke.js';
import { addRotate } from './rotate.js';
import { addServe } from './serve.js';
import { addVerify } from './verify.js';
import { addWitness } from './witness.js';

/** Each adds one command to the program; `exit` sets the exit code of a command that gives a verdict. */
const commands: readonly ((program: Command, io: CliIo, exit: (code: number) => void) => void)[] = [
  addKeygen,
  addVerify,
  addCheckpoint,
  addWitness,
  addExport,
  addRotate,
  addRevoke,
  addServe,
];

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/**
 * Runs a command.
 *
 * @param args without the program's name
 * @returns the exit code; see `exitCodes`
 */
export async function run(args: readonly string[], io: CliIo): Promise<number> {
  let code: number = exitCodes.ok;
  const writes: Promise<void>[] = [];
  const program = new Command('integrity')
    .description('Keys, verification and checkpoints of tamper-evident logs (@ruvector/integrity).')
    .version(version())
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => {
        writes.push(io.stdout(text));
      },
      writeErr: (text) => io.stderr(text),
    })
    .addHelpText(
      'after',
      '\nExit code: 0 done or verified, 1 not verified or refused, 2 usage or a file that cannot be read.\n\nExamples:\n  integrity keygen signing.key\n  integrity verify audit.log --key signing.key.pub --checkpoint monday.checkpoint\n',
    );
  const exit = (given: number): void => {
    code = given;
  };
  for (const add of commands) add(program, io, exit);
  if (args.length === 0) {
    program.outputHelp({ error: true });
    return exitCodes.usage;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) code = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    else {
      const message = error instanceof IntegrityError ? `${error.message} [${error.code}]` : String(error);
      io.stderr(`${paint(io, 'error', 'red')}: ${message}\n`);
      code = exitCodeOf(error);
    }
  }
  await Promise.all(writes);
  return code;
}
