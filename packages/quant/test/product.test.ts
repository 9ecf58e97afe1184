import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ProductCodec, ProductOptions, QuantMetric, TopKResult } from '../src/index.js';
import { Random } from '../src/random.js';
import { loadAll, type QuantModule } from './support/backend.js';
import { hanging } from './support/data.js';

let variants: Array<[string, QuantModule]>;

const n = 23;
const rows = hanging(1500, n);
/** For 8 bits, whose training needs many; 5 dimensions in 2 sub-spaces are 2 and 3. */
const large = hanging(11_000, 5, 4);
const shapes: Readonly<Record<string, Omit<ProductOptions, 'dimensions'>>> = {
  '4 bits': { subspaces: 5, bits: 4 },
  '4 bits, one dimension a sub-space': { subspaces: n, bits: 4, iterations: 4 },
  '4 bits, one sub-space': { subspaces: 1, bits: 4, seed: 5 },
  '4 bits, by k-means++': { subspaces: 5, bits: 4, start: 'k-means++' },
  '4 bits, rotated': { subspaces: 6, bits: 4, rotation: 3 },
};
const metrics: readonly QuantMetric[] = ['l2sq', 'dot', 'cosine'];

/** By shape, those of all variants. */
const codecs = new Map<string, ProductCodec[]>();
/** Of 8 bits, plain and rotated, by all variants; training needs many rows. */
const wide: ProductCodec[][] = [];

beforeAll(async () => {
  variants = await loadAll();
  for (const [name, settings] of Object.entries(shapes)) {
    const options = { dimensions: n, ...settings };
    codecs.set(
      name,
      variants.map(([, quant]) => quant.ProductCodec.train(rows, options)),
    );
  }
  for (const rotation of [false, 2]) {
    const options = { dimensions: 5, subspaces: 2, rotation, iterations: 3, sampleRows: 10_000 };
    wide.push(variants.map(([, quant]) => quant.ProductCodec.train(large, options)));
  }
}, 600_000);

/** Every codec, with vectors for it. */
function everyCodec(): Array<{ name: string; all: ProductCodec[]; vectors: Float32Array; d: number }> {
  return [
    ...[...codecs].map(([name, all]) => ({ name, all, vectors: rows.subarray(0, 100 * n), d: n })),
    ...wide.map((all, i) => ({ name: `8 bits, ${i}`, all, vectors: large.subarray(0, 500), d: 5 })),
  ];
}

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'nothing';
}

function distance(a: Float32Array, b: Float32Array): number {
  return Math.hypot(...Array.from(a, (x, i) => x - b[i]));
}

function trueValue(metric: QuantMetric, q: Float32Array, x: Float32Array): number {
  let [dot, square, qq, xx] = [0, 0, 0, 0];
  q.forEach((a, i) => {
    dot += a * x[i];
    square += (a - x[i]) ** 2;
    qq += a * a;
    xx += x[i] * x[i];
  });
  if (metric === 'l2sq') return square;
  if (metric === 'dot') return dot;
  return 1 - Math.min(1, Math.max(-1, dot / Math.sqrt(qq * xx)));
}

/** Places of estimates, the best first, of equals the earlier, NaN last. */
function ordered(estimates: Float32Array, metric: QuantMetric): number[] {
  const keys = Array.from(estimates, (x) => {
    if (Number.isNaN(x)) return Number.POSITIVE_INFINITY;
    return metric === 'dot' ? -x : x;
  });
  return Array.from(keys.keys()).sort((a, b) => (keys[a] === keys[b] ? a - b : keys[a] - keys[b]));
}

function row(vectors: Float32Array, d: number, r: number): Float32Array {
  return vectors.slice(r * d, (r + 1) * d);
}

