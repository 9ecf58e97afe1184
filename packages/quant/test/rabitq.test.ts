import { describe, expect, it } from 'vitest';
import { deserialize, QuantError, RabitqCodec, type RabitqEncoder } from '../src/index.js';
import { encoders } from '../src/rabitq/encode.js';
import { Random } from '../src/random.js';
import { loadAll } from './support/backend.js';
import { allMetrics, datasets, distance, makeVectors, row, trueValue } from './support/row-codecs.js';

const variants = await loadAll();

const allBits = [1, 2, 3, 4, 5, 6, 7, 8];
const names = Object.keys(datasets) as Array<keyof typeof datasets>;

function sourceOf(vectors: Float32Array, dimensions: number) {
  return (indices: Uint32Array) => {
    const rows = new Float32Array(indices.length * dimensions);
    for (const [to, from] of indices.entries()) rows.set(row(vectors, dimensions, from), to * dimensions);
    return rows;
  };
}

/** The very bytes: NaN has many. */
function bytesOf(values: Float32Array): Float32Array {
  return values.map((each) => (Number.isNaN(each) ? Number.NaN : each));
}

describe('codes, values and bounds', () => {
  it.each(allBits)('of %i bits are the same for every variant and in TypeScript', (bits) => {
    for (const dimensions of [1, 7, 33, 100, 300]) {
      // The serial variant takes its time; large ones are compared by native/test/rabitq_test.cpp.
      for (const name of dimensions < 100 ? names : names.slice(0, 2)) {
        const vectors = makeVectors(name, 34, dimensions);
        const query = makeVectors(name, 1, dimensions, 99);
        const results = variants.map(([, quant]) => {
          const center = dimensions % 2 === 0 ? undefined : row(vectors, dimensions, 1);
          const encoder = encoders[dimensions % 3];
          const options = { dimensions, bits, seed: 7, encoder, ...(center ? { center } : {}) };
          const codec = quant.RabitqCodec.create(options);
          const codes = codec.encode(vectors);
          const packed = codec.pack(codes);
          return {
            codes,
            packed: packed.bytes,
            unpacked: codec.unpack(packed),
            decoded: codec.decode(codes),
            serialized: codec.serialize(),
            values: allMetrics.flatMap((metric) => {
              const prepared = codec.query(query, metric);
              const all = [
                prepared.estimate(codes),
                prepared.estimate(packed),
                prepared.estimateBySigns(packed),
                prepared.bounds(codes),
                prepared.bounds(packed, undefined, { proof: true }),
              ];
              return all.map(bytesOf);
            }),
          };
        });
        for (const [i, each] of results.entries()) {
          expect(each, `${variants[i][0]}, ${name}, ${dimensions}`).toEqual(results[0]);
        }
        const { codes, unpacked, values } = results[0];
        expect(unpacked).toEqual(codes);
        for (let m = 0; m < 3; m++) expect(values[5 * m + 1]).toEqual(values[5 * m]);
      }
    }
  });
});

describe('numbers near the ends of float32', () => {
  it.each([1, 8])('leave bounds that hold, and the same values everywhere, with %i bits', (bits) => {
    const dimensions = 33;
    const exponents = [-149, -110, -101, -99, -75, -40, 0, 50];
    const scaled = (seed: number, exponent: number, rows = 1) =>
      makeVectors('normal', rows, dimensions, seed).map((each) => each * 2 ** exponent);
    for (const [a, b, c] of exponents.flatMap((e, i) =>
      exponents.map((f, j) => [e, f, exponents[(3 * i + 5 * j) % 8]] as const),
    )) {
      const [vectors, center, query] = [scaled(1, a, 4), scaled(2, b), scaled(3, c)];
      vectors.set(center.subarray(0, dimensions), dimensions);
      vectors.set(query, 2 * dimensions);
      const results = variants.map(([, quant]) => {
        const codec = quant.RabitqCodec.create({ dimensions, bits, center });
        const codes = codec.encode(vectors);
        return allMetrics.map((metric) => {
          const prepared = codec.query(query, metric);
          return [
            prepared.estimate(codes),
            prepared.bounds(codes, undefined, { proof: true }),
            prepared.bounds(codes),
          ];
        });
      });
      for (const each of results) expect(each, `${a} ${b} ${c}`).toEqual(results[0]);
      for (const [m, metric] of allMetrics.entries()) {
        const [estimates, bounds] = results[0][m];
        for (let r = 0; r < 4; r++) {
          const value = trueValue(metric, query, row(vectors, dimensions, r));
          if (Number.isNaN(value)) expect(estimates[r]).toBeNaN();
          else {
            const missed = Math.abs(estimates[r] - value);
            expect(missed, `${metric} ${r}, 2^${a} around 2^${b}, 2^${c}`).toBeLessThanOrEqual(bounds[r]);
          }
        }
      }
    }
  });
});

