import { describe, expect, it } from 'vitest';
import {
  decisionError,
  Gate,
  type GateCounts,
  type GateDecision,
  type GateMode,
  type GateOptions,
  type GatePolicyInput,
  type GateStatus,
  IntegrityError,
} from '../../src/index.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

function gateWith(
  policy: GatePolicyInput = {},
  mode: GateMode = 'enforce',
  random: () => number = () => 0,
): Gate {
  return new Gate({ mode, random, policy });
}

/** The code of what a call throws. */
function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return error instanceof IntegrityError ? `${error.code} ${error.field}` : String(error);
  }
  return 'nothing was thrown';
}

describe('critical does not block its own cure', () => {
  it('allows what relieves the present cut, of any class, while all else of its class is refused', () => {
    for (const operationClass of ['medium', 'high'] as const) {
      const gate = gateWith({ operations: { purge: { class: operationClass, relieves: ['disk'] } } });
      gate.publish({ state: 'critical', witnessTypes: ['disk'], at: 0 });
      expect(gate.check('purge', { now: 0 })).toMatchObject({ allowed: true, relation: 'relieves' });
      expect(gate.check(operationClass === 'high' ? 'index_rebuild' : 'update', { now: 0 }).allowed).toBe(
        false,
      );
      gate.publish({ state: 'critical', witnessTypes: ['network'], at: 0 });
      expect(gate.check('purge', { now: 0 })).toMatchObject({ allowed: false, relation: 'none' });
    }
  });

  it('keeps a budget for repair that a storm of other operations does not touch', () => {
    const gate = gateWith({
      rules: { critical: { repair: { action: 'reject', loads: null } } },
      repair: { perSecond: 4, burst: 6 },
    });
    gate.publish({ state: 'critical', at: 0 });
    let [repaired, others] = [0, 0];
    for (let now = 0; now < 20_000; now += 10) {
      for (const name of ['index_rebuild', 'update', 'shard_move'])
        if (gate.check(name, { now, tenant: 'storm' }).allowed) others++;
      if (now % 100 === 0 && gate.check('compaction', { now }).allowed) repaired++;
    }
    expect(others).toBe(0);
    // 6 at once and 4 a second for 19.9 s, of 10 a second that ask.
    expect(repaired).toBeGreaterThanOrEqual(84);
    expect(repaired).toBeLessThanOrEqual(86);
    expect(gate.counters().classes.repair).toMatchObject({
      offered: 200,
      admitted: repaired,
      reserve: repaired,
    });
  });

  it('leaves the budget alone while the rule allows, and takes it for each way to be refused', () => {
    for (const rule of [
      { action: 'reject' },
      { action: 'defer', ms: 5 },
      { action: 'throttle', admitPpm: 0 },
    ] as const) {
      const gate = gateWith({
        rules: { critical: { repair: rule } },
        repair: { perSecond: 0, burst: 3 },
        throttle: { minPerSecond: 0, burst: 1 },
      });
      gate.publish({ state: 'normal', at: 0 });
      for (let i = 0; i < 50; i++) expect(gate.check('vacuum', { now: 0 }).reason).toBe('allowed');
      gate.publish({ state: 'critical', at: 0 });
      const reasons = Array.from({ length: 10 }, () => gate.check('vacuum', { now: 0 }).reason);
      expect(reasons.filter((reason) => reason === 'reserve')).toHaveLength(3);
      expect(gate.check('vacuum', { now: 0 }).allowed).toBe(false);
    }
  });

  it('admits the exempt in every state and mode, also when nothing is published', () => {
    for (const mode of ['off', 'observe', 'enforce'] as const)
      for (const state of ['normal', 'stress', 'critical', 'unknown', null] as const) {
        const gate = gateWith({ operations: { beat: { class: 'exempt', loads: ['x'] } } }, mode);
        if (state !== null) gate.publish({ state, witnessTypes: ['x'], at: 0 });
        for (let i = 0; i < 100; i++) expect(gate.check('beat', { now: i, cost: 1e9 }).allowed).toBe(true);
      }
  });
});

