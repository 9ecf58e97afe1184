import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { FileCache } from './cache.js';
import { BenchError } from './errors.js';
import { type Progress, runSuite } from './runner.js';
import type { Suite } from './suite.js';
import { formatProgress, formatReport } from './table.js';

export interface CliHost {
  readonly suites: readonly Suite[];
  /** Where finished cases are kept. */
  readonly cacheDirectory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Results. */
  readonly stdout: (text: string) => void;
  /** Progress and messages. */
  readonly stderr: (text: string) => void;
}

/** 128 + SIGINT, as shells report it. */
const INTERRUPTED = 130;

const USAGE = `usage: npm run bench -- <suite> [--quick] [--json] [--fresh] [--only TEXT]
       npm run bench              lists the suites

  --quick      fewer and shorter rounds: minutes, and wider spreads
  --json       one JSON object on stdout instead of the table
  --fresh      measure again what earlier runs have measured
  --only TEXT  only the cases whose name contains TEXT
  --help       this text
`;

interface Arguments {
  readonly suite: string | undefined;
  readonly quick: boolean;
  readonly json: boolean;
  readonly fresh: boolean;
  readonly only: string | undefined;
  readonly help: boolean;
}

function parseArguments(argv: readonly string[]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        fresh: { type: 'boolean', default: false },
        only: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (positionals.length > 1)
      throw new BenchError('BENCH_USAGE', `one suite at a time; got ${positionals.join(' ')}`);
    const { quick, json, fresh, help, only } = values;
    return { suite: positionals[0], quick, json, fresh, help, only };
  } catch (error) {
    if (error instanceof BenchError) throw error;
    throw new BenchError('BENCH_USAGE', (error as Error).message, { cause: error });
  }
}

function listSuites(suites: readonly Suite[], json: boolean): string {
  if (json) return `${JSON.stringify({ suites: suites.map(({ name, summary }) => ({ name, summary })) })}\n`;
  const width = Math.max(...suites.map(({ name }) => name.length));
  return `suites:\n${suites.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join('')}`;
}

function progressLine({
  done,
  total,
  case: name,
  phase,
  step,
  results = [],
  failure,
}: Progress): string | undefined {
  const place = `[${String(done + 1).padStart(String(total).length)}/${total}] ${name}`;
  switch (phase) {
    case 'start':
      return undefined;
    case 'step':
      return `${place}: ${step} ...\n`;
    case 'cached':
      return `${place}: ${formatProgress(results)}, measured earlier\n`;
    case 'measured':
      return `${place}: ${formatProgress(results)}\n`;
    case 'failed':
      return `${place}: FAILED ${failure?.code}: ${failure?.message}\n`;
  }
}

async function runCommand(argv: readonly string[], host: CliHost): Promise<number> {
  const { suites, stdout, stderr } = host;
  const { suite: wanted, quick, json, fresh, only, help } = parseArguments(argv);
  if (help) {
    stdout(USAGE);
    return 0;
  }
  if (wanted === undefined) {
    stdout(listSuites(suites, json));
    return 0;
  }
  const suite = suites.find(({ name }) => name === wanted);
  if (!suite)
    throw new BenchError(
      'BENCH_USAGE',
      `no suite is called ${wanted}; there are ${suites.map(({ name }) => name).join(', ')}`,
    );

  const load = loadavg()[0] as number;
  if (load > cpus().length / 2)
    stderr(
      `note: the machine is busy (load ${load.toFixed(1)} on ${cpus().length} cores); figures will be noisy\n`,
    );
  const report = await runSuite(suite, {
    mode: quick ? 'quick' : 'full',
    cache: new FileCache(host.cacheDirectory),
    fresh,
    signal: host.signal,
    env: host.env,
    onProgress: (progress) => {
      const line = progressLine(progress);
      if (line !== undefined) stderr(line);
    },
    ...(only === undefined ? {} : { select: (name: string) => name.includes(only) }),
  });
  stdout(json ? `${JSON.stringify(report)}\n` : formatReport(report));
  return report.failures.length > 0 ? 1 : 0;
}

/** What {@link abortOnSignals} needs of `process`. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  exit(code: number): unknown;
}

/**
 * A signal that fires on the first SIGINT or SIGTERM, so that the running case can stop its servers and clean up. A
 * second one does not wait for that.
 */
export function abortOnSignals(source: SignalSource): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    source.on(name, () => {
      if (controller.signal.aborted) source.exit(INTERRUPTED);
      else controller.abort(new Error(name));
    });
  return controller.signal;
}

/**
 * The command line.
 *
 * @returns the exit code: 0 all measured; 1 a case or the run failed; 2 wrong use; 130 interrupted
 */
export async function runCli(argv: readonly string[], host: CliHost): Promise<number> {
  try {
    return await runCommand(argv, host);
  } catch (error) {
    if (host.signal.aborted) {
      host.stderr(
        'interrupted: the finished cases are kept; run again (without --fresh) to go on from there\n',
      );
      return INTERRUPTED;
    }
    if (!(error instanceof BenchError)) {
      host.stderr(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      return 1;
    }
    host.stderr(`bench: ${error.message}\n`);
    if (error.code !== 'BENCH_USAGE') return 1;
    host.stderr(USAGE);
    return 2;
  }
}
