import { type InstalledPackage, runScript } from './package.js';

/** Memory after each of three equal parts of the work, in bytes. */
export interface Growth {
  readonly rss: number[];
  readonly external: number[];
  readonly heap: number[];
}

/**
 * What is called, over and over: the text of `work(count)`, which calls every function `count` times with results that
 * are kept by nobody, and count / 10 times with input that fails.
 */
const works = {
  /** The functions of the package's own door. */
  float32: `
const n = 100;
const a = new Float32Array(n).fill(1), b = new Float32Array(n).fill(2);
const rows = new Float32Array(4 * n).fill(3), out = new Float32Array(4);
const pairs = [simd.dot, simd.l2sq, simd.l2, simd.l1, simd.cosine];
const manies = [simd.dotMany, simd.l2sqMany, simd.l1Many, simd.cosineMany];
function work(count) {
  for (let i = 0; i < count; i++) {
    for (const f of pairs) f(a, b);
    simd.norm(a);
    for (const f of manies) {
      f(a, rows);
      f(a, rows, out);
    }
    if (i % 10 === 0) {
      fails(() => simd.dot(a, rows));
      fails(() => simd.cosineMany(b, a, b));
    }
  }
}`,

  /** Every shape of every type; the metrics take turns. */
  shapes: `
const n = 64;
const numbers = ['dot', 'l2sq', 'l2', 'l1', 'cosine'];
const types = [
  [simd.float32, Float32Array, Float32Array, numbers],
  [simd.float16, Uint16Array, Uint16Array, numbers],
  [simd.bfloat16, Uint16Array, Uint16Array, numbers],
  [simd.int8, Int8Array, Int8Array, numbers],
  [simd.uint8, Uint8Array, Uint8Array, numbers],
  [simd.float32Float16, Float32Array, Uint16Array, numbers],
  [simd.bits, Uint8Array, Uint8Array, ['hamming', 'jaccard']],
].map(([functions, A, B, metrics]) => ({
  functions,
  metrics,
  pairs: metrics.map((metric) => functions[metric]),
  query: new A(n).fill(1),
  row: new B(n).fill(2),
  queries: new A(2 * n).fill(1),
  rows: new B(3 * n).fill(2),
}));
const indices = Uint32Array.of(2, 0, 2), wrong = Uint32Array.of(0, 3);
const out = new Float32Array(6);
const best = { indices: new Uint32Array(2), scores: new Float32Array(2) };
function work(count) {
  for (let i = 0; i < count; i++) {
    for (const { functions, metrics, pairs, query, row, queries, rows } of types) {
      const metric = metrics[i % metrics.length];
      pairs[i % pairs.length](query, row);
      functions.many(metric, query, rows);
      functions.gather(metric, query, rows, indices);
      functions.matrix(metric, queries, rows, n);
      functions.topK(metric, query, rows, 2);
      if (i % 2 === 0) {
        functions.many(metric, query, rows, out);
        functions.gather(metric, query, rows, indices, out);
        functions.matrix(metric, queries, rows, n, out);
        functions.topK(metric, query, rows, 2, best);
      }
      if (i % 50 === 0) {
        fails(() => functions.many(metric, query, row.subarray(1)));
        fails(() => functions.gather(metric, query, rows, wrong));
        fails(() => functions.matrix(metric, queries, rows, 7));
        fails(() => functions.topK(metric, query, rows, 0.5));
      }
    }
  }
}`,

  /** Conversions, norms and sparse vectors. */
  conversions: `
const n = 64;
const floats = new Float32Array(n).fill(2);
const halves = simd.float16.fromFloat32(floats), brains = simd.bfloat16.fromFloat32(floats);
const bytes = new Int8Array(n).fill(2);
const out = new Float32Array(n);
const sparse = simd.sparse.create(Uint32Array.of(1, 5, 9), Float32Array.of(1, 2, 3));
const other = simd.sparse.create(Uint32Array.of(5, 7), Float32Array.of(4, 5));
function work(count) {
  for (let i = 0; i < count; i++) {
    simd.float16.fromFloat32(floats);
    simd.float16.toFloat32(halves);
    simd.float16.toFloat32(halves, out);
    simd.bfloat16.fromFloat32(floats);
    simd.bfloat16.toFloat32(brains);
    simd.bits.fromFloat32(floats);
    simd.bits.fromFloat16(halves);
    simd.bits.fromInt8(bytes);
    simd.float32.normalise(floats);
    simd.float16.normalise(halves);
    simd.bfloat16.normalise(brains);
    simd.float16.norm(halves);
    simd.bfloat16.norm(brains);
    simd.int8.norm(bytes);
    simd.uint8.norm(new Uint8Array(bytes.buffer));
    simd.sparse.dot(sparse, other);
    simd.sparse.l2sq(sparse, other);
    simd.sparse.l1(sparse, other);
    simd.sparse.cosine(sparse, other);
    if (i % 10 === 0) {
      fails(() => simd.float16.toFloat32(halves, new Float32Array(1)));
      fails(() => simd.sparse.dot(sparse, floats));
    }
  }
}`,

  /** The asynchronous shapes, up to sixteen calls at a time; one in ten is aborted, and one in ten fails. */
  async: `
const n = 64;
const query = new Float32Array(n).fill(1), rows = new Float32Array(3 * n).fill(2);
const shared = new Float32Array(new SharedArrayBuffer(4 * 3 * n)).fill(2);
const indices = Uint32Array.of(2, 0, 2), wrong = new Uint32Array(new SharedArrayBuffer(8)).fill(3);
const { float32 } = simd;
const shapes = [
  (options) => float32.manyAsync('dot', query, rows, options),
  (options) => float32.gatherAsync('l2sq', query, shared, indices, options),
  (options) => float32.matrixAsync('l1', rows, shared, n, options),
  (options) => float32.topKAsync('cosine', query, rows, 2, options),
];
async function work(count) {
  for (let i = 0; i < count; i += 4) {
    const calls = [0, 1, 2, 3].flatMap((j) => shapes.map((f) => f((i + j) % 2 === 0 ? { onProgress() {} } : undefined)));
    if (i % 40 === 0) {
      const controller = new AbortController();
      const aborted = shapes.map((f) => f({ signal: controller.signal }));
      controller.abort();
      calls.push(...[...aborted, float32.gatherAsync('dot', query, rows, wrong)].map((call) => call.catch(() => {})));
    }
    await Promise.all(calls);
  }
}`,
} as const;

export type Work = keyof typeof works;

/** Does a kind of work, `calls` times, in a process of its own. */
export function measureGrowth(
  installed: InstalledPackage,
  kind: Work,
  calls: number,
  variant: string,
): Growth {
  const script = `
function fails(call) {
  try {
    call();
  } catch (error) {
    if (error instanceof simd.SimdError) return;
    throw error;
  }
  throw new Error('did not fail: ' + call);
}
${works[kind]}
const growth = { rss: [], external: [], heap: [] };
await work(5000);
for (let part = 0; part < 3; part++) {
  await work(${Math.ceil(calls / 3)});
  gc(); gc();
  await new Promise((resolve) => setImmediate(resolve));
  gc();
  const { rss, external, heapUsed } = process.memoryUsage();
  growth.rss.push(rss); growth.external.push(external); growth.heap.push(heapUsed);
}
console.log(JSON.stringify(growth));`;
  const { json, stderr } = runScript(installed, script, { RUVECTOR_SIMD: variant }, ['--expose-gc']);
  if (json === undefined) throw new Error(stderr);
  return json as Growth;
}
