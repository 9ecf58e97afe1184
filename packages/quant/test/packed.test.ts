/** Packed codes are of one codec, and no other takes them, however alike it is. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  BinaryCodec,
  type Codec,
  deserialize,
  Int8Codec,
  Packed,
  ProductCodec,
  RabitqCodec,
  TwoLevelCodec,
} from '../src/index.js';
import { Random } from '../src/random.js';
import { buildAddon } from './support/backend.js';

buildAddon();

const dimensions = 32;
const random = new Random(5);
const values = (count: number, offset = 0) =>
  Float32Array.from({ length: count * dimensions }, () => random.next() + offset);
const vectors = values(700);
const others = values(700, 3);

/** Two codecs whose blocks have as many bytes. */
const alike: ReadonlyArray<[string, Codec, Codec]> = [
  [
    'int8 of ranges of dimensions, trained on other vectors',
    Int8Codec.train(vectors, { dimensions }),
    Int8Codec.train(others, { dimensions }),
  ],
  [
    'two levels of 4 and 8 bits, and of 8 and 4',
    TwoLevelCodec.create({ dimensions, levels: '4x8' }),
    TwoLevelCodec.create({ dimensions, levels: '8x4' }),
  ],
  [
    'product codes of 4 bits, of another seed',
    ProductCodec.train(vectors, { dimensions, subspaces: 8, bits: 4, seed: 1 }),
    ProductCodec.train(vectors, { dimensions, subspaces: 8, bits: 4, seed: 2 }),
  ],
  [
    'binary codes around other means',
    BinaryCodec.train(vectors, { dimensions }),
    BinaryCodec.train(others, { dimensions }),
  ],
  [
    'RaBitQ of another rotation',
    RabitqCodec.create({ dimensions, seed: 1 }),
    RabitqCodec.create({ dimensions, seed: 2 }),
  ],
  [
    'RaBitQ around another center',
    RabitqCodec.train(vectors, { dimensions, bits: 4 }),
    RabitqCodec.train(others, { dimensions, bits: 4 }),
  ],
];

describe.each(alike)('packed codes of %s', (_, codec, other) => {
  let packed: Packed;
  beforeAll(() => {
    packed = codec.pack(codec.encode(vectors));
    expect(other.pack(other.encode(vectors)).blockBytes).toBe(packed.blockBytes);
  });

  it('are refused', () => {
    const query = other.query(vectors.subarray(0, dimensions), 'l2sq');
    for (const call of [
      () => query.estimate(packed),
      () => query.bounds(packed),
      () => query.topK(packed, 1),
      () => other.unpack(packed),
    ]) {
      expect(call).toThrow(
        expect.objectContaining({ code: 'ERR_QUANT_TYPE', message: expect.stringContaining('another') }),
      );
    }
  });

  it('are taken by the same codec, read again, and again where they were stored', () => {
    const same = deserialize(codec.serialize());
    const { kind, count, blockBytes, fingerprint, bytes } = packed;
    const stored = new Packed({ kind, dimensions, count, blockBytes, fingerprint, bytes: bytes.slice() });
    expect(same.unpack(stored)).toEqual(codec.encode(vectors));
    expect(same.query(vectors.subarray(0, dimensions), 'l2sq').topK(stored, 1).indices[0]).toBe(0);
  });
});

describe('RaBitQ', () => {
  it('takes codes whatever encoder made them, and whatever its bounds are', () => {
    const packed = (() => {
      const codec = RabitqCodec.create({ dimensions, bits: 4, encoder: 'exact' });
      return codec.pack(codec.encode(vectors));
    })();
    const other = RabitqCodec.create({ dimensions, bits: 4, encoder: 'fast', epsilon0: 3 });
    expect(other.query(vectors.subarray(0, dimensions), 'l2sq').topK(packed, 1).indices[0]).toBe(0);
  });
});
