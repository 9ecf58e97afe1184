/** What goes into a `CutTracker` and comes out of it. */

/** How a step was settled. */
export type TrackerRule =
  /** Nothing changed. */
  | 'none'
  /** An increase inside the sides of the witness, a lightest known cut. */
  | 'increase-inside'
  /** A decrease across the witness: it loses the whole difference, and no cut loses more. */
  | 'decrease-across'
  /** Another known cut is as light as the witness was, or became the lightest. */
  | 'known-cut'
  /** A decrease between nodes that are still tied tightly enough: their own edge and common neighbours, or the kernel, prove it. */
  | 'certificate'
  /** A decrease, settled by one flow between the two nodes. */
  | 'flow'
  /** An increase across the last known minimum cut, settled in the kernel of a few nodes. */
  | 'kernel'
  /** The bounds are apart, and no threshold lies between them. */
  | 'interval'
  /** The minimum cut was computed anew. */
  | 'recomputed';

/** What is known after an update. */
export interface TrackerStep {
  /** lambda where it is known exactly, as always in mode `exact`; else undefined. */
  readonly value: number | undefined;
  /** lambda is at least this. */
  readonly lower: number;
  /** lambda is at most this; the weight of a known cut. Equal to `lower` where lambda is known exactly. */
  readonly upper: number;
  readonly rule: TrackerRule;
  /** Whether a minimum cut of the whole graph was computed anew. */
  readonly recomputed: boolean;
}

/** The weight between two nodes from now on. */
export interface WeightChange {
  readonly u: number;
  readonly v: number;
  /** All edges between them together; finite, >= 0. */
  readonly weight: number;
}

export interface TrackerOptions {
  /**
   * A power of two of which all weights become multiples. Default: 2^-36 of the total at the start, so that weights keep ten
   * digits of it and the total can grow 65,000 times; 2^-20 where the total is 0.
   */
  readonly unit?: number;
  /** `exact` (default): both bounds are equal after every update. `interval`: only what the thresholds need. */
  readonly mode?: 'exact' | 'interval';
  /** Values of which it must be certain whether lambda is below; finite, >= 0. For mode `interval`. */
  readonly thresholds?: readonly number[];
}
