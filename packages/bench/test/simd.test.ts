import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkValue, references } from '../src/distances.js';
import { Random } from '../src/random.js';
import { runSuite } from '../src/runner.js';
import type { PlanContext, Suite } from '../src/suite.js';
import { simdSuite } from '../src/suites/simd/index.js';
import { makeRing, splitRows } from '../src/suites/simd/inputs.js';
import { loadSimsimd, simsimdVariant } from '../src/suites/simd/libraries.js';
import { runMany, runPairs, runPairsOverRows, runUnary } from '../src/suites/simd/loops.js';
import { validateReport } from '../src/validate.js';
import { runOptions, temporaryDirectory } from './fake-suite.js';

const context: PlanContext = { mode: 'quick', signal: new AbortController().signal, env: {} };

/** The suite with next to no measuring: the cases run, the figures mean nothing. */
const brief: Suite = {
  ...simdSuite,
  plan: async (planContext) => ({
    ...(await simdSuite.plan(planContext)),
    budget: { rounds: 1, warmups: 0, minTimeMs: 0.01 },
  }),
};

afterEach(() => {
  vi.doUnmock('simsimd');
  vi.resetModules();
});

describe('the oracle', () => {
  const a = Float32Array.of(3, -4, 0);
  const b = Float32Array.of(0, 3, 4);

  it('computes known values', () => {
    expect(references.dot(a, b)).toEqual({ value: -12, scale: 12 });
    expect(references.l2sq(a, b).value).toBe(74);
    expect(references.l1(a, b).value).toBe(14);
    expect(references.norm(a, b).value).toBe(5);
    expect(references.cosine(a, b).value).toBeCloseTo(1 + 12 / 25, 15);
  });

  it('notices one forgotten element of 1,536', () => {
    const random = new Random(3);
    const [x, y] = [random.fillNormal(new Float32Array(1536)), random.fillNormal(new Float32Array(1536))];
    const short = references.l2sq(x.subarray(1), y.subarray(1));
    expect(() => checkValue('rival', 'l2sq', short.value, references.l2sq(x, y))).toThrow(
      expect.objectContaining({ code: 'BENCH_DISAGREEMENT' }),
    );
  });

  it('refuses NaN', () => {
    expect(() => checkValue('rival', 'dot', Number.NaN, references.dot(a, b))).toThrow(/rival: dot is NaN/);
  });
});

describe('the loops', () => {
  const vectors = [1, 2, 3, 4].map((value) => Float32Array.of(value));
  const product = (x: Float32Array, y: Float32Array): number => (x[0] as number) * (y[0] as number);

  it('call with every vector of the ring in turn and sum the results', () => {
    expect(runPairs(product, vectors, vectors, 6)).toBe(1 + 4 + 9 + 16 + 1 + 4);
    expect(runUnary((x) => x[0] as number, vectors, 6)).toBe(1 + 2 + 3 + 4 + 1 + 2);
  });

  it('score all rows in both forms', () => {
    const rows = Float32Array.of(5, 6, 7);
    const one = new Float32Array(3);
    const other = new Float32Array(3);
    const many = (query: Float32Array, all: Float32Array, out: Float32Array): void => {
      for (let row = 0; row < out.length; row++) out[row] = (query[0] as number) * (all[row] as number);
    };
    const sum = runMany(many, vectors, rows, one, 5);
    expect(runPairsOverRows(product, vectors, splitRows(rows, 1), other, 5)).toBe(sum);
    expect(sum).toBe(1 * 5 + 2 * 6 + 3 * 7 + 4 * 5 + 1 * 6);
    expect(other).toEqual(one);
  });
});

describe('the inputs', () => {
  it.each([1, 16, 100, 1536, 65_536])(
    'make a ring of %s dimensions with a power of two of vectors',
    (dimensions) => {
      const ring = makeRing(new Random(1), dimensions);
      expect(Math.log2(ring.length) % 1).toBe(0);
      expect(ring.length).toBeGreaterThanOrEqual(8);
      expect(ring.every((vector) => vector.length === dimensions)).toBe(true);
      expect(new Set(ring.map((vector) => vector[0])).size).toBe(ring.length);
    },
  );
});

describe('suite simd', () => {
  it.each([
    'dot pair, 16 dims',
    'cosine 256 rows, 100 dims',
    'norm, 128 dims',
    'float16 dot pair, 96 dims',
    'bits jaccard 10,000 rows, 96 dims',
    'dot matrix 64 x 1,000, 768 dims',
  ])('measures %s', async (name) => {
    const report = await runSuite(
      brief,
      runOptions(temporaryDirectory(), { select: (item) => item === name }),
    );
    expect(report.failures).toEqual([]);
    expect(validateReport(report)).toEqual([]);
    expect(report.results.map((result) => result.case)).toEqual([name]);
  });

  it('covers every type that simsimd has too, and says where it has none', async () => {
    const { cases, peers } = await simdSuite.plan(context);
    expect(peers.map(({ name }) => name)).toEqual(['simsimd', 'memchr']);
    const names = cases.map(({ name }) => name);
    for (const operation of ['dot', 'l2sq', 'cosine'])
      for (const dimensions of [16, 96, 100, 128, 384, 768, 1536]) {
        expect(names).toContain(`${operation} pair, ${dimensions} dims`);
        expect(names).toContain(`${operation} 10,000 rows, ${dimensions} dims`);
      }
    for (const type of ['int8 dot', 'uint8 l2sq', 'bits hamming', 'bits jaccard'])
      for (const dimensions of [96, 768, 1536]) expect(names).toContain(`${type} pair, ${dimensions} dims`);
    for (const { name, absent } of cases)
      expect(absent?.simsimd !== undefined, name).toBe(/^(l1|norm|float16|bfloat16) ?/.test(name));
  });

  it('sets only the nearest ten beside a loop that just reads', async () => {
    const { cases } = await simdSuite.plan(context);
    const beside = cases.filter(({ absent }) => absent?.memchr === undefined).map(({ name }) => name);
    expect(beside).toEqual(['l2sq top 10 of 50,000, 768 dims']);
  });

  it('names the variants of both sides', async () => {
    const { ours, peers } = await simdSuite.plan(context);
    expect(ours.details).toMatchObject({ backend: expect.any(String), variant: expect.any(String) });
    expect(peers[0]?.details).toMatchObject({ variant: expect.any(String) });
  });

  it('names simsimd as absent, with the cure, where it does not load', async () => {
    vi.doMock('simsimd', () => {
      throw new Error('no prebuild for this platform');
    });
    const loaded = await loadSimsimd();
    expect(loaded).toEqual({
      absent: {
        name: 'simsimd',
        reason: expect.stringContaining('does not load'),
        cure: 'install it with: npm install',
      },
    });
  });
});

describe('simsimdVariant', () => {
  it.each([
    ['x64', 'avx2 f16c fma avx512f', 'skylake'],
    ['x64', 'avx2 f16c fma', 'haswell'],
    ['x64', 'avx2 fma', 'serial'],
    ['arm64', 'asimd', 'neon'],
    ['arm64', 'asimd sve', 'sve'],
  ])('on %s with %s is %s', (arch, flags, variant) => {
    expect(simsimdVariant(arch, new Set(flags.split(' ')))).toBe(variant);
  });
});
