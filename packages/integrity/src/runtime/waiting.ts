/**
 * The bounded wait of `guard`: who is throttled waits a little instead of failing, as long as the policy's `maxDelayMs` at most.
 *
 * A caller waits in memory, holding nothing. It asks again when something of its class is released (one caller for each release, in the
 * order in which they came), when the time is over that the gate named, and a last time at the end; each time as a retry, so that its
 * waiting is not taken for new load. Whoever was woken by a release and does not go in passes it on to the next. A newcomer can take a place that was just released before the one that was woken asks: the
 * wait is bounded, not fair. How many wait is bounded, too: past it the answer is the refusal, at once.
 *
 * The core has no timers: the host gives one.
 */
import type { GateTicket } from '../control/gate-types.js';
import type { OperationClass } from '../control/policy-types.js';
import { type AbortSignalLike, throwIfAborted } from '../errors.js';

/**
 * Calls a function once after some milliseconds; the function that it returns prevents that.
 *
 * @example
 * const timer: Timer = (ms, fire) => {
 *   const started = setTimeout(fire, ms);
 *   return () => clearTimeout(started);
 * };
 */
export type Timer = (ms: number, fire: () => void) => () => void;

/** How long, and how one call ends it early. */
export interface WaitOptions {
  readonly maxWaitMs: number;
  readonly signal?: AbortSignalLike | undefined;
}

/** Callers that wait at a time, of all classes. */
export const MAX_WAITING = 1000;

interface Waiter {
  readonly wake: () => void;
  /** Whether a release woke it. */
  isReleased: boolean;
}

/** Callers that wait for the gate. */
export class Waiting {
  readonly #timer: Timer;
  readonly #queues = new Map<OperationClass, Set<Waiter>>();
  #count = 0;

  constructor(timer: Timer) {
    this.#timer = timer;
  }

  /** How many wait now. */
  get count(): number {
    return this.#count;
  }

  /** An operation of a class has ended: the first that waits asks again. */
  released(operationClass: OperationClass): void {
    const queue = this.#queues.get(operationClass);
    for (const waiter of queue ?? []) {
      queue?.delete(waiter);
      waiter.isReleased = true;
      waiter.wake();
      return;
    }
  }

  /**
   * Asks the gate until it lets through, says something else than `throttle`, or the time is over.
   *
   * @returns the last answer
   * @throws IntegrityError `ERR_INTEGRITY_ABORTED`
   */
  async admit(ask: (retry: boolean) => GateTicket, { maxWaitMs, signal }: WaitOptions): Promise<GateTicket> {
    throwIfAborted(signal);
    let ticket = ask(false);
    if (!waits(ticket) || maxWaitMs <= 0 || this.#count >= MAX_WAITING) return ticket;
    let over = false;
    let wake: () => void = () => undefined;
    const cancel = this.#timer(maxWaitMs, () => {
      over = true;
      wake();
    });
    const aborted = (): void => wake();
    signal?.addEventListener?.('abort', aborted);
    this.#count++;
    try {
      while (waits(ticket) && !over) {
        const waiter = await this.#turn(ticket, (wakeUp) => {
          wake = wakeUp;
        });
        const { class: operationClass } = ticket.decision;
        try {
          throwIfAborted(signal);
          ticket = ask(true);
        } finally {
          if (waiter.isReleased && !ticket.decision.allowed) this.released(operationClass);
        }
      }
      return ticket;
    } finally {
      this.#count--;
      cancel();
      signal?.removeEventListener?.('abort', aborted);
    }
  }

  /** Fulfils when it is time to ask again. */
  async #turn({ decision }: GateTicket, expose: (wake: () => void) => void): Promise<Waiter> {
    const queue = this.#queues.get(decision.class) ?? new Set();
    this.#queues.set(decision.class, queue);
    let cancel: (() => void) | undefined;
    let resolve: () => void = () => undefined;
    const woken = new Promise<void>((done) => {
      resolve = done;
    });
    const waiter: Waiter = { wake: resolve, isReleased: false };
    expose(resolve);
    try {
      // Only who was refused for what is in flight gains by a release.
      if (decision.reason === 'in-flight') queue.add(waiter);
      cancel = this.#timer(decision.retryAfterMs, resolve);
      await woken;
      return waiter;
    } finally {
      cancel?.();
      queue.delete(waiter);
    }
  }
}

function waits({ decision }: GateTicket): boolean {
  return !decision.allowed && decision.action === 'throttle';
}
