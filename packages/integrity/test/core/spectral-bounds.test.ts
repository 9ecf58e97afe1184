import { describe, expect, it } from 'vitest';
import { lambda2 } from '../../src/index.js';
import { type Count, countByStart } from '../../src/spectral/count-by-start.js';
import { readGraph } from '../../src/spectral/graph.js';
import { Lanczos } from '../../src/spectral/lanczos.js';
import { type Laplacian, makeLaplacian, rayleighQuotient } from '../../src/spectral/laplacian.js';
import { gaussianVector } from '../../src/spectral/random.js';
import { measure } from '../../src/spectral/search.js';
import { excludes, largestExcluded } from '../../src/spectral/start-bound.js';
import { orthonormalize } from '../../src/spectral/vector.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';
import {
  completeBipartite,
  cycle,
  doubled,
  hypercube,
  path,
  planted,
  preferential,
  randomGraph,
  reweighted,
  ringOfClusters,
} from '../support/spectral-graphs.js';
import { trueLambda2 } from '../support/spectral-oracle.js';

/** Two copies of a graph, each node joined to its image: 2 * rung is an eigenvalue, with a vector that no symmetric start has a part of. */
function prism(random: Random, n: number, edges: number, rung: number) {
  const half = reweighted(randomGraph(random, n, edges), () => 1);
  return doubled(
    half,
    Array.from({ length: n }, (_, i) => i),
    rung,
  );
}

/** Equal on the two copies. */
function symmetricVector(random: Random, n: number): Float64Array {
  const half = Array.from({ length: n }, () => random.normal());
  return Float64Array.from([...half, ...half]);
}

describe('a small residual alone', () => {
  it('misleads: a start orthogonal to the Fiedler vector converges to a higher eigenvalue', () => {
    const random = new Random(11);
    const problem = prism(random, 20, 60, 0.25);
    const truth = trueLambda2(problem);
    expect(truth.value).toBeCloseTo(0.5, 10);
    const graph = readGraph(problem);
    const laplacian = makeLaplacian(graph, false);
    const symmetric = symmetricVector(random, 20);
    const start = Float64Array.from(graph.order, (node) => symmetric[node] as number);
    const run = new Lanczos(laplacian, [{ vector: laplacian.kernel, residual: 0 }], start, 19, true);
    while (run.steps < 19 && !run.exhausted) run.step();
    const ritz = run.ritz();
    const value = rayleighQuotient(laplacian, run.combine(ritz.coefficients)) * 2 ** graph.exponent;
    // By the residual this is an eigenvalue to nine digits; it is far above the second one.
    expect(ritz.residual).toBeLessThan(1e-9);
    expect(value).toBeGreaterThan(1.5 * truth.value);
    expect(truth.spectrum.some((x) => Math.abs(x - value) < 1e-9)).toBe(true);
  });

  it('does not mislead lambda2, which finds lower vectors or says that it has no bound', () => {
    const random = new Random(12);
    for (let round = 0; round < scale(60); round++) {
      const n = 8 + random.below(12);
      const problem = prism(random, n, 3 * n, 0.05 + 0.2 * random.float());
      const truth = trueLambda2(problem);
      const start = symmetricVector(random, n);
      for (const certificate of ['auto', 'inertia', 'start'] as const) {
        const result = lambda2(problem, { certificate, start });
        expect(result.lower).toBeLessThanOrEqual(truth.value + truth.doubt);
        expect(result.errorBound).toBeGreaterThanOrEqual(result.value - truth.value - truth.doubt);
        if (certificate !== 'start') {
          expect(result.converged).toBe(true);
          expect(Math.abs(result.value / truth.value - 1)).toBeLessThan(1e-3);
        }
      }
    }
  });

  it('does not mislead it when the start is exactly a higher eigenvector', () => {
    const cube = hypercube(5);
    // Eigenvalue 4: the product of two of the five signs.
    const start = Float64Array.from({ length: 32 }, (_, i) => ((i & 1) ^ ((i >> 1) & 1) ? 1 : -1));
    for (const certificate of ['auto', 'inertia', 'start'] as const) {
      const result = lambda2(cube, { certificate, start });
      expect(result.lower).toBeLessThanOrEqual(2);
      expect(result.value).toBeLessThan(2.01);
    }
    const uneven = completeBipartite(3, 8);
    // Eigenvalue 8, on the smaller side.
    const high = Float64Array.from({ length: 11 }, (_, i) => (i === 0 ? 1 : i === 1 ? -1 : 0));
    expect(Math.abs(lambda2(uneven, { start: high }).value - 3)).toBeLessThan(3e-3);
  });

  it('does not mislead it when the weights move so that the old Fiedler vector is that of the third eigenvalue', () => {
    // A grid of 4 by 4 whose two directions change places in weight.
    const weighted = (across: number, down: number) => {
      const problem = squareGrid();
      return reweighted(problem, (_, e) => (e < 12 ? across : down));
    };
    const before = lambda2(weighted(1, 1.5), { tolerance: 1e-9 });
    const after = weighted(1.5, 1);
    for (const certificate of ['auto', 'inertia', 'start'] as const) {
      const result = lambda2(after, { certificate, start: before.vector });
      expect(result.value).toBeCloseTo(before.value, 2);
      expect(result.lower).toBeLessThanOrEqual(before.value * (1 + 1e-8));
    }
  });
});

