/** The backend in WebAssembly: arguments of any size through a memory that is far smaller. */
import { beforeAll, describe, expect, it } from 'vitest';
import type {
  Backend,
  BitMetric,
  DenseMetric,
  DenseType,
  Job,
  KernelMetric,
  Shapes,
  TypeName,
} from '../src/backend/types.js';
import { wasmBackend } from '../src/backend/wasm.js';
import { WasmKernels, type WasmLimits } from '../src/backend/wasm-kernels.js';
import { startWasm, wasmObstacle } from '../src/backend/wasm-module.js';
import { randomElements, randomWords, toHalf } from './support/elements.js';
import { check, combinations, expected, operands, rounded } from './support/scores.js';
import { noWasm, wasmBytes } from './support/wasm.js';

const missing = noWasm();
const n = 37;

/** So little that three rows of float32 are a block, and that vectors of 100 do not fit at all. */
const tiny: WasmLimits = { block: 3 * (n * 4 + 8), limit: 4 * 3 * (n * 4 + 8) };

function shapesOf({ shapes }: Backend, type: TypeName, metric: KernelMetric): Shapes {
  if (type === 'bits') return shapes.bits[metric as BitMetric];
  return shapes[type as DenseType][metric as DenseMetric];
}

describe.skipIf(missing !== undefined)(`the WebAssembly backend${missing ? ` (${missing})` : ''}`, () => {
  let bytes: Uint8Array;

  beforeAll(async () => {
    bytes = await wasmBytes();
  });

  const start = (limits?: WasmLimits) => wasmBackend(new WasmKernels(startWasm(bytes), limits));

  it.each(combinations)(
    '%s, %s: every shape, in blocks, at once, and of what does not fit',
    (type, metric) => {
      const next = randomWords(21);
      const [typeOfA, typeOfB] = operands(type);
      const aCount = 5;
      const sizes = [
        [n, 70, undefined],
        [n, 70, tiny],
        [1, 70, tiny],
        [900, 5, tiny],
      ] as const;
      for (const [dimensions, bCount, limits] of sizes) {
        const backend = start(limits);
        const shapes = shapesOf(backend, type, metric);
        const queries = randomElements(typeOfA, dimensions * aCount, next);
        const rows = randomElements(typeOfB, dimensions * bCount, next);
        const query = (i: number) => queries.slice(i * dimensions, (i + 1) * dimensions);
        const row = (i: number) => rows.slice(i * dimensions, (i + 1) * dimensions);
        const want = (i: number, j: number) => expected(type, metric, query(i), row(j));

        shapes.pair(query(0), row(0));
        check('pair', backend.result[0], want(0, 0));
        expect(() => shapes.pair(query(0), row(0).slice(1))).toThrow();

        const out = new Float32Array(bCount + 1).fill(-7);
        shapes.many(query(1), rows, out);
        for (let j = 0; j < bCount; j++) check(`row ${j}`, out[j], rounded(want(1, j)));
        expect(out[bCount]).toBe(-7);

        const indices = Uint32Array.from({ length: 30 }, () => next() % bCount);
        const picked = new Float32Array(31).fill(-7);
        shapes.gather(query(2), rows, indices, picked);
        for (const [i, j] of indices.entries()) check(`row ${j} at ${i}`, picked[i], rounded(want(2, j)));
        expect(picked[30]).toBe(-7);
        indices[17] = bCount;
        expect(() => shapes.gather(query(2), rows, indices, picked)).toThrow();

        const all = new Float32Array(aCount * bCount);
        shapes.matrix(queries, rows, dimensions, all);
        for (const [i, score] of all.entries()) {
          check(`matrix ${i}`, score, rounded(want(Math.floor(i / bCount), i % bCount)));
        }

        const k = Math.min(9, bCount);
        const best = { indices: new Uint32Array(k), scores: new Float32Array(k) };
        shapes.topK(query(3), rows, best.indices, best.scores);
        const order = metric === 'dot' ? (x: number, y: number) => y - x : (x: number, y: number) => x - y;
        expect([...best.scores]).toEqual([...best.scores].sort(order));
        for (const [i, j] of best.indices.entries())
          check(`nearest ${i}`, best.scores[i], rounded(want(3, j)));
        const worst = best.scores[k - 1];
        for (let j = 0; j < bCount; j++) {
          if (best.indices.includes(j)) continue;
          const { value, within } = rounded(want(3, j));
          if (order(value, worst) < -2 * within)
            expect.fail(`row ${j} has ${value}, which goes before ${worst}`);
        }
      }
    },
  );

  it.each([1, 3, 7, 69, 70])('the nearest %i of 70 rows are the same in blocks as at once', (k) => {
    const next = randomWords(22);
    // Exact scores that are often equal, so that the order of equals is seen; some rows are NaN.
    const small = (length: number) => Float32Array.from({ length }, () => (next() % 3) - 1);
    const [query, rows] = [small(n), small(n * 70)];
    for (const i of [0, 20, 21, 69]) rows[i * n] = Number.NaN;
    for (const metric of ['dot', 'l2sq'] as const) {
      const scores = Array.from({ length: 70 }, (_, i) => {
        return expected('f32', metric, query, rows.slice(i * n, i * n + n)).value;
      });
      const rank = (i: number) => {
        if (Number.isNaN(scores[i])) return Number.POSITIVE_INFINITY;
        return metric === 'dot' ? -scores[i] : scores[i];
      };
      const order = [...scores.keys()].sort((i, j) => (rank(i) === rank(j) ? i - j : rank(i) - rank(j)));
      for (const backend of [start(), start(tiny)]) {
        const [indices, best] = [new Uint32Array(k).fill(999), new Float32Array(k)];
        backend.shapes.f32[metric].topK(query, rows, indices, best);
        expect([...indices]).toEqual(order.slice(0, k));
        expect([...best]).toEqual(order.slice(0, k).map((i) => scores[i]));
      }
    }
  });

  it('does long work in slices that may be interleaved with other work', () => {
    const next = randomWords(23);
    const backend = start(tiny);
    const { long } = backend;
    if (long.kind !== 'slices') return expect.fail(long.kind);
    const query = randomElements('f32', n, next);
    const rows = randomElements('f32', n * 40, next);
    const [byteQuery, byteRows] = [randomElements('i8', n, next), randomElements('i8', n * 400, next)];
    const alone = new Float32Array(40);
    backend.shapes.f32.l2sq.many(query, rows, alone);
    const [outA, outB] = [new Float32Array(40), new Float32Array(400)];
    const jobs: Job[] = [
      { type: 'f32', metric: 'l2sq', shape: 'many', args: [query, rows, outA] },
      { type: 'i8', metric: 'dot', shape: 'many', args: [byteQuery, byteRows, outB] },
    ];
    const [first, second] = jobs.map((job) => long.slices(job));
    const done: number[] = [];
    for (let more = true; more; ) {
      const [a, b] = [first.next(), second.next()];
      if (a.done !== true) done.push(a.value);
      more = a.done !== true || b.done !== true;
    }
    expect(done.at(-1)).toBe(40);
    expect(done.length).toBeGreaterThan(5);
    expect(outA).toEqual(alone);
    for (let i = 0; i < 400; i++) {
      const row = byteRows.slice(i * n, i * n + n);
      check(`row ${i}`, outB[i], rounded(expected('i8', 'dot', byteQuery, row)));
    }
    const matrix: Job = {
      type: 'i8',
      metric: 'l1',
      shape: 'matrix',
      args: [byteRows, byteRows, n, new Float32Array(160_000)],
    };
    expect([...long.slices(matrix)].at(-1)).toBe(400);
  });

  it('grows for one long vector, and goes on with short ones', () => {
    const backend = start();
    const long = new Float32Array(1_000_003).fill(1);
    for (const length of [3, 1_000_003, 3, 3_000_000, 500_000]) {
      // The longest is beyond the limit.
      const a = length <= long.length ? long.subarray(0, length) : new Float32Array(length).fill(1);
      backend.shapes.f32.l1.pair(a, new Float32Array(length));
      expect(backend.result[0]).toBe(length);
    }
  });

  it('knows what fits below its limit', () => {
    const kernels = new WasmKernels(startWasm(bytes), { limit: 1 << 20 });
    expect(kernels.fits('f32', 1 << 17)).toBe(false);
    expect(kernels.fits('f32', (1 << 17) - 64)).toBe(true);
    expect(kernels.fits('f16', (1 << 18) - 64)).toBe(true);
    expect(kernels.fits('u8', 1 << 19)).toBe(false);
    expect(kernels.fitsConversion('f32_to_f16', 1 << 17, 1 << 17)).toBe(true);
    expect(kernels.fitsConversion('f32_to_f16', 1 << 18, 1 << 18)).toBe(false);
    expect(kernels.fitsSparse((1 << 16) - 32, (1 << 16) - 32)).toBe(true);
    expect(kernels.fitsSparse(1 << 16, 1 << 16)).toBe(false);
  });

  it('scores no rows, and no dimensions', () => {
    const backend = start();
    const out = new Float32Array(1).fill(5);
    backend.shapes.f32.dot.many(new Float32Array(0), new Float32Array(0), out);
    backend.shapes.f32.dot.many(new Float32Array(3), new Float32Array(0), out);
    backend.shapes.f32.dot.gather(new Float32Array(3), new Float32Array(3), new Uint32Array(0), out);
    backend.shapes.f32.dot.matrix(new Float32Array(0), new Float32Array(3), 3, out);
    backend.convert.f32_to_f16(new Float32Array(0), new Uint16Array(0));
    expect([...out]).toEqual([5]);
  });

  it('reads arrays on shared memory, at odd places, and in disguise', () => {
    const backend = start();
    const shared = new Int8Array(new SharedArrayBuffer(50), 7, 20).fill(3);
    const odd = new Int8Array(new ArrayBuffer(50), 3, 20).fill(-5);
    backend.shapes.i8.dot.pair(shared, odd);
    expect(backend.result[0]).toBe(-300);

    const disguised = Object.defineProperties(Object.setPrototypeOf(new Int8Array(20).fill(2), null), {
      length: { value: 1 },
      buffer: { value: new ArrayBuffer(1) },
      constructor: { value: Float32Array },
    }) as Int8Array;
    backend.shapes.i8.dot.pair(disguised, odd);
    expect(backend.result[0]).toBe(-200);
    const out = Object.setPrototypeOf(new Float32Array(1), null) as Float32Array;
    backend.shapes.i8.dot.many(odd, disguised, out);
    expect(out[0]).toBe(-200);
    backend.norm.i8(disguised);
    expect(backend.result[0]).toBe(Math.sqrt(80));
  });

  it.each([
    ['in its memory', undefined],
    ['beyond it', { block: 8, limit: 32 }],
  ])('converts, takes norms and scores sparse vectors %s', (_, limits) => {
    const { result, ...backend } = start(limits);
    const to = new Uint16Array(3);
    backend.convert.f32_to_f16(Float32Array.of(1, -2.5, 65504), to);
    expect([...to]).toEqual([1, -2.5, 65504].map(toHalf));
    const bits = new Uint8Array(2).fill(0xff);
    backend.convert.f32_to_bits(Float32Array.of(1, -1, 0, 2, 0, 0, 0, 1, 1), bits);
    expect([...bits]).toEqual([0b10010001, 0b10000000]);
    const unit = Float32Array.of(3, 4);
    backend.convert.normalise_f32(unit, unit);
    expect([...unit]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
    backend.norm.u8(Uint8Array.of(3, 4));
    expect(result[0]).toBe(5);

    const a = [Uint32Array.of(1, 5), Float32Array.of(2, 3)] as const;
    const b = [Uint32Array.of(0, 5, 9), Float32Array.of(1, 4, 7)] as const;
    const none = [new Uint32Array(0), new Float32Array(0)] as const;
    const scores = { dot: 12, l2sq: 4 + 1 + 1 + 49, l1: 2 + 1 + 1 + 7, cosine: 1 - 12 / Math.sqrt(13 * 66) };
    for (const [metric, score] of Object.entries(scores)) {
      backend.sparse[metric as DenseMetric](...a, ...b);
      expect(result[0]).toBeCloseTo(score, 6);
    }
    backend.sparse.l1(...none, ...b);
    expect(result[0]).toBe(12);
  });

  it('is refused by its own reader when it is no module', () => {
    expect(wasmObstacle()).toBeUndefined();
    expect(() => startWasm(bytes.slice(0, bytes.length / 2))).toThrow();
    expect(() => startWasm(new Uint8Array(0))).toThrow();
  });

  it.each([
    ['no WebAssembly', undefined],
    ['no WebAssembly SIMD', { validate: () => false }],
  ])('says that an engine has %s', (what, engine) => {
    const globals = globalThis as { WebAssembly?: unknown };
    const { WebAssembly: own } = globals;
    globals.WebAssembly = engine;
    try {
      expect(wasmObstacle()).toBe(`this engine has ${what}`);
    } finally {
      globals.WebAssembly = own;
    }
  });
});
