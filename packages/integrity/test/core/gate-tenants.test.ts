import { describe, expect, it } from 'vitest';
import { Backoff } from '../../src/control/gate-backoff.js';
import { Throttle } from '../../src/control/gate-throttle.js';
import { FairShare } from '../../src/control/tenants.js';
import { Gate } from '../../src/index.js';

const settings = {
  burst: 10,
  minPerSecond: 0,
  minDelayMs: 1,
  maxDelayMs: 1000,
  windowMs: 1000,
  maxTenants: 4,
};

describe('the table of tenants', () => {
  /** Tenants that have offered these costs at time 0, with the level of half of it all. */
  function tableOf(costs: readonly number[]): FairShare {
    const fair = new FairShare({ windowMs: 1000, maxTenants: 64 });
    for (const [i, cost] of costs.entries()) fair.offer(fair.locate(`t${i}`, 0), cost, 1, 0);
    for (let i = 0; i < 100; i++) fair.step(500_000, 0);
    return fair;
  }

  it('finds the level at which the least of offer and level add up to the share', () => {
    // 1 + 2 + 3 x 10.5 is half of 69; 8 each is half of 32; and one alone gets its half.
    expect(tableOf([1, 2, 16, 20, 30]).level).toBeCloseTo(10.5, 9);
    expect(tableOf([8, 8, 8, 8]).level).toBeCloseTo(4, 9);
    expect(tableOf([30]).level).toBeCloseTo(15, 9);
  });

  it('takes half of a new cost for the offer, so that a name made up for one call is not light whatever it costs', () => {
    const fair = tableOf([1, 2, 16, 20, 30]);
    expect(fair.share(fair.locate('new', 0), 20, 0)).toBe(1);
    expect(fair.share(fair.locate('new', 0), 42, 0)).toBeCloseTo(0.5, 9);
  });

  it('gives the place of one that has been idle for sixteen windows to another, and counts it no more', () => {
    const fair = new FairShare({ windowMs: 1000, maxTenants: 2 });
    for (const name of ['a', 'b']) fair.offer(fair.locate(name, 0), 1, 1, 0);
    expect(fair.locate('c', 0)).toBe(0);
    fair.offer(fair.locate('b', 16_000), 1, 1, 0);
    fair.pool(fair.locate('b', 16_000), 16_000);
    for (let i = 0; i < 10; i++) fair.step(500_000, 16_000);
    expect(fair.tenants).toBe(2);
    for (let i = 0; i < 10; i++) fair.step(500_000, 16_001);
    expect(fair.tenants).toBe(1);
    expect(fair.locate('c', 16_001)).toBeGreaterThanOrEqual(1);
    expect(fair.locate('b', 16_001)).toBeGreaterThanOrEqual(1);
    expect(fair.locate('b', 16_001) === fair.locate('c', 16_001)).toBe(false);
  });

  it('lets nobody owe more than a burst', () => {
    const fair = new FairShare({ windowMs: 1000, maxTenants: 2 });
    const place = fair.locate('a', 0);
    fair.spend(place, 1e9, 10e6);
    expect(fair.own(place)).toBe(-10e6);
  });

  it('admits a light tenant, on credit up to a burst, right after a heavy one has used everything up', () => {
    const rule = { action: 'throttle', admitPpm: 200_000, maxPerSecond: null, maxInFlight: null } as const;
    const throttle = new Throttle(rule, { ...settings, burst: 1 });
    let refused = 0;
    for (let at = 0; at < 20_000; at += 10) {
      for (let i = 0; i < 10; i++) throttle.admit('heavy', 1, false, false, at);
      // The last word of the heavy one is a refusal; only then the light one asks.
      while (throttle.admit('heavy', 1, false, false, at) === 'admit');
      const asks = at % 500 === 0;
      if (asks && throttle.admit('light', 1, false, false, at) !== 'admit' && at >= 10_000) refused++;
    }
    expect(refused).toBe(0);
  });
});

describe('a throttle whose clock goes back', () => {
  it('neither owes the time nor is given it', () => {
    const policy = { throttle: { burst: 2, minPerSecond: 10 } };
    const gate = new Gate({ mode: 'enforce', random: () => 0, policy });
    gate.publish({ state: 'stress', at: 1_000_000_000 });
    for (let i = 0; i < 100; i++) gate.check('update', { now: 1_000_000_000 });
    gate.publish({ state: 'stress', at: 1000 });
    const admitted = Array.from({ length: 100 }, () => gate.check('update', { now: 1000 }).allowed);
    expect(admitted.filter((allowed) => allowed).length).toBeGreaterThanOrEqual(49);
    expect(admitted.filter((allowed) => allowed).length).toBeLessThanOrEqual(54);
  });
});

describe('a limit in flight beside a share', () => {
  it('refuses although there are tokens, and what it refuses is still offered', () => {
    const gate = new Gate({
      mode: 'enforce',
      random: () => 0,
      policy: { rules: { critical: { low: { admitPpm: 1_000_000, maxInFlight: 2 } } } },
    });
    gate.publish({ state: 'critical', at: 0 });
    const tickets = Array.from({ length: 5 }, () => gate.acquire('search', { now: 0 }));
    expect(tickets.map(({ decision }) => decision.reason)).toEqual([
      'within-share',
      'within-share',
      'in-flight',
      'in-flight',
      'in-flight',
    ]);
    expect(gate.counters().classes.low).toMatchObject({ offered: 5, admitted: 2, throttled: 3 });
    tickets[0]?.release();
    expect(gate.acquire('search', { now: 0 }).decision.allowed).toBe(true);
  });
});

describe('waits', () => {
  it('start anew when the clock goes back, rather than last until it has caught up', () => {
    const backoff = new Backoff({ maxMs: 10_000, jitterPpm: 0 }, () => 0);
    expect(backoff.wait('a', 100, 1_000_000)).toBe(100);
    expect(backoff.wait('a', 100, 5)).toBe(100);
    expect(backoff.wait('a', 100, 55)).toBe(50);
  });

  it('are kept for a bounded number: a flood of names makes the first one be forgotten', () => {
    const backoff = new Backoff({ maxMs: 10_000, jitterPpm: 0 }, () => 0);
    backoff.wait('a', 100, 0);
    expect(backoff.wait('a', 100, 50)).toBe(50);
    for (let i = 0; i < 4096; i++) backoff.wait(`flood ${i}`, 100, 50);
    expect(backoff.wait('a', 100, 50)).toBe(100);
  });
});