describe('probes', () => {
  const policy: GatePolicyInput = {
    probes: { perSecond: 2, burst: 1 },
    operations: { push: { class: 'high', loads: ['x'] } },
  };
  /** How many of ten a second get through in ten seconds. */
  const through = (gate: Gate, name: string): number => {
    let admitted = 0;
    for (let now = 0; now < 10_000; now += 100) if (gate.check(name, { now }).reason === 'probe') admitted++;
    return admitted;
  };

  it('are let through while the state recovers: so many a second for each class, and no more', () => {
    const gate = gateWith(policy);
    gate.publish({ state: 'critical', at: 0, recovering: true });
    expect(through(gate, 'index_rebuild')).toBe(20);
    expect(through(gate, 'update')).toBe(20);
    expect(gate.counters().classes.high).toMatchObject({
      offered: 100,
      admitted: 20,
      probes: 20,
      rejected: 80,
    });
  });

  it('are not let through while it does not recover, nor for what loads the cut, nor from an old state', () => {
    const gate = gateWith({ ...policy, rules: { unknown: { high: { action: 'reject' } } } });
    gate.publish({ state: 'critical', at: 0 });
    expect(through(gate, 'index_rebuild')).toBe(0);
    gate.publish({ state: 'critical', at: 0, recovering: true, witnessTypes: ['x'] });
    expect(through(gate, 'push')).toBe(0);
    expect(gate.check('index_rebuild', { now: 30_001 })).toMatchObject({ allowed: false, basis: 'stale' });
  });

  it('are shared by all operations of a class, so that many names are not many probes', () => {
    const gate = gateWith(policy);
    gate.publish({ state: 'critical', at: 0, recovering: true });
    let admitted = 0;
    for (let now = 0; now < 10_000; now += 100)
      for (const name of ['index_rebuild', 'shard_move', 'hnsw_rewire', 'tier_demotion'])
        if (gate.check(name, { now }).allowed) admitted++;
    expect(admitted).toBe(20);
  });
});

