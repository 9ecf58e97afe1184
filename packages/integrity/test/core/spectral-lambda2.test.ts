import { describe, expect, it } from 'vitest';
import {
  type CertificateChoice,
  type CutProblem,
  type Lambda2Options,
  type Lambda2Result,
  lambda2,
} from '../../src/index.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';
import {
  barbell,
  complete,
  completeBipartite,
  cycle,
  doubled,
  grid,
  hypercube,
  path,
  planted,
  preferential,
  problemOf,
  randomGraph,
  reweighted,
  ringOfClusters,
  star,
} from '../support/spectral-graphs.js';
import { residualOf, type Truth, trueLambda2 } from '../support/spectral-oracle.js';

const choices: readonly CertificateChoice[] = ['auto', 'inertia', 'start'];

/** What holds of every result. */
function expectSound(problem: CutProblem, result: Lambda2Result, normalized: boolean, truth: Truth): void {
  expect(result.lower).toBeLessThanOrEqual(truth.value + truth.doubt);
  expect(result.upper).toBeGreaterThanOrEqual(truth.value - truth.doubt);
  expect(result.value).toBeGreaterThanOrEqual(result.lower);
  expect(result.value).toBeLessThanOrEqual(result.upper);
  expect(Math.abs(result.value - truth.value)).toBeLessThanOrEqual(result.errorBound + truth.doubt);
  expect(result.errorBound).toBeGreaterThanOrEqual(result.value - result.lower);

  const residual = residualOf(problem, result.vector, result.value, normalized);
  expect(Math.abs(result.residual - residual)).toBeLessThanOrEqual(1e-10 * residual + 4 * truth.doubt);

  const n = problem.nodeCount;
  let square = 0;
  let mean = 0;
  let largest = 0;
  for (const x of result.vector) {
    square += x * x;
    mean += x / n;
    largest = Math.max(largest, Math.abs(x));
  }
  expect(square).toBeCloseTo(1, 12);
  if (!normalized) expect(mean).toBeCloseTo(0, 13);
  expect(result.vector.find((x) => Math.abs(x) >= largest / 2)).toBeGreaterThan(0);
  if (result.certificate === 'start') expect(result.failureProbability).toBeGreaterThan(0);
  else expect(result.failureProbability).toBe(0);
}

/** A value that is known without the oracle. */
function knownTruth(value: number, n: number): Truth {
  return { value, doubt: 8 * n * Number.EPSILON * value, spectrum: Float64Array.of(0, value) };
}

function solve(problem: CutProblem, options: Lambda2Options = {}, truth?: Truth): Lambda2Result {
  const result = lambda2(problem, options);
  const normalized = options.normalized === true;
  expectSound(problem, result, normalized, truth ?? trueLambda2(problem, normalized));
  return result;
}

describe('lambda2 of graphs with a known value', () => {
  const known: readonly (readonly [name: string, problem: CutProblem, value: number])[] = [
    ['an edge', path(2), 2],
    ['a path of 3', path(3), 1],
    ['a path of 57', path(57), 2 - 2 * Math.cos(Math.PI / 57)],
    ['a triangle', cycle(3), 3],
    ['a cycle of 4', cycle(4), 2],
    ['a cycle of 50', cycle(50), 2 - 2 * Math.cos((2 * Math.PI) / 50)],
    ['a complete graph of 31', complete(31), 31],
    ['a star of 40', star(40), 1],
    ['a hypercube of 6 dimensions', hypercube(6), 2],
    ['a complete bipartite graph of 7 and 12', completeBipartite(7, 12), 7],
    ['a complete bipartite graph of 9 and 9', completeBipartite(9, 9), 9],
    ['a grid of 6 by 11', grid(6, 11), 2 - 2 * Math.cos(Math.PI / 11)],
    ['a grid of 7 by 7', grid(7, 7), 2 - 2 * Math.cos(Math.PI / 7)],
  ];
  for (const certificate of choices) {
    it(`is found and bounded closely for each with certificate ${certificate}`, () => {
      // The random start proves less where eigenvalues come several times and the nodes are few.
      const width = certificate === 'start' ? 1e-2 : 1e-3;
      for (const [name, problem, value] of known) {
        const result = solve(problem, { certificate }, knownTruth(value, problem.nodeCount));
        expect([name, result.errorBound <= width * value, result.residual <= 1e-3 * value]).toEqual([
          name,
          true,
          true,
        ]);
        expect(Math.abs(result.value - value)).toBeLessThanOrEqual(1e-3 * value);
        expect(result.lower).toBeLessThanOrEqual(value * (1 + 1e-12));
        expect(result.upper).toBeGreaterThanOrEqual(value * (1 - 1e-12));
      }
    });
  }

  it('is found on a path of 2,000 nodes, where it is below 3e-6', () => {
    const value = 2 - 2 * Math.cos(Math.PI / 2000);
    const result = lambda2(path(2000));
    expect(result.certificate).toBe('inertia');
    expect(result.converged).toBe(true);
    expect(Math.abs(result.value / value - 1)).toBeLessThan(1e-3);
    expect(result.lower).toBeLessThanOrEqual(value);
  });

  it('has the Fiedler vector of a path, which falls from one end to the other', () => {
    const { vector } = lambda2(path(20), { tolerance: 1e-9 });
    for (let i = 0; i < 20; i++) {
      const exact = Math.sqrt(2 / 20) * Math.cos((Math.PI * (i + 0.5)) / 20);
      expect(vector[i]).toBeCloseTo(exact, 8);
    }
  });

  it('normalised is 1 for a star, n / (n - 1) for a complete graph, 2 for an edge', () => {
    expect(solve(star(30), { normalized: true }).value).toBeCloseTo(1, 6);
    expect(solve(complete(11), { normalized: true }).value).toBeCloseTo(1.1, 6);
    expect(solve(path(2), { normalized: true }).value).toBeCloseTo(2, 12);
  });
});

