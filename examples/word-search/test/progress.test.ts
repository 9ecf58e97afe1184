import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Progress } from '../src/progress.js';

function recorder(isTTY: boolean, columns = 60) {
  const writes: string[] = [];
  const stream = { isTTY, columns, write: (text: string) => writes.push(text) };
  let now = 0;
  const progress = new Progress(stream, { now: () => now, env: {} });
  const wait = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 50) {
      now += 50;
      vi.advanceTimersByTime(50);
    }
  };
  return { writes, progress, wait };
}

describe('Progress', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('writes a line every two seconds off a terminal, and none for a short step', () => {
    const { writes, progress, wait } = recorder(false);
    const step = progress.step('loading', { total: 400, unit: 'rows' });
    for (let done = 50; done <= 250; done += 50) {
      wait(900);
      step.update(done);
    }
    step.end();
    expect(writes).toEqual([
      'loading 100 / 400 rows  25 %  50 rows/s\n',
      'loading 200 / 400 rows  50 %  50 rows/s\n',
    ]);
    progress.step('quick').end();
    expect(writes).toHaveLength(2);
  });

  it('shows that time passes in a step that reports nothing', () => {
    const { writes, progress, wait } = recorder(false);
    const step = progress.step('downloading');
    wait(5000);
    step.end();
    wait(5000);
    expect(writes).toEqual(['downloading 2 s\n', 'downloading 4 s\n']);
  });

  it('rewrites one line on a terminal, no wider than it, and clears it at the end', () => {
    const { writes, progress, wait } = recorder(true, 20);
    const step = progress.step('loading', { total: 4, unit: 'rows' });
    wait(150);
    step.update(2);
    step.end();
    progress.note('done');
    expect(writes[0]).toBe('\r\x1b[2Kloading 0 s');
    expect(writes[1]).toBe('\r\x1b[2Kloading 2 / 4 rows ');
    expect(writes.slice(2)).toEqual(['\r\x1b[2K', 'done\n']);
  });

  it('adds to the numbers what fits on a terminal: a bar, then details', () => {
    const line = 'loading 2 / 8 rows  25 %  10 rows/s';
    const bar = ' [##------]';
    const barred = line.replace(' ', `${bar} `);
    for (const [columns, shown] of [
      [line.length + bar.length, line],
      [barred.length + 1, barred],
      [barred.length + 16, barred],
      [barred.length + 17, `${barred}  loading tuples`],
      [barred.length + 25, `${barred}  loading tuples  blocks`],
    ] as const) {
      const { writes, progress, wait } = recorder(true, columns);
      const step = progress.step('loading', { total: 8, unit: 'rows' });
      wait(200);
      step.update(2, { details: ['loading tuples', 'blocks'] });
      step.end();
      expect(writes[1]).toBe(`\r\x1b[2K${shown}`);
    }
  });

  it('shows what a step says besides numbers, also while it says no more', () => {
    const { writes, progress, wait } = recorder(false);
    const step = progress.step('building', { total: 10, unit: 'rows' });
    step.update(0, { details: ['initializing'] });
    wait(2000);
    step.update(40, { total: 80, details: ['loading', '3 of 6 blocks'] });
    wait(2000);
    step.end();
    expect(writes).toEqual([
      'building 2 s  initializing\n',
      'building 40 / 80 rows  50 %  10 rows/s  loading  3 of 6 blocks\n',
    ]);
  });

  it('sends no control sequences to a dumb terminal', () => {
    const writes: string[] = [];
    const stream = { isTTY: true, write: (text: string) => writes.push(text) };
    const progress = new Progress(stream, { env: { TERM: 'dumb' } });
    const step = progress.step('loading');
    vi.advanceTimersByTime(3000);
    step.end();
    progress.clear();
    expect(writes.join('')).not.toContain('\x1b');
  });
});
