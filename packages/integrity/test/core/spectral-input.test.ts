import { describe, expect, it } from 'vitest';
import { type CutProblem, IntegrityError, type Lambda2Options, lambda2 } from '../../src/index.js';
import { Random } from '../support/random.js';
import { complete, path, problemOf, randomGraph } from '../support/spectral-graphs.js';

function errorOf(run: () => unknown): IntegrityError {
  try {
    run();
  } catch (error) {
    if (error instanceof IntegrityError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function problemError(change: Record<string, unknown>): IntegrityError {
  return errorOf(() => lambda2({ ...path(4), ...change } as unknown as CutProblem));
}

function optionError(options: Record<string, unknown>): IntegrityError {
  return errorOf(() => lambda2(path(4), options as Lambda2Options));
}

describe('lambda2 refuses', () => {
  it('a problem of the wrong form, naming the field', () => {
    expect(errorOf(() => lambda2(null as unknown as CutProblem)).code).toBe('ERR_INTEGRITY_ARGUMENT');
    const cases: readonly (readonly [change: Record<string, unknown>, field: string])[] = [
      [{ nodeCount: -1 }, 'nodeCount'],
      [{ nodeCount: 2.5 }, 'nodeCount'],
      [{ nodeCount: Number.NaN }, 'nodeCount'],
      [{ nodeCount: '4' }, 'nodeCount'],
      [{ sources: [0, 1, 2] }, 'sources'],
      [{ targets: new Int32Array(3) }, 'targets'],
      [{ weights: [1, 1, 1] }, 'weights'],
      [{ weights: new Float64Array(2) }, 'weights'],
      [{ sources: Uint32Array.of(0, 1, 4) }, 'sources[2]'],
      [{ targets: Uint32Array.of(4_294_967_295, 1, 2) }, 'targets[0]'],
    ];
    for (const [change, field] of cases) {
      const error = problemError(change);
      expect([error.code, error.field]).toEqual(['ERR_INTEGRITY_ARGUMENT', field]);
    }
  });

  it('a weight that is negative, not finite, or so large that sums could overflow', () => {
    for (const weight of [-1, -1e-300, Number.NaN, Number.POSITIVE_INFINITY, 1.1e301]) {
      const error = problemError({ weights: Float64Array.of(1, weight, 1) });
      expect([error.code, error.field]).toEqual(['ERR_INTEGRITY_CAPACITY', 'weights[1]']);
    }
    expect(lambda2(problemOf(2, [[0, 1, 1e301]])).value / 2e301).toBeCloseTo(1, 14);
  });

  it('more nodes or edges than a contracted graph has, before it allocates anything for them', () => {
    const nodes = problemError({ nodeCount: 4_000_000_000 });
    expect([nodes.code, nodes.field]).toEqual(['ERR_INTEGRITY_LIMIT', 'nodeCount']);
    const m = 2_097_153;
    const edges = problemError({
      sources: new Uint32Array(m),
      targets: new Uint32Array(m),
      weights: new Float64Array(m),
    });
    expect([edges.code, edges.field]).toEqual(['ERR_INTEGRITY_LIMIT', 'weights']);
  });

  it('options of the wrong type or out of range, naming them', () => {
    const cases: readonly (readonly [options: Record<string, unknown>, field: string])[] = [
      [{ tolerance: 0 }, 'tolerance'],
      [{ tolerance: 1 }, 'tolerance'],
      [{ tolerance: Number.NaN }, 'tolerance'],
      [{ tolerance: '1e-3' }, 'tolerance'],
      [{ normalized: 1 }, 'normalized'],
      [{ certificate: 'always' }, 'certificate'],
      [{ failureProbability: 1e-11 }, 'failureProbability'],
      [{ failureProbability: 1 }, 'failureProbability'],
      [{ maxSteps: 0 }, 'maxSteps'],
      [{ maxSteps: 1.5 }, 'maxSteps'],
      [{ maxSteps: 1e9 }, 'maxSteps'],
      [{ factorWork: -1 }, 'factorWork'],
      [{ factorWork: Number.POSITIVE_INFINITY }, 'factorWork'],
      [{ random: 0.5 }, 'random'],
      [{ start: [1, 2, 3] }, 'start'],
      [{ start: 7 }, 'start'],
      [{ start: 'abcd' }, 'start'],
      [{ start: Float64Array.of(1, 2, Number.NaN, 4) }, 'start[2]'],
      [{ start: [1, Number.POSITIVE_INFINITY, 0, 0] }, 'start[1]'],
      [{ start: [1, 2, '3', 4] }, 'start[2]'],
    ];
    for (const [options, field] of cases) {
      const error = optionError(options);
      expect([field, error.code, error.field]).toEqual([field, 'ERR_INTEGRITY_ARGUMENT', field]);
    }
    expect(errorOf(() => lambda2(path(4), null as unknown as Lambda2Options)).code).toBe(
      'ERR_INTEGRITY_ARGUMENT',
    );
  });

  it('a source of randomness that returns what is no number in [0, 1), or always the same', () => {
    for (const value of [Number.NaN, 1, -0.1, undefined, '0.5']) {
      const error = optionError({ random: () => value });
      expect([error.code, error.field]).toEqual(['ERR_INTEGRITY_ARGUMENT', 'random']);
    }
    const problem = randomGraph(new Random(1), 50, 100);
    expect(errorOf(() => lambda2(problem, { random: () => 0 })).field).toBe('random');
  });

  it('to go on after the signal fired, at the beginning or in the middle', () => {
    expect(optionError({ signal: { aborted: true, reason: 'enough' } }).cause).toBe('enough');
    const problem = randomGraph(new Random(2), 300, 3000);
    for (const certificate of ['auto', 'inertia', 'start'] as const) {
      for (const limit of [1, 2, 5]) {
        let looks = 0;
        const signal = {
          get aborted() {
            return ++looks > limit;
          },
        };
        expect(errorOf(() => lambda2(problem, { certificate, signal })).code).toBe('ERR_INTEGRITY_ABORTED');
      }
    }
  });
});

describe('lambda2 copes with', () => {
  it('thousands of parallel edges and loops', () => {
    const edges: [number, number, number][] = [];
    for (let e = 0; e < 6000; e++) edges.push([e % 3, (e + 1) % 3, 0.1], [e % 3, e % 3, 1e6]);
    const { value, lower, upper } = lambda2(problemOf(3, edges));
    const exact = (3 * 0.1 * 6000) / 3;
    expect(value / exact).toBeCloseTo(1, 9);
    expect(lower).toBeLessThanOrEqual(exact * (1 + 1e-12));
    expect(upper).toBeGreaterThanOrEqual(exact * (1 - 1e-12));
  });

  it('a graph that is too large to factorise, and says how far it got', () => {
    // Complete: 4.5 million multiply-adds to eliminate, above the limit that is set here.
    const result = lambda2(complete(300), { factorWork: 1000 });
    expect(result.certificate).toBe('start');
    expect(result.lower).toBeLessThanOrEqual(300);
    expect(result.upper).toBeGreaterThanOrEqual(300 * (1 - 1e-12));
  });
});