describe('lambda2 against a dense solver', () => {
  const random = new Random(20_240_901);
  const families: Readonly<Record<string, () => CutProblem>> = {
    'sparse graphs': () => randomGraph(random, 3 + random.below(26), random.below(30)),
    'dense graphs': () => randomGraph(random, 3 + random.below(20), 150),
    'graphs that may be in parts': () => randomGraph(random, 2 + random.below(20), random.below(25), false),
    trees: () => randomGraph(random, 3 + random.below(28), 0),
    'two communities': () => planted(random, 8 + random.below(20), 60, 0.1),
    'preferential attachment': () => preferential(random, 5 + random.below(24), 3),
    'rings of clusters': () => ringOfClusters(random, 3 + random.below(4), 3 + random.below(3), 5),
    'weights over twelve orders of magnitude': () =>
      reweighted(randomGraph(random, 4 + random.below(16), 30), () => 10 ** (-6 + 12 * random.float())),
    'edges of weight 0': () =>
      reweighted(randomGraph(random, 4 + random.below(16), 40), (w) => (random.float() < 0.3 ? 0 : w)),
    'symmetric pairs of graphs': () => {
      const half = randomGraph(random, 3 + random.below(10), 12);
      return doubled(half, [random.below(half.nodeCount)], 0.1 + random.float());
    },
  };
  for (const [name, make] of Object.entries(families)) {
    it(`is within its bounds on ${name}, whatever the certificate`, () => {
      for (let round = 0; round < scale(100, 100); round++) {
        const problem = make();
        const normalized = random.float() < 0.3;
        const truth = trueLambda2(problem, normalized);
        for (const certificate of choices) {
          const tolerance = random.pick([1e-2, 1e-3, 1e-6]);
          const result = solve(problem, { certificate, tolerance, normalized }, truth);
          if (certificate === 'start' || result.certificate === 'exact') continue;
          // To a hundred times what rounding hides of it.
          const hidden = (1e-12 * (truth.spectrum[problem.nodeCount - 1] as number)) / truth.value;
          if (tolerance > hidden) expect([result.certificate, result.converged]).toEqual(['inertia', true]);
          else expect(result.lower).toBeGreaterThan(0);
        }
      }
    });
  }

  it('is within its bounds on graphs of a hundred nodes', () => {
    // A dense solver of 100 nodes is too much for an interpreter.
    const n = scale(100) === 100 ? 100 : 30;
    for (let round = 0; round < scale(3); round++) {
      for (const problem of [
        randomGraph(random, n, 5 * n),
        planted(random, n, 5 * n, 0.03),
        preferential(random, n, 5),
        ringOfClusters(random, n / 10, 10, 30),
      ]) {
        const truth = trueLambda2(problem);
        for (const certificate of choices)
          expect(solve(problem, { certificate }, truth).converged).toBe(true);
      }
    }
  });

  it('finds eigenvalues that come several times', () => {
    const several: readonly (readonly [problem: CutProblem, value: number])[] = [
      [hypercube(5), 2],
      [complete(20), 20],
      [cycle(30), 2 - 2 * Math.cos((2 * Math.PI) / 30)],
      [grid(8, 8), 2 - 2 * Math.cos(Math.PI / 8)],
      [completeBipartite(4, 9), 4],
    ];
    for (const [problem, value] of several) {
      const truth = knownTruth(value, problem.nodeCount);
      expect(solve(problem, {}, truth).converged).toBe(true);
      expect(solve(problem, { certificate: 'start' }, truth).residual).toBeLessThan(1e-3 * value);
    }
  });

  it('holds its bounds when it may take a few steps only, and says that it did not get there', () => {
    for (let round = 0; round < scale(60, 30); round++) {
      const problem = randomGraph(random, 30 + random.below(20), 150);
      const result = solve(problem, { certificate: 'start', maxSteps: 1 + random.below(8) });
      expect(result.converged).toBe(false);
      expect(result.errorBound).toBeGreaterThan(1e-3 * result.value);
    }
  });
});

