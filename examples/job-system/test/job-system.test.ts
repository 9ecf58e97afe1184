import { describe, expect, it } from 'vitest';
import { type Door, type End, JobSystem, LIMITS } from '../src/job-system.js';
import { PROFILES } from '../src/kinds.js';
import { Random } from '../src/random.js';
import { STORE, Store } from '../src/store.js';
import { VirtualTime } from '../src/time.js';

/** A door that lets all in and counts who has not left. */
function openDoor(): { readonly door: Door; inside: () => number } {
  let inside = 0;
  return {
    door: () => {
      inside++;
      let held = true;
      return {
        allowed: true,
        rejected: false,
        retryAfterMs: 0,
        release: () => {
          expect(held).toBe(true);
          held = false;
          inside--;
        },
      };
    },
    inside: () => inside,
  };
}

const take = LIMITS.takeMs + (PROFILES.interactive.writeKb / STORE.kbPerSecond) * 1000;

describe('the job system', () => {
  it('does as many jobs at once as it has workers, the others in order', () => {
    const time = new VirtualTime(0);
    const { door } = openDoor();
    const system = new JobSystem(time, door);
    const ends: [number, number][] = [];
    for (let i = 0; i < 8; i++)
      system.submit('interactive', 100, false, () => ends.push([i, Math.floor(time.now() / 100)]));
    time.runUntil(1000);
    expect(ends).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((i) => [i, i < 4 ? 1 : 2]));
  });

  it('refuses what its queue has no place for, and lets go of it', () => {
    const time = new VirtualTime(0);
    const { door, inside } = openDoor();
    const system = new JobSystem(time, door);
    const answers = Array.from(
      { length: LIMITS.workers + LIMITS.queues.front + 3 },
      () => system.submit('interactive', 40, false, () => {}).outcome,
    );
    expect(answers.filter((outcome) => outcome === 'full')).toHaveLength(3);
    expect(inside()).toBe(LIMITS.workers + LIMITS.queues.front);
    time.runUntil(60_000);
    expect(inside()).toBe(0);
  });

  it('asks the door and does as it says', () => {
    const time = new VirtualTime(0);
    const asked: [string, boolean][] = [];
    const system = new JobSystem(time, (kind, retry) => {
      asked.push([kind, retry]);
      return { allowed: false, rejected: true, retryAfterMs: 7, release: () => {} };
    });
    let ended = false;
    const answer = system.submit('bulk', 10, true, () => {
      ended = true;
    });
    expect(answer).toEqual({ outcome: 'refused', rejected: true, retryAfterMs: 7 });
    expect(asked).toEqual([['bulk', true]]);
    time.runUntil(10_000);
    expect(ended).toBe(false);
  });

  it('takes four of five from the front while both queues have jobs', () => {
    const time = new VirtualTime(0);
    const system = new JobSystem(time, openDoor().door);
    const done = { interactive: 0, bulk: 0 };
    for (let i = 0; i < 100; i++)
      for (const kind of ['interactive', 'bulk'] as const) system.submit(kind, 50, false, () => done[kind]++);
    time.runUntil(1000);
    expect(done.interactive / (done.interactive + done.bulk)).toBeGreaterThan(0.7);
    expect(done.bulk).toBeGreaterThan(5);
  });

  it('loses the job of a worker that dies, tells so after its lease, and works on with the others', () => {
    const time = new VirtualTime(0);
    const { door, inside } = openDoor();
    const system = new JobSystem(time, door);
    const ends: [End, number][] = [];
    for (let i = 0; i < 4; i++)
      system.submit('interactive', 100, false, (end) => ends.push([end, time.now()]));
    time.runUntil(50);
    system.kill('w1');
    system.kill('w1');
    time.runUntil(50 + LIMITS.leaseMs + 1);
    expect(ends.map(([end]) => end)).toEqual(['done', 'done', 'done', 'lost']);
    expect(ends[3]?.[1]).toBe(50 + LIMITS.leaseMs);
    expect(inside()).toBe(0);
    const silent = system.measure().workers.filter(({ silentForMs }) => silentForMs > LIMITS.silentMs);
    expect(silent.map(({ name }) => name)).toEqual(['w1']);
    system.revive('w1');
    expect(system.measure().workers.every(({ silentForMs }) => silentForMs <= LIMITS.silentMs)).toBe(true);
    expect(() => system.kill('w9')).toThrow(RangeError);
  });

  it('measures what a job costs', () => {
    const time = new VirtualTime(0);
    const system = new JobSystem(time, openDoor().door);
    let at = 0;
    for (let i = 0; i < 500; i++) {
      system.submit('interactive', 80, false, () => {});
      at += 200;
      time.runUntil(at);
    }
    expect(system.measure().costMs.interactive).toBeCloseTo(80 + take, 2);
    expect(system.measure().costMs.bulk).toBe(PROFILES.bulk.workMs);
  });

  it('ends each job that it queued once, whatever dies meanwhile', () => {
    const random = new Random(4, 'chaos');
    const time = new VirtualTime(0);
    const { door, inside } = openDoor();
    const system = new JobSystem(time, door);
    const ends = new Map<number, number>();
    let queued = 0;
    for (let i = 0; i < 5000; i++) {
      const kind = random.float() < 0.7 ? 'interactive' : 'bulk';
      const { outcome } = system.submit(kind, random.between(1, 100), false, () =>
        ends.set(i, (ends.get(i) ?? 0) + 1),
      );
      if (outcome === 'queued') queued++;
      const worker = `w${1 + Math.floor(random.float() * 4)}`;
      if (random.float() < 0.05) system.kill(worker);
      if (random.float() < 0.1) system.revive(worker);
      time.runUntil(time.now() + random.exponential(15));
    }
    for (const worker of ['w1', 'w2', 'w3', 'w4']) system.revive(worker);
    time.runUntil(time.now() + 60_000);
    expect([...ends.values()].every((times) => times === 1)).toBe(true);
    expect(ends.size).toBe(queued);
    expect(queued).toBeGreaterThan(3000);
    expect(inside()).toBe(0);
  });
});

describe('the store', () => {
  it('writes one after the other, and says where there is no room', () => {
    const time = new VirtualTime(0);
    const store = new Store({ kbPerSecond: 1000, roomKb: 500, usedKb: 0 }, time);
    const done: [string, boolean, number][] = [];
    for (const [name, writeKb, freesKb] of [
      ['a', 200, 0],
      ['b', 300, 0],
      ['c', 1, 0],
      ['d', 100, 400],
    ] as const)
      store.write(writeKb, freesKb, (written) => done.push([name, written, time.now()]));
    time.runUntil(5000);
    expect(done).toEqual([
      ['a', true, 200],
      ['b', true, 500],
      ['c', false, 500],
      ['d', true, 600],
    ]);
    expect(store.usedKb).toBe(200);
  });
});
