/**
 * What there is to see of a running system, as plain JSON: for pages, command lines and metrics. Numbers that are not finite
 * are null.
 */
import type { IntegrityState, StateName } from '../control/states.js';

/** An edge of a witness: what holds the two sides together. */
export interface WitnessEdge {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly directed: boolean;
  /** What the edge can carry now, in units of its capacity. */
  readonly weight: number;
}

/** One signal of a sample. */
export interface SignalView {
  /** `flow`, `navigability` or `structure`. */
  readonly name: string;
  /** 0 to 1,000,000; null where the signal failed. */
  readonly lambdaPpm: number | null;
  /** What decided, in words: `commodity job`, `reserve disk`, `cut of 3 edges`. */
  readonly about: string;
}

/** The last sample. */
export interface SampleView {
  /** Whole milliseconds since 1970. */
  readonly at: number;
  /** The least of the signals, 0 to 1,000,000; null where one failed or there is none. */
  readonly lambdaPpm: number | null;
  readonly signals: readonly SignalView[];
  /** The signal that decided; null where there is none. */
  readonly binding: string | null;
  /** Edges of the cut that decided. */
  readonly witness: readonly WitnessEdge[];
  /** Nodes on one side of it, by name. */
  readonly side: readonly string[];
  /** Connected parts of the graph: 1 when it hangs together. */
  readonly components: number | null;
  /** The global minimum cut of the graph, in units of capacity. */
  readonly minCut: number | null;
  /** Algebraic connectivity, a slow drift signal; null unless it is computed. */
  readonly lambda2: number | null;
  /** How long the sample took to compute, in milliseconds of the caller's stopwatch; null without one. */
  readonly durationMs: number | null;
}

/** One point of the past. */
export interface HistoryPoint {
  readonly at: number;
  readonly lambdaPpm: number | null;
  readonly state: StateName;
}

/** A record of the log as a page shows it. */
export interface EntryView {
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  /** SHA-256 of the record, hexadecimal. */
  readonly hash: string;
  /** SHA-256 of the record before it. */
  readonly prev: string;
  /** Fingerprint of the key that signed; null for a record that is not signed. */
  readonly key: string | null;
  /** Whether signature and link have been checked and hold; null: not looked at. */
  readonly verified: boolean | null;
  /** The event's body as canonical JSON. */
  readonly body: string;
}

export interface GraphView {
  readonly version: number;
  readonly nodes: readonly {
    readonly name: string;
    readonly type: string;
    readonly health: number;
    readonly weight: number;
  }[];
  readonly edges: readonly (WitnessEdge & {
    readonly capacity: number;
    readonly demand: number;
    readonly health: number;
  })[];
}

/** How often the gate was asked and what it said, since it was made. Calls, whatever they cost. */
export interface GateCount {
  /** Risk class. */
  readonly class: string;
  readonly offered: number;
  readonly admitted: number;
  readonly throttled: number;
  readonly deferred: number;
  readonly rejected: number;
}

export interface LogView {
  readonly size: number;
  /** Merkle root in hexadecimal. */
  readonly root: string;
  /** `ok`, or what keeps records from their store. */
  readonly health: string;
  /** The newest records, oldest first. */
  readonly entries: readonly EntryView[];
}

/** Everything. */
export interface IntegrityView {
  readonly name: string;
  /** When this was taken. */
  readonly at: number;
  readonly state: IntegrityState;
  readonly thresholds: {
    readonly enterStressPpm: number;
    readonly enterCriticalPpm: number;
    readonly exitStressPpm: number;
    readonly exitCriticalPpm: number;
  };
  readonly sample: SampleView | null;
  readonly history: readonly HistoryPoint[];
  readonly graph: GraphView;
  readonly mode: 'off' | 'observe' | 'enforce';
  readonly gate: readonly GateCount[];
  /** Null without a log. */
  readonly log: LogView | null;
}