/** A grid of 4 by 4: 12 edges across, then 12 down. */
function squareGrid() {
  const sources: number[] = [];
  const targets: number[] = [];
  for (let node = 0; node < 16; node++) {
    if (node % 4 === 3) continue;
    sources.push(node);
    targets.push(node + 1);
  }
  for (let node = 0; node < 12; node++) {
    sources.push(node);
    targets.push(node + 4);
  }
  return {
    nodeCount: 16,
    sources: Uint32Array.from(sources),
    targets: Uint32Array.from(targets),
    weights: new Float64Array(24).fill(1),
  };
}

describe('the bound of a random start', () => {
  /** Lanczos on a path from a start whose part along the Fiedler vector is exactly `overlap`, but for rounding. */
  function runWithOverlap(random: Random, n: number, steps: number, overlap: number) {
    const graph = readGraph(path(n));
    const laplacian = makeLaplacian(graph, false);
    const fiedler = Float64Array.from(
      graph.order,
      (node) => Math.sqrt(2 / n) * Math.cos((Math.PI * (node + 0.5)) / n),
    );
    const other = gaussianVector(n, () => random.float());
    const mean = other.reduce((a, b) => a + b, 0) / n;
    let along = 0;
    for (let i = 0; i < n; i++) along += fiedler[i]! * (other[i]! - mean);
    let square = 0;
    for (let i = 0; i < n; i++) {
      other[i] = other[i]! - mean - along * fiedler[i]!;
      square += other[i]! ** 2;
    }
    const rest = Math.sqrt((1 - overlap * overlap) / square);
    const start = Float64Array.from(other, (x, i) => rest * x + overlap * fiedler[i]!);
    const run = new Lanczos(laplacian, [{ vector: laplacian.kernel, residual: 0 }], start, steps, false);
    while (run.steps < steps && !run.exhausted) run.step();
    return { run, exact: (2 - 2 * Math.cos(Math.PI / n)) * 2 ** -graph.exponent };
  }

  it('never excludes lambda2 when the start has the part along the Fiedler vector that it is said to have', () => {
    const random = new Random(13);
    let proved = 0;
    for (let round = 0; round < scale(1500); round++) {
      const n = 4 + random.below(30);
      const overlap = 10 ** (-7 * random.float());
      const { run, exact } = runWithOverlap(random, n, 1 + random.below(2 * n), overlap);
      const lower = largestExcluded(run, overlap * (1 - 1e-6) - 1e-15, 4);
      expect(lower).toBeLessThanOrEqual(exact);
      if (lower > 0.9 * exact) proved++;
    }
    expect(proved).toBeGreaterThan(0);
  });

  it('excludes lambda2, wrongly, when the start has less than that: the bound is not an idle one', () => {
    const random = new Random(14);
    let wrong = 0;
    for (let round = 0; round < scale(200); round++) {
      const n = 10 + random.below(20);
      const { run, exact } = runWithOverlap(random, n, n, 1e-9);
      if (excludes(run, 1e-3, exact)) wrong++;
    }
    expect(wrong).toBeGreaterThan(0);
  });

  it('is wrong no more often than the failure probability, and not much less at its worst', () => {
    const random = new Random(15);
    const problem = prism(random, 30, 400, 0.5);
    const rounds = scale(2000);
    for (const failureProbability of [0.5, 0.1]) {
      let wrong = 0;
      for (let round = 0; round < rounds; round++) {
        const result = lambda2(problem, {
          certificate: 'start',
          failureProbability,
          maxSteps: failureProbability === 0.5 ? 5 : 6,
          tolerance: 0.5,
          random: () => random.float(),
        });
        if (result.lower > 1 + 1e-9) wrong++;
      }
      // A quarter of it, for one bound of four that a call may choose from; five standard deviations above that.
      const share = failureProbability / 4;
      expect(wrong / rounds).toBeLessThan(share + 5 * Math.sqrt(share / rounds));
      if (rounds === 2000) expect(wrong / rounds).toBeGreaterThan(share / 10);
    }
  });

  it('takes some steps more for a smaller probability', () => {
    const problem = randomGraph(new Random(16), 300, 3000);
    const stepsFor = (failureProbability: number): number =>
      lambda2(problem, { certificate: 'start', failureProbability }).iterations;
    expect(stepsFor(1e-10)).toBeGreaterThan(stepsFor(1e-6));
    expect(stepsFor(1e-6)).toBeGreaterThan(stepsFor(0.1));
  });
});

