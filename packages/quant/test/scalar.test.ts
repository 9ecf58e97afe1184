import { describe, expect, it } from 'vitest';
import { Int4Codec, Int8Codec, TwoLevelCodec } from '../src/index.js';
import { allMetrics, distance, makeVectors, row, trueValue } from './support/row-codecs.js';

describe('a range a vector', () => {
  it('is exact where the range has no more values than codes', () => {
    const bytes = Float32Array.from({ length: 3 * 256 }, (_, i) => i % 256);
    const eight = Int8Codec.create({ dimensions: 256 });
    expect(eight.decode(eight.encode(bytes))).toEqual(bytes);
    const halves = Float32Array.from({ length: 64 }, (_, i) => (i % 16) - 8);
    const four = Int4Codec.create({ dimensions: 32 });
    expect(four.decode(four.encode(halves))).toEqual(halves);
  });

  it('puts the two codes of a byte in order, the first one lower', () => {
    const codec = Int4Codec.create({ dimensions: 5 });
    const codes = codec.encode(Float32Array.of(0, 1, 2, 15, 7));
    expect([...codes.subarray(0, 4)]).toEqual([0x10, 0xf2, 0x07, 0]);
  });

  it('takes a code of 24 bytes for what doc/format.md says of it', () => {
    const codec = Int8Codec.create({ dimensions: 3, mean: Float32Array.of(1, 1, 1) });
    const codes = codec.encode(Float32Array.of(1, 2, 3.5));
    expect(codec.codeBytes).toBe(24);
    const factors = new Float32Array(codes.slice(4).buffer);
    const step = Math.fround(2.5 / 255);
    // y is 0, 1, 2.5; 1 / step is 102.0000...
    expect([...codes.subarray(0, 4)]).toEqual([0, 102, 255, 0]);
    expect(factors[0]).toBe(0);
    expect(factors[1]).toBe(step);
    expect(factors[2]).toBe(Math.fround(Math.hypot(1, 2, 3.5)));
    expect(factors[3]).toBeCloseTo(Math.hypot(102 * step, 255 * step), 6);
    expect(factors[4]).toBeGreaterThanOrEqual(Math.hypot(1 - 102 * step, 2.5 - 255 * step));
  });

  it('is nearer around the mean than around zero', () => {
    const n = 64;
    // Each dimension has a mean of its own, larger than what vectors differ by.
    const vectors = makeVectors('normal', 300, n).map((x, at) => x + 20 * Math.sin(at % n));
    const plain = Int8Codec.create({ dimensions: n });
    const around = Int8Codec.train(vectors, { dimensions: n });
    const sum = (codec: Int8Codec) => codec.residuals(codec.encode(vectors)).reduce((a, b) => a + b);
    expect(sum(around)).toBeLessThan(sum(plain) / 4);
  });

  it('loses less with every bit', () => {
    const n = 96;
    const vectors = makeVectors('normal', 200, n);
    const codecs = [
      Int4Codec.train(vectors, { dimensions: n }),
      Int8Codec.train(vectors, { dimensions: n }),
      TwoLevelCodec.train(vectors, { dimensions: n, levels: '4x8' }),
      TwoLevelCodec.train(vectors, { dimensions: n, levels: '8x8' }),
    ];
    const query = makeVectors('normal', 1, n, 3);
    const errors = codecs.map((codec) => {
      const codes = codec.encode(vectors);
      const decoded = codec.decode(codes);
      let lost = 0;
      for (let r = 0; r < 200; r++) lost += distance(row(vectors, n, r), row(decoded, n, r)) / 200;
      const off = allMetrics.map((metric) => {
        const estimates = codec.query(query, metric).estimate(codes);
        let sum = 0;
        for (let r = 0; r < 200; r++) {
          sum += Math.abs(estimates[r] - trueValue(metric, query, row(vectors, n, r)));
        }
        return sum;
      });
      return [lost, ...off];
    });
    // A step of 15 is 17 of 255; of two levels the second divides a step by 255.
    for (const [place, [lost, ...off]] of errors.entries()) {
      if (place === 0) continue;
      expect(lost).toBeLessThan(errors[place - 1][0] / 8);
      for (const [m, each] of off.entries()) expect(each).toBeLessThan(errors[place - 1][m + 1]);
    }
  });
});

describe('two levels', () => {
  const n = 50;
  const vectors = makeVectors('normal', 120, n);

  it.each(['4x4', '4x8', '8x4', '8x8'] as const)('%s reads the first level alone, or both', (levels) => {
    const codec = TwoLevelCodec.create({ dimensions: n, levels });
    const one = levels.startsWith('4')
      ? Int4Codec.create({ dimensions: n })
      : Int8Codec.create({ dimensions: n });
    const [codes, single] = [codec.encode(vectors), one.encode(vectors)];
    const payload = one.codeBytes - 20;
    for (let r = 0; r < 120; r++) {
      const [at, other] = [r * codec.codeBytes, r * one.codeBytes];
      expect(codes.slice(at, at + payload)).toEqual(single.slice(other, other + payload));
    }
    const query = makeVectors('normal', 1, n, 4);
    for (const metric of allMetrics) {
      // The first level is the code of one level, whose residual covers decoding, too.
      const first = codec.query(query, metric, { levels: 1 });
      const estimates = first.estimate(codes);
      for (const [r, estimate] of one.query(query, metric).estimate(single).entries()) {
        expect(Math.abs(estimates[r] - estimate)).toBeLessThan(1e-6 * (1 + Math.abs(estimate)));
      }
      const both = codec.query(query, metric);
      expect(codec.query(query, metric, { levels: 2 }).bounds(codes)).toEqual(both.bounds(codes));
      const [narrow, wide] = [both.bounds(codes), first.bounds(codec.pack(codes))];
      for (let r = 0; r < 120; r++) expect(narrow[r]).toBeLessThan(wide[r] / 4);
    }
  });

  it('has the bytes of both', () => {
    const bytes = (levels: '4x4' | '4x8' | '8x4' | '8x8') =>
      TwoLevelCodec.create({ dimensions: 768, levels }).codeBytes;
    expect([bytes('4x4'), bytes('4x8'), bytes('8x4'), bytes('8x8')]).toEqual([796, 1180, 1180, 1564]);
  });
});

