/** What the demo reports: the JSON object of `--json`, and the same for people. */
import type { BuildResult } from './build.js';
import type { LoadResult, TableSize } from './load.js';
import type { Timing } from './measure.js';
import type { Analogy } from './questions.js';
import { belowFloor } from './recall.js';
import type { AnalogyAnswer, NearestAnswer, Neighbour, PlanFacts } from './search.js';

/** The object that `--json` prints; README.md describes it field by field. */
export interface Report {
  readonly dataset: {
    readonly name: string;
    readonly version: string;
    readonly rows: number;
    readonly dimensions: number;
    readonly heldOut: number;
  };
  readonly server: {
    readonly version: string;
    readonly extension: string;
    readonly extensionVersion: string;
  };
  readonly load: LoadResult;
  readonly table: TableSize;
  readonly nearest: readonly NearestAnswer[];
  readonly analogies: readonly AnalogyAnswer[];
  readonly exact: ExactReport;
  /** Not with `--no-index`. */
  readonly index?: IndexReport;
  /** Only with `--keep`. */
  readonly kept?: { readonly dataDir: string };
}

export interface ExactReport extends Timing, PlanFacts {
  readonly k: number;
  readonly checked: number;
  readonly mismatches: number;
}

export interface IndexReport extends BuildResult {
  readonly method: string;
  readonly m: number;
  readonly efConstruction: number;
  /** `Limit > Index Scan using ...`, the same for all searches. */
  readonly plan: string;
  /** Whether the planner was free to scan the table instead. */
  readonly enableSeqscan: boolean;
  readonly searches: readonly IndexSearch[];
  /** Less recall is a failure. */
  readonly floor: { readonly efSearch: number; readonly recallAt10: number };
}

export interface IndexSearch extends Omit<Timing, 'queries'> {
  readonly efSearch: number;
  readonly recallAt10: number;
}

/** Whether the answers are right: what the exit status says. */
export function succeeded({ exact, index }: Pick<Report, 'exact' | 'index'>): boolean {
  return exact.mismatches === 0 && (index === undefined || belowFloor(index.searches) === undefined);
}

/** Marks text on a terminal; `plain` leaves it as it is. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
}

export const plain: Style = { bold: (text) => text, dim: (text) => text };
export const ansi: Style = {
  bold: (text) => `\x1b[1m${text}\x1b[22m`,
  dim: (text) => `\x1b[2m${text}\x1b[22m`,
};

/** Whether to style: a terminal, and no wish to the contrary (https://no-color.org). */
export function styleFor(stream: { isTTY?: boolean }, env: Record<string, string | undefined>): Style {
  const unwanted = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  return stream.isTTY === true && !unwanted ? ansi : plain;
}

export function formatLoad(
  { dataset, server, load, table }: Pick<Report, 'dataset' | 'server' | 'load' | 'table'>,
  style: Style,
): string {
  return [
    style.bold(`PostgreSQL ${server.version}, extension ${server.extension} ${server.extensionVersion}`),
    `  data   ${dataset.name} ${dataset.version}: ${count(dataset.rows)} words, ${dataset.dimensions} dimensions, ` +
      `${count(dataset.heldOut)} held out as queries`,
    `  load   ${count(load.rows)} rows in ${load.seconds.toFixed(2)} s, ${count(load.rowsPerSecond)} rows/s ` +
      `(binary COPY, ${megabytes(load.bytes)})`,
    `  table  ${megabytes(table.heapBytes)}, with keys ${megabytes(table.totalBytes)}`,
    '',
  ].join('\n');
}

export function formatAnswers(
  { nearest, analogies }: Pick<Report, 'nearest' | 'analogies'>,
  sql: { readonly nearest: string; readonly analogy: string },
  style: Style,
): string {
  const section = (
    title: string,
    query: string,
    plan: string | undefined,
    lines: readonly (readonly [string, string])[],
  ): string[] => {
    if (lines.length === 0) return [];
    const width = Math.max(...lines.map(([question]) => question.length));
    return [
      style.bold(title),
      ...query.split('\n').map((line) => style.dim(`    ${line}`)),
      style.dim(`    plan: ${plan}`),
      ...lines.map(([question, answer]) => `  ${question.padEnd(width)}  ${answer}`),
      '',
    ];
  };
  return [
    ...section(
      'Nearest words, by cosine distance',
      sql.nearest,
      nearest[0]?.plan,
      nearest.map(({ word, neighbours }) => [printable(word), formatNeighbours(neighbours)] as const),
    ),
    ...section(
      'Analogies',
      sql.analogy,
      analogies[0]?.plan,
      analogies.map((answer) => [formatAnalogy(answer), formatNeighbours(answer.neighbours)] as const),
    ),
  ].join('\n');
}

export function formatExact(exact: ExactReport, rows: number, style: Style): string {
  const { queries, k, p50Ms, p99Ms, queriesPerSecond, plan, parallelWorkers, checked, mismatches } = exact;
  const workers = parallelWorkers === 0 ? '' : ` (${parallelWorkers} parallel workers planned)`;
  return [
    style.bold(`Exact search, the ${k} nearest of ${count(rows)} rows, ${count(queries)} held-out queries`),
    `  p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, ${queriesPerSecond.toFixed(1)} queries/s on one connection`,
    `  plan   ${plan}${workers}`,
    `  check  ${count(checked)} answers compared with a double-precision scan, ${count(mismatches)} wrong`,
    '',
  ].join('\n');
}

export function formatIndex(index: IndexReport, rows: number, style: Style): string {
  const { method, m, efConstruction, buildSeconds, rowsPerSecond, workers, bytes } = index;
  const { plan, enableSeqscan, searches } = index;
  const helpers = `${workers} parallel ${workers === 1 ? 'worker' : 'workers'}`;
  return [
    style.bold(`Search by an index: ${method}, m = ${m}, ef_construction = ${efConstruction}`),
    `  build  ${count(rows)} rows in ${buildSeconds.toFixed(1)} s, ${count(rowsPerSecond)} rows/s, ${helpers}; ${megabytes(bytes)}`,
    `  plan   ${plan}${enableSeqscan ? '' : ' (enable_seqscan = off: the table is small)'}`,
    ...searches.map(
      ({ efSearch, recallAt10, p50Ms, p99Ms, queriesPerSecond }) =>
        `  ef_search ${String(efSearch).padStart(3)}  recall@10 ${recallAt10.toFixed(4)}, ` +
        `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, ${count(queriesPerSecond)} queries/s`,
    ),
    '',
  ].join('\n');
}

export function formatAnalogy({ minuend, subtrahend, addend }: Analogy): string {
  return printable(`${minuend} - ${subtrahend} + ${addend}`);
}

function formatNeighbours(neighbours: readonly Neighbour[]): string {
  return neighbours.map(({ word, distance }) => `${printable(word)} ${distance.toFixed(3)}`).join(', ');
}

/** Text without control characters, which a terminal would obey. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\ufffd');
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