describe('lambda2 of graphs that are nearly or quite in parts', () => {
  it('is exactly 0 in several components, with a vector that is constant on each', () => {
    const problem = problemOf(6, [
      [0, 2, 3],
      [1, 3, 1],
      [3, 5, 2],
    ]);
    for (const normalized of [false, true]) {
      const result = lambda2(problem, { normalized });
      expect(result).toMatchObject({
        value: 0,
        lower: 0,
        upper: 0,
        errorBound: 0,
        residual: 0,
        certificate: 'exact',
        converged: true,
        components: 3,
      });
      expect(residualOf(problem, result.vector, 0, normalized)).toBeLessThan(1e-14);
    }
    const { vector } = lambda2(problem);
    expect(vector[0]).toBe(vector[2]);
    expect(vector[1]).toBe(vector[3]);
    expect(vector[1]).toBe(vector[5]);
  });

  it('counts an edge of weight 0 as none, and a loop as none', () => {
    const problem = problemOf(3, [
      [0, 1, 1],
      [1, 2, 0],
      [2, 2, 5],
    ]);
    expect(lambda2(problem)).toMatchObject({ value: 0, components: 2 });
  });

  it('has no value but 0 for fewer than two nodes', () => {
    expect(lambda2(problemOf(0, []))).toMatchObject({ value: 0, errorBound: 0, components: 0 });
    expect(lambda2(problemOf(1, [[0, 0, 1]]))).toMatchObject({ value: 0, errorBound: 0, components: 1 });
    expect(lambda2(problemOf(1, [])).vector).toEqual(new Float64Array(1));
  });

  it('is found to the tolerance when a bridge weighs 1e-9 of the rest', () => {
    for (const certificate of ['auto', 'inertia'] as const) {
      const result = solve(barbell(8, 1e-9), { certificate });
      expect(result.converged).toBe(true);
      // Two blocks of 8: 2 * 1e-9 / 8, less a little.
      expect(result.value / 2.5e-10).toBeCloseTo(1, 3);
    }
  });

  it('has a positive lower bound, right to a factor, when a bridge weighs less than rounding', () => {
    for (const bridge of [1e-16, 1e-25, 1e-100, 1e-250]) {
      const result = lambda2(barbell(8, bridge));
      expect(result.certificate).toBe('interlacing');
      expect(result.components).toBe(1);
      expect(result.lower).toBeGreaterThan(0.02 * bridge);
      expect(result.lower).toBeLessThanOrEqual(0.25 * bridge);
      expect(result.upper).toBeGreaterThanOrEqual(0.25 * bridge * (1 - 1e-6));
      expect(result.converged).toBe(false);
    }
  });

  it('proves nothing but 0 when a bridge is beyond the range of the arithmetic, and gives the quotient of the cut', () => {
    const result = lambda2(
      problemOf(4, [
        [0, 1, 1e300],
        [1, 2, 1e-300],
        [2, 3, 1e300],
      ]),
    );
    expect(result).toMatchObject({ certificate: 'none', lower: 0, converged: false, components: 1 });
    expect(result.value / 1e-300).toBeCloseTo(1, 12);
    expect(Array.from(result.vector)).toEqual([0.5, 0.5, -0.5, -0.5]);
    expect(result.residual / 1e-300).toBeCloseTo(1, 12);
    expect(() =>
      lambda2(
        problemOf(3, [
          [0, 1, 1e300],
          [1, 2, 1e-300],
        ]),
        { normalized: true },
      ),
    ).toThrow(/2\^900/);
  });
});