describe.each(allBits)('a codec of %i bits', (bits) => {
  it('has bounds that hold, if they are asked to be proofs', () => {
    for (const dimensions of [1, 2, 3, 5, 8, 16, 31, 33, 100]) {
      for (const name of names) {
        const vectors = makeVectors(name, 30, dimensions);
        const codecs = [
          RabitqCodec.create({ dimensions, bits }),
          RabitqCodec.train(vectors, { dimensions, bits, encoder: encoders[bits % 3] }),
        ];
        for (const codec of codecs) {
          const codes = codec.encode(vectors);
          const packed = codec.pack(codes);
          const queries = [
            makeVectors(name, 1, dimensions, 99),
            row(vectors, dimensions, 3),
            new Float32Array(dimensions),
          ];
          for (const query of queries) {
            for (const metric of allMetrics) {
              const prepared = codec.query(query, metric);
              const estimates = prepared.estimate(packed);
              const bounds = prepared.bounds(packed, undefined, { proof: true });
              for (let r = 0; r < 30; r++) {
                const value = trueValue(metric, query, row(vectors, dimensions, r));
                if (Number.isNaN(value)) expect([estimates[r], bounds[r]]).toEqual([Number.NaN, Number.NaN]);
                else
                  expect(Math.abs(estimates[r] - value), `${name} ${metric} ${r}`).toBeLessThanOrEqual(
                    bounds[r],
                  );
              }
            }
          }
        }
      }
    }
  });

  it('decodes to within its residuals, which without padding are not much larger than they must be', () => {
    for (const dimensions of [1, 9, 64, 100, 192]) {
      for (const name of names) {
        const vectors = makeVectors(name, 30, dimensions);
        const codec = RabitqCodec.train(vectors, { dimensions, bits });
        const codes = codec.encode(vectors);
        const [decoded, residuals] = [codec.decode(codes), codec.residuals(codes)];
        const zero = new Float32Array(dimensions);
        const most = Math.max(
          ...Array.from({ length: 30 }, (_, r) => distance(row(vectors, dimensions, r), zero)),
        );
        for (let r = 0; r < 30; r++) {
          const lost = distance(row(vectors, dimensions, r), row(decoded, dimensions, r));
          expect(residuals[r], `${name} ${r}`).toBeGreaterThanOrEqual(lost);
          if (dimensions % 64 !== 0) continue;
          expect(residuals[r]).toBeLessThanOrEqual(lost * (1 + 1e-5) + most * 4e-5 + 1e-40);
        }
      }
    }
  });
});

describe('more bits', () => {
  it('lose less, the refined encoder no more than the fast one, and the exact one the least', () => {
    const dimensions = 200;
    const vectors = makeVectors('normal', 50, dimensions);
    const lost = (bits: number, encoder: RabitqEncoder) => {
      const codec = RabitqCodec.create({ dimensions, bits, encoder });
      const residuals = codec.residuals(codec.encode(vectors));
      return residuals.reduce((sum, each) => sum + each, 0);
    };
    const fast = allBits.map((bits) => lost(bits, 'fast'));
    const refined = allBits.map((bits) => lost(bits, 'refined'));
    const exact = allBits.map((bits) => lost(bits, 'exact'));
    for (let i = 1; i < 8; i++) {
      expect(fast[i]).toBeLessThan(0.7 * fast[i - 1]);
      expect(refined[i]).toBeLessThanOrEqual(fast[i]);
      expect(exact[i]).toBeLessThanOrEqual(refined[i]);
      expect(refined[i]).toBeLessThan(1.04 * exact[i]);
    }
    expect(exact[0]).toBe(fast[0]);
  });
});