describe('counting the eigenvalues below a shift from a random start', () => {
  const count = (
    laplacian: Laplacian,
    vector: Float64Array,
    sigma: number,
    random: Random,
    maxSteps = 400,
  ): Count => {
    const work = { iterations: 0, products: 0, solves: 0 };
    const options = { random: () => random.float(), signal: undefined, work };
    return countByStart(laplacian, measure(laplacian, vector, work), sigma, 1e-9, maxSteps, options);
  };

  it('says one, and never one where there are more', () => {
    const random = new Random(20);
    const answers = { one: 0, more: 0, unknown: 0 };
    for (let round = 0; round < scale(300, 50); round++) {
      const problem = random.pick([
        () => randomGraph(random, 10 + random.below(25), 80),
        () => preferential(random, 10 + random.below(25), 3),
        () => planted(random, 20, 80, 0.1),
        () => prism(random, 6 + random.below(8), 30, 0.3 + random.float()),
      ])();
      const graph = readGraph(problem);
      const laplacian = makeLaplacian(graph, false);
      const { spectrum } = trueLambda2(problem);
      const unit = 2 ** -graph.exponent;
      const second = spectrum[1]! * unit;
      const third = spectrum[2]! * unit;
      const fiedler = lambda2(problem, { tolerance: 1e-8 }).vector;
      const byRow = Float64Array.from(graph.order, (node) => fiedler[node]!);

      // Just below the second eigenvalue, with its own vector.
      if (third - second > 1e-2 * second) {
        const answer = count(laplacian, byRow, second * (1 - 1e-3), random);
        expect(answer).not.toBe('more');
        answers[answer]++;
      }
      // Above the second one, with any vector of a higher quotient.
      const noise = gaussianVector(laplacian.size, () => random.float());
      orthonormalize(noise, laplacian.kernel, byRow);
      const { value } = measure(laplacian, noise, { iterations: 0, products: 0, solves: 0 });
      for (const sigma of [second * (1 + 1e-6), (second + third) / 2, third, 0.99 * value])
        if (sigma < value) {
          const answer = count(laplacian, noise, sigma, random);
          expect(answer).not.toBe('one');
          answers[answer]++;
        }
    }
    expect(answers.one).toBeGreaterThan(0);
    expect(answers.more).toBeGreaterThan(0);
  });

  it('says unknown where it may not take enough steps', () => {
    const problem = randomGraph(new Random(21), 100, 800);
    const graph = readGraph(problem);
    const laplacian = makeLaplacian(graph, false);
    const { vector, value } = lambda2(problem);
    const byRow = Float64Array.from(graph.order, (node) => vector[node]!);
    const sigma = value * (1 - 1e-3) * 2 ** -graph.exponent;
    expect(count(laplacian, byRow, sigma, new Random(22), 3)).toBe('unknown');
    expect(count(laplacian, byRow, sigma, new Random(22), 300)).toBe('one');
  });
});

