import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Int8Codec, type QuantMetric } from '../src/index.js';
import { Random } from '../src/random.js';
import { bestOf, topKOf } from '../src/topk.js';

/** By the definition: sorted, with NaN last and of equals the earlier first. */
function sorted(metric: QuantMetric, values: Float32Array): number[] {
  const sign = metric === 'dot' ? -1 : 1;
  const key = (i: number) => (Number.isNaN(values[i]) ? Number.POSITIVE_INFINITY : sign * values[i]);
  return Array.from(values.keys()).sort((a, b) => {
    const [noA, noB] = [Number.isNaN(values[a]), Number.isNaN(values[b])];
    if (noA !== noB) return noA ? 1 : -1;
    const [x, y] = [key(a), key(b)];
    return x < y ? -1 : x > y ? 1 : a - b;
  });
}

const someValues = fc.array(
  fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0),
    fc.float({ noNaN: true }),
  ),
  { maxLength: 60 },
);

describe('bestOf', () => {
  it('is the front of the sorted values, for any values and k', () => {
    fc.assert(
      fc.property(someValues, fc.nat(70), fc.constantFrom('dot', 'l2sq', 'cosine'), (list, k, metric) => {
        const values = Float32Array.from(list);
        const { indices, scores } = bestOf(metric as QuantMetric, values, k);
        const want = sorted(metric as QuantMetric, values).slice(0, k);
        expect([...indices]).toEqual(want);
        expect([...scores]).toEqual(want.map((i) => values[i]));
      }),
    );
  });
});

describe('a rerank of rows that are the same', () => {
  // Kernels add up several rows together in another order than one alone.
  it.each(['l2sq', 'dot', 'cosine'] as const)('scores them the same, and gives the first: %s', (metric) => {
    const random = new Random(11);
    for (let dimensions = 3; dimensions < 90; dimensions += 4) {
      const one = Float32Array.from({ length: dimensions }, () => random.next() - 0.5);
      const query = Float32Array.from({ length: dimensions }, () => random.next() - 0.5);
      for (let count = 1; count <= 41; count += 1 + (count % 3)) {
        const rows = new Float32Array(count * dimensions);
        for (let i = 0; i < count; i++) rows.set(one, i * dimensions);
        const codec = Int8Codec.create({ dimensions });
        const source = (indices: Uint32Array) => {
          const some = new Float32Array(indices.length * dimensions);
          indices.forEach((row, i) => {
            some.set(rows.subarray(row * dimensions, (row + 1) * dimensions), i * dimensions);
          });
          return some;
        };
        for (const bound of ['bound', count] as const) {
          const { indices, scores } = codec
            .query(query, metric)
            .topK(codec.encode(rows), 5, { rerank: { source, count: bound } });
          expect([...indices]).toEqual([0, 1, 2, 3, 4].slice(0, count));
          expect(new Set(scores).size).toBe(1);
        }
      }
    }
  });
});

describe('a rerank under cosine', () => {
  // The norms of such vectors have squares that are not in float32.
  it.each([
    [1, 1e-42],
    [1e-42, 1],
    [1e-42, 1e-42],
    [1e-20, 1e-25],
    [1e25, 1e-25],
  ])('of a query of size %f and rows of size %f gives the scores that there are', (querySize, rowSize) => {
    const [n, count] = [31, 40];
    const shape = (i: number) => Math.sin(1 + i * i);
    const query = Float32Array.from({ length: n }, (_, i) => querySize * shape(i + 7));
    const rows = Float32Array.from({ length: count * n }, (_, i) => rowSize * shape(3 * i));
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a, (x, i) => x * b[i]).reduce((sum, x) => sum + x, 0);
    // As multiples of the largest: then float64 has the squares.
    const turned = (v: Float32Array) => {
      const most = Math.max(...v.map(Math.abs));
      return Array.from(v, (x) => x / most);
    };
    const q = turned(query);
    const truth = Array.from({ length: count }, (_, r) => {
      const x = turned(rows.subarray(r * n, (r + 1) * n));
      return 1 - dot(q, x) / Math.sqrt(dot(q, q) * dot(x, x));
    });
    const nearest = truth.toSorted((a, b) => a - b).slice(0, 5);
    const source = (indices: Uint32Array) =>
      Float32Array.from([...indices].flatMap((i) => [...rows.subarray(i * n, (i + 1) * n)]));
    const codec = Int8Codec.create({ dimensions: n });
    const codes = codec.encode(rows);
    for (const wanted of [count, 'bound'] as const) {
      const { scores } = codec.query(query, 'cosine').topK(codes, 5, { rerank: { source, count: wanted } });
      scores.forEach((score, i) => {
        expect(Math.abs(score - nearest[i]), `score ${i}, ${wanted}`).toBeLessThan(1e-5);
      });
    }
  });
});

