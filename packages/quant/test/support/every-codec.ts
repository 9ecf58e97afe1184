/** One codec of every kind and of every way to make one, small, for tests that go through all of them. */
import type { Codec } from '../../src/index.js';
import { Random } from '../../src/random.js';
import type { QuantModule } from './backend.js';

export const everyDimensions = 11;

/** Vectors to train on and to encode: more rows than the largest codebook wants. */
function trainingVectors(): Float32Array {
  const random = new Random(11);
  return Float32Array.from({ length: 10_000 * everyDimensions }, () => random.normal());
}

/** 40 vectors: more than a block. */
export const everyVectors = trainingVectors().subarray(0, 40 * everyDimensions);

/** By name. The RaBitQ codec whose codes have a centroid each is not among them: its `encode` takes one more argument. */
export function everyCodec(quant: QuantModule): ReadonlyMap<string, Codec> {
  const dimensions = everyDimensions;
  const vectors = trainingVectors();
  const { RabitqCodec, Int8Codec, Int4Codec, TwoLevelCodec, BinaryCodec, ProductCodec } = quant;
  const ranges = { dimensions, range: 'dimension', quantiles: [0.01, 0.99] } as const;
  const product = { dimensions, iterations: 2, sampleRows: 10_000 } as const;
  return new Map<string, Codec>([
    ['rabitq 1', RabitqCodec.create({ dimensions, padded: 24 })],
    ['rabitq 1 centred', RabitqCodec.train(vectors, { dimensions, padded: 24, encoder: 'exact' })],
    ['rabitq 4', RabitqCodec.create({ dimensions, padded: 24, bits: 4, encoder: 'fast' })],
    ['rabitq 8 centred', RabitqCodec.train(vectors, { dimensions, padded: 24, bits: 8 })],
    ['int8', Int8Codec.create({ dimensions })],
    ['int8 by dimension', Int8Codec.train(vectors, ranges)],
    ['int4', Int4Codec.train(vectors, { dimensions })],
    ['int4 by dimension', Int4Codec.train(vectors, ranges)],
    ...(['4x4', '4x8', '8x4', '8x8'] as const).map((levels): [string, Codec] => [
      `two-level ${levels}`,
      TwoLevelCodec.create({ dimensions, levels }),
    ]),
    ['float16', quant.Float16Codec.create({ dimensions })],
    ['bfloat16', quant.Bfloat16Codec.create({ dimensions })],
    ['binary', BinaryCodec.create({ dimensions })],
    ['binary centred', BinaryCodec.train(vectors, { dimensions })],
    ['product 4', ProductCodec.train(vectors, { ...product, subspaces: 5, bits: 4 })],
    ['product 4 rotated', ProductCodec.train(vectors, { ...product, subspaces: 4, bits: 4, rotation: true })],
    ['product 8', ProductCodec.train(vectors, { ...product, subspaces: 3, bits: 8 })],
  ]);
}