describe('a warm start', () => {
  const random = new Random(17);
  const graphs = [
    ['random', randomGraph(random, 400, 4000)],
    ['two communities', planted(random, 400, 3000, 0.02)],
    ['preferential attachment', preferential(random, 400, 10)],
    ['ring of clusters', ringOfClusters(random, 20, 20, 150)],
  ] as const;

  it('from the last Fiedler vector takes fewer products and solutions, after a small change', () => {
    for (const [name, problem] of graphs) {
      const before = lambda2(problem);
      const changed = reweighted(problem, (w) => w * (1 + 0.005 * random.float()));
      const cold = lambda2(changed);
      const warm = lambda2(changed, { start: before.vector });
      expect([name, cold.converged, warm.converged]).toEqual([name, true, true]);
      expect([name, warm.products + warm.solves < cold.products + cold.solves]).toEqual([name, true]);
      expect(warm.lower).toBeLessThanOrEqual(cold.upper);
      expect(cold.lower).toBeLessThanOrEqual(warm.upper);
      expect(warm.certificate).toBe(cold.certificate);
    }
  });

  it('takes fewer still to find the vector alone', () => {
    for (const [name, problem] of graphs) {
      const before = lambda2(problem);
      const changed = reweighted(problem, (w) => w * (1 + 0.005 * random.float()));
      const cold = lambda2(changed, { certificate: 'inertia', factorWork: 0 });
      const warm = lambda2(changed, { certificate: 'inertia', factorWork: 0, start: before.vector });
      expect([name, warm.converged]).toEqual([name, true]);
      expect([name, warm.products < cold.products]).toEqual([name, true]);
      if (name !== 'ring of clusters')
        expect([name, warm.products <= cold.products / 2]).toEqual([name, true]);
    }
  });

  it('that is of no use does no harm', () => {
    // An interpreter takes smaller ones.
    const n = scale(60) === 60 ? 60 : 24;
    for (const problem of [
      randomGraph(random, n, (10 * n) / 3),
      cycle(n / 2),
      ringOfClusters(random, n / 10 >= 6 ? 6 : 4, 6, 10),
    ]) {
      const n = problem.nodeCount;
      const truth = trueLambda2(problem);
      for (const start of [
        new Float64Array(n),
        new Float64Array(n).fill(1),
        new Float64Array(n).fill(1e300),
        Float64Array.from({ length: n }, (_, i) => (i === 3 ? 1 : 0)),
        Float64Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 1e-300 : -1e-300)),
        Array.from({ length: n }, () => random.normal()),
      ]) {
        const result = lambda2(problem, { start });
        expect(result.converged).toBe(true);
        expect(result.lower).toBeLessThanOrEqual(truth.value + truth.doubt);
        expect(result.value).toBeLessThanOrEqual(truth.value * 1.001);
      }
    }
  });
});

describe('determinism', () => {
  it('gives the same result for the same input, and leaves the input alone', () => {
    const random = new Random(18);
    const problem = randomGraph(random, 200, 1500);
    const copy = { ...problem, weights: problem.weights.slice() };
    const start = gaussianVector(200, () => random.float());
    for (const options of [
      {},
      { start },
      { certificate: 'inertia' as const },
      { certificate: 'start' as const },
    ])
      expect(lambda2(copy, options)).toEqual(lambda2(problem, options));
    expect(copy.weights).toEqual(problem.weights);
  });

  it('draws from the source that is given', () => {
    const problem = randomGraph(new Random(19), 300, 3000);
    const draw = (seed: number) => {
      const random = new Random(seed);
      return lambda2(problem, { certificate: 'start', random: () => random.float() });
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1).value).not.toBe(draw(2).value);
    expect(Math.abs(draw(1).value - draw(2).value)).toBeLessThan(1e-3 * draw(1).value);
  });
});
