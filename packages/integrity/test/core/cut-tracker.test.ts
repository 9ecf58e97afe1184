import { describe, expect, it } from 'vitest';
import {
  type CutProblem,
  CutTracker,
  type IntegrityError,
  minCut,
  type TrackerRule,
} from '../../src/index.js';
import { families, graphOf } from '../support/cut-graphs.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

/** Updates that keep a graph of a family alive: weights move, edges come and go. */
function nextChange(random: Random, n: number): { u: number; v: number; weight: number } {
  const u = random.below(n);
  const v = (u + 1 + random.below(n - 1)) % n;
  const kind = random.below(10);
  return { u, v, weight: kind < 3 ? 0 : kind < 8 ? 1 + random.below(6) : random.below(40) / 4 };
}

function start(name: string, n: number, random: Random): CutProblem {
  return (families[name] as (typeof families)['x'] & {})(n, random);
}

/** How many random updates, and on how many nodes, in all of the tests of a mode. */
const runs = [
  { family: 'clusters', n: 12, updates: 20_000 },
  { family: 'dense', n: 9, updates: 20_000 },
  { family: 'sparse', n: 16, updates: 20_000 },
  { family: 'cycle', n: 10, updates: 15_000 },
  { family: 'grid', n: 16, updates: 15_000 },
  { family: 'fractions', n: 8, updates: 10_000 },
  { family: 'clusters', n: 200, updates: 600 },
];

