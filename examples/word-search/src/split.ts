/** Which words go into the table, and which are kept out of it to serve as queries. */
import type { WordVectors } from './dataset/source.js';
import { Random } from './random.js';

/** Rows of the data set, by position. */
export interface Split {
  /** Rows to load, ascending: the most frequent words first. */
  readonly loaded: Uint32Array;
  /** Rows to ask about, in the seeded order. */
  readonly heldOut: Uint32Array;
}

/** Options of {@link splitDataset}. */
export interface SplitOptions {
  readonly queries: number;
  readonly seed: number;
  /** Load at most this many rows; default: all that are not held out. */
  readonly rows?: number;
  /** Words that must not be held out, because the reader asks for them by name. */
  readonly keep: ReadonlySet<string>;
}

/**
 * Chooses `queries` rows of the whole data set at random, whatever `rows` says, so that runs of different sizes
 * ask the same questions. At most a tenth of the data set is held out.
 */
export function splitDataset(data: WordVectors, options: SplitOptions): Split {
  const total = data.words.length;
  const wanted = Math.min(options.queries, Math.floor(total / 10));
  const random = new Random(options.seed);
  const order = Uint32Array.from({ length: total }, (_, i) => i);
  const isHeldOut = new Uint8Array(total);
  const heldOut: number[] = [];
  for (let i = 0; i < total && heldOut.length < wanted; i++) {
    const j = i + random.below(total - i);
    const row = order[j]!;
    order[j] = order[i]!;
    if (options.keep.has(data.words[row]!)) continue;
    heldOut.push(row);
    isHeldOut[row] = 1;
  }
  const available = total - heldOut.length;
  const loaded = new Uint32Array(Math.min(options.rows ?? available, available));
  for (let row = 0, n = 0; n < loaded.length; row++) if (isHeldOut[row] === 0) loaded[n++] = row;
  return { loaded, heldOut: Uint32Array.from(heldOut) };
}
