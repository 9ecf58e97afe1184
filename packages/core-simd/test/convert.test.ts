/** Conversions on every variant: all 65,536 words of both half formats, and what lies between them. */
import { describe, expect, it } from 'vitest';
import type { SimdModule } from './support/backend.js';
import { fromBfloat, fromHalf, randomWords, toBfloat, toHalf } from './support/elements.js';
import { shifted } from './support/families.js';
import { loadEvery } from './support/variants.js';

const variants = await loadEvery();
const allWords = Uint16Array.from({ length: 65536 }, (_, word) => word);

const formats = {
  float16: { decode: fromHalf, encode: toHalf, infinity: 0x7c00 },
  bfloat16: { decode: fromBfloat, encode: toBfloat, infinity: 0x7f80 },
} as const;
type Format = keyof typeof formats;

/** Float32 values around every boundary between two words: the middle, and its neighbours in float32. */
function boundaries({ decode, infinity }: (typeof formats)[Format]): Float32Array {
  const values: number[] = [];
  const bits = new Uint32Array(1);
  const float = new Float32Array(bits.buffer);
  for (let word = 0; word < infinity; word++) {
    const next = word + 1 === infinity ? 2 * decode(word) - decode(word - 1) : decode(word + 1);
    const middle = (decode(word) + next) / 2;
    float[0] = middle;
    // The middle between two bfloat16 is a float32; that between the least two binary16 as well.
    values.push(middle);
    for (const step of [-1, 2]) {
      bits[0] += step;
      values.push(float[0]);
    }
  }
  return Float32Array.from([...values, ...values.map((value) => -value)]);
}

function words(simd: SimdModule, format: Format, floats: Float32Array): Uint16Array {
  return simd[format].fromFloat32(floats) as Uint16Array;
}

