/** The command line. */
import { parseArgs } from 'node:util';

/** A command line that makes no sense: exit status 2. */
export class UsageError extends Error {}

export interface Arguments {
  readonly seed: number;
  readonly json: boolean;
  /** Where to write the chart. */
  readonly svg?: string;
  readonly real: boolean;
  readonly help: boolean;
}

export const HELP = `A job system that loses half of its workers, without and with a gate.

Usage: npm run example -- job-system [options]

Options:
  --seed N     which jobs arrive: 0 to 4294967295, default 1
  --json       print one JSON object on stdout, nothing else (use npm run -s)
  --svg FILE   write a chart
  --real       on the machine's clock instead of a virtual one: takes ten minutes
  --help       print this

Exit status: 0 success; 1 failure, or a log that does not verify or replay; 2 wrong usage.
`;

/** @throws UsageError for an unknown flag, or a missing or bad value */
export function parseArguments(argv: readonly string[]): Arguments {
  const { seed = '1', json = false, svg, real = false, help = false } = parse(argv);
  const number = Number(seed);
  if (!/^\d+$/.test(seed) || number >= 2 ** 32)
    throw new UsageError(`--seed needs a whole number from 0 to 4294967295, not '${seed}'`);
  if (svg === '') throw new UsageError('--svg needs a file');
  return { seed: number, json, ...(svg === undefined ? {} : { svg }), real, help };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        seed: { type: 'string' },
        json: { type: 'boolean' },
        svg: { type: 'string' },
        real: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    // parseArgs explains itself in its first sentence; the rest speaks of '--' and positionals.
    throw new UsageError(error instanceof Error ? error.message.split('. ')[0] : String(error));
  }
}