describe('ranges of dimensions', () => {
  it('ends where the quantiles are, and cuts off what lies beyond', () => {
    const rows = 2001;
    // Dimension 0 counts from -1000 to 1000, dimension 1 is constant.
    const vectors = Float32Array.from({ length: 2 * rows }, (_, at) => (at % 2 === 0 ? (at >> 1) - 1000 : 5));
    const options = { dimensions: 2, range: 'dimension', quantiles: [0.25, 0.75] } as const;
    const codec = Int8Codec.train(vectors, options);
    expect(codec.range).toBe('dimension');
    const decoded = codec.decode(codec.encode(Float32Array.of(-1000, 5, -500, 5, 500, 5, 1000, 5)));
    for (const [at, value] of [-500, 5, -500, 5, 500, 5, 500, 5].entries()) {
      expect(decoded[at]).toBeCloseTo(value, 3);
    }
    // What was cut off is in the residual, and so in the bounds.
    expect(codec.residuals(codec.encode(Float32Array.of(1000, 5)))[0]).toBeCloseTo(500, 0);
  });

  it('is what create makes of the same ends', () => {
    const n = 12;
    const vectors = makeVectors('normal', 400, n);
    const trained = Int8Codec.train(vectors, { dimensions: n, range: 'dimension', quantiles: [0, 1] });
    const column = (i: number) => Array.from({ length: 400 }, (_, r) => vectors[r * n + i]);
    const given = Int8Codec.create({
      dimensions: n,
      lower: Float32Array.from({ length: n }, (_, i) => Math.min(...column(i))),
      upper: Float32Array.from({ length: n }, (_, i) => Math.max(...column(i))),
    });
    expect(given.serialize()).toEqual(trained.serialize());
    expect(given.range).toBe('dimension');
    expect(Int8Codec.create({ dimensions: n }).range).toBe('vector');
  });

  it('is nearer than ranges of vectors where dimensions differ in size', () => {
    const n = 40;
    const vectors = makeVectors('normal', 500, n).map((x, at) => x * 2 ** -(at % n));
    const dimension = Int8Codec.train(vectors, { dimensions: n, range: 'dimension', quantiles: [0, 1] });
    const codes = dimension.encode(vectors);
    const decoded = dimension.decode(codes);
    for (let at = 0; at < vectors.length; at++) {
      // A step is 1 / 255 of the range, some seven standard deviations.
      expect(Math.abs(decoded[at] - vectors[at])).toBeLessThan(2 ** -(at % n) * 0.02);
    }
  });
});

describe('estimates', () => {
  it('lie within 16 bits of those of the decoded vectors', () => {
    const n = 100;
    const vectors = makeVectors('normal', 60, n);
    const codec = Int8Codec.train(vectors, { dimensions: n });
    const codes = codec.encode(vectors);
    const decoded = codec.decode(codes);
    const residuals = codec.residuals(codes);
    const query = makeVectors('normal', 1, n, 3);
    const [l2sq, dot] = [codec.query(query, 'l2sq'), codec.query(query, 'dot')].map((each) =>
      each.estimate(codes),
    );
    const norm = distance(query, new Float32Array(n));
    for (let r = 0; r < 60; r++) {
      const size = norm * distance(row(decoded, n, r), new Float32Array(n));
      const square = trueValue('l2sq', query, row(decoded, n, r)) - residuals[r] ** 2;
      expect(Math.abs(l2sq[r] - square)).toBeLessThan(size * 2 ** -14);
      expect(Math.abs(dot[r] - trueValue('dot', query, row(decoded, n, r)))).toBeLessThan(size * 2 ** -14);
    }
  });

  it('are exact to the last bit of float32 where nothing is rounded', () => {
    // Whole numbers up to 127 are codes with a step of 1, and weights of 32,512 / 127 = 256 each.
    const n = 128;
    const codec = Int8Codec.create({
      dimensions: n,
      lower: new Float32Array(n).fill(-128),
      upper: new Float32Array(n).fill(127),
    });
    const x = Float32Array.from({ length: n }, (_, i) => i - 64);
    const q = Float32Array.from({ length: n }, (_, i) => 127 - 2 * i);
    const codes = codec.encode(x);
    expect(codec.query(q, 'dot').estimate(codes)[0]).toBe(trueValue('dot', q, x));
    expect(codec.query(q, 'l2sq').estimate(codes)[0]).toBeCloseTo(trueValue('l2sq', q, x), 0);
  });
});
