/**
 * RaBitQ without Node: nanoseconds of its kernels, in one table.
 *
 *   node bench/rabitq.mjs [variant] [dimensions]     icelake, haswell ..., the best of this machine; 768
 *   node bench/rabitq.mjs --errors [dimensions]      the errors of the encoders, and what they take
 *
 * Of a code: `rows` row-major ones, `blocks` packed ones, `bounds` packed ones with their bounds, `signs` packed ones by their signs
 * alone; `load` is a loop that only loads the codes. All of as many codes as the second-level cache holds. Of a row: `fast`,
 * `refined` and `exact` encoding. Of a query: `query`, rotating and quantising it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kernelObjects } from '../native/build.mjs';
import { includes, simd } from '../native/toolchain.mjs';

/** Compiles rabitq.cpp with the kernels of the last build, and runs it. */
async function run(variant, dimensions) {
  const dir = mkdtempSync(join(tmpdir(), 'quant-rabitq-'));
  try {
    const program = join(dir, 'rabitq');
    const source = fileURLToPath(new URL('rabitq.cpp', import.meta.url));
    const flags = ['-std=c++17', '-O2', ...includes.map((path) => `-I${path}`)];
    await simd.compile([...simd.findCompiler('CXX'), ...flags, source, ...kernelObjects(), '-o', program]);
    const { code, stdout, stderr } = await simd.run([program, variant, String(dimensions)]);
    if (code !== 0) throw new Error(stderr);
    return stdout;
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

function tableOf(stdout) {
  const table = {};
  for (const line of stdout.trim().split('\n')) {
    const [what, bits, ns, load] = line.split(' ');
    table[`${bits} bits`] ??= {};
    const row = table[`${bits} bits`];
    row[columns[what]] = Number(ns);
    if (load !== undefined) row.load = Number(load);
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

const args = process.argv.slice(2);
if (args[0] === '--errors') {
  const dimensions = Number(args[1] ?? 768);
  console.log(`errors, ${dimensions} dimensions`);
  console.table(await errorsOf(dimensions));
} else {
  const { capabilities } = await import('@ruvector/quant');
  const variant = args[0] ?? capabilities().variant;
  const dimensions = Number(args[1] ?? 768);
  console.log(`${variant}, ${dimensions} dimensions; nanoseconds`);
  console.table(tableOf(await run(variant, dimensions)));
}
