import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KmeansOptions } from '../src/index.js';
import { shareSeats, train } from '../src/kmeans/train.js';
import { loadAll, loadVariant, type QuantModule } from './support/backend.js';
import { blobs, nearest } from './support/data.js';

let variants: Array<[string, QuantModule]>;
beforeAll(async () => {
  variants = await loadAll();
});

/** The code of what a call throws. */
function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'nothing';
}

const rows = blobs(3000, 12, 30, 0.2);
const options: Readonly<Record<string, Omit<KmeansOptions, 'dimensions'>>> = {
  'k-means++': {},
  'k-means||': { start: 'k-means||' },
  'random rows': { start: 'random', iterations: 5 },
  'given centroids': { start: blobs(30, 12, 30, 1, 9) },
  'mini-batches': { start: 'random', miniBatches: { batches: 6, rows: 200 }, iterations: 3 },
  directions: { spherical: true },
  'directions in mini-batches': { spherical: true, miniBatches: { batches: 3, rows: 100 } },
  'a hierarchy': { hierarchical: true, tolerance: 0 },
  'a hierarchy without indices': { hierarchical: 3, assign: false },
  'a sample': { sampleRows: 700 },
  'no iteration': { iterations: 0 },
};

describe.each(Object.entries(options))('k-means with %s', (_, settings) => {
  it('is the same by every variant, by TypeScript and with any number of threads', () => {
    const [[, first], ...others] = variants;
    const one = first.kmeans(rows, 30, { dimensions: 12, threads: 1, ...settings });
    for (const threads of [2, 5]) {
      expect(first.kmeans(rows, 30, { dimensions: 12, threads, ...settings })).toEqual(one);
    }
    for (const [name, quant] of others) {
      expect(quant.kmeans(rows, 30, { dimensions: 12, ...settings }), name).toEqual(one);
    }
    expect(others.at(-1)?.[0]).toBe('typescript');
  });

  it('never raises the objective, and tells the truth', () => {
    const [[, quant]] = variants;
    const found = quant.kmeans(rows, 30, { dimensions: 12, ...settings });
    found.history.forEach((objective, i) => {
      if (i > 0) expect(objective).toBeLessThanOrEqual(found.history[i - 1] * (1 + 1e-12));
    });
    expect(found.history.at(-1)).toBe(found.objective);
    if (settings.assign === false) return expect(found.indices).toBeUndefined();
    const vectors = settings.spherical ? normalised(rows, 12) : rows;
    const { objective, indices } = nearest(vectors, found.centroids, 12);
    if (settings.sampleRows === undefined) expect(found.objective / objective).toBeCloseTo(1, 9);
    // Ties apart, of which there are none here.
    expect(found.indices).toEqual(indices);
  });
});

function normalised(vectors: Float32Array, n: number): Float32Array {
  const out = new Float32Array(vectors.length);
  for (let r = 0; r < vectors.length; r += n) {
    const norm = Math.hypot(...vectors.subarray(r, r + n));
    for (let i = r; i < r + n; i++) out[i] = vectors[i] / norm;
  }
  return out;
}

