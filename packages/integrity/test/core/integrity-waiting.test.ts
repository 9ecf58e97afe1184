import { beforeEach, describe, expect, it } from 'vitest';
import {
  createIntegrity,
  type GatePolicyInput,
  type Integrity,
  type IntegrityError,
  type Timer,
} from '../../src/index.js';

/** Timers that fire when the test lets time pass. */
class Timers {
  now = 1_700_000_000_000;
  #set: { readonly at: number; readonly fire: () => void }[] = [];

  readonly start: Timer = (ms, fire) => {
    const entry = { at: this.now + ms, fire };
    this.#set.push(entry);
    return () => {
      this.#set = this.#set.filter((each) => each !== entry);
    };
  };

  get running(): number {
    return this.#set.length;
  }

  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await settle();
      const due = this.#set.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      const [next] = due;
      if (next === undefined) break;
      this.now = next.at;
      this.#set = this.#set.filter((each) => each !== next);
      next.fire();
    }
    this.now = end;
    await settle();
  }
}

/** Lets the continuations of promises run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await undefined;
}

/** A signal as AbortController makes it, for hosts that have none. */
class Signal {
  aborted = false;
  #listeners = new Set<() => void>();
  get listeners(): number {
    return this.#listeners.size;
  }
  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }
  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }
  abort(): void {
    this.aborted = true;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** At most two searches in flight, whatever the state; updates deferred. */
const policy: GatePolicyInput = {
  rules: {
    unknown: {
      low: { action: 'throttle', admitPpm: 1_000_000, maxInFlight: 2 },
      medium: { action: 'defer', ms: 1000 },
      high: { action: 'throttle', admitPpm: 0 },
    },
  },
  throttle: { maxDelayMs: 1000, minDelayMs: 20, burst: 10, minPerSecond: 2 },
};

describe('guard with a timer', () => {
  let timers: Timers;
  let integrity: Integrity;
  const begun: string[] = [];
  const ends = new Map<string, () => void>();

  /** Begins a guarded call that runs until the test ends it. */
  function call(name: string, operation = 'search', more: Parameters<Integrity['guard']>[2] = {}) {
    return integrity
      .guard(
        operation,
        () => {
          begun.push(name);
          return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
        },
        more,
      )
      .catch((error: IntegrityError) => error.code);
  }

  beforeEach(() => {
    begun.length = 0;
    ends.clear();
    timers = new Timers();
    integrity = createIntegrity({
      name: 'waits',
      clock: () => timers.now,
      random: () => 0.5,
      signals: { flow: { commodities: [] } },
      mode: 'enforce',
      policy,
      timer: timers.start,
    });
  });

  it('lets callers in, in the order in which they came, as others are released', async () => {
    const calls = ['a', 'b', 'c', 'd'].map((name) => call(name));
    await settle();
    expect(begun).toEqual(['a', 'b']);
    ends.get('b')?.();
    await settle();
    expect(begun).toEqual(['a', 'b', 'c']);
    ends.get('a')?.();
    await settle();
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
    for (const end of ends.values()) end();
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c', 'd']);
    expect(timers.running).toBe(0);
    // One offer each, however often it asked.
    const { low } = integrity.gate.counters().classes;
    expect(low).toMatchObject({ offered: 4, admitted: 4 });
    expect(low.offered + low.retried).toBe(low.admitted + low.throttled);
  });

  it('also counts what is acquired and released by hand', async () => {
    const tickets = [integrity.acquire('search'), integrity.acquire('search')];
    const waiting = call('a');
    await settle();
    expect(begun).toEqual([]);
    tickets[0]?.release();
    tickets[0]?.release();
    await settle();
    expect(begun).toEqual(['a']);
    ends.get('a')?.();
    await waiting;
  });

  it('refuses at the end of the wait and not before', async () => {
    const running = [call('a'), call('b')];
    const refused = call('c', 'search', { maxWaitMs: 300 });
    let answer: string | undefined;
    void refused.then((code) => {
      answer = code;
    });
    await timers.pass(299);
    expect(answer).toBeUndefined();
    await timers.pass(1);
    expect(answer).toBe('ERR_INTEGRITY_THROTTLED');
    expect(begun).toEqual(['a', 'b']);
    for (const end of ends.values()) end();
    await Promise.all(running);
    expect(timers.running).toBe(0);
  });

  it('waits for tokens, and no longer than the policy allows', async () => {
    // Ten at once, two a second: with a share of 0 the trickle is all there is.
    const calls = Array.from({ length: 14 }, (_, i) => call(String(i), 'shard_move'));
    await settle();
    expect(begun).toHaveLength(10);
    await timers.pass(499);
    expect(begun).toHaveLength(10);
    await timers.pass(501);
    for (const end of ends.values()) end();
    const answers = await Promise.all(calls);
    expect(answers.filter((answer) => answer === 'ERR_INTEGRITY_THROTTLED')).toHaveLength(2);
    expect(begun).toHaveLength(12);
    expect(timers.running).toBe(0);
  });

  it('does not wait where it is deferred or told not to', async () => {
    expect(await call('a', 'update')).toBe('ERR_INTEGRITY_DEFERRED');
    const running = [call('a'), call('b')];
    expect(await call('c', 'search', { maxWaitMs: 0 })).toBe('ERR_INTEGRITY_THROTTLED');
    expect(timers.running).toBe(0);
    for (const end of ends.values()) end();
    await Promise.all(running);
  });

  it('ends at once when its signal fires, and leaves nothing behind', async () => {
    const running = [call('a'), call('b')];
    const signal = new Signal();
    const aborted = call('c', 'search', { signal });
    await settle();
    expect(signal.listeners).toBe(1);
    signal.abort();
    expect(await aborted).toBe('ERR_INTEGRITY_ABORTED');
    expect(signal.listeners).toBe(0);
    expect(timers.running).toBe(0);
    expect(await call('d', 'search', { signal })).toBe('ERR_INTEGRITY_ABORTED');
    for (const end of ends.values()) end();
    await Promise.all(running);
    expect(begun).toEqual(['a', 'b']);
    expect(integrity.gate.counters().inFlight.low).toBe(0);
  });

  it('keeps a bounded number waiting, and answers the others at once', async () => {
    const calls = Array.from({ length: 1010 }, (_, i) => call(String(i)));
    await settle();
    await timers.pass(1000);
    for (const end of ends.values()) end();
    const answers = await Promise.all(calls);
    expect(answers.filter((answer) => answer === 'ERR_INTEGRITY_THROTTLED')).toHaveLength(1008);
    expect(begun).toEqual(['0', '1']);
    expect(timers.running).toBe(0);
  });

  it('passes a release on when whoever it woke does not go in', async () => {
    const running = [call('a'), call('b')];
    const signal = new Signal();
    const first = call('c', 'search', { signal });
    const second = call('d');
    await settle();
    ends.get('a')?.();
    await undefined;
    signal.abort();
    await settle();
    expect(begun).toEqual(['a', 'b', 'd']);
    for (const end of ends.values()) end();
    expect(await Promise.all([...running, first, second])).toEqual(['a', 'b', 'ERR_INTEGRITY_ABORTED', 'd']);
  });

  it('lets in the share of a burst that is far above the places, as they come free', async () => {
    // The default rule for reads in critical: 80 % of what is offered, ten at a time.
    integrity = createIntegrity({
      name: 'waits',
      clock: () => timers.now,
      random: () => 0.5,
      signals: { flow: { commodities: [] } },
      mode: 'enforce',
      timer: timers.start,
    });
    let [done, refused, atOnce, most] = [0, 0, 0, 0];
    const calls: Promise<void>[] = [];
    for (let burst = 0; burst < 4; burst++) {
      // No samples: the state is published by hand.
      integrity.gate.publish({ state: 'critical', at: timers.now });
      for (let i = 0; i < 40; i++)
        calls.push(
          integrity
            .guard('search', async () => {
              most = Math.max(most, ++atOnce);
              await new Promise<void>((resolve) => timers.start(10, resolve));
              atOnce--;
              done++;
            })
            .catch(() => {
              refused++;
            }),
        );
      await timers.pass(2000);
    }
    await Promise.all(calls);
    expect(done + refused).toBe(160);
    expect(most).toBe(10);
    expect(done / 160).toBeGreaterThan(0.75);
    expect(done / 160).toBeLessThan(0.95);
  });

  it.each([-1, 1001, 0.5, Number.NaN])('refuses maxWaitMs %s', async (maxWaitMs) => {
    expect(await call('a', 'search', { maxWaitMs })).toBe('ERR_INTEGRITY_ARGUMENT');
  });

  it('refuses a timer that is none', () => {
    const options = {
      name: 'waits',
      clock: () => 0,
      random: () => 0,
      signals: { flow: { commodities: [] } },
      timer: 5 as unknown as Timer,
    };
    expect(() => createIntegrity(options)).toThrow(
      expect.objectContaining({ code: 'ERR_INTEGRITY_ARGUMENT', field: 'options.timer' }),
    );
  });
});
