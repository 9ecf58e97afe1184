/** The command line. */
import { parseArgs } from 'node:util';
import { UsageError } from './errors.js';

export interface Arguments {
  /** Load at most this many rows. */
  readonly rows?: number;
  /** Words or analogies to ask about instead of the default ones; never empty. */
  readonly query?: readonly string[];
  /** Build the index and search by it. */
  readonly index: boolean;
  readonly json: boolean;
  readonly keep: boolean;
  /** Start the server again on a directory that `--keep` kept. */
  readonly serve?: string;
  readonly help: boolean;
  readonly version: boolean;
}

export const HELP = `Nearest words in PostgreSQL, exactly and by an index, on 341,479 real word vectors.

Usage: npm run demo -- [options]

Options:
  --rows N          load only the first N words (the most frequent ones)
  --query WORD...   words to look up instead of the default ones;
                    "king - man + woman" (quoted, with spaces) is an analogy
  --no-index        answer exactly only; do not build the index
  --json            print one JSON object on stdout, nothing else (use npm run -s)
  --keep            keep the data directory, and print how to start it again
  --serve DIR       start a kept data directory and wait for Ctrl-C
  --help            print this
  --version         print the version

Examples:
  npm run demo
  npm run demo -- --rows 50000 --query coffee guitar "paris - france + italy"
  npm run -s demo -- --json > result.json

Exit status: 0 success; 1 failure, an unknown word, a wrong answer by the server, or
less recall by the index than the floor; 2 wrong usage; 130 stopped by Ctrl-C.
`;

const OPTIONS = {
  rows: { type: 'string' },
  query: { type: 'string', multiple: true },
  'no-index': { type: 'boolean' },
  json: { type: 'boolean' },
  keep: { type: 'boolean' },
  serve: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/**
 * Reads the arguments behind the program's name.
 *
 * @throws UsageError if there is an unknown flag, a missing or bad value, or a word that no `--query` announces
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, tokens } = parse(argv);
  const query: string[] = [];
  let queried = false;
  for (const token of tokens) {
    if (token.kind === 'option' && token.name === 'query') queried = true;
    const word =
      token.kind === 'positional' || (token.kind === 'option' && token.name === 'query')
        ? token.value
        : undefined;
    if (word === undefined) continue;
    if (!queried) throw new UsageError(`unexpected argument '${word}'; to look it up, use --query ${word}`);
    if (word.trim() === '') throw new UsageError('--query needs a word, not an empty argument');
    query.push(word);
  }
  const rows = values.rows === undefined ? undefined : parseRows(values.rows);
  if (values.serve === '') throw new UsageError('--serve needs a directory');
  const others = ['rows', 'query', 'no-index', 'json', 'keep'] as const;
  if (values.serve !== undefined)
    for (const other of others)
      if (values[other] !== undefined) throw new UsageError(`--serve does not go with --${other}`);
  return {
    ...(rows !== undefined && { rows }),
    ...(queried && { query }),
    index: values['no-index'] !== true,
    json: values.json ?? false,
    keep: values.keep ?? false,
    ...(values.serve !== undefined && { serve: values.serve }),
    help: values.help ?? false,
    version: values.version ?? false,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: OPTIONS,
      allowPositionals: true,
      strict: true,
      tokens: true,
    });
  } catch (error) {
    // parseArgs explains itself in its first sentence; the rest speaks of '--' and positionals.
    const message = error instanceof Error ? error.message.split('. ')[0]! : String(error);
    throw new UsageError(message);
  }
}

function parseRows(text: string): number {
  const rows = Number(text);
  if (!/^\d+$/.test(text) || rows < 1 || !Number.isSafeInteger(rows))
    throw new UsageError(`--rows needs a whole number of at least 1, not '${text}'`);
  return rows;
}