describe('training', () => {
  it('gives the same codec by every variant and in TypeScript', () => {
    for (const { name, all } of everyCodec()) {
      const bytes = all.map((codec) => codec.serialize());
      bytes.forEach((other, i) => {
        expect(Buffer.compare(other, bytes[0]), `${name}, ${variants[i][0]}`).toBe(0);
      });
    }
  });

  it('does not depend on threads, and does on the seed', () => {
    const [[, { ProductCodec }]] = variants;
    const train = (settings: object) =>
      ProductCodec.train(rows, {
        dimensions: n,
        subspaces: 5,
        bits: 4,
        rotation: 2,
        ...settings,
      }).serialize();
    expect(train({ threads: 3 })).toEqual(train({ threads: 1 }));
    expect(train({ seed: 3 })).not.toEqual(train({ seed: 2 }));
  });

  it('says how large errors are, and lowers them by a rotation', () => {
    const [[, { ProductCodec }]] = variants;
    const options = { dimensions: n, subspaces: 6, bits: 4 } as const;
    const errorOf = (codec: ProductCodec) => {
      const residuals = codec.residuals(codec.encode(rows));
      return residuals.reduce((sum, r) => sum + r * r, 0) / residuals.length;
    };
    const errors = [false, 1, 4, 12].map((rotation) => {
      const codec = ProductCodec.train(rows, { ...options, rotation });
      expect(errorOf(codec) / codec.trainingError).toBeCloseTo(1, 4);
      expect(codec.rotated).toBe(rotation !== false);
      return codec.trainingError;
    });
    expect(errors).toEqual(errors.toSorted((a, b) => b - a));
    expect(errors[3]).toBeLessThan(0.6 * errors[0]);
  });

  it('starts with random rows, or with k-means++, which finds what is rare', () => {
    // Most rows in one place, and some in eleven far away.
    const random = new Random(5);
    const spread = Float32Array.from({ length: 2000 * 2 }, (_, i) => {
      const r = Math.floor(i / 2) % 200;
      return random.unit() + (r < 11 ? 100 * (r + 1) * (i % 2 === 0 ? 1 : -2) : 0);
    });
    for (const [name, { ProductCodec }] of variants) {
      const [chance, plusPlus, unsaid] = (['random', 'k-means++', undefined] as const).map((start) =>
        ProductCodec.train(spread, { dimensions: 2, subspaces: 1, bits: 4, ...(start && { start }) }),
      );
      expect(plusPlus.trainingError, name).toBeLessThan(0.01 * chance.trainingError);
      expect(unsaid.serialize()).toEqual(chance.serialize());
    }
  });

  it('keeps a sample of 16,384 rows for 4 bits and of 65,536 for 8, where nothing else is said', async () => {
    const [[, { ProductCodec }]] = variants;
    for (const [bits, sampleRows] of [
      [4, 16_384],
      [8, 65_536],
    ] as const) {
      const many = hanging(sampleRows + 500, 2, bits);
      const train = (settings: object) =>
        ProductCodec.train(many, {
          dimensions: 2,
          subspaces: 1,
          bits,
          iterations: 1,
          ...settings,
        }).serialize();
      const unsaid = train({});
      expect(unsaid).toEqual(train({ sampleRows }));
      expect(unsaid).not.toEqual(train({ sampleRows: sampleRows + 500 }));
      async function* batches() {
        for (let i = 0; i < many.length; i += 2000) yield many.subarray(i, i + 2000);
      }
      const options = { dimensions: 2, subspaces: 1, bits, iterations: 1 };
      expect((await ProductCodec.trainAsync(batches(), options)).serialize()).toEqual(unsaid);
    }
  });

  it('undoes a rotation that is worse than none', () => {
    // Nine places in each of two sub-spaces: nothing is lost but by the rounding of rotated rows.
    const random = new Random(6);
    const whole = Float32Array.from({ length: 700 * 4 }, () => random.below(3));
    for (const [name, { ProductCodec }] of variants) {
      const codec = ProductCodec.train(whole, { dimensions: 4, subspaces: 2, bits: 4, rotation: 4 });
      expect(codec.trainingError, name).toBe(0);
      expect(codec.decode(codec.encode(whole))).toEqual(whole);
    }
  });

  it('halves errors by more sub-spaces', () => {
    const [[, { ProductCodec }]] = variants;
    const errors = [2, 4, 8, 16].map(
      (subspaces) => ProductCodec.train(rows, { dimensions: n, subspaces, bits: 4 }).trainingError,
    );
    errors.slice(1).forEach((error, i) => {
      expect(error).toBeLessThan(errors[i]);
    });
  });

  it('refuses what it cannot do, and says so', () => {
    for (const [, { ProductCodec }] of variants) {
      const run = (vectors: unknown, settings: object) =>
        codeOf(() =>
          ProductCodec.train(vectors as Float32Array, { dimensions: n, subspaces: 4, bits: 4, ...settings }),
        );
      expect(run(rows.subarray(0, 623 * n), {})).toBe('ERR_QUANT_TRAINING');
      expect(run(rows, { bits: 8 })).toBe('ERR_QUANT_TRAINING');
      expect(() => ProductCodec.train(rows, { dimensions: n, subspaces: 4 })).toThrow('9984');
      expect(run(new Float32Array(0), {})).toBe('ERR_QUANT_TRAINING');
      expect(run(rows.subarray(1), {})).toBe('ERR_QUANT_LENGTH');
      expect(run(Array.from(rows), {})).toBe('ERR_QUANT_TYPE');
      const bad = rows.slice();
      bad[800] = Number.NaN;
      expect(run(bad, {})).toBe('ERR_QUANT_VALUE');
      bad[800] = 1e38;
      expect(run(bad, {})).toBe('ERR_QUANT_VALUE');
      expect(run(rows, { dimensions: 0 })).toBe('ERR_QUANT_DIMENSIONS');
      const wrong: object[] = [
        { subspaces: 0 },
        { subspaces: n + 1 },
        { subspaces: undefined },
        { bits: 6 },
        { iterations: 0 },
        { start: 'k-means||' },
        { rotation: 0 },
        { rotation: 'yes' },
        { sampleRows: 623 },
        { seed: 1.5 },
        { threads: 300 },
      ];
      for (const settings of wrong) {
        expect(run(rows, settings), JSON.stringify(settings)).toBe('ERR_QUANT_ARGUMENT');
      }
    }
  });

  it('goes on elsewhere, tells how far it is, and ends when it is told to', async () => {
    for (const [name, { ProductCodec }] of variants) {
      const settings = { dimensions: n, subspaces: 6, bits: 4, rotation: 3 } as const;
      const told: number[] = [];
      const mine = rows.slice();
      const promise = ProductCodec.trainAsync(mine, {
        ...settings,
        onProgress: ({ done, total }) => told.push(done / total),
      });
      mine.fill(0);
      expect((await promise).serialize(), name).toEqual(codecs.get('4 bits, rotated')?.[0].serialize());
      expect(told.at(-1)).toBe(1);
      expect(told).toEqual(told.toSorted((a, b) => a - b));
      async function* batches() {
        for (let i = 0; i < rows.length; i += 100 * n) yield rows.subarray(i, i + 100 * n);
      }
      const streamed = await ProductCodec.trainAsync(batches(), settings);
      expect(streamed.serialize()).toEqual(codecs.get('4 bits, rotated')?.[0].serialize());
      const controller = new AbortController();
      const ending = ProductCodec.trainAsync(large, {
        dimensions: 5,
        subspaces: 5,
        rotation: 1000,
        signal: controller.signal,
      });
      setTimeout(() => controller.abort(), 30);
      await expect(ending).rejects.toMatchObject({ code: 'ERR_QUANT_ABORTED' });
    }
  }, 120_000);
});

