/** The kinds of jobs, what they cost, and how patient those are who send them. */

export const KINDS = ['interactive', 'bulk', 'reindex', 'cleanup'] as const;
export type Kind = (typeof KINDS)[number];

export const QUEUES = ['front', 'batch'] as const;
export type QueueName = (typeof QUEUES)[number];

export interface KindProfile {
  readonly queue: QueueName;
  /** New jobs a second. */
  readonly perSecond: number;
  /** Whether they come at regular times, as of a scheduler; else as a Poisson process. */
  readonly regular: boolean;
  /** Mean time on a worker, in milliseconds; a job takes half to one and a half times that. */
  readonly workMs: number;
  /** What a job writes to the store, in kilobytes. */
  readonly writeKb: number;
  /** What a job removes from the store. */
  readonly freesKb: number;
  /** How long its client waits for one attempt. The job is not told: it stays in its queue and is done all the same. */
  readonly timeoutMs: number;
  /** Attempts that may fail (timeout, full queue, lost worker), after which the client gives up. */
  readonly attempts: number;
  /** Least pause before the second attempt; doubles with each up to 20 s, and is drawn from one to two times itself. */
  readonly backoffMs: number;
  /** A client gives up when so much time has passed since the first attempt. */
  readonly patienceMs: number;
}

/**
 * Four workers have 4,000 ms of work to give a second. The load takes 65 % of it: interactive 35 %, bulk 22 %, reindex 6 %,
 * cleanup 2 %. On two workers that is 130 %, and interactive alone is 70 %.
 */
export const PROFILES: Readonly<Record<Kind, KindProfile>> = {
  interactive: {
    queue: 'front',
    perSecond: 35,
    regular: false,
    workMs: 40,
    writeKb: 4,
    freesKb: 0,
    timeoutMs: 1000,
    attempts: 3,
    backoffMs: 100,
    patienceMs: 5000,
  },
  bulk: {
    queue: 'batch',
    perSecond: 7.5,
    regular: false,
    workMs: 120,
    writeKb: 60,
    freesKb: 0,
    timeoutMs: 30_000,
    attempts: 30,
    backoffMs: 1000,
    patienceMs: 300_000,
  },
  reindex: {
    queue: 'batch',
    perSecond: 0.5,
    regular: false,
    workMs: 480,
    writeKb: 400,
    freesKb: 0,
    timeoutMs: 60_000,
    attempts: 30,
    backoffMs: 5000,
    patienceMs: 300_000,
  },
  cleanup: {
    queue: 'batch',
    perSecond: 1,
    regular: true,
    workMs: 80,
    writeKb: 1,
    freesKb: 1000,
    timeoutMs: 30_000,
    attempts: 10,
    backoffMs: 1000,
    patienceMs: 60_000,
  },
};
