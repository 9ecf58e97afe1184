/**
 * What RaBitQ claims over its random rotation: estimates without bias, and bounds that hold as often as they say.
 *
 * Pairs under one rotation are not independent, so each rotation gives one number, and standard errors are those of means
 * over rotations.
 */
import { describe, expect, it } from 'vitest';
import { RabitqCodec } from '../src/index.js';
import { Random } from '../src/random.js';
import { buildAddon } from './support/backend.js';
import { allMetrics, row, trueValue } from './support/row-codecs.js';

buildAddon();

const rotations = 36;
const rows = 40;
const queries = 8;

/** Vectors as they come, and such as a rotation has to work for. */
const sets: Record<string, (random: Random, n: number) => number[]> = {
  normal: (random, n) => Array.from({ length: n }, () => random.normal()),
  'of falling variance': (random, n) => Array.from({ length: n }, (_, i) => random.normal() / (1 + i)),
  'with heavy tails': (random, n) => Array.from({ length: n }, () => random.normal() ** 5),
  'of two coordinates': (random, n) => {
    const x = new Array<number>(n).fill(0);
    x[random.below(n)] = 1;
    x[random.below(n)] += 0.5;
    return x;
  },
  'far from the origin': (random, n) => Array.from({ length: n }, () => 10 + random.normal()),
  'of zeros and ones': (random, n) => Array.from({ length: n }, () => (random.below(8) === 0 ? 1 : 0)),
  'of whole numbers': (random, n) => Array.from({ length: n }, () => Math.floor(random.unit() ** 3 * 256)),
};

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

function standardError(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(
    values.reduce((sum, each) => sum + (each - center) ** 2, 0) / (values.length - 1) / values.length,
  );
}

/** Of each rotation the mean error in units of the bound, and how many bounds hold. */
function measure(
  name: string,
  n: number,
  bits: number,
  centred: boolean,
  epsilon0: number,
  padded = 64 * Math.ceil(n / 64),
) {
  const random = new Random(n + bits);
  const vectors = Float32Array.from(Array.from({ length: rows }, () => sets[name](random, n)).flat());
  const asked = Array.from({ length: queries }, () => Float32Array.from(sets[name](random, n)));
  return allMetrics.map((metric) => {
    const [biases, coverages]: [number[], number[]] = [[], []];
    for (let seed = 1; seed <= rotations; seed++) {
      const options = { dimensions: n, bits, seed, epsilon0, padded };
      const codec = centred ? RabitqCodec.train(vectors, options) : RabitqCodec.create(options);
      const codes = codec.pack(codec.encode(vectors));
      let [errors, held, pairs] = [0, 0, 0];
      for (const query of asked) {
        const prepared = codec.query(query, metric);
        const [estimates, bounds] = [prepared.estimate(codes), prepared.bounds(codes)];
        for (let r = 0; r < rows; r++) {
          const value = trueValue(metric, query, row(vectors, n, r));
          if (Number.isNaN(value)) continue;
          const error = estimates[r] - value;
          errors += error / bounds[r];
          held += Math.abs(error) <= bounds[r] ? 1 : 0;
          pairs++;
        }
      }
      biases.push(errors / pairs);
      coverages.push(held / pairs);
    }
    return { metric, biases, coverages };
  });
}

/** How many of a normal distribution are within x of its mean (Abramowitz and Stegun, 7.1.26, to 1.5e-7). */
function within(x: number): number {
  const z = x / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const poly =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return 1 - poly * Math.exp(-z * z);
}

describe.each(Object.keys(sets))('of vectors %s', (name) => {
  it.each([
    [24, 1],
    [100, 1],
    [100, 4],
    [200, 2],
    [200, 7],
    [768, 1],
    // The fewest coordinates that there can be.
    [24, 1, 24],
    [24, 4, 24],
  ])(
    '%i dimensions, %i bits: estimates have no bias, and bounds hold as often as they say',
    (n, bits, padded?: number) => {
      for (const centred of [false, true]) {
        for (const { metric, biases, coverages } of measure(name, n, bits, centred, 1.9, padded)) {
          const what = `${metric}, ${centred ? 'around the mean' : 'around the origin'}`;
          // A tenth of a per cent of the bound is what float32 leaves of an inner product far from the origin.
          expect(Math.abs(mean(biases)), what).toBeLessThan(4 * standardError(biases) + 0.001);
          // The slack for rounding makes bounds wider, so more may hold.
          expect(mean(coverages), what).toBeGreaterThan(within(1.9) - 0.005 - 4 * standardError(coverages));
        }
      }
    },
  );
});

describe('epsilon0', () => {
  it.each([0.5, 1, 1.9, 3, 4])(
    '%d: the share of bounds that hold is that of a normal distribution',
    (epsilon0) => {
      for (const { metric, coverages } of measure('normal', 200, 1, false, epsilon0)) {
        const off = mean(coverages) - within(epsilon0);
        expect(Math.abs(off), metric).toBeLessThan(4 * standardError(coverages) + 0.01);
      }
    },
  );
});

describe('an encoder without the rescaling', () => {
  it('would be found out: its estimates are too small', () => {
    // <xbar, q> |y| / |xbar| instead of <xbar, q> |y|^2 / <y, xbar>: what the unbiased scale is for.
    const n = 128;
    const random = new Random(4);
    const vectors = Float32Array.from(Array.from({ length: rows }, () => sets.normal(random, n)).flat());
    const biases: number[] = [];
    for (let seed = 1; seed <= rotations; seed++) {
      const codec = RabitqCodec.create({ dimensions: n, seed });
      const codes = codec.encode(vectors);
      const view = new DataView(codes.buffer);
      for (let r = 0; r < rows; r++) {
        const at = r * codec.codeBytes + 16;
        view.setFloat32(at + 4, (2 * view.getFloat32(at, true)) / Math.sqrt(n), true);
      }
      // The nearest queries, so that the inner products are not small.
      const errors = Array.from({ length: rows }, (_, r) => {
        const query = row(vectors, n, r).map((each) => each + 0.1 * random.normal());
        const prepared = codec.query(query, 'dot');
        return (
          (prepared.estimate(codes)[r] - trueValue('dot', query, row(vectors, n, r))) /
          prepared.bounds(codes)[r]
        );
      });
      biases.push(mean(errors));
    }
    expect(mean(biases)).toBeLessThan(-10 * standardError(biases));
  });
});