describe.each(variants)('%s', (_variant, simd) => {
  describe.each(Object.keys(formats) as Format[])('%s', (format) => {
    const { decode, encode, infinity } = formats[format];

    it('widens every word exactly', () => {
      const floats = simd[format].toFloat32(allWords);
      const wrong = [...allWords].filter((word) => !Object.is(floats[word], decode(word)));
      expect(wrong).toEqual([]);
    });

    it('gives every word back, and NaN as NaN', () => {
      const back = words(simd, format, simd[format].toFloat32(allWords));
      for (const word of allWords) {
        const nan = (word & 0x7fff) > infinity;
        if (nan ? (back[word] & 0x7fff) > infinity : back[word] === word) continue;
        expect.fail(`${word} became ${back[word]}`);
      }
    });

    it('rounds to nearest, ties to even, at every boundary', () => {
      const values = boundaries(formats[format]);
      const got = words(simd, format, values);
      const wrong: unknown[] = [];
      for (const [i, value] of values.entries()) {
        const want = encode(value);
        if (got[i] !== want) wrong.push([value, got[i], want]);
      }
      expect(wrong.slice(0, 10)).toEqual([]);
    });

    it('rounds any float32 to nearest', () => {
      const next = randomWords(41);
      const bits = Uint32Array.from({ length: 100_003 }, next);
      const values = new Float32Array(bits.buffer);
      const got = words(simd, format, values);
      for (const [i, value] of values.entries()) {
        const nan = Number.isNaN(value);
        if (nan ? (got[i] & 0x7fff) > infinity : got[i] === encode(value)) continue;
        expect.fail(`${value} became ${got[i]}`);
      }
    });

    it('normalises each element to the nearest', () => {
      const next = randomWords(42);
      for (const n of [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 513]) {
        const floats = Float32Array.from({ length: n }, () => next() / 2 ** 31 - 1);
        const a = shifted(words(simd, format, floats), n % 5);
        const x = [...a].map(decode);
        const norm = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
        const got = simd[format].normalise(a) as Uint16Array;
        for (let i = 0; i < n; i++) {
          // The norm may be off in its last digits, which can only matter at a boundary.
          const near = [x[i] / norm, (x[i] / norm) * (1 + 1e-13), (x[i] / norm) * (1 - 1e-13)];
          expect(near.map(encode)).toContain(got[i]);
        }
      }
    });

    it('quantises what is above zero', () => {
      if (format !== 'float16') return;
      const got = simd.bits.fromFloat16(allWords);
      for (const word of allWords) {
        const bit = (got[word >> 3] >> (7 - (word & 7))) & 1;
        expect(bit).toBe(decode(word) > 0 ? 1 : 0);
      }
    });
  });

  it('quantises float32 and int8, every length, whatever was there before', () => {
    const next = randomWords(43);
    const special = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** -149, -1];
    for (let n = 0; n <= 150; n++) {
      const floats = Float32Array.from({ length: n }, (_, i) =>
        i % 5 === 0 ? special[next() % special.length] : next() / 2 ** 31 - 1,
      );
      const bytes = Int8Array.from({ length: n }, () => (next() % 3 === 0 ? 0 : next() >> 24));
      for (const [from, source] of [
        ['fromFloat32', shifted(floats, n % 7)],
        ['fromInt8', shifted(bytes, n % 11)],
      ] as const) {
        const size = Math.ceil(n / 8);
        const out = new Uint8Array(size + 2).fill(0xff);
        const quantise = simd.bits[from] as (a: unknown, out: Uint8Array) => Uint8Array;
        expect(quantise(source, out)).toBe(out);
        const want = new Uint8Array(size + 2);
        for (let i = 0; i < n; i++) if (source[i] > 0) want[i >> 3] |= 0x80 >> (i & 7);
        want.set([0xff, 0xff], size);
        expect(out).toEqual(want);
      }
    }
  });

  it('normalises float32, in place as well', () => {
    const next = randomWords(44);
    for (let n = 1; n <= 140; n++) {
      const scale = 2 ** ((next() % 200) - 100);
      const a = shifted(
        Float32Array.from({ length: n }, () => (next() / 2 ** 31 - 1) * scale),
        n % 5,
      );
      const norm = Math.sqrt(a.reduce((sum, value) => sum + value * value, 0));
      const unit = simd.float32.normalise(a);
      for (let i = 0; i < n; i++) {
        const want = a[i] / norm;
        expect(Math.abs(unit[i] - want)).toBeLessThanOrEqual(Math.abs(want) * 2 ** -23.9 + 2 ** -149);
      }
      expect(simd.float32.norm(unit)).toBeCloseTo(1, 5);
      const copy = new Float32Array(a);
      expect(simd.float32.normalise(copy, copy)).toBe(copy);
      expect(copy).toEqual(unit);
    }
  });

  it('leaves zeros where there is no direction, and propagates NaN and infinity', () => {
    const zero = new Float32Array(20);
    expect(simd.float32.normalise(zero)).toEqual(zero);
    expect(simd.float16.normalise(new Uint16Array(20))).toEqual(new Uint16Array(20));
    expect(simd.bfloat16.normalise(new Uint16Array(20).fill(0x8000))).toEqual(new Uint16Array(20));
    expect([...simd.float32.normalise(Float32Array.of(1, Number.NaN, 0))]).toEqual(Array(3).fill(Number.NaN));
    expect([...simd.float32.normalise(Float32Array.of(1, Number.POSITIVE_INFINITY, 0))]).toEqual([
      0,
      Number.NaN,
      0,
    ]);
  });

  it('normalises what is subnormal', () => {
    const least = new Float32Array(9).fill(2 ** -149);
    expect([...simd.float32.normalise(least)]).toEqual(Array(9).fill(Math.fround(1 / 3)));
    const half = simd.float16.toFloat32(simd.float16.normalise(new Uint16Array(4).fill(1)));
    expect([...half]).toEqual([0.5, 0.5, 0.5, 0.5]);
    const bfloat = simd.bfloat16.toFloat32(
      simd.bfloat16.normalise(new Uint16Array(4).fill(1)) as Uint16Array,
    );
    expect([...bfloat]).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  it('takes out, gives it back, and leaves the rest of it alone', () => {
    const out = new Uint16Array(5).fill(7);
    expect(simd.float16.fromFloat32(Float32Array.of(1, 2), out)).toBe(out);
    expect([...out]).toEqual([0x3c00, 0x4000, 7, 7, 7]);
    const wide = new Float32Array(4).fill(7);
    expect(simd.bfloat16.toFloat32(Uint16Array.of(0x3f80), wide)).toBe(wide);
    expect([...wide]).toEqual([1, 7, 7, 7]);
    for (const [convert, empty] of [
      [simd.float16.fromFloat32, new Float32Array(0)],
      [simd.float16.toFloat32, new Uint16Array(0)],
      [simd.float32.normalise, new Float32Array(0)],
      [simd.bits.fromInt8, new Int8Array(0)],
    ] as const) {
      expect((convert as (a: unknown) => unknown)(empty)).toHaveLength(0);
    }
  });
});