describe('k-means', () => {
  it('finds what is there', () => {
    const [[, quant]] = variants;
    const vectors = new Float32Array([0, 0, 0, 1, 9, 9, 9, 8]);
    const { centroids, indices, objective } = quant.kmeans(vectors, 2, { dimensions: 2 });
    const order = centroids[0] < 5 ? [0, 0.5, 9, 8.5] : [9, 8.5, 0, 0.5];
    expect(Array.from(centroids)).toEqual(order);
    expect(Array.from(indices ?? [])).toEqual(centroids[0] < 5 ? [0, 0, 1, 1] : [1, 1, 0, 0]);
    expect(objective).toBe(1);
  });

  it('depends on the seed alone', () => {
    const [[, quant]] = variants;
    const run = (seed: number) => quant.kmeans(rows, 30, { dimensions: 12, seed }).centroids;
    expect(run(7)).toEqual(run(7));
    expect(run(8)).not.toEqual(run(7));
  });

  it('gives centroids of norm 1, whatever the lengths of vectors', () => {
    const [[, quant]] = variants;
    const scaled = rows.map((x, i) => x * (1 + (Math.floor(i / 12) % 5)));
    const found = quant.kmeans(scaled, 30, { dimensions: 12, spherical: true });
    for (let c = 0; c < 30; c++) {
      expect(Math.hypot(...found.centroids.subarray(12 * c, 12 * c + 12))).toBeCloseTo(1, 6);
    }
    // A vector without a direction moves nothing.
    const zeros = new Float32Array([...rows.subarray(0, 1200), ...new Float32Array(12)]);
    const { centroids } = quant.kmeans(zeros, 5, { dimensions: 12, spherical: true, iterations: 50 });
    expect(centroids.every(Number.isFinite)).toBe(true);
  });

  it('keeps directions that are right already, to the last digit', () => {
    // Each row its own centroid. Rounded, the direction of a row of norm 1 in float32 may be another one, which is worse.
    const each = rows.subarray(0, 400 * 12);
    for (const [name, quant] of variants) {
      const start = normalised(each, 12);
      const found = quant.kmeans(start, 400, { dimensions: 12, spherical: true, start });
      expect(found.objective, name).toBe(0);
    }
  });

  it('repeats places where fewer rows are distinct than centroids are asked for', () => {
    for (const [, quant] of variants) {
      const vectors = Float32Array.from({ length: 600 }, (_, i) => Math.floor(i / 2) % 3);
      const { centroids, objective } = quant.kmeans(vectors, 20, { dimensions: 2 });
      expect(objective).toBe(0);
      expect(new Set(centroids)).toEqual(new Set([0, 1, 2]));
    }
  });

  it('has no centroid without rows where enough are distinct', () => {
    const [[, quant]] = variants;
    // Nearly all given centroids are far from every row.
    const start = new Float32Array(30 * 12).fill(100);
    const { indices } = quant.kmeans(rows, 30, { dimensions: 12, start, iterations: 100 });
    expect(new Set(indices).size).toBe(30);
  });

  it('shares seats by rows', () => {
    // Seven of ten rows, five of seven seats: Webster's rounding, and one at least.
    expect(Array.from(shareSeats(Uint32Array.of(70, 20, 9, 1, 0), 5, 7))).toEqual([4, 1, 1, 1, 0]);
    // None has more seats than rows.
    expect(Array.from(shareSeats(Uint32Array.of(2, 100), 2, 100))).toEqual([2, 98]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 20 }), (sizes) => {
        const size = Uint32Array.from(sizes);
        const total = sizes.reduce((a, b) => a + b, 0);
        const cells = sizes.filter((s) => s > 0).length;
        for (const k of [cells, Math.floor((cells + total) / 2), total]) {
          const seats = shareSeats(size, size.length, k);
          expect(seats.reduce((a, b) => a + b, 0)).toBe(k);
          seats.forEach((s, i) => {
            expect(s).toBeLessThanOrEqual(size[i]);
            expect(s > 0).toBe(size[i] > 0);
          });
        }
      }),
    );
  });

  it('refuses what it cannot do, and says so', () => {
    for (const [, quant] of variants) {
      const run = (vectors: unknown, k: unknown, settings: object) =>
        codeOf(() => quant.kmeans(vectors as Float32Array, k as number, settings as KmeansOptions));
      const d = { dimensions: 12 };
      expect(run(rows, 30, { dimensions: 0 })).toBe('ERR_QUANT_DIMENSIONS');
      expect(run(rows, 30, { dimensions: 65_536 })).toBe('ERR_QUANT_DIMENSIONS');
      expect(run(rows, 30, { dimensions: 7 })).toBe('ERR_QUANT_LENGTH');
      expect(run(new Float64Array(24), 1, d)).toBe('ERR_QUANT_TYPE');
      expect(run(rows.subarray(0, 24), 3, d)).toBe('ERR_QUANT_TRAINING');
      expect(run(new Float32Array(0), 1, d)).toBe('ERR_QUANT_TRAINING');
      expect(run(new Float32Array(12).fill(Number.NaN), 1, d)).toBe('ERR_QUANT_VALUE');
      expect(run(new Float32Array(12).fill(Number.POSITIVE_INFINITY), 1, d)).toBe('ERR_QUANT_VALUE');
      for (const k of [0, -1, 1.5, '3', Number.NaN]) expect(run(rows, k, d)).toBe('ERR_QUANT_ARGUMENT');
      const bad: object[] = [
        { iterations: -1 },
        { iterations: 10_001 },
        { tolerance: -1 },
        { tolerance: Number.NaN },
        { seed: -1 },
        { seed: 2 ** 32 },
        { start: 'kmeans' },
        { hierarchical: 1 },
        { hierarchical: 31 },
        { hierarchical: true, start: 'k-means||' },
        { hierarchical: true, start: rows.subarray(0, 360) },
        { miniBatches: { batches: 1, rows: 0 } },
        { miniBatches: 3 },
        { sampleRows: 29 },
        { threads: 0 },
        { threads: 257 },
        { spherical: 1 },
        { assign: 'no' },
      ];
      for (const settings of bad) {
        expect(run(rows, 30, { ...d, ...settings }), JSON.stringify(settings)).toBe('ERR_QUANT_ARGUMENT');
      }
      expect(run(rows, 30, { ...d, start: rows.subarray(0, 12) })).toBe('ERR_QUANT_LENGTH');
      const gone = new Float32Array(24);
      structuredClone(gone, { transfer: [gone.buffer] });
      expect(run(gone, 1, d)).toBe('ERR_QUANT_DETACHED');
    }
  });
});

