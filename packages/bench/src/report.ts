import type { Machine } from './machine.js';
import type { Better, Comparison } from './statistics.js';
import type { AbsentPeer, Mode, Subject } from './suite.js';

/** One metric of one case. */
export interface BenchResult {
  readonly case: string;
  readonly metric: string;
  readonly unit: string;
  readonly better: Better;
  /** Median over the rounds, in `unit`. */
  readonly ours: number;
  /** Median over the rounds by peer; null for a peer that was absent, see `absent`. */
  readonly peers: Readonly<Record<string, number | null>>;
  /**
   * Against the strongest peer, that is the smallest of `ratios`; > 1 always means that we are better: `peer / ours`
   * where lower is better, `ours / peer` where higher is. Null without a peer, or where no finite ratio exists.
   */
  readonly ratio: number | null;
  /** 25th and 75th percentile of the per-round ratios against that same peer. */
  readonly spread: readonly [low: number, high: number] | null;
  /** Each peer that took part; null where no finite ratio exists. */
  readonly ratios: Readonly<Record<string, Comparison | null>>;
  /** Why a peer has no value here: name -> reason. */
  readonly absent: Readonly<Record<string, string>>;
  readonly rounds: number;
  /** ISO 8601, UTC: the end of the last round. */
  readonly measuredAt: string;
  /** Load average of the last minute when the first round began; includes the benchmark's own. */
  readonly load: number;
  /** True when the figure comes from an earlier run of the same versions on the same machine. */
  readonly cached: boolean;
}

/** A case that has no figure, and why. */
export interface BenchFailure {
  readonly case: string;
  readonly code: string;
  readonly message: string;
}

/** What `--json` prints: exactly one of these. */
export interface BenchReport {
  readonly suite: string;
  readonly mode: Mode;
  readonly machine: Machine;
  /** Ours first, then the peers that took part. */
  readonly subjects: readonly Subject[];
  /** Peers that did not take part at all. */
  readonly absent: readonly AbsentPeer[];
  readonly notes: readonly string[];
  readonly results: readonly BenchResult[];
  readonly failures: readonly BenchFailure[];
}