describe('topKOf', () => {
  const query = Float32Array.of(1, 2);
  const rows = Float32Array.from({ length: 80 }, (_, i) => ((i * 7919) % 31) / 4 - 3);
  const exact = Float32Array.from({ length: 40 }, (_, r) => {
    const [a, b] = [rows[2 * r] - 1, rows[2 * r + 1] - 2];
    return a * a + b * b;
  });
  const source = (indices: Uint32Array) =>
    Float32Array.from([...indices].flatMap((i) => [rows[2 * i], rows[2 * i + 1]]));

  it('finds the k best by bounds, however wrong the estimates are within them', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: 0, max: 20, noNaN: true })),
          {
            minLength: 40,
            maxLength: 40,
          },
        ),
        fc.integer({ min: 1, max: 45 }),
        (errors, k) => {
          const bounds = Float32Array.from(errors, ([, bound]) => bound * 1.001 + 1e-4);
          const estimates = exact.map((value, i) => value + errors[i][0] * errors[i][1]);
          const scored = { estimates, bounds: () => bounds };
          const rerank = { source, count: 'bound' as const };
          const { indices, scores } = topKOf('test', query, 'l2sq', scored, k, { rerank });
          const want = sorted('l2sq', exact).slice(0, k);
          expect([...indices]).toEqual(want);
          expect([...scores]).toEqual(want.map((i) => exact[i]));
        },
      ),
    );
  });

  it('computes what has no estimate or no bound', () => {
    const estimates = exact.map((value, i) => (i % 3 === 0 ? Number.NaN : value));
    const bounds = exact.map((_, i) => (i % 5 === 0 ? Number.POSITIVE_INFINITY : 1e-3));
    const scored = { estimates, bounds: () => bounds };
    const { indices } = topKOf('test', query, 'l2sq', scored, 4, { rerank: { source, count: 'bound' } });
    expect([...indices]).toEqual(sorted('l2sq', exact).slice(0, 4));
  });

  it('asks whether bounds are to be proofs', () => {
    const asked: boolean[] = [];
    const scored = {
      estimates: exact,
      bounds: (proof: boolean) => {
        asked.push(proof);
        return new Float32Array(40).fill(1);
      },
    };
    for (const proof of [undefined, false, true]) {
      const rerank = { source, count: 'bound' as const, ...(proof === undefined ? {} : { proof }) };
      topKOf('test', query, 'l2sq', scored, 2, { rerank });
    }
    expect(asked).toEqual([false, false, true]);
  });

  const scored = { estimates: exact, bounds: () => new Float32Array(40) };
  it.each([
    ['a k below 0', -1, undefined, 'ERR_QUANT_ARGUMENT'],
    ['half a k', 0.5, undefined, 'ERR_QUANT_ARGUMENT'],
    ['a rerank without a source', 3, { count: 3 }, 'ERR_QUANT_ARGUMENT'],
    ['a count below 0', 3, { source, count: -1 }, 'ERR_QUANT_ARGUMENT'],
    ['a count by another word', 3, { source, count: 'all' }, 'ERR_QUANT_ARGUMENT'],
    ['a source of arrays', 3, { source: () => [1, 2], count: 3 }, 'ERR_QUANT_TYPE'],
    ['a source of too few rows', 3, { source: () => new Float32Array(4), count: 3 }, 'ERR_QUANT_LENGTH'],
    [
      'a source with NaN',
      3,
      { source: () => new Float32Array(6).fill(Number.NaN), count: 3 },
      'ERR_QUANT_VALUE',
    ],
  ])('refuses %s', (_what, k, rerank, code) => {
    const options = rerank === undefined ? undefined : { rerank: rerank as never };
    expect(() => topKOf('test', query, 'l2sq', scored, k, options)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
