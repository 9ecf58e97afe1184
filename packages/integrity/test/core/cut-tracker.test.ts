import { describe, expect, it } from 'vitest';
import {
  type CutProblem,
  CutTracker,
  type IntegrityError,
  minCut,
  stoerWagner,
  type TrackerRule,
  type TrackerStep,
} from '../../src/index.js';
import { families, graphOf } from '../support/cut-graphs.js';
import { MatrixGraph } from '../support/cut-matrix.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

interface Change {
  readonly u: number;
  readonly v: number;
  readonly weight: number;
}

/** Weights move, edges come and go, anywhere. */
function anyChange(random: Random, n: number): Change {
  const u = random.below(n);
  const v = (u + 1 + random.below(n - 1)) % n;
  const kind = random.below(10);
  return { u, v, weight: kind < 3 ? 0 : kind < 8 ? 1 + random.below(6) : random.below(40) / 4 };
}

/** A weight across the tracker's witness moves: where rules differ from each other. */
function changeAcross(random: Random, tracker: CutTracker): Change {
  const n = tracker.nodeCount;
  const side = [...tracker.witness()];
  const inside = new Set(side);
  const u = random.pick(side);
  let v = random.below(n);
  while (inside.has(v)) v = (v + 1) % n;
  return { u, v, weight: Math.max(0, tracker.weight(u, v) + random.below(5) - 2) };
}

function start(name: string, n: number, random: Random): CutProblem {
  return (families[name] as (typeof families)['x'] & {})(n, random);
}

/** Graphs, and how many updates each gets. */
const runs = [
  { family: 'clusters', n: 12, updates: 25_000 },
  { family: 'dense', n: 9, updates: 25_000 },
  { family: 'sparse', n: 16, updates: 20_000 },
  { family: 'cycle', n: 10, updates: 15_000 },
  { family: 'grid', n: 16, updates: 15_000 },
  { family: 'fractions', n: 8, updates: 5_000 },
];

/** Updates of a run in which every second one is across the witness. */
function* changes(random: Random, tracker: CutTracker, updates: number): Generator<Change> {
  for (let i = 0; i < updates; i++)
    yield i % 2 === 0 ? anyChange(random, tracker.nodeCount) : changeAcross(random, tracker);
}