describe('codes', () => {
  it('are the same by every variant and in TypeScript, and so is all that is made of them', () => {
    for (const { name, all, vectors } of everyCodec()) {
      const codes = all[0].encode(vectors);
      const packed = all[0].pack(codes);
      const decoded = all[0].decode(codes);
      all.forEach((codec, i) => {
        const what = `${name}, ${variants[i][0]}`;
        expect(Buffer.compare(codec.encode(vectors), codes), what).toBe(0);
        expect(Buffer.compare(codec.pack(codes).bytes, packed.bytes), what).toBe(0);
        expect(codec.decode(codes), what).toEqual(decoded);
        // A packed block belongs to the module that made it.
        expect(Buffer.compare(codec.unpack(codec.pack(codes)), codes), what).toBe(0);
        for (const metric of metrics) {
          for (const query of [row(vectors, codec.dimensions, 3), new Float32Array(codec.dimensions)]) {
            const [mine, first] = [codec, all[0]].map((each) => each.query(query, metric));
            expect(mine.estimate(codes), what).toEqual(first.estimate(codes));
            expect(mine.bounds(codes), what).toEqual(first.bounds(codes));
            expect(mine.estimate(codec.pack(codes)), what).toEqual(first.estimate(packed));
            expect(mine.bounds(codec.pack(codes)), what).toEqual(first.bounds(packed));
            const rerank = {
              source: (indices: Uint32Array) => take(vectors, codec.dimensions, indices),
              count: 'bound' as const,
            };
            for (const form of ['rows', 'blocks'] as const) {
              const [estimates, ...found] = [codec, all[0]].flatMap((each, which) => {
                const prepared = which === 0 ? mine : first;
                const given = form === 'rows' ? codes : each.pack(codes);
                const some = [1, 7, 100, 1000].map((k) => prepared.topK(given, k));
                return which === 0 ? [prepared.estimate(given), some] : [some];
              }) as [Float32Array, TopKResult[], TopKResult[]];
              expect(found[0], what).toEqual(found[1]);
              found[0].forEach(({ indices, scores }, i) => {
                const order = ordered(estimates, metric).slice(0, [1, 7, 100, 1000][i]);
                expect(Array.from(indices), `${what} ${metric} ${form}`).toEqual(order);
                expect(Array.from(scores)).toEqual(order.map((r) => estimates[r]));
              });
            }
            // Exact scores are core-simd's, whose order of sums varies.
            expect(mine.topK(codes, 7, { rerank }).indices, what).toEqual(
              first.topK(codes, 7, { rerank }).indices,
            );
          }
        }
      });
    }
  });

  it('are the same whatever the widths of sub-spaces, rotated or not', () => {
    // Trained once; what TypeScript needs long for is no part of this.
    const [[, { ProductCodec }]] = variants;
    for (const [d, subspaces, bits, rotation] of [
      [37, 9, 8, 1],
      [41, 40, 8, false],
      [70, 11, 4, 1],
      [33, 7, 4, false],
    ] as const) {
      const many = hanging(bits === 8 ? 10_000 : 700, d, d);
      const options = { dimensions: d, subspaces, bits, rotation, iterations: 1 };
      const bytes = ProductCodec.train(many, options).serialize();
      const vectors = many.subarray(0, 70 * d);
      const all = variants.map(([, quant]) => quant.deserialize(bytes));
      const codes = all[0].encode(vectors);
      all.forEach((codec, i) => {
        const what = `${d} dimensions in ${subspaces} of ${bits} bits, ${variants[i][0]}`;
        expect(Buffer.compare(codec.encode(vectors), codes), what).toBe(0);
        expect(codec.decode(codes), what).toEqual(all[0].decode(codes));
        for (const metric of metrics) {
          const [mine, first] = [codec, all[0]].map((each) => {
            const prepared = each.query(row(vectors, d, 3), metric);
            const packed = each.pack(codes);
            return [prepared.estimate(codes), prepared.estimate(packed), prepared.bounds(packed)];
          });
          expect(mine, what).toEqual(first);
        }
      });
    }
  });

  it('have the size that they say, factors included', () => {
    const [all] = wide;
    expect(all[0].codeBytes).toBe(2 + 8);
    expect(codecs.get('4 bits')?.[0].codeBytes).toBe(3 + 8);
    expect(codecs.get('4 bits, one dimension a sub-space')?.[0].codeBytes).toBe(12 + 8);
  });

  it('stand for what is nearest, and know how far that is', () => {
    for (const { all, vectors, d } of everyCodec()) {
      const [codec] = all;
      const codes = codec.encode(vectors);
      const decoded = codec.decode(codes);
      const residuals = codec.residuals(codes);
      const random = new Random(3);
      for (let r = 0; r < vectors.length / d; r++) {
        const own = distance(row(vectors, d, r), row(decoded, d, r));
        expect(residuals[r]).toBeGreaterThanOrEqual(own);
        expect(residuals[r]).toBeLessThanOrEqual(own * (1 + 1e-6));
        // No other number in any place of the code is nearer.
        const other = codes.slice(r * codec.codeBytes, (r + 1) * codec.codeBytes);
        const place = random.below(codec.subspaces);
        const at = codec.bits === 8 ? place : place >> 1;
        if (codec.bits === 8) other[at] = random.below(256);
        else if (place % 2 === 0) other[at] = (other[at] & 0xf0) | random.below(16);
        else other[at] = (other[at] & 15) | (random.below(16) << 4);
        expect(distance(row(vectors, d, r), codec.decode(other))).toBeGreaterThanOrEqual(own * (1 - 1e-6));
      }
    }
  });

  it('are read back from blocks of every size', () => {
    for (const { all, vectors, d } of everyCodec()) {
      const codes = all[0].encode(vectors);
      for (const count of [0, 1, 31, 32, 33, 64, 100]) {
        const some = codes.subarray(0, count * all[0].codeBytes);
        const packed = all[0].pack(some);
        expect(packed).toMatchObject({
          kind: 'product',
          dimensions: d,
          count,
          blockBytes: 32 * all[0].codeBytes,
        });
        expect(all[0].unpack(packed)).toEqual(some.slice());
        expect(all[0].query(row(vectors, d, 0), 'dot').estimate(packed)).toHaveLength(count);
      }
    }
  });

  it('are made elsewhere, too', async () => {
    for (const { all, vectors } of everyCodec()) {
      const wanted = all[0].encode(vectors);
      for (const codec of all) {
        const mine = vectors.slice();
        const promise = codec.encodeAsync(mine);
        structuredClone(mine, { transfer: [mine.buffer] });
        expect(await promise).toEqual(wanted);
      }
    }
    await expect(wide[0][0].encodeAsync(large, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_QUANT_ABORTED',
    });
  });

  it('are none where vectors are too large, or no numbers', () => {
    for (const codec of [...(codecs.get('4 bits') ?? []), ...(codecs.get('4 bits, rotated') ?? [])]) {
      const bad = rows.slice(0, 5 * n);
      bad[3 * n + 1] = 2 ** 56;
      expect(() => codec.encode(bad)).toThrow('row 3');
      expect(codeOf(() => codec.encode(bad))).toBe('ERR_QUANT_VALUE');
      expect(codeOf(() => codec.query(row(bad, n, 3), 'dot'))).toBe('ERR_QUANT_VALUE');
      bad[3 * n + 1] = Number.NaN;
      expect(codeOf(() => codec.encode(bad))).toBe('ERR_QUANT_VALUE');
      expect(codeOf(() => codec.query(row(bad, n, 3), 'dot'))).toBe('ERR_QUANT_VALUE');
      expect(codeOf(() => codec.encode(bad.subarray(1)))).toBe('ERR_QUANT_LENGTH');
      expect(codeOf(() => codec.query(bad, 'dot'))).toBe('ERR_QUANT_DIMENSIONS');
      expect(codeOf(() => codec.decode(new Uint8Array(codec.codeBytes - 1)))).toBe('ERR_QUANT_LENGTH');
      expect(codeOf(() => codec.pack(new Uint8Array(codec.codeBytes + 1)))).toBe('ERR_QUANT_LENGTH');
      expect(codeOf(() => codec.query(row(rows, n, 3), 'l1' as QuantMetric))).toBe('ERR_QUANT_ARGUMENT');
    }
    const [one, other] = [codecs.get('4 bits')?.[0], codecs.get('4 bits, one sub-space')?.[0]];
    const packed = one?.pack(one.encode(rows));
    expect(codeOf(() => other?.query(row(rows, n, 0), 'dot').estimate(packed!))).toBe('ERR_QUANT_TYPE');
  });
});

