/** What is counted of a run, in intervals of ten seconds, and what follows from it. */
import type { StateName } from '@ruvector/integrity';
import type { ClientEvents } from './clients.js';
import { KINDS, type Kind } from './kinds.js';

export const INTERVAL_MS = 10_000;
/** An interval meets its objective if so much of the interactive jobs that began in it were answered in time. */
export const OBJECTIVE = { share: 0.95, withinMs: 2000 } as const;

export interface Interval {
  /** Seconds since the start. */
  readonly second: number;
  /** New jobs a second. */
  readonly offered: Readonly<Record<Kind, number>>;
  /** Attempts a second, repeats included, of all kinds. */
  readonly attempts: number;
  /** Jobs a second that were done while their client waited. */
  readonly goodput: Readonly<Record<Kind, number>>;
  /** Jobs a second that were done for nobody. */
  readonly wasted: number;
  /** 99th percentile (nearest rank) of the time from the first attempt to the answer, of interactive jobs answered; null: none was. */
  readonly p99Ms: number | null;
  /** Of the interactive jobs that began here, the share answered in time. */
  readonly inTime: number;
  /** Jobs in both queues at the end. */
  readonly queued: number;
  /** Of the last sample; null before the first, and where a signal failed. */
  readonly lambdaPpm: number | null;
  readonly state: StateName;
  /** Attempts that the gate refused. */
  readonly refused: Readonly<Record<Kind, number>>;
}

interface Counts {
  readonly born: Record<Kind, number>;
  attempts: number;
  readonly served: Record<Kind, number>;
  wasted: number;
  readonly latencies: number[];
  inTime: number;
  readonly refused: Record<Kind, number>;
}

const zeros = (): Record<Kind, number> =>
  Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;

export class Metrics implements ClientEvents {
  readonly gaveUpOf = zeros();
  readonly bornOf = zeros();
  readonly servedOf = zeros();
  readonly #start: number;
  readonly #counts: Counts[];
  readonly #ends: Pick<Interval, 'queued' | 'lambdaPpm' | 'state'>[] = [];

  constructor(start: number, durationMs: number) {
    this.#start = start;
    this.#counts = Array.from({ length: durationMs / INTERVAL_MS }, () => ({
      born: zeros(),
      attempts: 0,
      served: zeros(),
      wasted: 0,
      latencies: [],
      inTime: 0,
      refused: zeros(),
    }));
  }

  born(kind: Kind, at: number): void {
    this.bornOf[kind]++;
    const counts = this.#at(at);
    if (counts !== undefined) counts.born[kind]++;
  }

  attempt(_kind: Kind, at: number): void {
    const counts = this.#at(at);
    if (counts !== undefined) counts.attempts++;
  }

  refused(kind: Kind, at: number): void {
    const counts = this.#at(at);
    if (counts !== undefined) counts.refused[kind]++;
  }

  /** A full queue shows as a repeat or as a client that gives up. */
  full(): void {}

  served(kind: Kind, bornAt: number, at: number): void {
    this.servedOf[kind]++;
    const counts = this.#at(at);
    if (counts !== undefined) counts.served[kind]++;
    if (kind !== 'interactive') return;
    counts?.latencies.push(at - bornAt);
    const began = this.#at(bornAt);
    if (began !== undefined && at - bornAt <= OBJECTIVE.withinMs) began.inTime++;
  }

  wasted(_kind: Kind, at: number): void {
    const counts = this.#at(at);
    if (counts !== undefined) counts.wasted++;
  }

  gaveUp(kind: Kind): void {
    this.gaveUpOf[kind]++;
  }

  /** An interval is over. */
  end(state: Pick<Interval, 'queued' | 'lambdaPpm' | 'state'>): void {
    this.#ends.push(state);
  }

  /** Those that are over. */
  intervals(): readonly Interval[] {
    const rate = (counts: Record<Kind, number>): Record<Kind, number> =>
      Object.fromEntries(KINDS.map((kind) => [kind, (counts[kind] * 1000) / INTERVAL_MS])) as Record<
        Kind,
        number
      >;
    return this.#ends.map((end, i) => {
      const counts = this.#counts[i]!;
      const sorted = [...counts.latencies].sort((a, b) => a - b);
      const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1];
      return {
        second: (i * INTERVAL_MS) / 1000,
        offered: rate(counts.born),
        attempts: (counts.attempts * 1000) / INTERVAL_MS,
        goodput: rate(counts.served),
        wasted: (counts.wasted * 1000) / INTERVAL_MS,
        p99Ms: p99 === undefined ? null : Math.round(p99),
        inTime: counts.born.interactive === 0 ? 1 : counts.inTime / counts.born.interactive,
        ...end,
        refused: { ...counts.refused },
      };
    });
  }

  #at(at: number): Counts | undefined {
    return this.#counts[Math.floor((at - this.#start) / INTERVAL_MS)];
  }
}

export function meetsObjective({ inTime }: Pick<Interval, 'inTime'>): boolean {
  return inTime >= OBJECTIVE.share;
}

/** A run in a few numbers. Jobs per second are means over whole intervals. */
export interface Summary {
  /** Interactive jobs done in time to be of use, a second: before the fault, during it, and after it is healed. */
  readonly interactive: { readonly before: number; readonly during: number; readonly after: number };
  /** Minutes in which the objective was missed. */
  readonly minutesBelow: number;
  /** From the healing of the fault to the beginning of the intervals that all meet the objective; null: there is none. */
  readonly recoverySeconds: number | null;
  /** Jobs that began, that were answered, whose clients gave up; the others still waited at the end. */
  readonly jobs: Readonly<
    Record<
      Kind,
      { readonly born: number; readonly served: number; readonly gaveUp: number; readonly open: number }
    >
  >;
  /** Jobs done for nobody. */
  readonly wasted: number;
}

export interface Fault {
  readonly atSecond: number;
  readonly forSeconds: number;
}

export function summarise(metrics: Metrics, { atSecond, forSeconds }: Fault): Summary {
  const intervals = metrics.intervals();
  const healed = atSecond + forSeconds;
  const seconds = INTERVAL_MS / 1000;
  const mean = (from: number, to: number): number => {
    const those = intervals.filter(({ second }) => second >= from && second < to);
    return those.length === 0
      ? 0
      : those.reduce((sum, { goodput }) => sum + goodput.interactive, 0) / those.length;
  };
  const last = intervals.findLastIndex((interval) => !meetsObjective(interval));
  const wellFrom = last + 1 < intervals.length ? (last + 1) * seconds : undefined;
  return {
    interactive: {
      before: mean(0, atSecond),
      during: mean(atSecond, healed),
      after: mean(healed, Number.POSITIVE_INFINITY),
    },
    minutesBelow: (intervals.filter((interval) => !meetsObjective(interval)).length * seconds) / 60,
    recoverySeconds: wellFrom === undefined ? null : Math.max(0, wellFrom - healed),
    jobs: Object.fromEntries(
      KINDS.map((kind) => {
        const [born, served, gaveUp] = [metrics.bornOf[kind], metrics.servedOf[kind], metrics.gaveUpOf[kind]];
        return [kind, { born, served, gaveUp, open: born - served - gaveUp }];
      }),
    ) as Summary['jobs'],
    wasted: Math.round(intervals.reduce((sum, { wasted }) => sum + wasted * seconds, 0)),
  };
}
