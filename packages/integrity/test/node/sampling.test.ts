import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createIntegrity, type Integrity } from '../../src/index.js';
import { nodeTimer, startSampling } from '../../src/node/index.js';

describe('startSampling', () => {
  let integrity: Integrity;

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
    integrity = createIntegrity({
      name: 'jobs',
      clock: Date.now,
      random: Math.random,
      signals: { flow: { commodities: [{ name: 'job', sources: ['a'], sinks: ['b'] }] } },
      states: { staleAfterMs: 3000 },
    });
    integrity.graph.upsertNode({ name: 'a', type: 'x' });
    integrity.graph.upsertNode({ name: 'b', type: 'x' });
  });
  afterEach(() => vi.useRealTimers());

  it('samples at its interval, after refreshing, until it is stopped', async () => {
    const times: number[] = [];
    integrity.onSample(({ at }) => times.push(at - 1_700_000_000_000));
    let refreshed = 0;
    const stop = startSampling(integrity, {
      intervalMs: 1000,
      refresh: () => {
        refreshed++;
      },
      onError: (error) => {
        throw error;
      },
    });
    await vi.advanceTimersByTimeAsync(3500);
    stop();
    await vi.advanceTimersByTimeAsync(3000);
    expect([times, refreshed]).toEqual([[1000, 2000, 3000], 3]);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('no rates'))],
    ['hangs', () => new Promise<void>(() => undefined)],
  ])('lets the state go unknown when refresh %s, and tells why it threw', async (how, broken) => {
    const errors: unknown[] = [];
    let works = true;
    const stop = startSampling(integrity, {
      intervalMs: 1000,
      refresh: () => (works ? undefined : broken()),
      onError: (error) => errors.push(error),
    });
    await vi.advanceTimersByTimeAsync(3000);
    expect(integrity.state).toBe('normal');
    works = false;
    await vi.advanceTimersByTimeAsync(5000);
    expect(integrity.state).toBe('unknown');
    expect(errors.length).toBe(how === 'throws' ? 5 : 0);
    stop();
  });

  it('ends with its signal', async () => {
    const controller = new AbortController();
    let samples = 0;
    integrity.onSample(() => samples++);
    startSampling(integrity, { intervalMs: 1000, signal: controller.signal, onError: () => undefined });
    await vi.advanceTimersByTimeAsync(1500);
    controller.abort();
    await vi.advanceTimersByTimeAsync(5000);
    expect(samples).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([{}, { onError: 'console' }, { onError: () => undefined, intervalMs: 1 }, undefined])(
    'refuses %j',
    (options) => {
      expect(() => startSampling(integrity, options as never)).toThrow(
        expect.objectContaining({ code: 'ERR_INTEGRITY_ARGUMENT' }),
      );
    },
  );

  it('has a timer for guard, which its caller can stop', async () => {
    let fired = 0;
    nodeTimer(50, () => fired++);
    const cancel = nodeTimer(50, () => fired++);
    cancel();
    await vi.advanceTimersByTimeAsync(100);
    expect(fired).toBe(1);
  });
});
