/**
 * The rules of the state machine, read from the prose and nothing else: no counters and no running hold, but the whole
 * history and a look back over it at every sample.
 */
import type { ResolvedStateOptions } from '../../src/control/state-options.js';
import type { KnownState, StateName } from '../../src/control/states.js';

/** What happened at a time: a sample, or nothing but the time. */
export interface ReferenceEvent {
  readonly t: number;
  readonly ppm: number | null;
}

/** What is true after an event. */
export interface ReferencePoint {
  readonly state: StateName;
  /** The last state that was not unknown. */
  readonly held: KnownState;
  /** Time of the last change, and how many events there had been with the one that made it. */
  readonly changedAt: number;
  readonly changedBy: number;
  /** Samples before this event do not count any more: data was lost since. */
  readonly lostBefore: number;
}

const ORDER: readonly KnownState[] = ['normal', 'stress', 'critical'];

/** Where a machine starts: in a known state, with no samples, or unknown. */
export function referenceStart(state: StateName, held: KnownState, t: number): ReferencePoint {
  return { state, held, changedAt: t, changedBy: 0, lostBefore: 0 };
}

/** The point after the last event of the history, from the one before it. */
export function referenceNext(
  options: ResolvedStateOptions,
  history: readonly ReferenceEvent[],
  before: ReferencePoint,
): ReferencePoint {
  const index = history.length - 1;
  const { t, ppm } = history[index] as ReferenceEvent;
  let point = before;

  // "Data older than staleAfterMs is none."
  const earlier = history.slice(point.lostBefore, index).filter((event) => event.ppm !== null);
  const last = earlier[earlier.length - 1];
  if (last !== undefined && t - last.t > options.staleAfterMs) {
    point = { ...point, lostBefore: index };
    if (point.state !== 'unknown')
      point = { ...point, state: 'unknown', changedAt: t, changedBy: history.length };
  }
  if (ppm === null) return point;

  const samples = history.slice(point.lostBefore).filter((event) => event.ppm !== null) as readonly {
    t: number;
    ppm: number;
  }[];
  // "The counts stay": a count is over all samples there ever were.
  const all = history.filter((event) => event.ppm !== null) as readonly { t: number; ppm: number }[];
  const lastAre = (n: number, below: number): boolean =>
    all.length >= n && all.slice(all.length - n).every((sample) => sample.ppm < below);
  const { thresholds } = options;
  const shown: KnownState = lastAre(options.criticalSamples, thresholds.enterCriticalPpm)
    ? 'critical'
    : lastAre(options.stressSamples, thresholds.enterStressPpm)
      ? 'stress'
      : 'normal';
  const change = (to: KnownState): ReferencePoint => ({
    state: to,
    held: to,
    changedAt: t,
    changedBy: history.length,
    lostBefore: point.lostBefore,
  });

  if (point.state === 'unknown') {
    if (shown !== 'normal' && ORDER.indexOf(shown) >= ORDER.indexOf(point.held)) return change(shown);
    return samples.length >= options.returnSamples ? change(point.held) : point;
  }
  if (ORDER.indexOf(shown) > ORDER.indexOf(point.state)) return change(shown);
  if (point.state === 'normal') return point;

  // "The first sample above the exit starts a hold, once the cooldown has passed; one at or below it cancels it."
  const exit = point.state === 'critical' ? thresholds.exitCriticalPpm : thresholds.exitStressPpm;
  const good: { t: number; ppm: number }[] = [];
  for (let i = index; i >= point.changedBy; i--) {
    const event = history[i] as ReferenceEvent;
    if (event.ppm === null) continue;
    if (event.ppm <= exit || event.t < point.changedAt + options.cooldownMs) break;
    good.unshift({ t: event.t, ppm: event.ppm });
  }
  const first = good[0];
  const recovered =
    first !== undefined &&
    t - first.t >= options.holdMs &&
    good.length >= options.recoverSamples &&
    t - point.changedAt >= options.dwellMs;
  return recovered ? change(ORDER[ORDER.indexOf(point.state) - 1] as KnownState) : point;
}