describe('a state that is not there', () => {
  it('is unknown: never published, too old, or ahead of the clock; the decision says which', () => {
    const gate = gateWith({ staleAfterMs: 100 });
    const at = (now: number): unknown => {
      const { state, basis, reason, allowed } = gate.check('index_rebuild', { now });
      expect(gate.stateAt(now)).toEqual({ state, basis });
      return [state, basis, reason, allowed];
    };
    expect(at(5000)).toEqual(['unknown', 'never-published', 'unknown-state', true]);
    gate.publish({ state: 'critical', at: 5000 });
    expect(at(5000)).toEqual(['critical', 'published', 'rejected', false]);
    expect(at(5100)).toEqual(['critical', 'published', 'rejected', false]);
    expect(at(5101)).toEqual(['unknown', 'stale', 'unknown-state', true]);
    expect(at(4900)).toEqual(['critical', 'published', 'rejected', false]);
    expect(at(4899)).toEqual(['unknown', 'clock-behind', 'unknown-state', true]);
    gate.publish({ state: 'unknown', at: 5200 });
    expect(at(5200)).toEqual(['unknown', 'published', 'unknown-state', true]);
  });

  it('refuses where the policy says so, class by class', () => {
    const gate = gateWith({
      rules: { unknown: { high: { action: 'reject' }, medium: { action: 'defer', ms: 9 } } },
    });
    expect(gate.check('index_rebuild', { now: 0 })).toMatchObject({
      action: 'reject',
      basis: 'never-published',
      evidence: null,
    });
    expect(gate.check('update', { now: 0 })).toMatchObject({ action: 'defer', retryAfterMs: 9 });
    expect(gate.check('search', { now: 0 })).toMatchObject({ action: 'allow' });
    expect(decisionError(gate.check('index_rebuild', { now: 0 }), 'x')?.message).toMatch(/never-published/);
  });

  it('is what the gate goes back to when the clock jumps, either way, until something is published again', () => {
    const gate = gateWith();
    gate.publish({ state: 'stress', at: 1_000_000 });
    expect(gate.check('update', { now: 1_000_001 }).state).toBe('stress');
    expect(gate.check('update', { now: 0 })).toMatchObject({ state: 'unknown', basis: 'clock-behind' });
    gate.publish({ state: 'stress', at: 10 });
    expect(gate.check('update', { now: 11 }).state).toBe('stress');
    // And no budget grew from the jump.
    const admitted = Array.from({ length: 100 }, () => gate.check('update', { now: 11 }).allowed);
    expect(admitted.filter((allowed) => allowed).length).toBeLessThanOrEqual(70);
  });

  it('is not made by a publish that is refused: what was published stays', () => {
    const gate = gateWith();
    gate.publish({ state: 'critical', at: 5 });
    const wrong: [unknown, string][] = [
      [{ state: 'panic', at: 5 }, 'ERR_INTEGRITY_ARGUMENT status.state'],
      [{ state: 'normal', at: -1 }, 'ERR_INTEGRITY_CLOCK status.at'],
      [{ state: 'normal', at: 0.5 }, 'ERR_INTEGRITY_CLOCK status.at'],
      [{ state: 'normal' }, 'ERR_INTEGRITY_CLOCK status.at'],
      [{ state: 'normal', at: 5, witnessTypes: 'x' }, 'ERR_INTEGRITY_ARGUMENT status.witnessTypes'],
      [{ state: 'normal', at: 5, witnessTypes: [1] }, 'ERR_INTEGRITY_ARGUMENT status.witnessTypes[0]'],
      [
        { state: 'normal', at: 5, witnessTypes: Array(1025).fill('x') },
        'ERR_INTEGRITY_LIMIT status.witnessTypes',
      ],
      [{ state: 'normal', at: 5, recovering: 1 }, 'ERR_INTEGRITY_ARGUMENT status.recovering'],
      [{ state: 'normal', at: 5, lambdaPpm: 1.5 }, 'ERR_INTEGRITY_ARGUMENT status.lambdaPpm'],
      [{ state: 'normal', at: 5, event: '' }, 'ERR_INTEGRITY_ARGUMENT status.event'],
      [{ state: 'normal', at: 5, lambda: 1 }, 'ERR_INTEGRITY_ARGUMENT status.lambda'],
      [null, 'ERR_INTEGRITY_ARGUMENT status'],
    ];
    for (const [status, code] of wrong) {
      expect(codeOf(() => gate.publish(status as GateStatus))).toBe(code);
      expect(gate.check('index_rebuild', { now: 5 }).state).toBe('critical');
    }
  });
});

describe('operations in flight', () => {
  it('are limited for reads in critical, with those counted that began before', () => {
    const gate = gateWith({ rules: { critical: { low: { action: 'allow', maxInFlight: 3 } } } });
    gate.publish({ state: 'normal', at: 0 });
    const tickets = [gate.acquire('search', { now: 0 }), gate.acquire('read', { now: 0 })];
    gate.publish({ state: 'critical', at: 0 });
    tickets.push(gate.acquire('search', { now: 0 }));
    expect(tickets.map(({ decision }) => decision.allowed)).toEqual([true, true, true]);
    const refused = gate.acquire('search', { now: 0 });
    expect(refused.decision).toMatchObject({
      action: 'throttle',
      reason: 'in-flight',
      sqlstate: 'RV001',
      retryAfterMs: 1000,
    });
    expect(gate.check('search', { now: 0 }).reason).toBe('in-flight');
    refused.release();
    expect(gate.acquire('search', { now: 0 }).decision.allowed).toBe(false);
    tickets[0]?.release();
    expect(gate.acquire('search', { now: 0 }).decision.allowed).toBe(true);
    expect(gate.counters().inFlight.low).toBe(3);
  });

  it('are given back once, however often that is said', () => {
    const gate = gateWith();
    const [a, b] = [gate.acquire('search', { now: 0 }), gate.acquire('search', { now: 0 })];
    for (let i = 0; i < 5; i++) a.release();
    expect(gate.counters().inFlight.low).toBe(1);
    b.release();
    expect(gate.counters().inFlight.low).toBe(0);
  });

  it('are never above the limit nor below nothing, in any order of calls', () => {
    for (let seed = 0; seed < scale(100); seed++) {
      const random = new Random(seed);
      const limit = 1 + random.below(5);
      const gate = gateWith({ rules: { critical: { low: { action: 'allow', maxInFlight: limit } } } });
      gate.publish({ state: 'critical', at: 0 });
      const held: (() => void)[] = [];
      let wrong = 0;
      const released: (() => void)[] = [];
      for (let i = 0; i < 200; i++) {
        if (random.float() < 0.5) {
          const { decision, release } = gate.acquire(random.pick(['search', 'read']), { now: 0 });
          if (decision.allowed !== held.length < limit) wrong++;
          if (decision.allowed) held.push(release);
        } else if (held.length > 0 && random.float() < 0.7) {
          const [release] = held.splice(random.below(held.length), 1) as [() => void];
          release();
          released.push(release);
        } else if (released.length > 0) random.pick(released)();
        if (gate.counters().inFlight.low !== held.length) wrong++;
      }
      expect(wrong).toBe(0);
    }
  });
});