describe('the constants of the fast encoder', () => {
  it('are the best scales for normal coordinates', async () => {
    const { constants } = await import('../src/rabitq/encode.js');
    /** E[|x| (m + 1/2)] / sqrt(E[(m + 1/2)^2]) by Simpson's rule in each cell. */
    const cosine = (c: number, most: number) => {
      const density = (x: number) => Math.sqrt(2 / Math.PI) * Math.exp((-x * x) / 2);
      let [inner, square] = [0, 0];
      for (let m = 0; m <= most; m++) {
        const [from, to] = [m / c, m === most ? Math.max(12, most / c + 1) : (m + 1) / c];
        const steps = m === most ? 4000 : 20;
        const h = (to - from) / steps;
        for (let i = 0; i <= steps; i++) {
          const x = from + i * h;
          const weight = ((i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2) * h) / 3;
          inner += weight * density(x) * x * (m + 0.5);
          square += weight * density(x) * (m + 0.5) ** 2;
        }
      }
      return inner / Math.sqrt(square);
    };
    for (let bits = 2; bits <= 8; bits++) {
      const [best, most] = [constants[bits], 2 ** (bits - 1) - 1];
      const at = (c: number) => cosine(c, most);
      for (const factor of [0.5, 0.9, 0.999, 1.001, 1.1, 2]) {
        expect(at(best), `${bits} bits, ${factor}`).toBeGreaterThan(at(best * factor));
      }
    }
  });
});

describe('topK', () => {
  const dimensions = 96;
  const vectors = makeVectors('normal', 700, dimensions);
  const source = sourceOf(vectors, dimensions);

  it.each(allMetrics)('gives the best estimates, best first, by %s', (metric) => {
    const codec = RabitqCodec.train(vectors, { dimensions, bits: 3 });
    const codes = codec.encode(vectors);
    const query = codec.query(makeVectors('normal', 1, dimensions, 5), metric);
    const sign = metric === 'dot' ? -1 : 1;
    const estimates = query.estimate(codes);
    const order = Array.from({ length: 700 }, (_, i) => i).sort(
      (a, b) => sign * (estimates[a] - estimates[b]) || a - b,
    );
    for (const k of [0, 1, 10, 700, 1000]) {
      const { indices, scores, reranked } = query.topK(codec.pack(codes), k);
      expect([...indices]).toEqual(order.slice(0, k));
      expect([...scores]).toEqual(order.slice(0, k).map((i) => estimates[i]));
      expect(reranked).toBe(0);
    }
  });

  it('gives the same whether it looks at signs first or at everything, in every variant and in TypeScript', () => {
    for (const name of names) {
      for (const [bits, n] of [
        [2, 96],
        [4, 33],
        [5, 96],
        [8, 200],
      ]) {
        const rows = makeVectors(name, 75, n);
        const asked = [makeVectors(name, 1, n, 5), row(rows, n, 70), new Float32Array(n)];
        for (const [variant, quant] of variants) {
          const codec = quant.RabitqCodec.train(rows, { dimensions: n, bits });
          const codes = codec.encode(rows);
          const packed = codec.pack(codes);
          for (const metric of allMetrics) {
            for (const vector of asked) {
              const query = codec.query(vector, metric);
              for (const k of [1, 10, 80]) {
                const what = `${variant} ${name} ${bits} bits ${metric} ${k}`;
                const whole = query.topK(packed, k, { whole: true });
                expect(query.topK(packed, k), what).toEqual(whole);
                expect(query.topK(codes, k), what).toEqual(whole);
              }
              const rerank = { source: sourceOf(rows, n), count: 12 };
              const found = query.topK(packed, 3, { rerank });
              expect(found).toEqual(query.topK(packed, 3, { rerank, whole: true }));
              expect(found.reranked).toBe(12);
            }
          }
        }
      }
    }
  });

  it('does not look at the rest of codes whose signs say enough', () => {
    const query = row(vectors, dimensions, 3).map((each, i) => each + (i % 3) / 20);
    const far = Array.from({ length: 700 }, (_, r) =>
      trueValue('l2sq', query, row(vectors, dimensions, r)),
    ).reduce((most, each, r, all) => (each > all[most] ? r : most), 0);
    for (const [, quant] of variants) {
      const codec = quant.RabitqCodec.create({ dimensions, bits: 4 });
      const prepared = codec.query(query, 'l2sq');
      const codes = codec.encode(vectors);
      const best = prepared.topK(codec.pack(codes), 1);
      expect([...best.indices]).toEqual([3]);
      // The scale of all bits, after 128 coordinates of four bits and the norm; that of the signs is another.
      const view = new DataView(codes.buffer, codes.byteOffset);
      const at = far * codec.codeBytes + 64 + 4;
      const scale = view.getFloat32(at, true);
      const found = [1000, -1000].map((factor) => {
        view.setFloat32(at, factor * scale, true);
        const altered = codec.pack(codes);
        expect(prepared.topK(altered, 1)).toEqual(best);
        return prepared.topK(altered, 1, { whole: true }).indices[0];
      });
      // One of the two makes it the nearest by far, for whoever looks at it.
      expect(found.sort((a, b) => a - b)).toEqual([3, far].sort((a, b) => a - b));
    }
  });

  it.each(allMetrics)('finds the nearest with proofs, and computes few of them, by %s', (metric) => {
    const query = makeVectors('normal', 1, dimensions, 5);
    const sign = metric === 'dot' ? -1 : 1;
    const values = Array.from({ length: 700 }, (_, r) =>
      trueValue(metric, query, row(vectors, dimensions, r)),
    );
    const nearest = values.map((_, i) => i).sort((a, b) => sign * (values[a] - values[b]));
    let before = 701;
    for (const bits of [2, 4, 8]) {
      const codec = RabitqCodec.train(vectors, { dimensions, bits });
      const codes = codec.encode(vectors);
      const { indices, scores, reranked } = codec
        .query(query, metric)
        .topK(codes, 10, { rerank: { source, count: 'bound', proof: true } });
      expect([...indices]).toEqual(nearest.slice(0, 10));
      for (const [i, index] of indices.entries()) expect(scores[i]).toBeCloseTo(values[index], 3);
      expect(reranked).toBeLessThan(before);
      before = reranked;
    }
    expect(before).toBeLessThan(100);
  });

  it('computes as many as it is told, at least k', () => {
    const codec = RabitqCodec.create({ dimensions });
    const codes = codec.encode(vectors);
    const query = codec.query(makeVectors('normal', 1, dimensions, 5), 'l2sq');
    const asked: number[] = [];
    const counting = (indices: Uint32Array) => {
      asked.push(indices.length);
      return source(indices);
    };
    for (const count of [0, 5, 10, 50, 5000]) {
      const { reranked } = query.topK(codes, 10, { rerank: { source: counting, count } });
      expect(reranked).toBe(Math.min(700, Math.max(10, count)));
    }
    expect(asked).toEqual([10, 10, 10, 50, 700]);
  });
});

