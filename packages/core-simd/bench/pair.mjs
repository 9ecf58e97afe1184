/**
 * Time per call of a pair, of every type, and per row of one query against many; a tool for working on this
 * package. The published figures come from packages/bench.
 *
 *   npm run build && node bench/pair.mjs [types] [dimensions,...]
 *
 * Rounds alternate between the candidates; the best round counts, since others only ever slow one down. Columns in
 * nanoseconds: `public` is what users call, `backend` a call of the addon (or, with RUVECTOR_SIMD=wasm, of the
 * WebAssembly module) whatever the length, `ts` the TypeScript kernel. Where `ts` stops winning, over all metrics, is
 * what src/backend/thresholds.ts is to say. simsimd, where it is installed and knows the type, runs beside them.
 */
import { current } from '../dist/backend/current.js';
import * as bits from '../dist/backend/typescript/bits.js';
import * as floats from '../dist/backend/typescript/float32.js';
import * as halves from '../dist/backend/typescript/halves.js';
import * as integers from '../dist/backend/typescript/integers.js';
import * as sparse from '../dist/backend/typescript/sparse.js';
import * as simd from '../dist/index.js';

const simsimd = await import('simsimd').then(
  (module) => module.default ?? module,
  () => undefined,
);
const { backend } = current();
const { result } = backend;
const peerNames = {
  dot: 'dot',
  l2sq: 'sqeuclidean',
  cosine: 'cosine',
  hamming: 'hamming',
  jaccard: 'jaccard',
};
const rounds = 25;
const vectors = 64;

const float = () => Math.random() * 2 - 1;
const random = {
  f32: (n) => Float32Array.from({ length: n }, float),
  f16: (n) => simd.float16.fromFloat32(random.f32(n)),
  bf16: (n) => simd.bfloat16.fromFloat32(random.f32(n)),
  i8: (n) => Int8Array.from({ length: n }, () => Math.random() * 256),
  u8: (n) => Uint8Array.from({ length: n }, () => Math.random() * 256),
  sparse(n) {
    let index = 0;
    const indices = Uint32Array.from({ length: n }, () => (index += 1 + Math.floor(Math.random() * 4)));
    return { indices, values: random.f32(n) };
  },
};

/** Pair kernels in TypeScript, of two vectors. */
const direct = ({ dot, l2sq, l1, cosine }) =>
  mapped({ dot, l2sq, l1, cosine }, (kernel) => (x, y) => kernel(x, y, 0, x.length));
const words = (table) =>
  mapped(
    { dot: halves.dotWords, l2sq: halves.l2sqWords, l1: halves.l1Words, cosine: halves.cosineWords },
    (kernel) => (x, y) => kernel(x, y, x.length, table()),
  );

function mapped(kernels, make) {
  return Object.fromEntries(Object.entries(kernels).map(([metric, kernel]) => [metric, make(kernel)]));
}

const mixed = mapped(
  { dot: halves.dotMixed, l2sq: halves.l2sqMixed, l1: halves.l1Mixed, cosine: halves.cosineMixed },
  (kernel) => (x, y) => kernel(x, y, 0, x.length, halves.f16Table()),
);
const { dot, l2sq, l1, cosine } = sparse;
const merged = mapped(
  { dot, l2sq, l1, cosine },
  (kernel) => (x, y) => kernel(x.indices, x.values, x.indices.length, y.indices, y.values, y.indices.length),
);
const { hamming, jaccard } = bits;