describe('modes', () => {
  it('observe lets all through and says what enforce would do, with the same tokens', () => {
    const gates = (['observe', 'enforce'] as const).map((mode) => gateWith({}, mode)) as [Gate, Gate];
    const random = new Random(5);
    for (const gate of gates) gate.publish({ state: 'critical', at: 0, recovering: true });
    for (let i = 0; i < scale(1000); i++) {
      const name = random.pick(['search', 'update', 'index_rebuild', 'vacuum', 'liveness', 'other']);
      const [seen, done] = gates.map((gate) => gate.check(name, { now: i * 3 })) as [
        GateDecision,
        GateDecision,
      ];
      const { state, basis, relation, reason, retryAfterMs, evidence } = done;
      const ground = { state, basis, class: done.class, relation, reason, retryAfterMs, evidence };
      expect(seen).toEqual({
        ...ground,
        wouldBe: done.action,
        action: 'allow',
        allowed: true,
        sqlstate: null,
      });
      if (done.wouldBe !== null) throw new Error('wouldBe is of mode observe alone');
    }
    const [seen, done] = gates.map((gate) => gate.counters().classes.medium) as [GateCounts, GateCounts];
    expect(seen.admitted).toBe(seen.offered);
    expect([seen.throttled, seen.deferred, seen.rejected]).toEqual([
      done.throttled,
      done.deferred,
      done.rejected,
    ]);
  });

  it('off lets all through, and observe is the default', () => {
    const gate = gateWith({}, 'off');
    gate.publish({ state: 'critical', at: 0 });
    expect(gate.check('index_rebuild', { now: 0 })).toMatchObject({
      allowed: true,
      reason: 'gate-off',
      wouldBe: null,
    });
    expect(new Gate({ random: () => 0 }).mode).toBe('observe');
  });
});

describe('what is deferred', () => {
  it('waits twice as long each time that it comes back, up to a limit, and anew after a good state', () => {
    const gate = gateWith({ rules: { critical: { medium: { ms: 100 } } }, defer: { maxMs: 1000 } });
    const status = { state: 'critical', at: 0 } as const;
    gate.publish(status);
    const waits: number[] = [];
    for (let now = 0, i = 0; i < 6; i++) {
      waits.push(gate.check('update', { now, tenant: 'a' }).retryAfterMs);
      now += waits[i] as number;
    }
    expect(waits).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(gate.check('update', { now: 0, tenant: 'b' }).retryAfterMs).toBe(100);
    gate.publish({ state: 'normal', at: 0 });
    gate.publish(status);
    expect(gate.check('update', { now: 4000, tenant: 'a' }).retryAfterMs).toBe(100);
  });

  it('hears what is left of its wait when it comes early, and does not lengthen it', () => {
    const gate = gateWith({ rules: { critical: { medium: { ms: 100 } } } });
    gate.publish({ state: 'critical', at: 0 });
    for (let now = 0; now < 100; now++) expect(gate.check('update', { now }).retryAfterMs).toBe(100 - now);
    expect(gate.check('update', { now: 100 }).retryAfterMs).toBe(200);
  });

  it('starts anew after it stayed away as long again', () => {
    const gate = gateWith({ rules: { critical: { medium: { ms: 100 } } } });
    gate.publish({ state: 'critical', at: 0 });
    expect(gate.check('update', { now: 0 }).retryAfterMs).toBe(100);
    expect(gate.check('update', { now: 201 }).retryAfterMs).toBe(100);
  });

  it('has waits that chance spreads, between the wait and the jitter above it', () => {
    const random = new Random(1);
    const gate = gateWith({ rules: { critical: { medium: { ms: 1000 } } } }, 'enforce', () => random.float());
    gate.publish({ state: 'critical', at: 0 });
    const waits = Array.from(
      { length: 200 },
      (_, i) => gate.check('update', { now: 0, tenant: `t${i}` }).retryAfterMs,
    );
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1250);
    expect(new Set(waits).size).toBeGreaterThanOrEqual(80);
  });

  it('keeps to its bounds with a source of chance that does not', () => {
    for (const drawn of [Number.NaN, -5, 7, Number.POSITIVE_INFINITY]) {
      const gate = gateWith({ rules: { critical: { medium: { ms: 1000 } } } }, 'enforce', () => drawn);
      gate.publish({ state: 'critical', at: 0 });
      const { retryAfterMs } = gate.check('update', { now: 0 });
      expect(retryAfterMs).toBeGreaterThanOrEqual(1000);
      expect(retryAfterMs).toBeLessThanOrEqual(1250);
      for (let i = 0; i < 100; i++) {
        const search = gate.check('search', { now: 0 });
        if (!search.allowed)
          expect([search.retryAfterMs > 0, search.retryAfterMs <= 1000]).toEqual([true, true]);
      }
    }
  });
});

