/** The codecs whose codes are dimensions side by side, vectors of every difficulty, and true values in float64. */
import type { Codec, QuantMetric } from '../../src/index.js';
import { Random } from '../../src/random.js';
import type { QuantModule } from './backend.js';

/** Names of the kinds under test, from the least exact on where they can be compared. */
export const kindNames = [
  'binary',
  'binary around a mean',
  'int4',
  'int4 around a mean',
  'int4 by dimension',
  'int8',
  'int8 around a mean',
  'int8 by dimension',
  '4x4',
  '4x8',
  '8x4',
  '8x8',
  'bfloat16',
  'float16',
] as const;

export type KindName = (typeof kindNames)[number];

/** A codec of each kind for vectors like these. */
export function codecOf(
  quant: QuantModule,
  name: KindName,
  vectors: Float32Array,
  dimensions: number,
): Codec {
  const { BinaryCodec, Int4Codec, Int8Codec, TwoLevelCodec, Float16Codec, Bfloat16Codec } = quant;
  // Of few vectors no share can be cut off.
  const share = vectors.length >= 20 * dimensions ? 0.05 : 0;
  const ranges = { dimensions, range: 'dimension', quantiles: [share, 1 - share] } as const;
  switch (name) {
    case 'binary':
      return BinaryCodec.create({ dimensions });
    case 'binary around a mean':
      return BinaryCodec.train(vectors, { dimensions });
    case 'int4':
      return Int4Codec.create({ dimensions });
    case 'int4 around a mean':
      return Int4Codec.train(vectors, { dimensions });
    case 'int4 by dimension':
      return Int4Codec.train(vectors, ranges);
    case 'int8':
      return Int8Codec.create({ dimensions });
    case 'int8 around a mean':
      return Int8Codec.train(vectors, { dimensions });
    case 'int8 by dimension':
      return Int8Codec.train(vectors, ranges);
    case 'bfloat16':
      return Bfloat16Codec.create({ dimensions });
    case 'float16':
      return Float16Codec.create({ dimensions });
    default:
      return TwoLevelCodec.train(vectors, { dimensions, levels: name });
  }
}

/** Vectors by what is difficult about them; all have codes in float16, too. */
export const datasets = {
  normal: (random: Random) => random.normal(),
  'far from zero': (random: Random) => 300 + random.unit(),
  'whole numbers': (random: Random) => random.below(256),
  'one large': (random: Random, row: number, i: number, n: number) =>
    i === row % n ? 6e4 : random.unit() - 0.5,
  subnormal: (random: Random) => (random.unit() - 0.5) * 1e-43,
  'many sizes': (random: Random) => random.normal() * 10 ** (random.below(12) - 8),
  constant: (_random: Random, row: number) => [0.1, -7, 1e-30][row % 3],
  'zeros among others': (random: Random, row: number) => (row % 3 === 0 ? 0 : random.normal()),
  duplicates: (_random: Random, row: number, i: number) => Math.sin((row >> 2) * 31 + i),
} as const;

export type Dataset = keyof typeof datasets;

export function makeVectors(name: Dataset, count: number, dimensions: number, seed = 7): Float32Array {
  const random = new Random(seed);
  const element = datasets[name];
  return Float32Array.from({ length: count * dimensions }, (_, at) =>
    element(random, Math.floor(at / dimensions), at % dimensions, dimensions),
  );
}

export function row(vectors: Float32Array, dimensions: number, r: number): Float32Array {
  return vectors.subarray(r * dimensions, (r + 1) * dimensions);
}

/** The metric in float64. */
export function trueValue(metric: QuantMetric, q: Float32Array, x: Float32Array): number {
  let [sum, qq, xx] = [0, 0, 0];
  for (let i = 0; i < q.length; i++) {
    sum += metric === 'l2sq' ? (q[i] - x[i]) ** 2 : q[i] * x[i];
    qq += q[i] * q[i];
    xx += x[i] * x[i];
  }
  if (metric !== 'cosine') return sum;
  return 1 - Math.min(1, Math.max(-1, sum / (Math.sqrt(qq) * Math.sqrt(xx))));
}

/** The root of a sum of squared differences, in float64. */
export function distance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(trueValue('l2sq', a, b));
}

export const allMetrics: readonly QuantMetric[] = ['l2sq', 'dot', 'cosine'];
