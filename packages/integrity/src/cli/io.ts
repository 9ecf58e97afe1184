/** How commands talk: data to the standard output, words to the standard error, verdicts by exit code. */
import { readFile } from 'node:fs/promises';
import { IntegrityError } from '../errors.js';
import { hostCode } from '../node/log-file.js';

/** What a command needs of the process. Tests put their own in its place. */
export interface CliIo {
  /** Writes data; resolves when the reader took it. */
  stdout(text: string | Uint8Array): Promise<void>;
  stderr(text: string): void;
  /** Everything on the standard input, in pieces. */
  stdin(): AsyncIterable<Uint8Array>;
  /** Whether the standard error is a terminal; for colour and progress. */
  readonly terminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  now(): number;
}

/** 0: done, or verified. 1: a log, signature or proof does not hold, or the log does not allow what was asked. 2: usage, or a file that cannot be read or written. */
export const exitCodes = { ok: 0, refused: 1, usage: 2 } as const;

/** A mistake in how a command was called. */
export function usageError(message: string): IntegrityError {
  return new IntegrityError('ERR_INTEGRITY_ARGUMENT', message);
}

const refusals: ReadonlySet<string> = new Set([
  'ERR_INTEGRITY_LOG',
  'ERR_INTEGRITY_SIGNATURE',
  'ERR_INTEGRITY_PROOF',
  'ERR_INTEGRITY_KEY',
  'ERR_INTEGRITY_NOTE',
]);

/** The exit code of an error. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof IntegrityError) || !refusals.has(error.code)) return exitCodes.usage;
  // A key file that is missing or open to others is a wrong argument, not a verdict.
  return error.code === 'ERR_INTEGRITY_KEY' && error.field === 'path' ? exitCodes.usage : exitCodes.refused;
}

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Words for people, unless --quiet. */
export function say(io: CliIo, options: CommonOptions, text: string): void {
  if (options.quiet !== true) io.stderr(`${text}\n`);
}

/** The result: as JSON with --json, else as text. */
export async function give(
  io: CliIo,
  options: CommonOptions,
  result: Readonly<Record<string, unknown>>,
  text: string,
): Promise<void> {
  await io.stdout(options.json === true ? `${JSON.stringify(result, null, 2)}\n` : text);
}

/** Green or red on a terminal, unless NO_COLOR is set (no-color.org). */
export function paint(io: CliIo, text: string, colour: 'green' | 'red' | 'yellow'): string {
  const noColor = io.env.NO_COLOR;
  if (!io.terminal || (noColor !== undefined && noColor !== '')) return text;
  return `\u001b[${{ green: 32, red: 31, yellow: 33 }[colour]}m${text}\u001b[0m`;
}

const progressAfterMs = 2000;
const progressEveryMs = 200;

/** A line that counts up on a terminal, for what takes longer than two seconds. Call `end` when it is done. */
export function progress(
  io: CliIo,
  options: CommonOptions,
  what: string,
): { readonly report: (done: number) => void; readonly end: () => void } {
  const begun = io.now();
  let shown = 0;
  return {
    report(done) {
      const now = io.now();
      if (
        !io.terminal ||
        options.quiet === true ||
        now - begun < progressAfterMs ||
        now - shown < progressEveryMs
      )
        return;
      shown = now;
      io.stderr(`\r${what} ${done.toLocaleString('en')}`);
    },
    end() {
      if (shown > 0) io.stderr('\r\u001b[K');
    },
  };
}

/** A text file that the user named, at most 1 MiB; `-` is the standard input. */
export async function readText(io: CliIo, path: string, what: string): Promise<string> {
  if (path === '-') {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of io.stdin()) {
      length += chunk.length;
      if (length > 1 << 20) throw usageError(`the standard input has more than 1 MiB: it is no ${what}`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }
  try {
    const bytes = await readFile(path);
    if (bytes.length > 1 << 20) throw usageError(`${path} has more than 1 MiB: it is no ${what}`);
    return bytes.toString('utf8');
  } catch (error) {
    if (error instanceof IntegrityError) throw error;
    throw usageError(`cannot read the ${what} ${path} (${hostCode(error) ?? error}): give the path of one`);
  }
}

/** The process itself. */
export function processIo(): CliIo {
  // A reader that has seen enough (`| head`) is no error of ours.
  process.stdout.on('error', (error) => {
    if (hostCode(error) === 'EPIPE') process.exit(exitCodes.ok);
    throw error;
  });
  return {
    stdout: (text) =>
      new Promise((resolve, reject) => {
        process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
      }),
    stderr: (text) => {
      process.stderr.write(text);
    },
    stdin: () => process.stdin,
    terminal: process.stderr.isTTY === true,
    env: process.env,
    now: Date.now,
  };
}