describe('codes around centroids', () => {
  const dimensions = 60;
  const vectors = makeVectors('far from zero', 64, dimensions);
  const centroid = row(vectors, dimensions, 9).map((each) => each + 0.25);

  it.each([1, 2, 5, 8])('are those of a codec with this centre, of %i bits', async (bits) => {
    const each = RabitqCodec.create({ dimensions, bits, center: 'each' });
    const one = RabitqCodec.create({ dimensions, bits, center: centroid });
    const codes = each.encodeAround(vectors, centroid);
    expect(codes).toEqual(one.encode(vectors));
    expect(await each.encodeAroundAsync(vectors, centroid)).toEqual(codes);
    expect(each.decodeAround(codes, centroid)).toEqual(one.decode(codes));
    const query = makeVectors('far from zero', 1, dimensions, 3);
    for (const metric of allMetrics) {
      const [a, b] = [each.query(query, metric).around(centroid), one.query(query, metric)];
      expect(a.estimate(codes)).toEqual(b.estimate(codes));
      expect(a.bounds(each.pack(codes))).toEqual(b.bounds(codes));
    }
    // Another place can be asked about without preparing the query again.
    const other = row(vectors, dimensions, 1);
    const moved = one.query(query, 'l2sq').around(other);
    const near = each.encodeAround(vectors, other);
    const [values, bounds] = [moved.estimate(near), moved.bounds(near, undefined, { proof: true })];
    for (let r = 0; r < 64; r++) {
      const exact = trueValue('l2sq', query, row(vectors, dimensions, r));
      expect(Math.abs(values[r] - exact)).toBeLessThanOrEqual(bounds[r]);
    }
  });

  it('are better than codes around the origin', () => {
    const near = RabitqCodec.train(vectors, { dimensions });
    const far = RabitqCodec.create({ dimensions });
    const lost = (codec: RabitqCodec) => Math.max(...codec.residuals(codec.encode(vectors)));
    expect(20 * lost(near)).toBeLessThan(lost(far));
  });
});

