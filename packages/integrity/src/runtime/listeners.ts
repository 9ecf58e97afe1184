/** Who wants to know, told last: a listener that throws has stopped nothing. */
import type { ServedEntry } from '../adapters/source.js';
import type { SampleView } from './view.js';

/** What happens, by name. */
export interface Happenings<Transition> {
  readonly sample: SampleView;
  readonly transition: Transition;
  readonly entry: ServedEntry;
}

/** Keeps what happened until all of a step is done, and tells it then in order. */
export class Listeners<Transition> {
  readonly #sets: {
    readonly [K in keyof Happenings<Transition>]: Set<(value: Happenings<Transition>[K]) => void>;
  } = {
    sample: new Set(),
    transition: new Set(),
    entry: new Set(),
  };
  #untold: (() => void)[] = [];

  /** @returns the function that ends the subscription */
  on<K extends keyof Happenings<Transition>>(
    name: K,
    listener: (value: Happenings<Transition>[K]) => void,
  ): () => void {
    this.#sets[name].add(listener);
    return () => {
      this.#sets[name].delete(listener);
    };
  }

  /** Something happened; told with the next `tell`, to those who listen now. */
  note<K extends keyof Happenings<Transition>>(name: K, value: Happenings<Transition>[K]): void {
    for (const listener of this.#sets[name]) this.#untold.push(() => listener(value));
  }

  /** Tells everything to everyone; throws the first error then. */
  tell(): void {
    const calls = this.#untold;
    this.#untold = [];
    const errors: unknown[] = [];
    for (const call of calls)
      try {
        call();
      } catch (error) {
        errors.push(error);
      }
    if (errors.length > 0) throw errors[0];
  }
}
