import { describe, expect, it } from 'vitest';
import { QuantError, Rotation } from '../src/index.js';
import { Random } from '../src/random.js';
import { loadAll } from './support/backend.js';

const variants = await loadAll();

const sizes = [1, 2, 7, 8, 9, 33, 64, 65, 100, 128, 200, 384, 768, 784, 1000, 1536];

function vectorsOf(count: number, dimensions: number): Float32Array {
  const random = new Random(dimensions);
  return Float32Array.from({ length: count * dimensions }, () => random.normal());
}

function norm(x: Float32Array): number {
  return Math.sqrt(x.reduce((sum, each) => sum + each * each, 0));
}

describe('a rotation', () => {
  it('is the same to the bit for every variant and in TypeScript', () => {
    for (const dimensions of sizes) {
      const vectors = vectorsOf(3, dimensions);
      for (const padded of [undefined, Math.ceil(dimensions / 8) * 8]) {
        const options = { dimensions, seed: 5, ...(padded === undefined ? {} : { padded }) };
        const results = variants.map(([, quant]) => {
          const rotation = quant.Rotation.create(options);
          const rotated = rotation.apply(vectors);
          return { rotated, back: rotation.invert(rotated) };
        });
        for (const each of results) expect(each).toEqual(results[0]);
      }
    }
  });

  it('keeps lengths and angles, and is undone by its inverse, to its stated error', () => {
    for (const dimensions of sizes) {
      const rotation = Rotation.create({ dimensions, seed: 9 });
      const vectors = vectorsOf(2, dimensions);
      const rotated = rotation.apply(vectors);
      const back = rotation.invert(rotated);
      const [n, error] = [rotation.padded, rotation.error];
      const rows = [0, 1].map((i) => vectors.subarray(i * dimensions, (i + 1) * dimensions));
      const images = [0, 1].map((i) => rotated.subarray(i * n, (i + 1) * n));
      const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, each, i) => sum + each * b[i], 0);
      const scale = norm(rows[0]) * norm(rows[1]);
      expect(Math.abs(dot(images[0], images[1]) - dot(rows[0], rows[1]))).toBeLessThan(3 * error * scale);
      for (const i of [0, 1]) {
        expect(Math.abs(norm(images[i]) - norm(rows[i]))).toBeLessThanOrEqual(error * norm(rows[i]));
        const lost = rows[i].map((each, j) => each - back[i * dimensions + j]);
        expect(norm(lost)).toBeLessThanOrEqual(2 * error * norm(rows[i]));
      }
    }
  });

  it('spreads a single coordinate evenly over all, whatever its place', () => {
    // 768 is no power of two: with one window a round, a sixteenth of the square would stay in one place.
    for (const dimensions of [384, 768, 832]) {
      const rounds = 24;
      for (const place of [0, 1, 130, 255, 300, dimensions - 1]) {
        const x = new Float32Array(dimensions);
        x[place] = 1;
        const energy = new Float64Array(dimensions);
        for (let seed = 1; seed <= rounds; seed++) {
          const y = Rotation.create({ dimensions, seed }).apply(x);
          for (let i = 0; i < dimensions; i++) energy[i] += (y[i] * y[i] * dimensions) / rounds;
        }
        // A mean of 24 squares of normal numbers is above 4 with a probability of 1e-9.
        expect(Math.max(...energy)).toBeLessThan(4);
      }
    }
  });

  it('is another with another seed, and the same with the same', () => {
    const of = (seed: number) => Rotation.create({ dimensions: 100, seed }).apply(vectorsOf(1, 100));
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
    // Pinned: seeds are part of what users store.
    expect([...Rotation.create({ dimensions: 8, seed: 1, padded: 8 }).signs]).toMatchInlineSnapshot(`
      [
        228,
        229,
        192,
        231,
      ]
    `);
  });

  it('takes what was made of it, and copies', () => {
    const rotation = Rotation.create({ dimensions: 20, padded: 24, seed: 3 });
    const signs = rotation.signs.slice();
    const again = new Rotation(20, signs);
    signs.fill(0);
    expect(again.apply(vectorsOf(1, 20))).toEqual(rotation.apply(vectorsOf(1, 20)));
    expect(again.padded).toBe(24);
  });

  it.each([
    ['no dimensions', () => Rotation.create({ dimensions: 0 }), 'ERR_QUANT_DIMENSIONS'],
    ['too many', () => Rotation.create({ dimensions: 65_536 }), 'ERR_QUANT_DIMENSIONS'],
    ['too few coordinates', () => Rotation.create({ dimensions: 20, padded: 16 }), 'ERR_QUANT_ARGUMENT'],
    ['no multiple of 8', () => Rotation.create({ dimensions: 20, padded: 28 }), 'ERR_QUANT_ARGUMENT'],
    ['a seed with a fraction', () => Rotation.create({ dimensions: 20, seed: 0.5 }), 'ERR_QUANT_ARGUMENT'],
    ['signs for fewer dimensions', () => new Rotation(20, new Uint8Array(8)), 'ERR_QUANT_ARGUMENT'],
    [
      'NaN',
      () => Rotation.create({ dimensions: 2 }).apply(Float32Array.of(1, Number.NaN)),
      'ERR_QUANT_VALUE',
    ],
    ['half a row', () => Rotation.create({ dimensions: 2 }).apply(new Float32Array(3)), 'ERR_QUANT_LENGTH'],
    [
      'an array without room',
      () => Rotation.create({ dimensions: 2 }).apply(new Float32Array(2), new Float32Array(63)),
      'ERR_QUANT_LENGTH',
    ],
  ])('refuses %s', (_what, call, code) => {
    expect(call).toThrow(QuantError);
    expect(call).toThrow(expect.objectContaining({ code }));
  });
});