describe('a refusal', () => {
  it('says why, when to come again, and where the log tells of it', () => {
    const gate = gateWith({ operations: { push: { class: 'medium', loads: ['queue'] } } });
    gate.publish({ state: 'critical', at: 0, witnessTypes: ['queue'], lambdaPpm: 120_000, event: 'event 7' });
    const decision = gate.check('push', { now: 0 });
    expect(decision.evidence).toEqual({ lambdaPpm: 120_000, witnessTypes: ['queue'], event: 'event 7' });
    gate.publish({ state: 'critical', at: 0, witnessTypes: ['queue'] });
    expect(gate.check('push', { now: 0 }).evidence?.event).toBeNull();
  });

  it('becomes an error with the code of its action', () => {
    const gate = gateWith({ throttle: { burst: 1, minPerSecond: 0 } });
    gate.publish({ state: 'critical', at: 0 });
    const errors = ['search', 'update', 'index_rebuild'].map((name) => {
      for (let i = 0; i < 20; i++) {
        const error = decisionError(gate.check(name, { now: 0 }), name);
        if (error) return error;
      }
      return undefined;
    });
    expect(errors.map((error) => error?.code)).toEqual([
      'ERR_INTEGRITY_THROTTLED',
      'ERR_INTEGRITY_DEFERRED',
      'ERR_INTEGRITY_REJECTED',
    ]);
    expect(errors[1]?.message).toBe(
      'update is deferred (deferred) while the state is critical; try again in 60000 ms',
    );
    expect(decisionError(gate.check('liveness', { now: 0 }))).toBeUndefined();
  });

  it('tells a throttled caller no longer wait than the policy has, and a time at which there is a token', () => {
    const gate = gateWith({ throttle: { maxDelayMs: 400, burst: 1, minPerSecond: 10 } });
    gate.publish({ state: 'stress', at: 0 });
    let [now, seen] = [0, 0];
    for (let i = 0; i < 200; i++) {
      now += 1;
      const decision = gate.check('update', { now });
      if (decision.allowed) continue;
      seen++;
      expect(decision.retryAfterMs).toBeGreaterThanOrEqual(1);
      expect(decision.retryAfterMs).toBeLessThanOrEqual(400);
    }
    expect(seen).toBeGreaterThanOrEqual(50);
    // With nobody else, the trickle alone has a token 100 ms later.
    expect(gate.check('update', { now: now + 100, retry: true }).allowed).toBe(true);
  });
});

