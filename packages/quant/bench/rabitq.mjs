/**
 * RaBitQ without Node: nanoseconds of its kernels, in one table.
 *
 *   node bench/rabitq.mjs [variant] [dimensions]     icelake, haswell ..., the best of this machine; 768
 *   node bench/rabitq.mjs --errors [dimensions]      the errors of the encoders
 *   node bench/rabitq.mjs --node [dimensions]        through the addon: rows encoded, codes estimated
 *   node bench/rabitq.mjs --recall rows.f32 queries.f32 dimensions [queries]
 *                                                    recall@10 by l2sq of estimates alone, and milliseconds of `topK`
 *
 * Files hold float32, little-endian, one vector after the other.
 *
 * Of a code: `rows` row-major ones, `blocks` packed ones, `bounds` packed ones with their bounds, `signs` packed ones by their signs
 * alone; `load` is a loop that only loads the codes. All of as many codes as the second-level cache holds. Of a row: `fast`,
 * `refined` and `exact` encoding. Of a query: `query`, rotating and quantising it.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kernelObjects } from '../native/build.mjs';
import { includes, simd } from '../native/toolchain.mjs';

/** What else runs on the machine comes and goes: the least of runs that are seconds apart. */
const runs = 5;

/** Compiles rabitq.cpp with the kernels of the last build, and runs it. */
async function run(variant, dimensions) {
  const dir = mkdtempSync(join(tmpdir(), 'quant-rabitq-'));
  try {
    const program = join(dir, 'rabitq');
    const source = fileURLToPath(new URL('rabitq.cpp', import.meta.url));
    const flags = ['-std=c++17', '-O2', ...includes.map((path) => `-I${path}`)];
    await simd.compile([...simd.findCompiler('CXX'), ...flags, source, ...kernelObjects(), '-o', program]);
    const outputs = [];
    for (let i = 0; i < runs; i++) {
      const { code, stdout, stderr } = await simd.run([program, variant, String(dimensions)]);
      if (code !== 0) throw new Error(stderr);
      outputs.push(stdout);
    }
    return outputs;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const columns = {
  rows: 'rows',
  blocks: 'blocks',
  'blocks+bounds': 'bounds',
  'blocks-signs': 'signs',
  encode: 'fast',
  'encode-refined': 'refined',
  'encode-exact': 'exact',
  prepare: 'query',
};

function tableOf(outputs) {
  const table = {};
  const least = (row, column, ns) => {
    row[column] = Math.min(row[column] ?? Number.POSITIVE_INFINITY, Number(ns));
  };
  for (const line of outputs.join('').trim().split('\n')) {
    const [what, bits, ns, load] = line.split(' ');
    table[`${bits} bits`] ??= {};
    const row = table[`${bits} bits`];
    least(row, columns[what], ns);
    if (load !== undefined) least(row, 'load', load);
  }
  const order = ['rows', 'blocks', 'bounds', 'signs', 'load', 'fast', 'refined', 'exact', 'query'];
  return Object.fromEntries(
    Object.entries(table).map(([bits, row]) => [
      bits,
      Object.fromEntries(order.filter((each) => each in row).map((each) => [each, row[each]])),
    ]),
  );
}

/** sqrt(1 - rho^2) / rho of 200 vectors with normal coordinates, by bits and encoder. */
async function errorsOf(dimensions) {
  const { RabitqCodec } = await import('@ruvector/quant');
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const count = 200;
  const vectors = Float32Array.from({ length: count * dimensions }, normal);
  const table = {};
  for (let bits = 1; bits <= 8; bits++) {
    const row = {};
    for (const encoder of ['fast', 'refined', 'exact']) {
      const codec = RabitqCodec.create({ dimensions, bits, encoder });
      const codes = codec.encode(vectors);
      const residuals = codec.residuals(codes);
      let sum = 0;
      for (let i = 0; i < count; i++) {
        const x = vectors.subarray(i * dimensions, (i + 1) * dimensions);
        const sine = residuals[i] / Math.sqrt(x.reduce((square, each) => square + each * each, 0));
        sum += sine / Math.sqrt(1 - sine * sine);
      }
      row[encoder] = +(sum / count).toFixed(4);
    }
    table[`${bits} bits`] = row;
  }
  return table;
}

/** The least milliseconds of many rounds. */
function least(rounds, work) {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** What Node sees: rows a second of `encode` around a centre, and nanoseconds a code of `estimate`, of 2,000 rows. */
async function nodeOf(dimensions) {
  const { RabitqCodec } = await import('@ruvector/quant');
  const count = 2000;
  const vectors = Float32Array.from({ length: count * dimensions }, () => Math.random() - Math.random());
  const table = {};
  for (const bits of [1, 2, 4, 8]) {
    const row = {};
    for (const encoder of ['fast', 'refined', 'exact']) {
      const codec = RabitqCodec.train(vectors, { dimensions, bits, encoder });
      const rows = encoder === 'exact' ? 50 : count;
      const some = vectors.subarray(0, rows * dimensions);
      const codes = codec.encode(some);
      const ms = least(encoder === 'exact' ? 3 : 60, () => codec.encode(some, codes));
      row[`${encoder}, rows/s`] = Math.round((1000 * rows) / ms);
      if (encoder !== 'refined') continue;
      const query = codec.query(vectors.subarray(0, dimensions), 'l2sq');
      const values = new Float32Array(count);
      const packed = codec.pack(codes);
      const ns = (ms) => +((1e6 * ms) / count).toFixed(2);
      row['rows, ns'] = ns(least(300, () => query.estimate(codes, values)));
      row['blocks, ns'] = ns(least(300, () => query.estimate(packed, values)));
    }
    table[`${bits} bits`] = row;
  }
  return table;
}

/** Of a data set: the share of the 10 nearest among the 10 best estimates, and what `topK` takes. */
async function recallOf(rowsFile, queriesFile, dimensions, most) {
  const { RabitqCodec } = await import('@ruvector/quant');
  const { float32 } = await import('@ruvector/core-simd');
  const load = (file) => {
    const bytes = readFileSync(file);
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  };
  const [rows, queries] = [load(rowsFile), load(queriesFile)];
  const asked = Array.from({ length: Math.min(most, queries.length / dimensions) }, (_, i) =>
    queries.subarray(i * dimensions, (i + 1) * dimensions),
  );
  const nearest = asked.map((query) => {
    const distances = float32.many('l2sq', query, rows);
    const order = Uint32Array.from(distances, (_, i) => i).sort((a, b) => distances[a] - distances[b]);
    return new Set(order.subarray(0, 10));
  });
  const table = {};
  for (const bits of [2, 4, 8]) {
    const row = {};
    for (const encoder of ['fast', 'refined']) {
      const codec = RabitqCodec.train(rows, { dimensions, bits, encoder });
      const codes = codec.pack(codec.encode(rows));
      let [found, whole, first, different] = [0, 0, 0, 0];
      for (const [i, vector] of asked.entries()) {
        const query = codec.query(vector, 'l2sq');
        const [all, some] = [query.topK(codes, 10, { whole: true }), query.topK(codes, 10)];
        for (const index of all.indices) found += nearest[i].has(index) ? 1 : 0;
        if (all.indices.join() !== some.indices.join()) different++;
        if (encoder === 'fast' || i >= 20) continue;
        whole += least(5, () => query.topK(codes, 10, { whole: true })) / 20;
        first += least(5, () => query.topK(codes, 10)) / 20;
      }
      row[encoder] = +(found / (10 * asked.length)).toFixed(4);
      if (encoder === 'fast') continue;
      row['whole, ms'] = +whole.toFixed(2);
      row['by signs first, ms'] = +first.toFixed(2);
      row['queries that differ'] = different;
    }
    table[`${bits} bits`] = row;
  }
  return table;
}

const args = process.argv.slice(2);
if (args[0] === '--errors') {
  const dimensions = Number(args[1] ?? 768);
  console.log(`errors, ${dimensions} dimensions`);
  console.table(await errorsOf(dimensions));
} else if (args[0] === '--node') {
  console.table(await nodeOf(Number(args[1] ?? 768)));
} else if (args[0] === '--recall') {
  console.table(await recallOf(args[1], args[2], Number(args[3]), Number(args[4] ?? 200)));
} else {
  const { capabilities } = await import('@ruvector/quant');
  const variant = args[0] ?? capabilities().variant;
  const dimensions = Number(args[1] ?? 768);
  console.log(`${variant}, ${dimensions} dimensions; nanoseconds`);
  console.table(tableOf(await run(variant, dimensions)));
}