describe('what lambda2 is bounded by', () => {
  it('is never above n / (n - 1) times the least weighted degree, however few steps it takes', () => {
    const random = new Random(7);
    for (let round = 0; round < scale(100, 50); round++) {
      const n = 5 + random.below(60);
      const problem = reweighted(randomGraph(random, n, 2 * n), (w) => w * (random.float() < 0.2 ? 1e-3 : 1));
      const degrees = new Float64Array(n);
      problem.weights.forEach((w, e) => {
        if (problem.sources[e] === problem.targets[e]) return;
        degrees[problem.sources[e] as number] += w;
        degrees[problem.targets[e] as number] += w;
      });
      const bound = (n / (n - 1)) * Math.min(...degrees);
      for (const maxSteps of [1, 3, 600])
        expect(lambda2(problem, { certificate: 'start', maxSteps }).value).toBeLessThanOrEqual(
          bound * (1 + 1e-12),
        );
    }
  });

  it('does not fall when an edge is added', () => {
    const random = new Random(8);
    for (let round = 0; round < scale(50, 50); round++) {
      const n = 10 + random.below(30);
      const problem = randomGraph(random, n, n);
      const more = problemOf(n, [
        ...Array.from(
          problem.weights,
          (w, e) => [problem.sources[e], problem.targets[e], w] as [number, number, number],
        ),
        [random.below(n), random.below(n), 3],
      ]);
      expect(lambda2(more).upper).toBeGreaterThanOrEqual(lambda2(problem).lower);
    }
  });

  it('scales with the weights, up to 1e300 and down to 1e-300', () => {
    const random = new Random(9);
    for (let round = 0; round < scale(20); round++) {
      const problem = randomGraph(random, 10 + random.below(30), 60);
      for (const certificate of choices) {
        const plain = lambda2(problem, { certificate });
        const double = lambda2(
          reweighted(problem, (w) => w * 2 ** 900),
          { certificate },
        );
        expect(double.value).toBe(plain.value * 2 ** 900);
        expect(double.vector).toEqual(plain.vector);
        for (const factor of [1e299, 1e-299]) {
          const other = lambda2(
            reweighted(problem, (w) => w * factor),
            { certificate },
          );
          expect(other.converged).toBe(true);
          expect(Math.abs(other.value / factor / plain.value - 1)).toBeLessThan(3e-3);
          expect(other.lower / factor).toBeLessThanOrEqual(plain.upper * (1 + 1e-12));
          expect(other.residual).toBeLessThanOrEqual(1e-3 * other.value);
        }
      }
    }
  });

  it('is the same for weights that are below the normal range of numbers', () => {
    const result = lambda2(reweighted(path(10), () => 1e-310));
    const value = 1e-310 * (2 - 2 * Math.cos(Math.PI / 10));
    expect(result.lower).toBeLessThanOrEqual(value);
    expect(result.upper).toBeGreaterThanOrEqual(value);
    expect(result.errorBound).toBeLessThan(2e-3 * value);
  });

  it('is the same, in the numbering of the nodes, for a graph that is numbered another way', () => {
    const random = new Random(10);
    const problem = randomGraph(random, 40, 120);
    const order = Uint32Array.from({ length: 40 }, (_, i) => i);
    for (let i = 39; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    const renumbered = {
      ...problem,
      sources: problem.sources.map((i) => order[i] as number),
      targets: problem.targets.map((i) => order[i] as number),
    };
    const a = lambda2(problem, { tolerance: 1e-8 });
    const b = lambda2(renumbered, { tolerance: 1e-8 });
    expect(b.value).toBeCloseTo(a.value, 6);
    const sign = Math.sign((a.vector[0] as number) * (b.vector[order[0] as number] as number));
    for (let i = 0; i < 40; i++)
      expect(b.vector[order[i] as number]).toBeCloseTo(sign * (a.vector[i] as number), 5);
  });

  it('adds parallel edges up', () => {
    const split = problemOf(4, [
      [0, 1, 0.1],
      [1, 0, 0.2],
      [0, 1, 0.3],
      [1, 2, 1],
      [2, 3, 1],
    ]);
    const whole = problemOf(4, [
      [0, 1, 0.6],
      [1, 2, 1],
      [2, 3, 1],
    ]);
    expect(solve(split, { tolerance: 1e-9 }).value).toBeCloseTo(solve(whole, { tolerance: 1e-9 }).value, 9);
  });
});
