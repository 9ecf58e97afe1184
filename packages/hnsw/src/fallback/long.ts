/** Long work on one thread: in slices, with a turn of the event loop between them; and one change after the other. */
import { checkAborted, type Told } from '../check.js';
import type { Progress } from '../types.js';

/** How long a slice may hold the thread, in milliseconds. */
const sliceTime = 8;

/** How often progress is told, in milliseconds. */
const progressInterval = 100;

// As they are at the import: tests replace timers.
const immediate = globalThis.setImmediate;
const now = () => performance.now();

/** A turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    immediate(resolve);
  });
}

export interface Slices<R> {
  readonly operation: string;
  readonly phase: Progress['phase'];
  readonly total: number;
  /** Yields how many steps are done. */
  readonly work: Generator<number, R>;
  /** Throws where there is nothing to work on any more. */
  readonly checkOpen: () => void;
  /** Whether an abort leaves what is done. */
  readonly keeps?: boolean;
}

/**
 * Does work in slices; tells `onProgress` now and then, and of the end.
 *
 * @throws {HnswError} `ERR_HNSW_ABORTED`; else what the work, `checkOpen` or `onProgress` throws
 */
export async function inSlices<R>(slices: Slices<R>, { signal, onProgress }: Told): Promise<R> {
  const { operation, phase, total, work, checkOpen, keeps = false } = slices;
  let done = 0;
  let told = now();
  try {
    for (;;) {
      await turn();
      checkOpen();
      checkAborted(operation, signal, keeps ? done : 0);
      const start = now();
      do {
        const step = work.next();
        if (step.done === true) {
          onProgress?.({ phase, done: total, total });
          return step.value;
        }
        done = step.value;
      } while (now() - start < sliceTime);
      if (onProgress !== undefined && now() - told >= progressInterval) {
        onProgress({ phase, done: Math.min(done, total), total });
        told = now();
      }
    }
  } finally {
    // Where it stopped early, what it holds on to is let go.
    work.return(undefined as R);
  }
}

/** Does all slices of a piece of work at once. */
export function atOnce<R>(work: Generator<number, R>): R {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** Changes, one after the other, in the order in which they came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #pending = 0;

  /** Whether a change goes on or waits. */
  get isTaken(): boolean {
    return this.#pending > 0;
  }

  async run<R>(work: () => Promise<R>): Promise<R> {
    const before = this.#last;
    this.#pending++;
    const own = (async () => {
      await before;
      return work();
    })();
    // The next one does not care how this one ends.
    this.#last = own.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await own;
    } finally {
      this.#pending--;
    }
  }
}
