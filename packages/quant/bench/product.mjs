#!/usr/bin/env node
/**
 * Product codes and k-means on vectors of a file, one line of JSON. product_faiss.py measures faiss on the same.
 *
 *   node product.mjs --rows rows.f32 --queries queries.f32 --dimensions 100 --subspaces 25
 *     [--bits 8] [--rotation 16] [--sample 65536] [--threads 1] [--count 200] [--start random] [--seed 1]
 *   node product.mjs --rows rows.f32 --queries queries.f32 --dimensions 100 --clusters 256 [--sample 65536] [--threads 1]
 *
 * Files hold float32, little-endian, one vector after the other. The package must be built. Times but those of training are
 * the best of many short rounds: one query, or 4,096 rows to encode; on one thread.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { float32 } from '@ruvector/core-simd';
import { capabilities, kmeans, ProductCodec } from '../dist/index.js';

const { values } = parseArgs({
  options: {
    rows: { type: 'string' },
    queries: { type: 'string' },
    dimensions: { type: 'string' },
    subspaces: { type: 'string' },
    bits: { type: 'string', default: '8' },
    rotation: { type: 'string', default: '0' },
    sample: { type: 'string', default: '65536' },
    threads: { type: 'string', default: '1' },
    count: { type: 'string', default: '200' },
    start: { type: 'string', default: 'random' },
    seed: { type: 'string', default: '1' },
    clusters: { type: 'string', default: '0' },
  },
});
const number = (name) => Number(values[name]);
const n = number('dimensions');
const k = 10;

function load(file) {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

const rows = load(values.rows);
const queries = load(values.queries);
const count = rows.length / n;
const asked = Math.min(number('count'), queries.length / n);
const query = (q) => queries.subarray(q * n, (q + 1) * n);

/** Every so-manieth row: faiss is given the same ones. */
function sampleOf(most) {
  const step = Math.max(1, Math.floor(count / most));
  const size = Math.min(most, count);
  const sample = new Float32Array(size * n);
  for (let i = 0; i < size; i++) sample.set(rows.subarray(i * step * n, (i * step + 1) * n), i * n);
  return sample;
}

function timed(work, rounds = 1) {
  let best = Number.POSITIVE_INFINITY;
  let result;
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    result = work();
    best = Math.min(best, performance.now() - start);
  }
  return { ms: best, result };
}

const sample = sampleOf(number('sample'));
const threads = number('threads');
const out = { ...capabilities(), rows: count, dimensions: n };

if (number('clusters') > 0) {
  const clusters = number('clusters');
  const settings = { dimensions: n, iterations: 20, tolerance: 0, threads, assign: false };
  for (const [name, more] of Object.entries({
    flat: {},
    random: { start: 'random' },
    hierarchical: { hierarchical: true },
  })) {
    const { ms, result } = timed(() => kmeans(sample, clusters, { ...settings, ...more }));
    // Of a hierarchy the objective of the cells is an upper bound.
    out[name] = { seconds: ms / 1e3, objective: result.objective, iterations: result.iterations };
  }
} else {
  const options = {
    dimensions: n,
    subspaces: number('subspaces'),
    bits: number('bits'),
    rotation: number('rotation') === 0 ? false : number('rotation'),
    sampleRows: sample.length / n,
    start: values.start,
    seed: number('seed'),
    threads,
  };
  const { ms: training, result: codec } = timed(() => ProductCodec.train(sample, options));
  const codes = codec.encode(rows);
  const some = Math.min(count, 4096);
  const encoding = Math.min(
    ...Array.from({ length: Math.floor(count / some) }, (_, i) => {
      const chunk = rows.subarray(i * some * n, (i + 1) * some * n);
      return timed(() => codec.encode(chunk)).ms;
    }),
  );
  const packed = codec.pack(codes);
  const residuals = codec.residuals(codes);
  const truth = Array.from({ length: asked }, (_, q) => float32.topK('l2sq', query(q), rows, k).indices);
  const recall = (find) => {
    let hits = 0;
    truth.forEach((wanted, q) => {
      const found = new Set(find(q));
      hits += wanted.reduce((sum, index) => sum + (found.has(index) ? 1 : 0), 0);
    });
    return hits / (k * asked);
  };
  const estimates = new Float32Array(count);
  const perCode = (codesOrBlocks, find) =>
    (timed(() => find(codec.query(query(0), 'l2sq'), codesOrBlocks), 100).ms * 1e6) / count;
  const bounded = Array.from({ length: Math.min(asked, 20) }, (_, q) =>
    codec.query(query(q), 'l2sq').topK(packed, k, {
      rerank: {
        count: 'bound',
        source: (indices) => {
          const taken = new Float32Array(indices.length * n);
          indices.forEach((index, i) => {
            taken.set(rows.subarray(index * n, (index + 1) * n), i * n);
          });
          return taken;
        },
      },
    }),
  );
  Object.assign(out, {
    options,
    codeBytes: codec.codeBytes,
    trainSeconds: training / 1e3,
    trainingError: codec.trainingError,
    error: residuals.reduce((sum, r) => sum + r * r, 0) / count,
    encodeRowsPerSecond: some / (encoding / 1e3),
    recall10: recall((q) => codec.query(query(q), 'l2sq').topK(codes, k).indices),
    recall10Packed: recall((q) => codec.query(query(q), 'l2sq').topK(packed, k).indices),
    recall10In100: recall((q) => codec.query(query(q), 'l2sq').topK(packed, 100).indices),
    prepareMicroseconds:
      (timed(() => {
        for (let q = 0; q < asked; q++) codec.query(query(q), 'l2sq');
      }, 3).ms *
        1e3) /
      asked,
    nanosecondsPerCode: {
      rows: perCode(codes, (prepared, each) => prepared.estimate(each, estimates)),
      packed: perCode(packed, (prepared, each) => prepared.estimate(each, estimates)),
      packedTopK: perCode(packed, (prepared, each) => prepared.topK(each, k)),
    },
    boundedRerank: {
      mean: bounded.reduce((sum, { reranked }) => sum + reranked, 0) / bounded.length,
      recall10:
        bounded.reduce(
          (sum, { indices }, q) => sum + indices.filter((index) => truth[q].includes(index)).length,
          0,
        ) /
        (k * bounded.length),
    },
  });
}
console.log(JSON.stringify(out, null, 1));
