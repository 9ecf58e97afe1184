/** `integrity verify`: checks a log by its file alone. */
import type { Command } from 'commander';
import { readRecords } from '../audit/frames.js';
import { type VerifyReport, verifyLog } from '../audit/verify.js';
import { IntegrityError } from '../errors.js';
import { readLogFile } from '../node/lines.js';
import {
  type CliIo,
  type CommonOptions,
  exitCodes,
  give,
  paint,
  progress,
  readText,
  say,
  usageError,
} from './io.js';
import { short, trustedKeys } from './open.js';
import { collect, wholeNumber } from './parse.js';

interface Options extends CommonOptions {
  readonly key: readonly string[];
  readonly checkpoint: readonly string[];
  readonly witness: readonly string[];
  readonly quorum?: number;
  readonly chain?: boolean;
  readonly acceptDisputed?: boolean;
}

/** The report as JSON has it: keys without their bytes. */
function asJson(report: VerifyReport): Readonly<Record<string, unknown>> {
  return {
    ...report,
    keys: report.keys.map(({ publicKey: _bytes, ...key }) => key),
  };
}

/** One line a fact: `name value`. */
function asText({ ok, origin, size, root, hash }: VerifyReport): string {
  return `${ok ? 'verified' : 'not verified'}\norigin ${origin ?? '-'}\nsize ${size}\nroot ${root}\nhash ${hash}\n`;
}

function explain(io: CliIo, options: Options, report: VerifyReport): void {
  const place = (seq: number | undefined): string => (seq === undefined ? 'log' : `record ${seq}`);
  for (const { seq, code, message } of report.problems)
    say(io, options, `${paint(io, 'problem', 'red')} ${place(seq)}: ${message} [${code}]`);
  if (report.omitted > 0) say(io, options, `and ${report.omitted} more problems`);
  for (const { seq, code, message } of report.warnings)
    say(io, options, `${paint(io, 'warning', 'yellow')} ${place(seq)}: ${message} [${code}]`);
  for (const { size, witnesses } of report.checkpoints)
    for (const { name, time } of witnesses)
      say(io, options, `size ${size} was seen by ${name} at ${new Date(time * 1000).toISOString()}`);
  if (!report.ok) {
    say(io, options, paint(io, 'The log does not verify.', 'red'));
    if (report.problems.some(({ code }) => code === 'unfinished'))
      say(
        io,
        options,
        'Its end was cut off. If that was a crash, the program that writes the log mends it when it opens it; verify again then.',
      );
    return;
  }
  const signer = report.keys.find(({ role, until }) => role === 'signing' && until === undefined);
  say(
    io,
    options,
    `${paint(io, 'The log verifies', 'green')}: ${report.size} records of ${report.origin}, signing key ${short(signer?.fingerprint as string)}`,
  );
}

export function addVerify(program: Command, io: CliIo, exit: (code: number) => void): void {
  program
    .command('verify')
    .summary('verify a log')
    .description(
      'Verifies a log: every record, signature and key event, from the key that began it. Records that were cut off at the end, or a second history by the same key, show only against a checkpoint that was kept elsewhere.',
    )
    .argument('<log>', 'the file of the log, also while a program writes to it; - for the standard input')
    .requiredOption(
      '--key <key>',
      'fingerprint or public key file of the key that began the log; may be repeated',
      collect,
    )
    .option('--checkpoint <file>', 'checkpoint that was kept elsewhere; may be repeated', collect, [])
    .option(
      '--witness <vkey>',
      'verifier key of a witness that must have cosigned the checkpoints; may be repeated',
      collect,
      [],
    )
    .option('--quorum <n>', 'how many of the witnesses must have cosigned; default: all', wholeNumber)
    .option('--chain', 'verify the chain and the signatures that vouch for it, not every signature: faster')
    .option('--accept-disputed', 'take records that a later revocation disputes as a warning')
    .option('--json', 'print the report as JSON')
    .option('--quiet', 'no words on the standard error')
    .addHelpText(
      'after',
      '\nExit code: 0 verified, 1 not verified, 2 usage or a file that cannot be read.\n\nExamples:\n  integrity verify audit.log --key signing.key.pub\n  integrity verify audit.log --key 3f9c... --checkpoint monday.checkpoint --json\n',
    )
    .action(async (path: string, options: Options) => {
      const keys = await trustedKeys(options.key);
      if (options.witness.length > 0 && options.checkpoint.length === 0)
        throw usageError('--witness needs --checkpoint <file>: witnesses sign checkpoints');
      const checkpoints: string[] = [];
      for (const file of options.checkpoint) checkpoints.push(await readText(io, file, 'checkpoint'));
      const { report: tell, end } = progress(io, options, 'records verified:');
      let report: VerifyReport;
      try {
        report = await verifyLog(path === '-' ? readRecords(io.stdin()) : readLogFile(path), {
          trustedKeys: keys,
          checkpoints,
          ...(options.witness.length === 0
            ? {}
            : {
                witnesses: {
                  keys: options.witness,
                  ...(options.quorum === undefined ? {} : { quorum: options.quorum }),
                },
              }),
          now: io.now(),
          acceptDisputed: options.acceptDisputed === true,
          signatures: options.chain === true ? 'chain' : 'all',
          onProgress: ({ done }) => tell(done),
        });
      } catch (error) {
        // What is wrong with the log is in the report; what is thrown is wrong with the question.
        if (error instanceof IntegrityError && error.code === 'ERR_INTEGRITY_NOTE')
          throw usageError(error.message);
        throw error;
      } finally {
        end();
      }
      await give(io, options, asJson(report), asText(report));
      explain(io, options, report);
      if (!report.ok) exit(exitCodes.refused);
    });
}