function take(vectors: Float32Array, d: number, indices: Uint32Array): Float32Array {
  const out = new Float32Array(indices.length * d);
  indices.forEach((index, i) => {
    out.set(vectors.subarray(index * d, (index + 1) * d), i * d);
  });
  return out;
}

describe('estimates', () => {
  it('are those of the decoded vectors', () => {
    for (const { name, all, vectors, d } of everyCodec()) {
      const codes = all[0].encode(vectors);
      const decoded = all[0].decode(codes);
      const query = row(vectors, d, 7);
      const size = query.reduce((sum, x) => sum + x * x, 0);
      for (const metric of metrics) {
        const prepared = all[0].query(query, metric);
        const [estimates, quick] = [prepared.estimate(codes), prepared.estimate(all[0].pack(codes))];
        for (let r = 0; r < vectors.length / d; r++) {
          let wanted = trueValue(metric, query, row(decoded, d, r));
          if (metric === 'cosine') {
            // The norm that is known is that of the vector itself.
            const x = row(vectors, d, r);
            wanted =
              1 - trueValue('dot', query, row(decoded, d, r)) / Math.sqrt(size * trueValue('dot', x, x));
            wanted = Math.min(2, Math.max(0, wanted));
          }
          const scale = metric === 'cosine' ? 1 : size;
          expect(Math.abs(estimates[r] - wanted), `${name} ${metric}`).toBeLessThanOrEqual(1e-5 * scale);
          // Of 4 bits, tables of bytes.
          expect(Math.abs(quick[r] - wanted), name).toBeLessThanOrEqual(
            (all[0].bits === 8 ? 1e-5 : 0.1) * scale,
          );
        }
      }
    }
  });

  it('are within their bounds of the true values, whatever the vectors', () => {
    const component = fc.oneof(
      fc.float({ noNaN: true, min: -100, max: 100 }),
      fc.constantFrom(0, 1e-42, -1e-38, 1e-20, 1e10, -1e15),
    );
    for (const { name, all, d } of everyCodec()) {
      const [codec] = all;
      const input = fc.array(component, { minLength: 5 * d, maxLength: 5 * d });
      fc.assert(
        fc.property(input, fc.constantFrom(...metrics), (values, metric) => {
          const vectors = Float32Array.from(values.slice(d));
          const query = Float32Array.from(values.slice(0, d));
          const codes = codec.encode(vectors);
          const prepared = codec.query(query, metric);
          for (const form of [codes, codec.pack(codes)]) {
            const [estimates, bounds] = [prepared.estimate(form), prepared.bounds(form)];
            for (let r = 0; r < 4; r++) {
              const value = trueValue(metric, query, row(vectors, d, r));
              if (Number.isNaN(value)) expect([estimates[r], bounds[r]]).toEqual([Number.NaN, Number.NaN]);
              else expect(Math.abs(value - estimates[r]), name).toBeLessThanOrEqual(bounds[r]);
            }
          }
        }),
        { numRuns: 60 },
      );
    }
  });

  it('find the nearest, and with bounds exactly those', () => {
    for (const { name, all, vectors, d } of everyCodec()) {
      const [codec] = all;
      const codes = codec.encode(vectors);
      const count = vectors.length / d;
      for (const metric of metrics) {
        const query = row(vectors, d, 11).map((x, i) => x + 0.01 * i);
        const values = Array.from({ length: count }, (_, r) => trueValue(metric, query, row(vectors, d, r)));
        const order = Array.from(values.keys()).sort((a, b) =>
          metric === 'dot' ? values[b] - values[a] : values[a] - values[b],
        );
        const source = (indices: Uint32Array) => take(vectors, d, indices);
        for (const form of [codes, codec.pack(codes)]) {
          const prepared = codec.query(query, metric);
          const exact = prepared.topK(form, 5, { rerank: { source, count: 'bound' } });
          expect(Array.from(exact.indices), `${name} ${metric}`).toEqual(order.slice(0, 5));
          expect(exact.reranked).toBeLessThanOrEqual(count);
          const fixed = prepared.topK(form, 5, { rerank: { source, count } });
          expect(Array.from(fixed.indices)).toEqual(order.slice(0, 5));
          expect(prepared.topK(form, 5).reranked).toBe(0);
        }
      }
    }
  });
});