describe('a cut tracker in mode exact', () => {
  it('has the value of an independent computation after each of more than 100,000 updates', () => {
    const random = new Random(31);
    let updates = 0;
    let recomputed = 0;
    const wrong: unknown[] = [];
    for (const { family, n, updates: rounds } of runs) {
      const problem = start(family, n, random);
      const tracker = new CutTracker(problem);
      const truth = new MatrixGraph(problem);
      for (const { u, v, weight } of changes(random, tracker, scale(rounds))) {
        const before = truth.weight(u, v);
        truth.set(u, v, weight);
        const step = tracker.update(u, v, weight);
        const value = truth.leastCut();
        // A decrease never leads to a computation, and what is said of one is true.
        if (
          step.value !== value ||
          step.lower !== value ||
          step.upper !== value ||
          step.recomputed !== (step.rule === 'recomputed') ||
          (step.recomputed && weight <= before) ||
          (step.rule === 'none') !== (weight === before)
        )
          wrong.push({ family, u, v, before, weight, value, step });
        updates++;
      }
      recomputed += tracker.stats.recomputed;
      expect(tracker.errorBound).toBe(0);
    }
    expect(wrong).toEqual([]);
    expect(updates).toBeGreaterThan(scale(100_000));
    // Recomputing always would be one a update.
    expect(recomputed / updates).toBeLessThan(0.02);
  });

  it('has the value of minCut on up to 200 nodes, with few computations', () => {
    const random = new Random(32);
    let updates = 0;
    let recomputed = 0;
    const wrong: unknown[] = [];
    for (const [family, n] of [
      ['clusters', 90],
      ['sparse', 200],
      ['grid', 200],
      ['dense', 40],
    ] as const) {
      const problem = start(family, n, random);
      const tracker = new CutTracker(problem);
      for (const { u, v, weight } of changes(random, tracker, scale(400))) {
        const { value } = tracker.update(u, v, weight);
        if (value !== minCut(tracker.problem()).value) wrong.push({ family, u, v, weight });
        updates++;
      }
      recomputed += tracker.stats.recomputed;
    }
    expect(wrong).toEqual([]);
    expect(recomputed / updates).toBeLessThan(0.1);
  });

  it('has a witness that weighs as much as it says', () => {
    const random = new Random(33);
    const problem = start('clusters', 12, random);
    const tracker = new CutTracker(problem);
    const truth = new MatrixGraph(problem);
    for (const { u, v, weight } of changes(random, tracker, scale(3000))) {
      truth.set(u, v, weight);
      tracker.update(u, v, weight);
      const side = tracker.witness();
      expect(side.length).toBeGreaterThan(0);
      expect(side.length).toBeLessThan(12);
      expect(truth.cutOf(side)).toBe(tracker.value);
    }
  });

  it('settles each kind of update by its rule', () => {
    const path = (...weights: number[]) =>
      graphOf(
        weights.length + 1,
        weights.map((weight, i): [number, number, number] => [i, i + 1, weight]),
      );
    const rule = (problem: CutProblem, u: number, v: number, weight: number): [TrackerRule, number] => {
      const tracker = new CutTracker(problem);
      const step = tracker.update(u, v, weight);
      expect(tracker.stats[step.rule]).toBe(1);
      return [step.rule, tracker.value];
    };
    expect(rule(path(5, 2, 5), 0, 1, 9)).toEqual(['increase-inside', 2]);
    expect(rule(path(5, 2, 5), 1, 2, 1)).toEqual(['decrease-across', 1]);
    expect(rule(path(5, 2, 5), 1, 2, 0)).toEqual(['decrease-across', 0]);
    expect(rule(path(5, 2, 5), 2, 3, 4)).toEqual(['certificate', 2]);
    expect(rule(path(5, 2, 5), 1, 2, 2)).toEqual(['none', 2]);
    expect(rule(path(5, 2, 5), 1, 2, 3)).toEqual(['kernel', 3]);
    // Two minimum cuts, of which one is the witness: the other one holds when that grows.
    const tracker = new CutTracker(path(2, 5, 2));
    const [end] = tracker.witness();
    expect(tracker.update(end === 0 ? 0 : 2, end === 0 ? 1 : 3, 4)).toMatchObject({
      value: 2,
      rule: 'known-cut',
    });
  });

  it('uses each rule on a graph of 120 nodes', () => {
    const random = new Random(34);
    const edges = Array.from({ length: 600 }, (_, i): [number, number, number] => [
      i < 120 ? i : random.below(120),
      i < 120 ? (i + 1) % 120 : random.below(120),
      1 + random.below(9),
    ]);
    const tracker = new CutTracker(graphOf(120, edges));
    const { sources, targets, weights } = tracker.problem();
    for (let i = 0; i < 600; i++) {
      const edge = random.below(weights.length);
      const [u, v] = [sources[edge] as number, targets[edge] as number];
      const weight = Math.max(1, tracker.weight(u, v) + random.below(5) - 2);
      if (i % 3 > 0) tracker.update(u, v, weight);
      else {
        const across = changeAcross(random, tracker);
        tracker.update(across.u, across.v, across.weight);
      }
    }
    const { interval, ...others } = tracker.stats;
    expect(interval).toBe(0);
    for (const [rule, count] of Object.entries(others)) expect([rule, count > 0]).toEqual([rule, true]);
    expect(tracker.stats.recomputed).toBeLessThan(60);
  });

  it('keeps its value over disconnection and reconnection', () => {
    const tracker = new CutTracker(
      graphOf(6, [
        [0, 1, 4],
        [1, 2, 4],
        [3, 4, 4],
        [4, 5, 4],
        [2, 3, 1],
      ]),
    );
    expect(tracker.value).toBe(1);
    expect(tracker.update(2, 3, 0)).toMatchObject({ value: 0, rule: 'decrease-across' });
    expect(tracker.minCut().components).toHaveLength(2);
    // An edge inside a component changes nothing, one between two of them everything.
    expect(tracker.update(0, 2, 3)).toMatchObject({ value: 0, rule: 'increase-inside' });
    expect(tracker.update(0, 5, 3).value).toBe(3);
    expect(tracker.update(2, 3, 9).value).toBe(7);
  });
});