const types = {
  f32: { space: simd.float32, make: [random.f32, random.f32], ts: direct(floats), peer: true },
  f16: { space: simd.float16, make: [random.f16, random.f16], ts: words(halves.f16Table) },
  bf16: { space: simd.bfloat16, make: [random.bf16, random.bf16], ts: words(halves.bf16Table) },
  f32_f16: { space: simd.float32Float16, make: [random.f32, random.f16], ts: mixed },
  i8: { space: simd.int8, make: [random.i8, random.i8], ts: direct(integers), peer: true },
  u8: { space: simd.uint8, make: [random.u8, random.u8], ts: direct(integers), peer: true },
  bits: {
    space: simd.bits,
    make: [random.u8, random.u8],
    ts: mapped({ hamming, jaccard }, (kernel) => (x, y) => kernel(x, y, 0, x.length)),
    peer: true,
  },
  sparse: { space: simd.sparse, make: [random.sparse, random.sparse], ts: merged },
};

/** A call of the backend, whatever the length. */
function backendCall(type, metric) {
  if (type === 'sparse') {
    const call = backend.sparse[metric];
    return (x, y) => {
      call(x.indices, x.values, y.indices, y.values);
      return result[0];
    };
  }
  const kernel = backend.shapes[type][metric];
  return (x, y) => {
    kernel.pair(x, y);
    return result[0];
  };
}

/** Best nanoseconds per call of each candidate; each gets a loop of its own to be inlined into. */
function race(candidates, a, b, calls) {
  const loops = Object.entries(candidates).map(([name, f]) => {
    const loop = new Function(
      'f',
      'a',
      'b',
      'calls',
      `let s = 0; for (let i = 0; i < calls; i++) s += +f(a[i & ${vectors - 1}], b[(i * 7) & ${vectors - 1}]) || 0; return s; // ${name}`,
    );
    return { name, best: Number.POSITIVE_INFINITY, run: (n) => loop(f, a, b, n) };
  });
  for (const { run } of loops) run(calls);
  for (let round = 0; round < rounds; round++) {
    for (const entry of loops) {
      const start = process.hrtime.bigint();
      entry.run(calls);
      entry.best = Math.min(entry.best, Number(process.hrtime.bigint() - start) / calls);
    }
  }
  return Object.fromEntries(loops.map(({ name, best }) => [name, +best.toFixed(1)]));
}

const chosen = (process.argv[2] ?? Object.keys(types).join()).split(',');
const dims = (process.argv[3] ?? '8,16,24,32,48,64,96,128,192,256,768,1536').split(',').map(Number);

console.log(JSON.stringify(simd.capabilities()));
console.log(`simsimd: ${simsimd === undefined ? 'absent' : 'present'}`);
for (const name of chosen) {
  const { space, make, ts, peer } = types[name];
  for (const metric of Object.keys(ts)) {
    const table = {};
    for (const n of dims) {
      const [a, b] = make.map((of) => Array.from({ length: vectors }, () => of(n)));
      const candidates = { public: space[metric], ts: ts[metric], backend: backendCall(name, metric) };
      const peerPair = peer && simsimd?.[peerNames[metric]];
      if (peerPair) candidates.simsimd = peerPair;
      table[n] = race(candidates, a, b, n > 256 ? 2_000 : 5_000);
      if (peerPair) table[n].ratio = +(table[n].simsimd / table[n].public).toFixed(2);
    }
    console.log(`\npair, ${name} ${metric}`);
    console.table(table);
  }
}

const table = {};
for (const name of chosen.filter((type) => type !== 'sparse')) {
  const { space, make } = types[name];
  const [metric] = Object.keys(types[name].ts);
  for (const n of dims.filter((d) => d >= 96)) {
    for (const count of [16, 1000]) {
      const [query, rows] = [make[0](n), make[1](n * count)];
      const out = new Float32Array(count);
      const calls = Math.max(3, Math.round(3e6 / (n * count)));
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < rounds; round++) {
        const start = process.hrtime.bigint();
        for (let i = 0; i < calls; i++) space.many(metric, query, rows, out);
        best = Math.min(best, Number(process.hrtime.bigint() - start) / calls / count);
      }
      table[`${name} ${metric} ${n} x ${count}`] = { 'ns/row': +best.toFixed(1) };
    }
  }
}
console.log('\none query, many rows');
console.table(table);