describe('serialize', () => {
  it('keeps everything', () => {
    for (const { all, vectors, d } of everyCodec()) {
      for (const [i, codec] of all.entries()) {
        const read = variants[i][1].deserialize(codec.serialize()) as ProductCodec;
        expect(read).toBeInstanceOf(variants[i][1].ProductCodec);
        expect(read).toMatchObject({
          kind: 'product',
          dimensions: d,
          subspaces: codec.subspaces,
          bits: codec.bits,
          rotated: codec.rotated,
          trainingError: codec.trainingError,
          codeBytes: codec.codeBytes,
        });
        expect(read.serialize()).toEqual(codec.serialize());
        expect(read.encode(vectors)).toEqual(codec.encode(vectors));
        const query = row(vectors, d, 1);
        expect(read.query(query, 'l2sq').bounds(read.encode(vectors))).toEqual(
          codec.query(query, 'l2sq').bounds(codec.encode(vectors)),
        );
      }
    }
  });

  it('is not read where it was cut off or altered anywhere', () => {
    const [[, { deserialize, ProductCodec }]] = variants;
    const small = ProductCodec.train(hanging(700, 3), { dimensions: 3, subspaces: 2, bits: 4, rotation: 2 });
    const bytes = small.serialize();
    for (let size = 0; size < bytes.length; size++) {
      expect(codeOf(() => deserialize(bytes.subarray(0, size)))).toMatch(/^ERR_QUANT_(CORRUPT|FORMAT)$/);
    }
    for (let i = 0; i < bytes.length; i++) {
      const other = bytes.slice();
      other[i] ^= 1 + (i % 255);
      expect(
        codeOf(() => deserialize(other)),
        `byte ${i}`,
      ).toMatch(/^ERR_QUANT_(CORRUPT|FORMAT)$/);
    }
    expect(codeOf(() => deserialize(Uint8Array.of(...bytes, 0)))).toBe('ERR_QUANT_CORRUPT');
  });

  it('is not read where the checksum is right and a parameter is none', async () => {
    const { crc32c } = await import('../src/serialize.js');
    const [[, { deserialize, ProductCodec }]] = variants;
    const small = ProductCodec.train(hanging(700, 3), { dimensions: 3, subspaces: 2, bits: 4, rotation: 2 });
    const sealed = (change: (view: DataView) => void) => {
      const bytes = small.serialize();
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      change(view);
      view.setUint32(bytes.length - 4, crc32c(bytes.subarray(0, bytes.length - 4)), true);
      return () => deserialize(bytes);
    };
    expect(codeOf(sealed(() => {}))).toBe('nothing');
    const parameters = 20;
    const payload = parameters + 24;
    const changes: Array<(view: DataView) => void> = [
      (view) => view.setUint32(8, 4, true), // dimensions
      (view) => view.setUint32(8, 2, true),
      (view) => view.setUint32(parameters, 0, true), // sub-spaces
      (view) => view.setUint32(parameters, 4, true),
      (view) => view.setUint8(parameters + 4, 8), // bits
      (view) => view.setUint8(parameters + 4, 5),
      (view) => view.setUint8(parameters + 5, 0), // no rotation, though there is one
      (view) => view.setUint8(parameters + 5, 2),
      (view) => view.setUint16(parameters + 6, 1, true),
      (view) => view.setFloat64(parameters + 8, Number.NaN, true), // distortion
      (view) => view.setFloat64(parameters + 8, -1, true),
      (view) => view.setFloat64(parameters + 8, 1, true),
      (view) => view.setFloat64(parameters + 16, Number.POSITIVE_INFINITY, true), // error
      (view) => view.setFloat32(payload, Number.NaN, true), // a centroid
      (view) => view.setFloat32(payload, 1e38, true),
      (view) => view.setFloat32(payload + 4 * 16 * 3, 3, true), // the rotation
    ];
    for (const change of changes) expect(codeOf(sealed(change)), String(change)).toBe('ERR_QUANT_CORRUPT');
  });
});
