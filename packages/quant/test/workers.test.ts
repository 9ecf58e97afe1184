/**
 * Worker threads, and processes and threads that end while work goes on. Everything runs in a process of its own, whose
 * exit code tells of a crash.
 */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { capabilities } from '../src/index.js';
import { buildAddon, packageDir } from './support/backend.js';

buildAddon();
const variants = [capabilities().variant, 'typescript'];

/** What every thread of these processes has. */
const prelude = `
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const quant = require('@ruvector/quant');
const { BinaryCodec, Float16Codec, Int8Codec, ProductCodec, RabitqCodec, TwoLevelCodec } = quant;
const n = 48;
const shared = (count) => new Float32Array(new SharedArrayBuffer(4 * count * n));
const fill = (rows) => { for (let i = 0; i < rows.length; i++) rows[i] = Math.sin(i * 0.37) * (1 + i % n); return rows; };
const codecs = [
  RabitqCodec.create({ dimensions: n, bits: 3 }),
  Int8Codec.create({ dimensions: n }),
  TwoLevelCodec.create({ dimensions: n, levels: '4x8' }),
  Float16Codec.create({ dimensions: n }),
  BinaryCodec.create({ dimensions: n }),
];
const endless = { dimensions: n, iterations: 10_000, tolerance: 0, threads: 3, assign: false };
`;

interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
  readonly said: unknown;
  readonly stderr: string;
}

/** Runs a script, in which `inWorker` is a function's text that workers run, and `main` what the main thread does. */
function runProcess(variant: string, main: string, inWorker = ''): Ended {
  const worker = `${prelude}\n(async () => { ${inWorker} })();`;
  const script = `${prelude}
const start = (workerData) => new Worker(${JSON.stringify(worker)}, { eval: true, workerData });
const answer = (worker) => new Promise((resolve, reject) => {
  worker.once('message', resolve);
  worker.once('error', reject);
});
const say = (value) => console.log(JSON.stringify(value));
(async () => { ${main} })();`;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    cwd: packageDir,
    encoding: 'utf8',
    env: { ...process.env, RUVECTOR_SIMD: variant },
  });
  return { status, signal, said: stdout === '' ? undefined : JSON.parse(stdout), stderr };
}

const fine = { status: 0, signal: null };