describe('a cut tracker', () => {
  it('has the value of a fresh computation after each of more than 100,000 updates', () => {
    const random = new Random(31);
    let updates = 0;
    let recomputed = 0;
    for (const { family, n, updates: rounds } of runs) {
      const tracker = new CutTracker(start(family, n, random));
      for (let round = 0; round < scale(rounds); round++) {
        const { u, v, weight } = nextChange(random, n);
        const before = tracker.weight(u, v);
        const step = tracker.update(u, v, weight);
        const fresh = minCut(tracker.problem()).value;
        expect([step.lower, step.upper]).toEqual([fresh, fresh]);
        expect(step.recomputed).toBe(step.rule === 'recomputed');
        // Only an increase can need a computation.
        if (step.recomputed) expect(weight).toBeGreaterThan(before);
        updates++;
      }
      recomputed += tracker.stats.recomputed;
    }
    expect(updates).toBeGreaterThan(scale(100_000));
    expect(recomputed).toBeLessThan(0.25 * updates);
  });

  it('bounds the value and is certain about its thresholds, computing far less often', () => {
    const random = new Random(32);
    let updates = 0;
    let recomputed = 0;
    for (const { family, n, updates: rounds } of runs) {
      const first = start(family, n, random);
      const value = minCut(first).value;
      const thresholds = [1 + value / 2, 2 + value];
      const tracker = new CutTracker(first, { mode: 'interval', thresholds });
      for (let round = 0; round < scale(rounds / 4); round++) {
        const { u, v, weight } = nextChange(random, n);
        const { lower, upper } = tracker.update(u, v, weight);
        const fresh = minCut(tracker.problem()).value;
        expect(lower).toBeLessThanOrEqual(fresh);
        expect(upper).toBeGreaterThanOrEqual(fresh);
        const { recomputed: sofar } = tracker.stats;
        for (const threshold of thresholds) expect(tracker.isBelow(threshold)).toBe(fresh < threshold);
        expect(tracker.stats.recomputed).toBe(sofar);
        updates++;
      }
      recomputed += tracker.stats.recomputed;
    }
    expect(recomputed).toBeLessThan(0.1 * updates);
  });

  it('gives its exact value when it is asked, also between thresholds', () => {
    const random = new Random(33);
    const tracker = new CutTracker(start('clusters', 14, random), { mode: 'interval' });
    for (let round = 0; round < scale(500); round++) {
      const { u, v, weight } = nextChange(random, 14);
      tracker.update(u, v, weight);
      if (round % 7 === 0) expect(tracker.value).toBe(minCut(tracker.problem()).value);
    }
    expect(tracker.stats.interval).toBeGreaterThan(0);
  });

  it('settles each kind of update by its rule', () => {
    const path = (...weights: number[]) =>
      graphOf(
        weights.length + 1,
        weights.map((weight, i): [number, number, number] => [i, i + 1, weight]),
      );
    const rule = (problem: CutProblem, u: number, v: number, weight: number): [TrackerRule, number] => {
      const tracker = new CutTracker(problem);
      return [tracker.update(u, v, weight).rule, tracker.value];
    };
    expect(rule(path(5, 2, 5), 0, 1, 9)).toEqual(['increase-inside', 2]);
    expect(rule(path(5, 2, 5), 1, 2, 1)).toEqual(['decrease-across', 1]);
    expect(rule(path(5, 2, 5), 1, 2, 0)).toEqual(['decrease-across', 0]);
    expect(rule(path(5, 2, 5), 2, 3, 4)).toEqual(['certificate', 2]);
    expect(rule(path(5, 5, 2, 5, 5), 1, 2, 1)).toEqual(['flow', 1]);
    expect(rule(path(5, 2, 5), 1, 2, 3)).toEqual(['recomputed', 3]);
    expect(rule(path(2, 5, 2), 0, 1, 3)).toEqual(['known-cut', 2]);
    expect(rule(path(5, 2, 5), 1, 2, 2)).toEqual(['none', 2]);
  });

  it('computes once for a batch, and has the value of its end', () => {
    const random = new Random(34);
    const tracker = new CutTracker(start('clusters', 20, random));
    for (let round = 0; round < scale(400); round++) {
      const changes = Array.from({ length: 1 + random.below(8) }, () => nextChange(random, 20));
      const { recomputed: before } = tracker.stats;
      const step = tracker.batch(changes);
      expect(tracker.stats.recomputed - before).toBe(step.recomputed ? 1 : 0);
      expect(step.upper).toBe(minCut(tracker.problem()).value);
    }
  });

  it('takes new nodes', () => {
    const tracker = new CutTracker(graphOf(2, [[0, 1, 3]]));
    expect(tracker.addNode()).toBe(2);
    expect(tracker.value).toBe(0);
    tracker.update(2, 0, 5);
    expect(tracker.value).toBe(3);
    expect([...tracker.witness()]).toEqual([1]);
    expect([...tracker.minCut().side]).toEqual([1]);
  });

  it('has a witness that weighs what it says', () => {
    const random = new Random(35);
    const tracker = new CutTracker(start('dense', 10, random));
    for (let round = 0; round < scale(2000); round++) {
      const { u, v, weight } = nextChange(random, 10);
      tracker.update(u, v, weight);
      const side = new Set(tracker.witness());
      const { sources, targets, weights } = tracker.problem();
      let sum = 0;
      for (let i = 0; i < weights.length; i++)
        if (side.has(sources[i] as number) !== side.has(targets[i] as number)) sum += weights[i] as number;
      expect(side.size).toBeGreaterThan(0);
      expect(sum).toBe(tracker.value);
    }
  });

  it('says by how much it rounds', () => {
    const tracker = new CutTracker(graphOf(2, [[0, 1, 0.3]]), { unit: 0.25 });
    expect([tracker.value, tracker.errorBound]).toEqual([0.25, 0.25]);
    expect(new CutTracker(graphOf(2, [[0, 1, 0.5]]), { unit: 0.25 }).errorBound).toBe(0);
    expect(tracker.update(0, 1, 1e-9).upper).toBe(0.25);
  });

  it('refuses bad updates and stays as it was', () => {
    const tracker = new CutTracker(
      graphOf(3, [
        [0, 1, 3],
        [1, 2, 2],
      ]),
    );
    const bad: [() => unknown, string][] = [
      [() => tracker.update(0, 3, 1), 'ERR_INTEGRITY_UNKNOWN_NODE'],
      [() => tracker.update(1, 1, 1), 'ERR_INTEGRITY_ARGUMENT'],
      [() => tracker.update(0, 1, -1), 'ERR_INTEGRITY_CAPACITY'],
      [() => tracker.update(0, 1, Number.NaN), 'ERR_INTEGRITY_CAPACITY'],
      [() => tracker.update(0, 1, 1e300), 'ERR_INTEGRITY_CAPACITY'],
      [
        () =>
          tracker.batch([
            { u: 0, v: 1, weight: 1 },
            { u: 0, v: 9, weight: 1 },
          ]),
        'ERR_INTEGRITY_UNKNOWN_NODE',
      ],
      [() => new CutTracker(graphOf(2, []), { unit: 3 }), 'ERR_INTEGRITY_ARGUMENT'],
      [() => new CutTracker(graphOf(2, []), { thresholds: [-1] }), 'ERR_INTEGRITY_ARGUMENT'],
      [() => new CutTracker(graphOf(2, []), { mode: 'fast' as never }), 'ERR_INTEGRITY_ARGUMENT'],
    ];
    for (const [run, code] of bad) {
      let error: unknown;
      try {
        run();
      } catch (thrown) {
        error = thrown;
      }
      expect((error as IntegrityError).code).toBe(code);
    }
    expect([tracker.value, tracker.weight(0, 1)]).toEqual([2, 3]);
  });
});