describe('kmeansAsync', () => {
  it('gives what kmeans gives', async () => {
    for (const [name, quant] of variants) {
      for (const settings of [
        {},
        { hierarchical: true },
        { sampleRows: 700 },
        { spherical: true, sampleRows: 900 },
      ]) {
        const wanted = quant.kmeans(rows, 30, { dimensions: 12, ...settings });
        expect(await quant.kmeansAsync(rows, 30, { dimensions: 12, ...settings }), name).toEqual(wanted);
      }
    }
  });

  it('takes batches, in any cut', async () => {
    const [[, quant]] = variants;
    async function* batches(size: number) {
      for (let i = 0; i < rows.length; i += 12 * size)
        yield rows.subarray(i, Math.min(rows.length, i + 12 * size));
    }
    const settings = { dimensions: 12, sampleRows: 1000 };
    const one = await quant.kmeansAsync(batches(1), 30, settings);
    expect(await quant.kmeansAsync(batches(713), 30, settings)).toEqual(one);
    expect(one.indices).toBeUndefined();
    expect(one.centroids).toEqual(quant.kmeans(rows, 30, settings).centroids);
  });

  it('does not see what happens to the vectors meanwhile', async () => {
    const [[, quant]] = variants;
    for (const settings of [{}, { sampleRows: 700 }]) {
      const wanted = quant.kmeans(rows, 30, { dimensions: 12, ...settings });
      const mine = rows.slice();
      const promise = quant.kmeansAsync(mine, 30, { dimensions: 12, ...settings });
      structuredClone(mine, { transfer: [mine.buffer] });
      expect(await promise).toEqual(wanted);
    }
  });

  it('lets others have their turn in TypeScript, however short its parts are', () => {
    const [n, k, iterations] = [1, 16, 40];
    const vectors = blobs(3000, n, 100, 0.1);
    const history = new Float64Array(iterations + 3);
    const options = { n, k, coarse: 0, iterations, tolerance: 0, batches: 0, batchRows: 0, threads: 1 };
    const slices = train(
      { ...options, start: 'random', spherical: false, seed: 1 },
      vectors,
      new Float32Array(k * n),
      undefined,
      history,
    );
    const done = [...slices];
    expect(history[iterations + 1]).toBeGreaterThan(10);
    // A turn in 2^22 additions, a distance counted as 16 more.
    const additions = 3000 * k * (n + 16) * (history[iterations + 1] + 1);
    expect(done.length).toBeGreaterThanOrEqual(Math.floor(additions / 2 ** 22));
    expect(done.length).toBeGreaterThan(1);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
  });

  it('tells how far it is, and ends when it is told to', async () => {
    const many = blobs(40_000, 16, 50, 0.5);
    for (const [name, quant] of variants) {
      const told: number[] = [];
      const isSlow = name === 'typescript' || name === 'serial';
      const large = isSlow ? many.subarray(0, 6000 * 16) : many;
      await quant.kmeansAsync(large, 50, {
        dimensions: 16,
        tolerance: 0,
        onProgress: ({ done, total }) => {
          expect(done).toBeLessThanOrEqual(total);
          told.push(done / total);
        },
      });
      expect(told.at(-1), name).toBe(1);
      expect(told).toEqual(told.toSorted((a, b) => a - b));
      const controller = new AbortController();
      const reason = new Error('enough');
      const promise = quant.kmeansAsync(large, 2000, {
        dimensions: 16,
        tolerance: 0,
        iterations: 1000,
        signal: controller.signal,
      });
      setTimeout(() => controller.abort(reason), 20);
      await expect(promise).rejects.toMatchObject({ code: 'ERR_QUANT_ABORTED', cause: reason });
      await expect(
        quant.kmeansAsync(large, 50, { dimensions: 16, signal: AbortSignal.abort() }),
      ).rejects.toMatchObject({ code: 'ERR_QUANT_ABORTED' });
      const failure = new Error('mine');
      await expect(
        quant.kmeansAsync(rows, 30, {
          dimensions: 12,
          onProgress: () => {
            throw failure;
          },
        }),
      ).rejects.toBe(failure);
    }
  });
});

