/** Clients: they hand jobs in, lose patience, and try again. The same with and without a gate. */
import type { End, JobSystem } from './job-system.js';
import { KINDS, type Kind, type KindProfile, PROFILES } from './kinds.js';
import { Random } from './random.js';
import type { Time } from './time.js';

/** What happens to jobs, as their clients see it. Times in milliseconds since 1970. */
export interface ClientEvents {
  born(kind: Kind, at: number): void;
  /** An attempt is handed in. */
  attempt(kind: Kind, at: number): void;
  refused(kind: Kind, at: number): void;
  full(kind: Kind, at: number): void;
  /** A job was done while its client waited for that attempt. */
  served(kind: Kind, bornAt: number, at: number): void;
  /** Work that nobody waits for any more was done. */
  wasted(kind: Kind, at: number): void;
  gaveUp(kind: Kind, bornAt: number, at: number): void;
}

const LONGEST_BACKOFF_MS = 20_000;
/** A rejection names no time; a client stays away for one to one and a half times this. */
const REJECTED_WAIT_MS = 30_000;

export class Clients {
  readonly #time: Time;
  readonly #system: JobSystem;
  readonly #events: ClientEvents;
  readonly #backoff: Random;
  #stopped = false;

  constructor(time: Time, system: JobSystem, events: ClientEvents, seed: number) {
    this.#time = time;
    this.#system = system;
    this.#events = events;
    this.#backoff = new Random(seed, 'backoff');
    for (const kind of KINDS) this.#arrivals(kind, seed);
  }

  /** No new jobs; those that are there go on. */
  stop(): void {
    this.#stopped = true;
  }

  #arrivals(kind: Kind, seed: number): void {
    const { perSecond, regular, workMs } = PROFILES[kind];
    const random = new Random(seed, kind);
    const next = (): void => {
      this.#time.after(regular ? 1000 / perSecond : random.exponential(1000 / perSecond), () => {
        if (this.#stopped) return;
        this.#born(kind, random.between(0.5, 1.5) * workMs);
        next();
      });
    };
    next();
  }

  #born(kind: Kind, workMs: number): void {
    const bornAt = this.#time.now();
    this.#events.born(kind, bornAt);
    this.#attempt({ kind, profile: PROFILES[kind], workMs, bornAt, failures: 0, refusals: 0 }, false);
  }

  #attempt(job: ClientJob, retry: boolean): void {
    const { kind, profile, workMs, bornAt } = job;
    const events = this.#events;
    events.attempt(kind, this.#time.now());
    let waiting = true;
    const timeout = this.#time.after(profile.timeoutMs, () => {
      waiting = false;
      this.#failed(job, false);
    });
    const answer = this.#system.submit(kind, workMs, retry, (end: End) => {
      const now = this.#time.now();
      if (!waiting) {
        if (end === 'done') events.wasted(kind, now);
        return;
      }
      waiting = false;
      timeout();
      if (end === 'done') events.served(kind, bornAt, now);
      else this.#failed(job, true);
    });
    if (answer.outcome === 'queued') return;
    waiting = false;
    timeout();
    if (answer.outcome !== 'refused') {
      events.full(kind, this.#time.now());
      this.#failed(job, true);
      return;
    }
    events.refused(kind, this.#time.now());
    job.refusals++;
    // Many wait for the same tokens, and each is told when one of them may have some: so nobody comes sooner than its own back-off.
    const wait = answer.rejected ? REJECTED_WAIT_MS * this.#backoff.between(1, 1.5) : answer.retryAfterMs;
    this.#again(job, Math.max(wait, this.#pause(job)), true);
  }

  /**
   * An attempt came to nothing.
   *
   * @param refused whether it left no work in the system: only then is the next attempt not new load
   */
  #failed(job: ClientJob, refused: boolean): void {
    job.failures++;
    if (job.failures >= job.profile.attempts) this.#events.gaveUp(job.kind, job.bornAt, this.#time.now());
    else this.#again(job, this.#pause(job), refused);
  }

  #pause({ profile, failures, refusals }: ClientJob): number {
    const doubled = profile.backoffMs * 2 ** Math.min(20, failures + refusals - 1);
    return Math.min(LONGEST_BACKOFF_MS, doubled) * this.#backoff.between(1, 2);
  }

  #again(job: ClientJob, wait: number, retry: boolean): void {
    const now = this.#time.now();
    if (now + wait > job.bornAt + job.profile.patienceMs) this.#events.gaveUp(job.kind, job.bornAt, now);
    else this.#time.after(wait, () => this.#attempt(job, retry));
  }
}

interface ClientJob {
  readonly kind: Kind;
  readonly profile: KindProfile;
  readonly workMs: number;
  readonly bornAt: number;
  failures: number;
  refusals: number;
}