describe.each(variants)('%s', (variant) => {
  it('encodes, trains and aborts in two workers at once, each as if it were alone', () => {
    const inWorker = `
const vectors = fill(shared(3000));
const results = [];
for (let round = 0; round < 2; round++) {
  const encodings = codecs.map((codec) => codec.encodeAsync(vectors));
  const training = quant.kmeansAsync(vectors, 8, { dimensions: n, iterations: 3, tolerance: 0, threads: 2 });
  const controller = new AbortController();
  const aborted = quant.kmeansAsync(vectors, 200, { ...endless, signal: controller.signal })
    .then(() => 'not aborted', (error) => error.code);
  setTimeout(() => controller.abort(), 5);
  results.push(...(await Promise.all(encodings)), (await training).centroids);
  results.push(await aborted);
}
parentPort.postMessage(results);`;
    const main = `
const vectors = fill(shared(3000));
const expected = [
  ...codecs.map((codec) => codec.encode(vectors)),
  quant.kmeans(vectors, 8, { dimensions: n, iterations: 3, tolerance: 0 }).centroids,
  'ERR_QUANT_ABORTED',
];
const { isDeepStrictEqual } = require('node:util');
const results = await Promise.all([start(), start()].map(answer));
say(results.map((each) => isDeepStrictEqual(each, [...expected, ...expected])));`;
    expect(runProcess(variant, main, inWorker)).toMatchObject({ ...fine, said: [true, true] });
  });

  it('ends with workers that are terminated while it works for them', () => {
    const inWorker = `
const vectors = fill(shared(4000));
for (const codec of codecs) codec.encodeAsync(vectors);
quant.kmeansAsync(vectors, 100, { ...endless, iterations: 100 });
ProductCodec.trainAsync(vectors, { dimensions: n, subspaces: 8, bits: 4, iterations: 20, rotation: 10, threads: 2 });
setTimeout(() => parentPort.postMessage('begun'), workerData);
setInterval(() => {}, 1000);`;
    const main = `
for (const delay of [0, 1, 20]) {
  const workers = [start(delay), start(delay)];
  await Promise.all(workers.map(answer));
  await Promise.all(workers.map((worker) => worker.terminate()));
}
say(codecs[0].encode(fill(shared(2))).length === 2 * codecs[0].codeBytes);`;
    expect(runProcess(variant, main, inWorker)).toMatchObject({ ...fine, said: true });
  });

  it.each([
    ['process.exit()', 'process.exit(3);', 3],
    ['an exception that nobody catches', "throw new Error('on purpose');", 1],
    ['a rejection that nobody catches', "Promise.reject(new Error('on purpose'));", 1],
  ])('ends with a process that ends while it works: %s', (_what, end, status) => {
    const main = `
const vectors = fill(shared(4000));
for (const codec of codecs) codec.encodeAsync(vectors);
quant.kmeansAsync(vectors, 300, endless);
ProductCodec.trainAsync(vectors, { dimensions: n, subspaces: 8, bits: 4, iterations: 1000, rotation: 1000, threads: 2 });
setTimeout(() => { ${end} }, 10);`;
    expect(runProcess(variant, main)).toMatchObject({ status, signal: null });
  });

  it('stops what goes on when a process ends: it does not wait for a training of hours', () => {
    const main = `
const vectors = shared(60_000);
let state = 1;
for (let i = 0; i < vectors.length; i++) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  vectors[i] = state / 2 ** 32;
}
quant.kmeansAsync(vectors, 20_000, { ...endless, start: 'random' });
ProductCodec.trainAsync(vectors, { dimensions: n, subspaces: 2, bits: 8, iterations: 1000, rotation: 1000 });
setTimeout(() => process.exit(3), 50);`;
    // What the training would take is far beyond a test's time; nothing else ends it.
    expect(runProcess(variant, main)).toMatchObject({ status: 3, signal: null });
  });

  it('keeps a process alive until its work is done, and no longer', () => {
    const main = `
const vectors = fill(shared(500));
quant.kmeansAsync(vectors, 4, { dimensions: n }).then(({ centroids }) => say(centroids.length));`;
    expect(runProcess(variant, main)).toMatchObject({ ...fine, said: 4 * 48 });
  });

  it('takes and fills shared memory', () => {
    const main = `
const count = 200;
const vectors = fill(shared(count));
const own = vectors.slice();
const { isDeepStrictEqual: same } = require('node:util');
const results = [];
for (const codec of codecs) {
  const codes = codec.encode(own);
  const out = new Uint8Array(new SharedArrayBuffer(codes.length + 3), 3);
  const floats = shared(count);
  const query = codec.query(vectors.subarray(0, n), 'l2sq');
  const alone = codec.query(own.subarray(0, n), 'l2sq');
  results.push(
    same(Uint8Array.from(codec.encode(vectors, out)), codes),
    (await codec.encodeAsync(vectors, { out: out.fill(0) })) .every((byte, i) => byte === codes[i]),
    same(Float32Array.from(codec.decode(out, floats)), codec.decode(codes)),
    same(query.estimate(out), alone.estimate(codes)),
    same(Float32Array.from(query.bounds(out, floats)), alone.bounds(codes)),
    same(codec.unpack(codec.pack(out)), codes),
    same(query.topK(out, 5).indices, alone.topK(codes, 5).indices),
  );
}
const options = { dimensions: n, iterations: 2, tolerance: 0 };
results.push(
  same(quant.kmeans(vectors, 5, options), quant.kmeans(own, 5, options)),
  same(await quant.kmeansAsync(vectors, 5, options), quant.kmeans(own, 5, options)),
);
say(results);`;
    const { said, ...rest } = runProcess(variant, main);
    expect(rest).toMatchObject(fine);
    expect(said).toEqual(Array.from({ length: 5 * 7 + 2 }, () => true));
  });

  it('survives another thread that writes to its inputs meanwhile: it gives codes, or a refusal', () => {
    const inWorker = `
const [vectors, codes] = [new Float32Array(workerData.vectors), new Uint8Array(workerData.codes)];
const words = new Uint32Array(workerData.vectors);
parentPort.postMessage('begun');
for (let i = 0; ; i++) {
  // NaN, infinities and huge numbers among them.
  words[(i * 7919) % words.length] = i % 5 === 0 ? 0x7f800000 : Math.imul(i, 0x9e3779b9);
  if (i % 3 === 0) vectors[(i * 31) % vectors.length] = i % 100;
  codes[(i * 104729) % codes.length] = i;
}`;
    const main = `
const vectors = fill(shared(300));
const codes = new Uint8Array(new SharedArrayBuffer(300 * 400));
const worker = start({ vectors: vectors.buffer, codes: codes.buffer });
await answer(worker);
const refusals = new Set();
const attempt = async (call) => {
  try {
    await call();
  } catch (error) {
    refusals.add(error instanceof quant.QuantError ? error.code : String(error));
  }
};
const steady = Float32Array.from({ length: n }, (_, i) => i);
for (let round = 0; round < 5; round++) {
  for (const codec of codecs) {
    const part = codes.subarray(0, 300 * codec.codeBytes);
    const query = codec.query(steady, 'cosine');
    await attempt(() => codec.encode(vectors));
    await attempt(() => codec.encodeAsync(vectors, { out: part }));
    await attempt(() => codec.decode(part));
    await attempt(() => query.estimate(part));
    await attempt(() => query.bounds(codec.pack(part)));
    await attempt(() => query.topK(part, 7));
  }
  await attempt(() => quant.kmeans(vectors, 5, { dimensions: n, iterations: 3 }));
  await attempt(() => quant.kmeansAsync(vectors, 5, { dimensions: n, iterations: 3 }));
}
await worker.terminate();
say([...refusals]);`;
    const { said, ...rest } = runProcess(variant, main, inWorker);
    expect(rest).toMatchObject(fine);
    for (const refusal of said as string[])
      expect(['ERR_QUANT_VALUE', 'ERR_QUANT_CORRUPT']).toContain(refusal);
  });
});