describe('nearestCentroids', () => {
  it('gives the nearest, of equals the first', async () => {
    const centroids = Float32Array.of(0, 0, 9, 9, 0, 0, 3, 3);
    const vectors = Float32Array.of(1, 1, 8, 9, 0, 0, 6, 6);
    for (const [name, quant] of variants) {
      const found = quant.nearestCentroids(vectors, centroids, { dimensions: 2 });
      expect(Array.from(found), name).toEqual([0, 1, 0, 1]);
      expect(await quant.nearestCentroidsAsync(vectors, centroids, { dimensions: 2 })).toEqual(found);
      const out = new Uint32Array(6).fill(7);
      expect(quant.nearestCentroids(vectors, centroids, { dimensions: 2, out }).buffer).toBe(out.buffer);
      expect(Array.from(out)).toEqual([0, 1, 0, 1, 7, 7]);
      expect(quant.nearestCentroids(new Float32Array(0), centroids, { dimensions: 2 })).toHaveLength(0);
      const run = (c: unknown, o: object) =>
        codeOf(() => quant.nearestCentroids(vectors, c as Float32Array, { dimensions: 2, ...o }));
      expect(run(new Float32Array(0), {})).toBe('ERR_QUANT_LENGTH');
      expect(run(new Float32Array(3), {})).toBe('ERR_QUANT_LENGTH');
      expect(run([1, 2], {})).toBe('ERR_QUANT_TYPE');
      expect(run(Float32Array.of(1, Number.NaN), {})).toBe('ERR_QUANT_VALUE');
      expect(run(centroids, { out: new Uint32Array(2) })).toBe('ERR_QUANT_LENGTH');
      expect(run(centroids, { out: new Uint32Array(vectors.buffer) })).toBe('ERR_QUANT_OVERLAP');
      expect(run(centroids, { threads: 0 })).toBe('ERR_QUANT_ARGUMENT');
    }
  });

  it('is the same by every variant for any vectors', () => {
    const component = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(1e-42, -1e-42, 3e38, -3e38),
    );
    const input = fc
      .integer({ min: 1, max: 20 })
      .chain((n) =>
        fc.tuple(
          fc.constant(n),
          fc.array(component, { minLength: 5 * n, maxLength: 5 * n }),
          fc.array(component, { minLength: 19 * n, maxLength: 19 * n }),
        ),
      );
    fc.assert(
      fc.property(input, ([n, vectors, centroids]) => {
        const results = variants.map(([, quant]) =>
          quant.nearestCentroids(Float32Array.from(vectors), Float32Array.from(centroids), { dimensions: n }),
        );
        for (const result of results) expect(result).toEqual(results[0]);
      }),
      { numRuns: 200 },
    );
  });
});

it('works in a worker, and leaves with it', async () => {
  const { Worker } = await import('node:worker_threads');
  const { capabilities } = await loadVariant('');
  expect(capabilities().backend).toBe('native');
  const door = new URL('../dist/index.js', import.meta.url).href;
  const worker = new Worker(
    `import(${JSON.stringify(door)}).then(({ kmeansAsync }) => {
       const vectors = Float32Array.from({ length: 4_000_000 }, (_, i) => Math.sin(i * i));
       require('node:worker_threads').parentPort.postMessage('started');
       return kmeansAsync(vectors, 1000, { dimensions: 40, iterations: 10_000, tolerance: 0 });
     })`,
    { eval: true },
  );
  await new Promise((resolve) => worker.once('message', resolve));
  await worker.terminate();
}, 120_000);
