/** Runs the command line in this process. */
import type { CliIo } from '../../src/cli/io.js';
import { run } from '../../src/cli/run.js';

/** What a command did. */
export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command with a terminal, an environment and a standard input of choice. */
export async function integrity(
  args: readonly string[],
  {
    terminal = false,
    env = {},
    input = '',
    now = Date.now,
  }: Partial<Omit<CliIo, 'stdin'>> & { input?: string | Uint8Array } = {},
): Promise<CliResult> {
  const out: Buffer[] = [];
  let err = '';
  const code = await run(args, {
    stdout: async (text) => {
      out.push(Buffer.from(text as string));
    },
    stderr: (text) => {
      err += text;
    },
    stdin: async function* () {
      yield Buffer.from(input as string);
    },
    terminal,
    env,
    now,
  });
  return { code, out: Buffer.concat(out).toString('utf8'), err };
}