describe('a call that makes no sense', () => {
  it('is an error with a code, and is not counted', () => {
    const gate = gateWith();
    const wrong: [string, () => unknown, string][] = [
      ['no number for the time', () => gate.check('search', { now: Number.NaN }), 'ERR_INTEGRITY_CLOCK now'],
      ['a fraction of a millisecond', () => gate.check('search', { now: 1.5 }), 'ERR_INTEGRITY_CLOCK now'],
      ['a negative cost', () => gate.check('search', { now: 1, cost: -1 }), 'ERR_INTEGRITY_ARGUMENT cost'],
      [
        'no number for the cost',
        () => gate.check('search', { now: 1, cost: Number.NaN }),
        'ERR_INTEGRITY_ARGUMENT cost',
      ],
      [
        'an endless cost',
        () => gate.check('search', { now: 1, cost: Number.POSITIVE_INFINITY }),
        'ERR_INTEGRITY_ARGUMENT cost',
      ],
      [
        'an empty tenant',
        () => gate.check('search', { now: 1, tenant: '' }),
        'ERR_INTEGRITY_ARGUMENT tenant',
      ],
      [
        'a long tenant',
        () => gate.check('search', { now: 1, tenant: 'x'.repeat(257) }),
        'ERR_INTEGRITY_ARGUMENT tenant',
      ],
      [
        'an operation that is no string',
        () => gate.check(7 as unknown as string, { now: 1 }),
        'ERR_INTEGRITY_ARGUMENT operation',
      ],
      [
        'no options',
        () => gate.check('search', undefined as unknown as { now: number }),
        'ERR_INTEGRITY_ARGUMENT options',
      ],
      ['the same for a ticket', () => gate.acquire('search', { now: -1 }), 'ERR_INTEGRITY_CLOCK now'],
    ];
    for (const [what, call, code] of wrong) expect([what, codeOf(call)]).toEqual([what, code]);
    expect(gate.counters().classes.low.offered).toBe(0);
    expect(gate.counters().inFlight.low).toBe(0);
  });

  it('is one to the constructor, too', () => {
    const make = (options: unknown): string => codeOf(() => new Gate(options as GateOptions));
    expect(make({})).toBe('ERR_INTEGRITY_ARGUMENT options.random');
    expect(make(undefined)).toBe('ERR_INTEGRITY_ARGUMENT options');
    expect(make({ random: () => 0, mode: 'on' })).toBe('ERR_INTEGRITY_ARGUMENT options.mode');
    expect(make({ random: () => 0, modus: 'off' })).toBe('ERR_INTEGRITY_ARGUMENT options.modus');
    expect(make({ random: () => 0, policy: { rules: { critical: { high: { action: 0 } } } } })).toBe(
      'ERR_INTEGRITY_POLICY rules.critical.high.action',
    );
  });
});

describe('counters', () => {
  it('add up, by operation and by class, whatever is asked', () => {
    for (let seed = 0; seed < scale(40); seed++) {
      const random = new Random(seed);
      const gate = gateWith({ operations: { a: { class: 'high', loads: ['x'], cost: 7 } } });
      const names = ['search', 'update', 'index_rebuild', 'vacuum', 'liveness', 'a', 'nobody knows'];
      let [calls, cost, allowed] = [0, 0, 0];
      for (let i = 0; i < 300; i++) {
        if (random.float() < 0.05)
          gate.publish({
            state: random.pick(['normal', 'stress', 'critical', 'unknown']),
            at: i,
            witnessTypes: random.float() < 0.5 ? ['x'] : [],
            recovering: random.float() < 0.5,
          });
        const own = random.below(20);
        calls++;
        cost += own;
        if (gate.check(random.pick(names), { now: i, cost: own, tenant: `t${random.below(4)}` }).allowed)
          allowed++;
      }
      const { classes, operations } = gate.counters();
      for (const counts of [Object.values(classes), operations]) {
        const sum = (key: 'offered' | 'offeredCost' | 'admitted'): number =>
          counts.reduce((all, each) => all + each[key], 0);
        expect([sum('offered'), sum('offeredCost'), sum('admitted')]).toEqual([calls, cost, allowed]);
      }
      for (const each of operations)
        expect(each.admitted + each.throttled + each.deferred + each.rejected).toBe(each.offered);
      expect(operations[operations.length - 1]?.name).toBeNull();
    }
  });
});