describe('a cut tracker in mode interval', () => {
  it('bounds the value, and decides its thresholds rightly after each update, mostly without computing', () => {
    const random = new Random(35);
    let updates = 0;
    let recomputed = 0;
    let apart = 0;
    const wrong: unknown[] = [];
    for (const { family, n, updates: rounds } of runs) {
      const problem = start(family, n, random);
      const first = minCut(problem).value;
      // At values that are taken, too: there `<` and `<=` differ.
      const thresholds = [1, first, first + 1.5];
      const tracker = new CutTracker(problem, { mode: 'interval', thresholds });
      const truth = new MatrixGraph(problem);
      for (const { u, v, weight } of changes(random, tracker, scale(rounds / 2))) {
        const before = truth.weight(u, v);
        truth.set(u, v, weight);
        const { value, lower, upper, recomputed: computed } = tracker.update(u, v, weight);
        const fresh = truth.leastCut();
        const found = tracker.stats.recomputed + tracker.stats.kernel + tracker.stats.flow;
        const decided = thresholds.every((threshold) => tracker.isBelow(threshold) === fresh < threshold);
        if (
          !(lower <= fresh && fresh <= upper) ||
          value !== (lower === upper ? fresh : undefined) ||
          !decided ||
          (computed && weight <= before) ||
          // What the thresholds ask for was known.
          found !== tracker.stats.recomputed + tracker.stats.kernel + tracker.stats.flow
        )
          wrong.push({ family, u, v, before, weight, fresh, lower, upper });
        if (lower < upper) apart++;
        updates++;
      }
      recomputed += tracker.stats.recomputed;
    }
    expect(wrong).toEqual([]);
    expect(apart).toBeGreaterThan(updates / 10);
    expect(recomputed / updates).toBeLessThan(0.02);
  });

  it('finds out its exact value when it is asked', () => {
    const random = new Random(36);
    const problem = start('clusters', 14, random);
    const tracker = new CutTracker(problem, { mode: 'interval' });
    const truth = new MatrixGraph(problem);
    for (let round = 0; round < scale(1000); round++) {
      const { u, v, weight } = anyChange(random, 14);
      truth.set(u, v, weight);
      tracker.update(u, v, weight);
      if (round % 7 > 0) continue;
      expect(tracker.value).toBe(truth.leastCut());
      expect(tracker.bounds).toEqual({ lower: tracker.value, upper: tracker.value });
    }
    expect(tracker.stats.interval).toBeGreaterThan(0);
  });

  it('stays right on hubs with many light nodes, where single nodes take turns as the least cut', () => {
    // An earlier version lost its witness here, in long runs with thresholds.
    const random = new Random(39);
    const problem = start('power', 150, random);
    const first = minCut(problem).value;
    const thresholds = [0.3 * first, 0.8 * first];
    const tracker = new CutTracker(problem, { mode: 'interval', thresholds });
    const { sources, targets } = problem;
    const wrong: unknown[] = [];
    for (let round = 0; round < scale(4000); round++) {
      const edge = random.below(sources.length);
      const [u, v] = [sources[edge] as number, targets[edge] as number];
      const { lower, upper } = tracker.update(u, v, 1 + random.below(10));
      if (round % 20 > 0) continue;
      const { value } = minCut(tracker.problem());
      if (!(lower <= value && value <= upper) || thresholds.some((t) => tracker.isBelow(t) !== value < t))
        wrong.push({ round, lower, upper, value });
    }
    expect(wrong).toEqual([]);
  });

  it('answers for thresholds that it was not told of', () => {
    const random = new Random(37);
    const problem = start('dense', 8, random);
    const tracker = new CutTracker(problem, { mode: 'interval' });
    const truth = new MatrixGraph(problem);
    for (let round = 0; round < scale(500); round++) {
      const { u, v, weight } = anyChange(random, 8);
      truth.set(u, v, weight);
      tracker.update(u, v, weight);
      const threshold = random.below(40) / 2;
      expect(tracker.isBelow(threshold)).toBe(truth.leastCut() < threshold);
    }
  });
});

