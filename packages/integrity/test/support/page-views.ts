/** Views as a running system gives them, for the page, its server and the adapters. Pure. */
import type { ServedView } from '../../src/adapters/source.js';
import type { StateName } from '../../src/control/states.js';

/** 2026-01-01T00:00:00Z. */
export const VIEW_TIME = 1_767_225_600_000;

/** What an `integrity` object would show of two queues that hang together by one link. */
export function sampleView(changes: Partial<ServedView> = {}): ServedView {
  const state: StateName = 'normal';
  return {
    name: 'jobs',
    at: VIEW_TIME,
    state: {
      version: 1,
      state,
      measured: state,
      held: state,
      since: VIEW_TIME - 60_000,
      now: VIEW_TIME,
      stressCount: 0,
      criticalCount: 0,
      returnCount: 0,
      sample: { at: VIEW_TIME - 1000, lambdaPpm: 812_000 },
    },
    thresholds: {
      enterStressPpm: 500_000,
      enterCriticalPpm: 200_000,
      exitStressPpm: 600_000,
      exitCriticalPpm: 300_000,
    },
    sample: {
      at: VIEW_TIME - 1000,
      lambdaPpm: 812_000,
      signals: [
        { name: 'flow', lambdaPpm: 812_000, about: 'commodity job' },
        { name: 'structure', lambdaPpm: 900_000, about: 'cut of 1 edge' },
      ],
      binding: 'flow',
      witness: [{ source: 'queue', target: 'worker-2', type: 'dispatch', directed: true, weight: 3 }],
      side: ['worker-2'],
      components: 1,
      minCut: 3,
      lambda2: 0.25,
      durationMs: 0.4,
    },
    history: [
      { at: VIEW_TIME - 2000, lambdaPpm: 800_000, state: 'normal' },
      { at: VIEW_TIME - 1000, lambdaPpm: 812_000, state: 'normal' },
    ],
    graph: {
      version: 7,
      nodes: [
        { name: 'queue', type: 'queue', health: 1, weight: 1 },
        { name: 'worker-1', type: 'worker', health: 1, weight: 1 },
        { name: 'worker-2', type: 'worker', health: 0.5, weight: 1 },
      ],
      edges: [
        {
          source: 'queue',
          target: 'worker-1',
          type: 'dispatch',
          directed: true,
          weight: 8,
          capacity: 8,
          demand: 2,
          health: 1,
        },
        {
          source: 'queue',
          target: 'worker-2',
          type: 'dispatch',
          directed: true,
          weight: 3,
          capacity: 6,
          demand: 2,
          health: 0.5,
        },
      ],
    },
    mode: 'enforce',
    gate: [
      { class: 'low', offered: 100, admitted: 90, throttled: 10, deferred: 0, rejected: 0 },
      { class: 'high', offered: 20, admitted: 15, throttled: 0, deferred: 3, rejected: 2 },
    ],
    log: { size: 12, root: 'ab'.repeat(32), health: 'ok', entries: [] },
    ...changes,
  };
}
