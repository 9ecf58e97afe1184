import { describe, expect, it } from 'vitest';
import { Gate, type GateAction, type GateDecision } from '../../src/index.js';

/** The default policy as a table that was written by hand: what a hundred calls meet. */
type Cell = 'allow' | `${number}%` | `defer ${number}` | 'reject';
const table: Record<string, Record<string, readonly [none: Cell, loads: Cell, relieves: Cell]>> = {
  normal: {
    low: ['allow', 'allow', 'allow'],
    medium: ['allow', 'allow', 'allow'],
    high: ['allow', 'allow', 'allow'],
    repair: ['allow', 'allow', 'allow'],
    exempt: ['allow', 'allow', 'allow'],
  },
  stress: {
    low: ['allow', '80%', 'allow'],
    medium: ['50%', 'defer 60000', 'allow'],
    high: ['defer 300000', 'reject', 'allow'],
    repair: ['allow', '50%', 'allow'],
    exempt: ['allow', 'allow', 'allow'],
  },
  critical: {
    low: ['80%', '50%', 'allow'],
    medium: ['defer 60000', 'reject', 'allow'],
    high: ['reject', 'reject', 'allow'],
    repair: ['50%', 'defer 5000', 'allow'],
    exempt: ['allow', 'allow', 'allow'],
  },
  unknown: {
    low: ['allow', 'allow', 'allow'],
    medium: ['allow', 'allow', 'allow'],
    high: ['allow', 'allow', 'allow'],
    repair: ['allow', 'allow', 'allow'],
    exempt: ['allow', 'allow', 'allow'],
  },
};
const relations = ['none', 'loads', 'relieves'] as const;
const codes = { allow: null, throttle: 'RV001', defer: 'RV002', reject: 'RV003' } as const;

function gateFor(state: string, operationClass: string): Gate {
  const gate = new Gate({
    mode: 'enforce',
    random: () => 0,
    policy: {
      operations: { job: { class: operationClass as 'low', loads: ['pipe'], relieves: ['queue'] } },
      throttle: { burst: 1, minPerSecond: 0 },
      repair: { perSecond: 0, burst: 0 },
    },
  });
  gate.publish({ state: state as 'normal', at: 1000 });
  return gate;
}

describe('the default policy', () => {
  for (const [state, rows] of Object.entries(table))
    for (const [operationClass, cells] of Object.entries(rows))
      for (const [i, relation] of relations.entries()) {
        const cell = cells[i] as Cell;
        it(`answers ${cell} to class ${operationClass} that ${relation === 'none' ? 'does not touch' : relation} the cut in state ${state}`, () => {
          const gate = gateFor(state, operationClass);
          gate.publish({
            state: state as 'normal',
            at: 1000,
            witnessTypes: { none: ['other'], loads: ['pipe', 'queue'], relieves: ['other', 'queue'] }[
              relation
            ],
          });
          const decisions = Array.from({ length: 100 }, () => gate.check('job', { now: 1000 }));
          const seen = new Set<GateAction>(decisions.map(({ action }) => action));
          const admitted = decisions.filter(({ allowed }) => allowed).length;
          const last = decisions[99] as GateDecision;
          expect(decisions.every(({ action, allowed }) => allowed === (action === 'allow'))).toBe(true);
          expect(decisions.every(({ action, sqlstate }) => sqlstate === codes[action])).toBe(true);
          expect(last).toMatchObject({ state, class: operationClass, wouldBe: null, basis: 'published' });
          expect(last.relation).toBe(state === 'unknown' ? 'none' : relation);
          if (cell.endsWith('%')) {
            const share = Number(cell.slice(0, -1));
            expect([...seen].sort()).toEqual(['allow', 'throttle']);
            expect(admitted).toBeGreaterThanOrEqual(share);
            expect(admitted).toBeLessThanOrEqual(share + 2);
          } else {
            expect([...seen]).toEqual([cell.split(' ')[0]]);
            expect(admitted).toBe(cell === 'allow' ? 100 : 0);
            if (cell.startsWith('defer')) expect(last.retryAfterMs).toBe(Number(cell.slice(6)));
          }
        });
      }

  it('has the operations of the table, and gives any other name the class medium', () => {
    const gate = new Gate({ random: () => 0 });
    const classes: Record<string, string> = {
      liveness: 'exempt',
      audit_read: 'exempt',
      compaction: 'repair',
      search: 'low',
      point_delete: 'low',
      bulk_insert: 'medium',
      hnsw_rewire: 'high',
      replication_reshuffle: 'high',
      'no such operation': 'medium',
      '': 'medium',
    };
    for (const [name, expected] of Object.entries(classes))
      expect([name, gate.check(name, { now: 0 }).class]).toEqual([name, expected]);
  });

  it('takes the default class of the policy for names that it does not have', () => {
    const gate = new Gate({ random: () => 0, mode: 'enforce', policy: { defaultClass: 'high' } });
    gate.publish({ state: 'critical', at: 0 });
    expect(gate.check('whatever', { now: 0 })).toMatchObject({ action: 'reject', class: 'high' });
  });
});