describe('train', () => {
  it('takes the mean, whatever the batches', async () => {
    const dimensions = 30;
    const vectors = makeVectors('far from zero', 200, dimensions);
    const whole = RabitqCodec.train(vectors, { dimensions, bits: 2, seed: 4 });
    const mean = Float32Array.from({ length: dimensions }, (_, i) => {
      let sum = 0;
      for (let r = 0; r < 200; r++) sum += vectors[r * dimensions + i];
      return sum / 200;
    });
    const given = RabitqCodec.create({ dimensions, bits: 2, seed: 4, center: mean });
    expect(whole.serialize()).toEqual(given.serialize());
    const random = new Random(1);
    async function* batches() {
      for (let at = 0; at < 200; ) {
        const size = Math.min(200 - at, random.below(60));
        yield vectors.subarray(at * dimensions, (at + size) * dimensions);
        at += size;
      }
    }
    const options = { dimensions, bits: 2, seed: 4 };
    expect((await RabitqCodec.trainAsync(batches(), options)).serialize()).toEqual(whole.serialize());
    expect((await RabitqCodec.trainAsync(vectors, options)).serialize()).toEqual(whole.serialize());
  });

  it('needs one row', async () => {
    const call = () => RabitqCodec.train(new Float32Array(0), { dimensions: 3 });
    expect(call).toThrow(expect.objectContaining({ code: 'ERR_QUANT_TRAINING' }));
    // What becomes of an array meanwhile changes nothing.
    const long = Float32Array.from({ length: 3 << 22 }, (_, i) => (i < 5 << 21 ? 0 : 1));
    const untouched = RabitqCodec.train(long, { dimensions: 3 });
    const training = RabitqCodec.trainAsync(long, { dimensions: 3 });
    setImmediate(() => structuredClone(long.buffer, { transfer: [long.buffer] }));
    expect((await training).serialize()).toEqual(untouched.serialize());
    // An abort while the source is about to end is one, too.
    const controller = new AbortController();
    const ending = async function* () {
      yield Float32Array.of(1, 2, 3);
      controller.abort(new Error('enough'));
    };
    await expect(
      RabitqCodec.trainAsync(ending(), { dimensions: 3, signal: controller.signal }),
    ).rejects.toMatchObject({ code: 'ERR_QUANT_ABORTED' });
    // As one is while it keeps us waiting.
    const stalled = new AbortController();
    const waiting = async function* () {
      yield Float32Array.of(1, 2, 3);
      setImmediate(() => stalled.abort());
      await new Promise(() => {});
    };
    await expect(
      RabitqCodec.trainAsync(waiting(), { dimensions: 3, signal: stalled.signal }),
    ).rejects.toMatchObject({ code: 'ERR_QUANT_ABORTED' });
    await expect(RabitqCodec.trainAsync([], { dimensions: 3 })).rejects.toThrow(QuantError);
  });
});

describe('serialize', () => {
  it('keeps everything', () => {
    const dimensions = 45;
    const vectors = makeVectors('normal', 5, dimensions);
    for (const bits of allBits) {
      for (const center of [undefined, 'each' as const, row(vectors, dimensions, 2)]) {
        const encoder = encoders[bits % 3];
        const options = { dimensions, bits, seed: bits, encoder, epsilon0: 0.5 + bits, padded: 48 };
        const codec = RabitqCodec.create(center === undefined ? options : { ...options, center });
        const again = deserialize(codec.serialize());
        expect(again).toBeInstanceOf(RabitqCodec);
        expect(again.serialize()).toEqual(codec.serialize());
        const { kind, codeBytes } = codec;
        expect(again).toMatchObject({ kind, dimensions, bits, codeBytes, encoder, epsilon0: 0.5 + bits });
        if (center === 'each') continue;
        expect(again.encode(vectors)).toEqual(codec.encode(vectors));
      }
    }
  });

  it('says the sizes that doc/rabitq.md says', () => {
    const bytes = (bits: number, center?: 'each') =>
      RabitqCodec.create({ dimensions: 768, bits, ...(center ? { center } : {}) }).codeBytes;
    expect(allBits.map((bits) => bytes(bits))).toEqual([108, 208, 304, 400, 496, 592, 688, 784]);
    expect(allBits.map((bits) => bytes(bits, 'each'))).toEqual([116, 220, 316, 412, 508, 604, 700, 796]);
  });
});
