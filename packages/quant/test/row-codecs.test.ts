import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as quant from '../src/index.js';
import { buildAddon } from './support/backend.js';
import {
  allMetrics,
  codecOf,
  type Dataset,
  datasets,
  distance,
  kindNames,
  makeVectors,
  row,
  trueValue,
} from './support/row-codecs.js';

buildAddon();

const names = Object.keys(datasets) as Dataset[];

describe.each(kindNames)('%s', (kind) => {
  it.each([1, 2, 3, 7, 8, 9, 33, 130])('decodes to within its residuals at %i dimensions', (n) => {
    for (const name of names) {
      const vectors = makeVectors(name, 40, n);
      const codec = codecOf(quant, kind, vectors, n);
      const codes = codec.encode(vectors);
      expect(codes.length).toBe(40 * codec.codeBytes);
      const decoded = codec.decode(codes);
      const residuals = codec.residuals(codes);
      const zero = new Float32Array(n);
      const most = Math.max(...Array.from({ length: 40 }, (_, r) => distance(row(vectors, n, r), zero)));
      const wrong = [];
      for (let r = 0; r < 40; r++) {
        const lost = distance(row(vectors, n, r), row(decoded, n, r));
        const norm = distance(row(vectors, n, r), zero);
        // Not much larger either: it is the distance to what the code stands for, before that is rounded to float32.
        const largest = lost * (1 + 1e-6) + norm * 2e-7 + most * 1e-13 + 1e-42;
        if (!(residuals[r] >= lost && residuals[r] <= largest))
          wrong.push({ r, residual: residuals[r], lost });
      }
      expect(wrong, name).toEqual([]);
    }
  });

  it.each([1, 2, 5, 33])('bounds hold at %i dimensions', (n) => {
    for (const name of names) {
      const vectors = makeVectors(name, 36, n);
      const codec = codecOf(quant, kind, vectors, n);
      const codes = codec.encode(vectors);
      const packed = codec.pack(codes);
      const queries = [makeVectors(name, 1, n, 99), makeVectors('normal', 1, n, 98), row(vectors, n, 3)];
      for (const query of [...queries, new Float32Array(n), row(vectors, n, 3).map((x) => -x)]) {
        for (const metric of allMetrics) {
          const prepared = codec.query(query, metric);
          const estimates = prepared.estimate(codes);
          const bounds = prepared.bounds(codes);
          expect(prepared.estimate(packed)).toEqual(estimates);
          expect(prepared.bounds(packed)).toEqual(bounds);
          const broken = [];
          for (let r = 0; r < 36; r++) {
            const value = trueValue(metric, query, row(vectors, n, r));
            const good = Number.isNaN(value)
              ? Number.isNaN(estimates[r]) && Number.isNaN(bounds[r])
              : Math.abs(value - estimates[r]) <= bounds[r];
            if (!good) broken.push({ r, value, estimate: estimates[r], bound: bounds[r] });
          }
          expect(broken, `${name}, ${metric}`).toEqual([]);
        }
      }
    }
  });

  it('bounds hold for any vectors', () => {
    const component = fc.float({ noNaN: true, noDefaultInfinity: true, min: -60000, max: 60000 });
    const vectorsOf = (n: number, rows: number) =>
      fc.array(component, { minLength: n * rows, maxLength: n * rows }).map((x) => Float32Array.from(x));
    const input = fc.integer({ min: 1, max: 40 }).chain((n) => fc.tuple(vectorsOf(n, 3), vectorsOf(n, 1)));
    fc.assert(
      fc.property(input, fc.constantFrom(...allMetrics), ([vectors, query], metric) => {
        const n = query.length;
        const codec = codecOf(quant, kind, vectors, n);
        const codes = codec.encode(vectors);
        const prepared = codec.query(query, metric);
        const [estimates, bounds] = [prepared.estimate(codes), prepared.bounds(codes)];
        for (let r = 0; r < 3; r++) {
          const value = trueValue(metric, query, row(vectors, n, r));
          if (Number.isNaN(value)) expect(estimates[r]).toBeNaN();
          else expect(Math.abs(value - estimates[r])).toBeLessThanOrEqual(bounds[r]);
        }
      }),
    );
  });

  // Values that are cut off at the ends of a dimension's range make vectors shorter.
  it.skipIf(kind.endsWith('by dimension'))('estimates as often too much as too little', () => {
    const n = 128;
    const vectors = makeVectors('normal', 400, n);
    const codec = codecOf(quant, kind, vectors, n);
    const codes = codec.encode(vectors);
    const query = makeVectors('normal', 1, n, 5);
    for (const metric of allMetrics) {
      const estimates = codec.query(query, metric).estimate(codes);
      let above = 0;
      for (let r = 0; r < 400; r++) if (estimates[r] > trueValue(metric, query, row(vectors, n, r))) above++;
      // Of 400 fair coins four standard deviations; for one query errors are not independent, hence as many again.
      expect(Math.abs(above - 200), metric).toBeLessThan(80);
    }
  });

  it('survives packing and unpacking, byte for byte', () => {
    const n = 37;
    for (const count of [0, 1, 31, 32, 33, 95]) {
      const vectors = makeVectors('normal', count, n);
      const codec = codecOf(quant, kind, makeVectors('normal', 40, n), n);
      const codes = codec.encode(vectors);
      const packed = codec.pack(codes);
      expect(packed).toMatchObject({
        kind: codec.kind,
        dimensions: n,
        count,
        blockBytes: 32 * codec.codeBytes,
      });
      expect(codec.unpack(packed)).toEqual(codes);
      // Read from other memory, at any place of it.
      const bytes = new Uint8Array(packed.bytes.length + 3).subarray(3);
      bytes.set(packed.bytes);
      const again = new quant.Packed({ ...packed, bytes });
      expect(codec.unpack(again)).toEqual(codes);
      const query = codec.query(makeVectors('normal', 1, n, 2), 'l2sq');
      expect(query.estimate(again)).toEqual(query.estimate(codes));
    }
  });

  it('reads and writes memory that begins anywhere', () => {
    const n = 19;
    const vectors = makeVectors('normal', 7, n);
    const codec = codecOf(quant, kind, vectors, n);
    const codes = codec.encode(vectors);
    const elsewhere = new Uint8Array(codes.length + 5);
    const out = elsewhere.subarray(1);
    const written = codec.encode(vectors, out);
    expect(written).toEqual(codes);
    expect(written.buffer).toBe(elsewhere.buffer);
    expect(elsewhere.subarray(codes.length + 1)).toEqual(new Uint8Array(4));
    expect(codec.decode(written)).toEqual(codec.decode(codes));
    expect(codec.residuals(written)).toEqual(codec.residuals(codes));
    const query = codec.query(vectors.subarray(0, n), 'dot');
    expect(query.estimate(written)).toEqual(query.estimate(codes));
  });

  it('is the same codec after serialize and deserialize', () => {
    const n = 21;
    const vectors = makeVectors('normal', 60, n);
    const codec = codecOf(quant, kind, vectors, n);
    const bytes = codec.serialize();
    const again = quant.deserialize(bytes);
    expect(again.constructor).toBe(codec.constructor);
    expect(again).toMatchObject({ kind: codec.kind, dimensions: n, codeBytes: codec.codeBytes });
    expect(again.serialize()).toEqual(bytes);
    const codes = codec.encode(vectors);
    expect(again.encode(vectors)).toEqual(codes);
    const query = makeVectors('normal', 1, n, 3);
    expect(again.query(query, 'cosine').bounds(codes)).toEqual(codec.query(query, 'cosine').bounds(codes));
  });

  it('encodes the same beside the event loop, with progress', async () => {
    const n = 40;
    const vectors = makeVectors('normal', 3000, n);
    const codec = codecOf(quant, kind, vectors, n);
    const codes = codec.encode(vectors);
    const told: quant.Progress[] = [];
    const encoded = codec.encodeAsync(vectors, { onProgress: (progress) => told.push(progress) });
    // What happens to the input meanwhile changes nothing.
    vectors.fill(0);
    expect(await encoded).toEqual(codes);
    expect(told.at(-1)).toEqual({ done: 3000, total: 3000 });

    const shared = new Float32Array(new SharedArrayBuffer(4 * n * 8));
    shared.set(makeVectors('normal', 8, n));
    const out = new Uint8Array(new SharedArrayBuffer(8 * codec.codeBytes + 1), 1);
    const result = await codec.encodeAsync(shared, { out });
    expect(result.buffer).toBe(out.buffer);
    expect(result).toEqual(codec.encode(Float32Array.from(shared)));
  });

  it('ends work whose signal is aborted', async () => {
    const n = 64;
    const vectors = makeVectors('normal', 200, n);
    const codec = codecOf(quant, kind, vectors, n);
    const reason = new Error('enough');
    await expect(codec.encodeAsync(vectors, { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      name: 'QuantError',
      code: 'ERR_QUANT_ABORTED',
      cause: reason,
    });
    const controller = new AbortController();
    const running = codec.encodeAsync(new Float32Array(n * 20_000), { signal: controller.signal });
    controller.abort(reason);
    await expect(running).rejects.toMatchObject({ code: 'ERR_QUANT_ABORTED', cause: reason });
  });

  it('takes no vectors and no codes', async () => {
    const n = 6;
    const codec = codecOf(quant, kind, makeVectors('normal', 40, n), n);
    const none = new Uint8Array(0);
    expect(codec.encode(new Float32Array(0))).toEqual(none);
    expect(await codec.encodeAsync(new Float32Array(0))).toEqual(none);
    expect(codec.decode(none)).toEqual(new Float32Array(0));
    expect(codec.residuals(none)).toEqual(new Float32Array(0));
    const query = codec.query(new Float32Array(n), 'l2sq');
    expect(query.estimate(none)).toEqual(new Float32Array(0));
    expect(query.bounds(codec.pack(none))).toEqual(new Float32Array(0));
    expect(query.topK(none, 5).indices).toEqual(new Uint32Array(0));
  });

  it.each(allMetrics)('finds what the exact search finds, reranked by bounds: %s', (metric) => {
    const [n, count, k] = [24, 500, 10];
    const vectors = makeVectors('normal', count, n);
    const codec = codecOf(quant, kind, vectors, n);
    const codes = codec.encode(vectors);
    const query = makeVectors('normal', 1, n, 17);
    const sign = metric === 'dot' ? -1 : 1;
    const exact = Array.from({ length: count }, (_, r) => trueValue(metric, query, row(vectors, n, r)));
    const best = exact.map((_, r) => r).sort((a, b) => sign * (exact[a] - exact[b]) || a - b);
    const source = (indices: Uint32Array) => {
      const rows = new Float32Array(indices.length * n);
      for (const [at, r] of indices.entries()) rows.set(row(vectors, n, r), at * n);
      return rows;
    };
    for (const from of [codes, codec.pack(codes)]) {
      const prepared = codec.query(query, metric);
      const found = prepared.topK(from, k, { rerank: { source, count: 'bound' } });
      expect([...found.indices]).toEqual(best.slice(0, k));
      expect(found.reranked).toBeGreaterThanOrEqual(k);
      for (const [at, r] of found.indices.entries()) expect(found.scores[at]).toBeCloseTo(exact[r], 4);
      expect(prepared.topK(from, k, { rerank: { source, count } }).indices).toEqual(found.indices);
      const estimates = prepared.estimate(from);
      const plain = prepared.topK(from, k);
      expect(plain.reranked).toBe(0);
      expect([...plain.scores]).toEqual([...plain.indices].map((r) => estimates[r]));
    }
  });
});
