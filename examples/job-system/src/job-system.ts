/**
 * The job system: a door, two bounded queues, workers that pull from them, and a store.
 *
 *     clients -> door -> queue front (interactive)             -> w1 .. w4 -> store
 *                     -> queue batch (bulk, reindex, cleanup)  ->
 *
 * It knows no more of integrity than that somebody at the door says who may come in. As in most systems of its kind a
 * job whose client has gone is not noticed and is done all the same: that is what makes an overload last (N. Bronson et
 * al., "Metastable Failures in Distributed Systems", HotOS 2021).
 */
import { KINDS, type Kind, PROFILES, QUEUES, type QueueName } from './kinds.js';
import { BoundedQueue } from './queue.js';
import { STORE, Store } from './store.js';
import type { Time } from './time.js';

export const LIMITS = {
  workers: 4,
  queues: { front: 200, batch: 100 } satisfies Record<QueueName, number>,
  /** Where both queues have jobs, of five that a worker takes this many are from `front`. */
  frontOfFive: 4,
  /** Taking a job from a queue costs a worker this long. */
  takeMs: 2,
  beatMs: 1000,
  /** Without a heartbeat for so long a worker counts as dead. */
  silentMs: 2500,
  /** A job whose worker died is given up after that time; its client hears of it if it still waits. */
  leaseMs: 5000,
} as const;

/** What the door says. `release` is called once when an admitted job has left the system. */
export interface Admission {
  readonly allowed: boolean;
  readonly rejected: boolean;
  readonly retryAfterMs: number;
  readonly release: () => void;
}

/** Who is asked about each submission. `retry`: it was refused here before. */
export type Door = (kind: Kind, retry: boolean) => Admission;

/** How a job left: done, its worker died, or the store had no room for its result. */
export type End = 'done' | 'lost' | 'no-room';

/** The answer to a submission. */
export type Submission =
  | { readonly outcome: 'queued' | 'full' }
  | { readonly outcome: 'refused'; readonly rejected: boolean; readonly retryAfterMs: number };

interface Job {
  readonly kind: Kind;
  readonly workMs: number;
  readonly release: () => void;
  readonly onEnd: (end: End) => void;
}

interface Worker {
  readonly name: string;
  alive: boolean;
  beatAt: number;
  job: Job | undefined;
  /** When it took the job, and how to call off what it is doing. */
  took: number;
  stop: () => void;
}

/** What can be measured from outside. */
export interface Measured {
  readonly workers: readonly {
    readonly name: string;
    readonly silentForMs: number;
    readonly busy: boolean;
  }[];
  readonly queues: Readonly<Record<QueueName, number>>;
  /** Mean time on a worker of the jobs of each kind so far, in milliseconds. */
  readonly costMs: Readonly<Record<Kind, number>>;
  readonly usedKb: number;
  readonly roomKb: number;
}

export class JobSystem {
  readonly store: Store;
  readonly #time: Time;
  readonly #door: Door;
  readonly #queues: Readonly<Record<QueueName, BoundedQueue<Job>>>;
  readonly #workers: readonly Worker[];
  readonly #costMs: Record<Kind, number>;
  #turn = 0;
  #stopped = false;

  constructor(time: Time, door: Door) {
    this.#time = time;
    this.#door = door;
    this.store = new Store(STORE, time);
    const { front, batch } = LIMITS.queues;
    this.#queues = { front: new BoundedQueue(front), batch: new BoundedQueue(batch) };
    this.#costMs = Object.fromEntries(KINDS.map((kind) => [kind, PROFILES[kind].workMs])) as Record<
      Kind,
      number
    >;
    this.#workers = Array.from({ length: LIMITS.workers }, (_, i) => ({
      name: `w${i + 1}`,
      alive: true,
      beatAt: time.now(),
      job: undefined,
      took: 0,
      stop: () => {},
    }));
    this.#beat();
  }

  /**
   * Hands a job in.
   *
   * @param onEnd called once if it is queued, when it has left the system, whether or not anybody waits
   */
  submit(kind: Kind, workMs: number, retry: boolean, onEnd: (end: End) => void): Submission {
    const { allowed, rejected, retryAfterMs, release } = this.#door(kind, retry);
    if (!allowed) return { outcome: 'refused', rejected, retryAfterMs };
    if (!this.#queues[PROFILES[kind].queue].push({ kind, workMs, release, onEnd })) {
      release();
      return { outcome: 'full' };
    }
    for (const worker of this.#workers) if (worker.alive && worker.job === undefined) this.#take(worker);
    return { outcome: 'queued' };
  }

  /** The fault: a worker dies in the middle of its job. */
  kill(name: string): void {
    const worker = this.#worker(name);
    if (!worker.alive) return;
    worker.alive = false;
    worker.stop();
    const { job } = worker;
    worker.job = undefined;
    if (job !== undefined) this.#time.after(LIMITS.leaseMs, () => this.#leave(job, 'lost'));
  }

  revive(name: string): void {
    const worker = this.#worker(name);
    if (worker.alive) return;
    worker.alive = true;
    worker.beatAt = this.#time.now();
    this.#take(worker);
  }

  /** Ends the heartbeats, so that real timers do not keep a process alive. */
  stop(): void {
    this.#stopped = true;
  }

  measure(): Measured {
    const now = this.#time.now();
    return {
      workers: this.#workers.map(({ name, beatAt, job }) => ({
        name,
        silentForMs: now - beatAt,
        busy: job !== undefined,
      })),
      queues: Object.fromEntries(QUEUES.map((name) => [name, this.#queues[name].length])) as Record<
        QueueName,
        number
      >,
      costMs: { ...this.#costMs },
      usedKb: this.store.usedKb,
      roomKb: this.store.limits.roomKb,
    };
  }

  #worker(name: string): Worker {
    const worker = this.#workers.find((each) => each.name === name);
    if (worker === undefined) throw new RangeError(`there is no worker ${name}`);
    return worker;
  }

  #beat(): void {
    if (this.#stopped) return;
    for (const worker of this.#workers) if (worker.alive) worker.beatAt = this.#time.now();
    this.#time.after(LIMITS.beatMs, () => this.#beat());
  }

  #next(): Job | undefined {
    const { front, batch } = this.#queues;
    if (front.length === 0) return batch.shift();
    if (batch.length === 0) return front.shift();
    this.#turn = (this.#turn + 1) % 5;
    return this.#turn < LIMITS.frontOfFive ? front.shift() : batch.shift();
  }

  #take(worker: Worker): void {
    const job = this.#next();
    worker.job = job;
    if (job === undefined) return;
    worker.took = this.#time.now();
    worker.stop = this.#time.after(LIMITS.takeMs + job.workMs, () => {
      const { writeKb, freesKb } = PROFILES[job.kind];
      worker.stop = this.store.write(writeKb, freesKb, (written) => {
        this.#learn(job.kind, this.#time.now() - worker.took);
        worker.job = undefined;
        this.#leave(job, written ? 'done' : 'no-room');
        // Whoever is told may have handed in the next job, and this worker may have taken it.
        if (worker.alive && worker.job === undefined) this.#take(worker);
      });
    });
  }

  #leave(job: Job, end: End): void {
    job.release();
    job.onEnd(end);
  }

  /** Moving mean over about the last fifty of a kind. */
  #learn(kind: Kind, ms: number): void {
    this.#costMs[kind] += (ms - this.#costMs[kind]) / 50;
  }
}