describe('a cut tracker', () => {
  it('computes at most once for a batch, and has the value of its end', () => {
    const random = new Random(38);
    const problem = start('clusters', 20, random);
    const tracker = new CutTracker(problem);
    const truth = new MatrixGraph(problem);
    for (let round = 0; round < scale(400); round++) {
      const batch = Array.from({ length: random.below(8) }, () => anyChange(random, 20));
      for (const { u, v, weight } of batch) truth.set(u, v, weight);
      const { recomputed: before } = tracker.stats;
      const step = tracker.batch(batch);
      expect(tracker.stats.recomputed - before).toBe(step.recomputed ? 1 : 0);
      expect(step.value).toBe(truth.leastCut());
    }
  });

  it('adds differences that leave nothing when they are taken away', () => {
    const problem = graphOf(3, [
      [0, 1, 1],
      [1, 2, 1],
    ]);
    const tracker = new CutTracker(problem);
    tracker.add(0, 2, 0.1);
    tracker.add(0, 2, 0.2);
    expect(tracker.weight(0, 2)).toBeCloseTo(0.3, 6);
    expect(tracker.errorBound).toBeGreaterThan(0);
    expect(Math.abs(tracker.weight(0, 2) - 0.3)).toBeLessThanOrEqual(tracker.errorBound);
    tracker.add(0, 2, -0.2);
    tracker.add(0, 2, -0.1);
    expect(tracker.weight(0, 2)).toBe(0);
    expect(tracker.value).toBe(1);
    expect(tracker.add(0, 1, -1).value).toBe(0);
    expect(() => tracker.add(0, 1, -1)).toThrow(/must leave a weight >= 0/);
    expect(tracker.weight(0, 1)).toBe(0);
  });

  it('takes new nodes while it goes', () => {
    const random = new Random(39);
    const tracker = new CutTracker(graphOf(0, []));
    expect([tracker.value, [...tracker.witness()]]).toEqual([0, []]);
    for (let node = 0; node < 24; node++) {
      expect(tracker.addNode()).toBe(node);
      expect(tracker.value).toBe(0);
      if (node === 0) continue;
      for (let round = 0; round < 6; round++) {
        const step = tracker.update(node, random.below(node), 1 + random.below(5));
        expect(step.value).toBe(stoerWagner(tracker.problem()).value);
      }
    }
  });

  it('gives the canonical cut of the present graph, however it came to be', () => {
    const random = new Random(40);
    const one = new CutTracker(start('clusters', 12, random));
    for (let round = 0; round < 300; round++) {
      const { u, v, weight } = anyChange(random, 12);
      one.update(u, v, weight);
    }
    const problem = one.problem();
    const other = new CutTracker(graphOf(12, []));
    for (let i = problem.weights.length - 1; i >= 0; i--)
      other.update(problem.targets[i] as number, problem.sources[i] as number, problem.weights[i] as number);
    expect(other.problem()).toEqual(problem);
    expect(other.minCut()).toEqual(one.minCut());
    expect(one.minCut().value).toBe(one.value);
  });

  it('gives up the room of edges that are gone', () => {
    const tracker = new CutTracker(graphOf(40, []));
    for (let u = 0; u < 40; u++) for (let v = u + 1; v < 40; v++) tracker.update(u, v, 1);
    expect(tracker.value).toBe(39);
    for (let u = 0; u < 40; u++) for (let v = u + 2; v < 40; v++) tracker.update(u, v, 0);
    expect(tracker.value).toBe(1);
    expect(tracker.problem().weights).toHaveLength(39);
    expect(tracker.update(0, 39, 1).value).toBe(2);
  });

  it('says by how much it rounds', () => {
    const tracker = new CutTracker(graphOf(2, [[0, 1, 0.3]]), { unit: 0.25 });
    expect([tracker.value, tracker.errorBound]).toEqual([0.25, 0.25]);
    expect(new CutTracker(graphOf(2, [[0, 1, 0.5]]), { unit: 0.25 }).errorBound).toBe(0);
    // Never to nothing: the edge is there.
    expect(tracker.update(0, 1, 1e-9).upper).toBe(0.25);
    expect(tracker.update(0, 1, 5e-324).upper).toBe(0.25);
    expect(tracker.update(0, 1, 0.75)).toMatchObject({ value: 0.75 });
    expect(tracker.errorBound).toBe(0);
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
      [() => tracker.add(0, 1, Number.POSITIVE_INFINITY), 'ERR_INTEGRITY_CAPACITY'],
      [() => tracker.add(0, 1, 1e300), 'ERR_INTEGRITY_CAPACITY'],
      [() => tracker.add(0, 1, -3.5), 'ERR_INTEGRITY_CAPACITY'],
      [
        () =>
          tracker.batch([
            { u: 0, v: 1, weight: 1 },
            { u: 0, v: 9, weight: 1 },
          ]),
        'ERR_INTEGRITY_UNKNOWN_NODE',
      ],
      [() => tracker.batch(undefined as never), 'ERR_INTEGRITY_ARGUMENT'],
      [() => tracker.weight(0, 3), 'ERR_INTEGRITY_UNKNOWN_NODE'],
      [() => tracker.isBelow(Number.NaN), 'ERR_INTEGRITY_ARGUMENT'],
      [() => new CutTracker(graphOf(2, []), { unit: 3 }), 'ERR_INTEGRITY_ARGUMENT'],
      [() => new CutTracker(graphOf(2, []), { unit: 2 ** -30 + 2 ** -82 }), 'ERR_INTEGRITY_ARGUMENT'],
      [() => new CutTracker(graphOf(2, []), { thresholds: [-1] }), 'ERR_INTEGRITY_ARGUMENT'],
      [() => new CutTracker(graphOf(2, []), { mode: 'fast' as never }), 'ERR_INTEGRITY_ARGUMENT'],
      [() => new CutTracker(graphOf(2, [[0, 1, 5]]), { unit: 2 ** -51 }), 'ERR_INTEGRITY_CAPACITY'],
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
    expect([tracker.value, tracker.weight(0, 1), tracker.errorBound]).toEqual([2, 3, 0]);
    const step: TrackerStep = tracker.update(0, 1, 3);
    expect(step.rule).toBe('none');
  });
});
