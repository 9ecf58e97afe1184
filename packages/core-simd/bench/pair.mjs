/**
 * Time per call of a pair, and per row of one query against many; a tool for working on this
 * package. The published figures come from packages/bench.
 *
 *   npm run build && node bench/pair.mjs [dimensions,...]
 *
 * Rounds alternate between the candidates; the median round counts. Columns in nanoseconds:
 * `public` is what users call, `addon` a call into native code whatever the length, `ts` the
 * TypeScript kernel; where `ts` stops winning is `shortPair` in src/loader.ts.
 */
import * as fallback from '../dist/fallback.js';
import * as simd from '../dist/index.js';
import { chooseBackend } from '../dist/loader.js';

const simsimd = await import('simsimd').then(
  (module) => module.default ?? module,
  () => undefined,
);
const { native } = chooseBackend(process.env.RUVECTOR_SIMD);
const dims = (process.argv[2] ?? '8,16,32,40,48,56,64,96,128,384,768,1536').split(',').map(Number);
const rounds = 9;
const vectors = 64;

function random(n) {
  return Float32Array.from({ length: n }, () => Math.random() * 2 - 1);
}

/** Median nanoseconds per call of each candidate; each gets a loop of its own to be inlined into. */
function race(candidates, a, b, calls) {
  const loops = Object.entries(candidates).map(([name, f]) => {
    const loop = new Function(
      'f',
      'a',
      'b',
      'calls',
      `let s = 0; for (let i = 0; i < calls; i++) s += +f(a[i & ${vectors - 1}], b[(i * 7) & ${vectors - 1}]) || 0; return s; // ${name}`,
    );
    return { name, times: [], run: (n) => loop(f, a, b, n) };
  });
  for (const { run } of loops) run(calls);
  for (let round = 0; round < rounds; round++) {
    for (const { times, run } of loops) {
      const start = process.hrtime.bigint();
      run(calls);
      times.push(Number(process.hrtime.bigint() - start) / calls);
    }
  }
  return Object.fromEntries(loops.map(({ name, times }) => [name, times.sort((x, y) => x - y)[rounds >> 1]]));
}

const operations = {
  dot: { pair: simd.dot, many: simd.dotMany, ts: fallback.dot, peer: simsimd?.dot },
  l2sq: { pair: simd.l2sq, many: simd.l2sqMany, ts: fallback.l2sq, peer: simsimd?.sqeuclidean },
  cosine: { pair: simd.cosine, many: simd.cosineMany, ts: fallback.cosine, peer: simsimd?.cosine },
  l1: { pair: simd.l1, many: simd.l1Many, ts: fallback.l1, peer: undefined },
};
const simsimdPair = {};

console.log(JSON.stringify(simd.capabilities()));
console.log(`simsimd: ${simsimd === undefined ? 'absent' : 'present'}`);
for (const [op, { pair, ts, peer }] of Object.entries(operations)) {
  const table = {};
  for (const n of dims) {
    const a = Array.from({ length: vectors }, () => random(n));
    const b = Array.from({ length: vectors }, () => random(n));
    const candidates = { public: pair, ts: (x, y) => ts(x, y, 0, x.length) };
    if (native !== undefined) {
      const call = native.kernels[op];
      const slot = native.result;
      candidates.addon = (x, y) => {
        call(x, y);
        return slot[0];
      };
    }
    if (peer !== undefined) candidates.simsimd = peer;
    const times = race(candidates, a, b, 30_000);
    table[n] = Object.fromEntries(Object.entries(times).map(([name, ns]) => [name, +ns.toFixed(1)]));
    if (times.simsimd !== undefined) {
      table[n].ratio = +(times.simsimd / times.public).toFixed(2);
      simsimdPair[`${op} ${n}`] = times.simsimd;
    }
  }
  console.log(`\npair, ${op}`);
  console.table(table);
}

const table = {};
for (const [op, { many }] of Object.entries(operations)) {
  for (const n of dims.filter((d) => d >= 96)) {
    for (const count of [16, 256, 1000, 10_000]) {
      const query = random(n);
      const rows = random(n * count);
      const out = new Float32Array(count);
      const calls = Math.max(3, Math.round(3e6 / (n * count)));
      const times = [];
      for (let round = 0; round < rounds; round++) {
        const start = process.hrtime.bigint();
        for (let i = 0; i < calls; i++) many(query, rows, out);
        times.push(Number(process.hrtime.bigint() - start) / calls / count);
      }
      const ns = times.sort((x, y) => x - y)[rounds >> 1];
      const peerPair = simsimdPair[`${op} ${n}`];
      table[`${op} ${n} x ${count}`] = {
        'ns/row': +ns.toFixed(1),
        'GB/s': +((n * 4) / ns).toFixed(1),
        ...(peerPair === undefined ? {} : { 'simsimd pairs in that time': +(peerPair / ns).toFixed(1) }),
      };
    }
  }
}
console.log('\none query, many rows');
console.table(table);
