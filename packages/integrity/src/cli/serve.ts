/** `integrity serve`: the live page of a log file, or of a small system that is made up. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { createSigner } from '../audit/keys.js';
import { AuditLog } from '../audit/log.js';
import { memoryStore } from '../audit/memory-store.js';
import type { StateMachineOptions } from '../control/state-options.js';
import { hostCode } from '../node/log-file.js';
import { LogFileView } from '../node/serve/log-view.js';
import type { ServeOptions } from '../node/serve/options.js';
import { type IntegrityServer, serveIntegrity } from '../node/serve/server.js';
import { createDemo } from './demo.js';
import { type CliIo, type CommonOptions, give, readText, say, usageError } from './io.js';
import { short, trustedKeys } from './open.js';

export interface ServeCommandOptions extends CommonOptions {
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string;
  readonly name: readonly string[];
  readonly root: readonly string[];
  readonly states?: string;
  readonly demo?: boolean;
  /** Where the page's files are, for who runs the command from its sources; no option of the command line. */
  readonly pageDirectory?: string;
}

const followMs = 500;

function port(text: string): number {
  if (!/^[0-9]{1,5}$/.test(text) || Number(text) > 65_535)
    throw usageError(`--port must be a whole number from 0 to 65535, not "${text.slice(0, 40)}"`);
  return Number(text);
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

async function serveOptions(
  io: CliIo,
  options: ServeCommandOptions,
  signal: AbortSignal,
): Promise<ServeOptions> {
  const { host, tokenFile, name, pageDirectory } = options;
  return {
    host,
    port: options.port,
    hostnames: name,
    signal,
    ...(pageDirectory === undefined ? {} : { pageDirectory }),
    ...(tokenFile === undefined ? {} : { token: (await readText(io, tokenFile, 'token')).trim() }),
  };
}

async function statesFrom(path: string): Promise<StateMachineOptions> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as StateMachineOptions;
  } catch (error) {
    throw usageError(
      `cannot read the options of states ${path} (${hostCode(error) ?? 'not JSON'}): give a JSON file`,
    );
  }
}

/** Fires at the first SIGINT or SIGTERM; the second ends the process as usual. */
function untilSignalled(): { readonly signal: AbortSignal; readonly forget: () => void } {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return {
    signal: controller.signal,
    forget: () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}

/** Does something again and again until the signal fires. */
async function repeat(everyMs: number, signal: AbortSignal, work: () => void | Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work();
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

async function announce(io: CliIo, options: ServeCommandOptions, server: IntegrityServer): Promise<void> {
  await give(io, options, { url: server.url }, `${server.url}\n`);
  const token = options.tokenFile === undefined ? '' : '; add ?token=... once';
  say(io, options, `the page is at ${server.url}${token}; Ctrl-C ends it`);
}

async function serveLog(
  io: CliIo,
  path: string,
  options: ServeCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const roots = await trustedKeys(options.root);
  const view = await LogFileView.open(path, {
    clock: io.now,
    signal,
    ...(roots.length === 0 ? {} : { trustedKeys: roots }),
    ...(options.states === undefined ? {} : { states: await statesFrom(options.states) }),
  });
  try {
    const server = await serveIntegrity(view, await serveOptions(io, options, signal));
    try {
      await announce(io, options, server);
      if (roots.length === 0 && view.firstKey !== undefined)
        say(io, options, `no --root was given: the log is shown as key ${short(view.firstKey)} began it`);
      let told: string | undefined;
      await repeat(followMs, signal, async () => {
        await view.refresh();
        if (view.problem !== told) say(io, options, `the log does not hold: ${view.problem}`);
        told = view.problem;
      });
    } finally {
      await server.close();
    }
  } finally {
    await view.close();
  }
}

async function serveDemo(io: CliIo, options: ServeCommandOptions, signal: AbortSignal): Promise<void> {
  const signer = createSigner(crypto.getRandomValues(new Uint8Array(32)));
  const log = await AuditLog.open(memoryStore(), {
    clock: io.now,
    signer,
    origin: 'demonstration.example/jobs',
  });
  const demo = createDemo({ clock: io.now, random: Math.random, log, stopwatch: () => performance.now() });
  demo.step();
  const server = await serveIntegrity(demo.integrity, await serveOptions(io, options, signal));
  try {
    await announce(io, options, server);
    await repeat(1000, signal, () => demo.step());
  } finally {
    await server.close();
    await log.close();
  }
}

/** The command without its arguments' parsing: serves until the signal fires. @param file undefined: the demonstration */
export async function serve(
  io: CliIo,
  file: string | undefined,
  options: ServeCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  if (file === undefined) await serveDemo(io, options, signal);
  else await serveLog(io, file, options, signal);
}

export function addServe(program: Command, io: CliIo): void {
  program
    .command('serve')
    .summary('show a log on a live page')
    .description(
      'Serves a page that shows what a log tells: states, lambda over time, the last cut, and the chain with what has been checked of it. Follows the file while it grows; changes nothing. Prints the address on the standard output.',
    )
    .argument('[file]', 'a log; none with --demo')
    .addOption(new Option('--port <port>', 'port, 0 for a free one').default(0).argParser(port))
    .option(
      '--host <address>',
      'address to bind; other machines can reach any but a loopback address, which needs a token',
      '127.0.0.1',
    )
    .option('--token-file <file>', 'file with the token that callers must show, - for the standard input')
    .option(
      '--name <name>',
      'another host name under which the page may be reached; more than once for more',
      collect,
      [],
    )
    .option(
      '--root <key>',
      'fingerprint or public key file of the key that began the log; more than once for more',
      collect,
      [],
    )
    .option(
      '--states <file>',
      'JSON of the options of the state machine that wrote the log, for its thresholds',
    )
    .option('--demo', 'show a small job system with a fault every four minutes')
    .option('--json', 'print the address as JSON')
    .option('--quiet', 'no words on the standard error')
    .addHelpText(
      'after',
      '\nExamples:\n  integrity serve audit.log --root signing.key.pub\n  integrity serve --demo --port 8080\n  integrity serve audit.log --host 0.0.0.0 --token-file page.token --name status.example\n',
    )
    .action(async (file: string | undefined, options: ServeCommandOptions) => {
      if ((file === undefined) === (options.demo !== true))
        throw usageError('give the path of a log, or --demo, one of the two');
      const { signal, forget } = untilSignalled();
      try {
        await serve(io, file, options, signal);
      } finally {
        forget();
      }
    });
}
