import { loadavg } from 'node:os';
import type { FileCache, Json } from './cache.js';
import { BenchError, throwIfAborted } from './errors.js';
import { hashFiles, isCode, listFiles } from './fingerprint.js';
import { describeMachine, type Machine } from './machine.js';
import { measureRounds, type Series } from './measure.js';
import type { BenchFailure, BenchReport, BenchResult } from './report.js';
import { type Comparison, compare, median } from './statistics.js';
import type { Budget, Case, CaseContext, Mode, Plan, Subject, Suite } from './suite.js';
import { validateResult } from './validate.js';

/** Raised when the meaning of a cached result changes. */
const CACHE_FORMAT = 1;

/** What the runner tells while it works. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly case: string;
  readonly phase: 'start' | 'step' | 'cached' | 'measured' | 'failed';
  /** What a case does, in phase `step`. */
  readonly step?: string;
  /** The case's results in phases `cached` and `measured`. */
  readonly results?: readonly BenchResult[];
  readonly failure?: BenchFailure;
}

export interface RunOptions {
  readonly mode: Mode;
  readonly cache: FileCache;
  /** Ignore what the cache holds; new results are kept all the same. */
  readonly fresh: boolean;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Run only the cases that this accepts. */
  readonly select?: (name: string) => boolean;
  readonly onProgress?: (progress: Progress) => void;
}

/** Hash of the code that decides what a suite's figures mean: its folders, the measuring loop, the statistics. */
function methodFingerprint(suite: Suite): string {
  const here = import.meta.dirname;
  const shared = listFiles(here, (path) =>
    /^(measure|statistics|random)\.[jt]s$/.test(path.slice(here.length + 1)),
  );
  const own = [suite.directory, ...(suite.shared ?? [])].map((folder) =>
    hashFiles(folder, listFiles(folder, isCode)),
  );
  return [hashFiles(here, shared), ...own].join('-');
}

function checkPlan(suite: Suite, plan: Plan): void {
  const complain = (message: string): never => {
    throw new BenchError('BENCH_BAD_SUITE', `suite ${suite.name}: ${message}`);
  };
  if (plan.cases.length === 0) complain('no cases');
  const names = [plan.ours, ...plan.peers, ...plan.absent].map(({ name }) => name);
  if (new Set(names).size !== names.length) complain(`subjects share a name: ${names.join(', ')}`);
  const cases = plan.cases.map(({ name }) => name);
  const twice = cases.find((name, index) => cases.indexOf(name) !== index);
  if (twice !== undefined) complain(`two cases are called "${twice}"`);
  for (const { name, absent = {} } of plan.cases) {
    const unknown = Object.keys(absent).find((peer) => !names.slice(1).includes(peer));
    if (unknown !== undefined) complain(`case "${name}" calls an unknown peer absent: ${unknown}`);
  }
}

/** The peers of the plan that may take part in a case. */
function peersOf(plan: Plan, item: Case): readonly Subject[] {
  return plan.peers.filter(({ name }) => item.absent?.[name] === undefined);
}

function subjectParts({ name, version, fingerprint, details }: Subject): Json {
  return { name, version, fingerprint, details: details as Json };
}

function summarise(
  item: Case,
  plan: Plan,
  series: Series,
  absentHere: Readonly<Record<string, string>>,
  rounds: number,
  load: number,
): readonly BenchResult[] {
  const measuredAt = new Date().toISOString();
  return item.metrics.flatMap(({ name: metric, unit, better, optional }) => {
    const values = (entrant: string): readonly number[] => series.get(entrant)?.[metric] ?? [];
    const ours = values(plan.ours.name);
    if (ours.length < rounds && optional !== undefined) return [];
    const absent: Record<string, string> = {};
    for (const { name, reason } of plan.absent) absent[name] = reason;
    Object.assign(absent, item.absent, absentHere);
    const ratios: Record<string, Comparison | null> = {};
    const medians: Record<string, number | null> = {};
    for (const { name } of plan.peers) {
      if (absent[name] !== undefined) continue;
      if (values(name).length < rounds && optional !== undefined) {
        absent[name] = optional;
        continue;
      }
      ratios[name] = compare(ours, values(name), better);
      medians[name] = median(values(name));
    }
    for (const name of Object.keys(absent)) medians[name] = null;
    // A peer without a finite ratio cannot be ranked, so then nobody is called the strongest.
    const all = Object.values(ratios);
    const strongest = all.includes(null)
      ? null
      : all.reduce((least, one) => (least === null || (one && one.ratio < least.ratio) ? one : least), null);
    const result: BenchResult = {
      case: item.name,
      metric,
      unit,
      better,
      ours: median(ours),
      peers: medians,
      ratio: strongest?.ratio ?? null,
      spread: strongest?.spread ?? null,
      ratios,
      absent,
      rounds,
      measuredAt,
      load,
      cached: false,
    };
    return [result];
  });
}

/** Opens a session when the first case needs it. */
class LazySession implements AsyncDisposable {
  readonly #plan: Plan;
  #session: AsyncDisposable | undefined;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  async get(signal: AbortSignal): Promise<AsyncDisposable> {
    this.#session ??= await this.#plan.open(signal);
    return this.#session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.[Symbol.asyncDispose]();
    this.#session = undefined;
  }
}

