/**
 * What a suite is. A suite plugs in by one object in `suites/index.ts`; the runner does the rest: cache, alternating
 * rounds, statistics, progress, report.
 *
 * A run goes
 *
 *     suite.plan()                  cheap: what is there, which versions, which cases; starts nothing
 *     for each case not in the cache
 *       plan.open()                 once, before the first of them: servers, indexes
 *       case.prepare(session)       this case's inputs, loaded into every entrant
 *       prepared.verify()           do all entrants give the same answer?
 *       entrant.sample()            warm-ups, then rounds: ours, peer, ... and back in the next round
 *       prepared[asyncDispose]()
 *     session[asyncDispose]()
 */
import type { Better } from './statistics.js';

/** `quick` answers in minutes; `full` makes the figures that are published. */
export type Mode = 'full' | 'quick';

/** Something that is measured: a build of ours or of a peer. */
export interface Subject {
  /** The key in `peers`; ours is always `ruvector`. */
  readonly name: string;
  readonly version: string;
  /** Hash of the built files: two builds of one version are two subjects. Part of the cache key. */
  readonly fingerprint: string;
  /** What a reader must know beside the version, for instance the SIMD variant. */
  readonly details?: Readonly<Record<string, string>>;
}

/** A peer that could not take part in the whole run. */
export interface AbsentPeer {
  readonly name: string;
  readonly reason: string;
  /** How to supply it: a command or a variable to set. */
  readonly cure: string;
}

/** One figure of a case. Counts that do not depend on the machine (pins, bytes, distances) stand beside timings. */
export interface Metric {
  /** Unique in the case: `time`, `rate`, `recall`, `pins`, `bytes`, `distances` ... */
  readonly name: string;
  /** `ns/call`, `queries/s`, `pages/query` ... */
  readonly unit: string;
  readonly better: Better;
  /**
   * A sample may leave this metric out, and this is then the reason: what only one side can tell, say. Where ours has
   * no value, the metric is not reported.
   */
  readonly optional?: string;
}

/** How much to measure. Part of the cache key. */
export interface Budget {
  /** Measured rounds; in each of them every entrant gives one sample. */
  readonly rounds: number;
  /** Rounds whose samples are thrown away. */
  readonly warmups: number;
  /** Least length of one timed run, in milliseconds; shorter work is repeated. See `repeatFor`. */
  readonly minTimeMs: number;
}

/** One value per declared metric, in its unit; finite and >= 0. Those that are not optional are there. */
export type Sample = Readonly<Record<string, number>>;

/** One contestant of a case. */
export interface Entrant {
  /** Name of the subject. */
  readonly name: string;
  /** Measures once. `round` is the same for all entrants of a round, and negative in warm-ups. */
  sample(round: number): Sample | Promise<Sample>;
}

/** A case that is ready to be measured. */
export interface PreparedCase extends AsyncDisposable {
  /** Ours first, then each peer of the plan that the case does not name as absent. */
  readonly entrants: readonly Entrant[];
  /** Peers that turned out to have nothing to measure here: name -> reason. Beside those of `Case`. */
  readonly absent?: Readonly<Record<string, string>>;
  /** Throws `BENCH_DISAGREEMENT` when the entrants answer differently: a wrong result has no speed. */
  verify(): void | Promise<void>;
}

/** What the runner gives to a suite's functions. */
export interface CaseContext {
  readonly budget: Budget;
  readonly signal: AbortSignal;
  /**
   * The cached value of an expensive step that belongs to one subject (say a peer's index build), or `compute`'s
   * result, which is then kept. The key also holds the machine, so `parts` need only name the step, its parameters
   * and the subject's fingerprint.
   */
  remember<T>(
    parts: Readonly<Record<string, string | number | boolean>>,
    compute: () => Promise<T>,
  ): Promise<T>;
  /** Says what long work the case does now; shown as progress. */
  step(what: string): void;
}

/** One thing to measure. */
export interface Case<Session extends AsyncDisposable = AsyncDisposable> {
  /** Unique in the suite; words from general to special: `l2 scan, 128 dims`. */
  readonly name: string;
  /** All that shapes the work beside the code: dimensions, rows, seed. Part of the cache key. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly metrics: readonly Metric[];
  /** Peers that have nothing to measure in this case: name -> reason. */
  readonly absent?: Readonly<Record<string, string>>;
  /** Overrides of the plan's budget, for instance one round for an index build. */
  readonly budget?: Partial<Budget>;
  prepare(session: Session, context: CaseContext): Promise<PreparedCase>;
}

/** What a suite found to measure. */
export interface Plan<Session extends AsyncDisposable = AsyncDisposable> {
  readonly ours: Subject;
  readonly peers: readonly Subject[];
  readonly absent: readonly AbsentPeer[];
  /** Facts that belong to the machine, for instance PostgreSQL's version. Part of the cache key. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What a reader must know to read the figures. */
  readonly notes?: readonly string[];
  readonly budget: Budget;
  readonly cases: readonly Case<Session>[];
  /** Starts what the cases share. Called at most once, and not at all when every case is in the cache. */
  open(signal: AbortSignal): Promise<Session>;
}

export interface PlanContext {
  readonly mode: Mode;
  readonly signal: AbortSignal;
  /** Environment variables: peers that cannot be a dependency are given by them. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Suite {
  /** What the command line calls it. */
  readonly name: string;
  /** One line for the list of suites. */
  readonly summary: string;
  /** The folder of the suite's own code (`import.meta.dirname`): a change in it makes its cached figures stale. */
  readonly directory: string;
  /** Folders of code that it shares with other suites, with the same effect. */
  readonly shared?: readonly string[];
  plan(context: PlanContext): Promise<Plan>;
}

/** A session for suites whose cases share nothing. */
export const emptySession: AsyncDisposable = { [Symbol.asyncDispose]: async () => {} };
