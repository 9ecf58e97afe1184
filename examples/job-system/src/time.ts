/** Time from outside: the job system asks this for the time and for timers, and never the process. */

/** A clock and its timers. */
export interface Time {
  /** Milliseconds since 1970; a fraction is possible. Never goes back. */
  now(): number;
  /**
   * Runs something later.
   *
   * @param ms how much later, >= 0
   * @returns the function that calls it off; it may be called at any time and more than once
   */
  after(ms: number, run: () => void): () => void;
}

interface Timer {
  readonly at: number;
  /** The order of timers at one time is the order in which they were set. */
  readonly order: number;
  run: (() => void) | undefined;
}

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/**
 * A clock that jumps from timer to timer: a simulation of discrete events. Timers wait in a binary heap, so that each costs
 * O(log n). One that is called off stays in the heap until its time comes and then does nothing.
 *
 * @example
 * const time = new VirtualTime(0);
 * time.after(1000, () => console.log(time.now())); // 1000
 * time.runUntil(5000);
 */
export class VirtualTime implements Time {
  readonly #heap: Timer[] = [];
  #now: number;
  #order = 0;

  /** @param now where it begins, milliseconds since 1970 */
  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    if (!(ms >= 0 && Number.isFinite(ms))) throw new RangeError(`a timer of ${ms} ms cannot be set`);
    const timer: Timer = { at: this.#now + ms, order: this.#order++, run };
    this.#push(timer);
    return () => {
      timer.run = undefined;
    };
  }

  /** Runs all timers up to and with a time, in order, those that they set included; it is that time then. */
  runUntil(end: number): void {
    for (let first = this.#heap[0]; first !== undefined && first.at <= end; first = this.#heap[0]) {
      this.#pop();
      this.#now = first.at;
      first.run?.();
    }
    this.#now = Math.max(this.#now, end);
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(timer);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(timer, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}

/** The time of the machine. */
export class RealTime implements Time {
  readonly #start = Date.now() - performance.now();

  now(): number {
    return this.#start + performance.now();
  }

  after(ms: number, run: () => void): () => void {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  }
}