async function measureCase(item: Case, plan: Plan, session: AsyncDisposable, context: CaseContext) {
  const load = loadavg()[0] as number;
  await using prepared = await item.prepare(session, context);
  const { entrants, absent = {} } = prepared;
  const names = entrants.map(({ name }) => name);
  const expected = [plan.ours, ...peersOf(plan, item)]
    .map(({ name }) => name)
    .filter((name) => absent[name] === undefined);
  if (names.join() !== expected.join())
    throw new BenchError(
      'BENCH_BAD_SUITE',
      `case "${item.name}" has entrants ${names.join(', ')}; expected ${expected.join(', ')}`,
    );
  const unknown = Object.keys(absent).find((name) => !plan.peers.some((peer) => peer.name === name));
  if (unknown !== undefined)
    throw new BenchError('BENCH_BAD_SUITE', `case "${item.name}" calls an unknown peer absent: ${unknown}`);
  throwIfAborted(context.signal);
  await prepared.verify();
  const series = await measureRounds(entrants, item.metrics, context.budget, context.signal);
  return summarise(item, plan, series, absent, context.budget.rounds, load);
}

/** The cached results of a case, or undefined when they are not whole. */
function readCached(value: unknown): readonly BenchResult[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const results = value.map((result: object) => ({ ...result, cached: true }));
  return results.every((result) => validateResult(result).length === 0)
    ? (results as unknown as BenchResult[])
    : undefined;
}

function failureOf(item: Case, error: unknown): BenchFailure {
  return {
    case: item.name,
    code: error instanceof BenchError ? error.code : 'BENCH_CASE_FAILED',
    message: error instanceof Error ? error.message : String(error),
  };
}

/**
 * Runs a suite: takes finished cases from the cache, measures the others and keeps each as soon as it is done.
 *
 * A case that fails is reported under `failures` and the run goes on; an interruption ends it.
 *
 * @throws BenchError `BENCH_ABORTED`, `BENCH_BAD_SUITE`, `BENCH_USAGE` (no case selected), and whatever `plan` or
 *   `open` throw
 */
export async function runSuite(suite: Suite, options: RunOptions): Promise<BenchReport> {
  const { mode, cache, signal, env, onProgress } = options;
  const plan = await suite.plan({ mode, signal, env });
  checkPlan(suite, plan);
  const cases = plan.cases.filter(({ name }) => options.select?.(name) ?? true);
  if (cases.length === 0) throw new BenchError('BENCH_USAGE', `no case of suite ${suite.name} matches`);

  const machine: Machine = describeMachine(plan.environment);
  const method = methodFingerprint(suite);
  const results: BenchResult[] = [];
  const failures: BenchFailure[] = [];
  await using session = new LazySession(plan);

  for (const [done, item] of cases.entries()) {
    throwIfAborted(signal);
    const report = (phase: Progress['phase'], more: Partial<Progress> = {}): void =>
      onProgress?.({ done, total: cases.length, case: item.name, phase, ...more });
    const budget: Budget = { ...plan.budget, ...item.budget };
    const parts: Json = {
      format: CACHE_FORMAT,
      suite: suite.name,
      method,
      machine: machine as unknown as Json,
      case: item.name,
      parameters: item.parameters,
      metrics: item.metrics as unknown as Json,
      budget: { ...budget },
      ours: subjectParts(plan.ours),
      peers: peersOf(plan, item).map(subjectParts),
      absent: [...plan.absent.map(({ name }) => name), ...Object.keys(item.absent ?? {})],
    };
    const known = options.fresh ? undefined : readCached(await cache.get(suite.name, parts));
    if (known) {
      results.push(...known);
      report('cached', { results: known });
      continue;
    }
    report('start');
    const context: CaseContext = {
      budget,
      signal,
      remember: async <T>(
        step: Readonly<Record<string, string | number | boolean>>,
        compute: () => Promise<T>,
      ) => {
        const stepParts: Json = {
          format: CACHE_FORMAT,
          suite: suite.name,
          machine: machine as unknown as Json,
          step,
        };
        const kept = options.fresh ? undefined : await cache.get(`${suite.name}-steps`, stepParts);
        if (kept !== undefined) return kept as T;
        const value = await compute();
        await cache.put(`${suite.name}-steps`, stepParts, value);
        return value;
      },
      step: (what) => report('step', { step: what }),
    };
    const opened = await session.get(signal);
    try {
      const measured = await measureCase(item, plan, opened, context);
      await cache.put(suite.name, parts, measured);
      results.push(...measured);
      report('measured', { results: measured });
    } catch (error) {
      // What fails because of the interruption is no failure of the case.
      throwIfAborted(signal);
      if (error instanceof BenchError && error.code === 'BENCH_BAD_SUITE') throw error;
      const failure = failureOf(item, error);
      failures.push(failure);
      report('failed', { failure });
    }
  }
  return {
    suite: suite.name,
    mode,
    machine,
    subjects: [plan.ours, ...plan.peers],
    absent: plan.absent,
    notes: plan.notes ?? [],
    results,
    failures,
  };
}
