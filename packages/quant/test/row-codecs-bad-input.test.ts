import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as quant from '../src/index.js';
import { crc32c } from '../src/serialize.js';
import { codecOf, kindNames, makeVectors } from './support/row-codecs.js';

const { BinaryCodec, Bfloat16Codec, Float16Codec, Int4Codec, Int8Codec, TwoLevelCodec, Packed } = quant;

/** Calls with what the types forbid. */
function untyped(f: unknown): (...args: unknown[]) => unknown {
  return f as (...args: unknown[]) => unknown;
}

function refusal(code: string, message: string) {
  return expect.objectContaining({ name: 'QuantError', code, message: expect.stringContaining(message) });
}

const n = 10;
const vectors = makeVectors('normal', 30, n);

describe.each(kindNames)('%s', (kind) => {
  const codec = codecOf(quant, kind, vectors, n);
  const codes = codec.encode(vectors);
  const encode = untyped(codec.encode.bind(codec));
  const decode = untyped(codec.decode.bind(codec));

  it('refuses vectors that are none', async () => {
    for (const bad of [undefined, null, 3, 'x', [1, 2], new Float64Array(n), new Uint8Array(n), {}]) {
      expect(() => encode(bad)).toThrow(refusal('ERR_QUANT_TYPE', 'must be a Float32Array'));
      await expect(untyped(codec.encodeAsync.bind(codec))(bad)).rejects.toMatchObject({
        code: 'ERR_QUANT_TYPE',
      });
    }
    expect(() => encode(new Float32Array(n + 1))).toThrow(
      refusal('ERR_QUANT_LENGTH', `multiple of ${n}, got 11`),
    );
    const detached = new Float32Array(n);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    expect(() => encode(detached)).toThrow(refusal('ERR_QUANT_DETACHED', 'vectors'));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'refuses %d, and says where',
    async (x) => {
      const rows = Float32Array.from(vectors);
      rows[17 * n + 4] = x;
      rows[20 * n] = x;
      const wanted = refusal('ERR_QUANT_VALUE', `got ${x} in dimension 4 of row 17`);
      expect(() => encode(rows)).toThrow(wanted);
      await expect(codec.encodeAsync(rows)).rejects.toEqual(wanted);
      expect(() => codec.query(rows.subarray(17 * n, 18 * n), 'dot')).toThrow(
        refusal('ERR_QUANT_VALUE', `got ${x} in dimension 4`),
      );
    },
  );

  it('refuses vectors that are too large for it', () => {
    const rows = Float32Array.from(vectors);
    rows.fill(kind === 'float16' ? 7e4 : 2e38, 2 * n, 3 * n);
    expect(() => encode(rows)).toThrow(
      refusal('ERR_QUANT_VALUE', kind === 'float16' ? 'row 2 has 70000' : 'row 2 is too large'),
    );
  });

  it('refuses room that is none, or too little', () => {
    const [size, count] = [codes.length, 30];
    expect(() => encode(vectors, new Uint8Array(size - 1))).toThrow(
      refusal('ERR_QUANT_LENGTH', `room for ${size}`),
    );
    expect(() => encode(vectors, new Float32Array(size))).toThrow(
      refusal('ERR_QUANT_TYPE', 'out must be a Uint8Array'),
    );
    const same = new Float32Array(30 * n);
    expect(() => encode(same, new Uint8Array(same.buffer, 0, 1))).toThrow(
      refusal('ERR_QUANT_LENGTH', 'room'),
    );
    const shared = new Float32Array(1000);
    const over = new Uint8Array(shared.buffer);
    expect(() => encode(shared.subarray(0, n), over)).toThrow(refusal('ERR_QUANT_OVERLAP', 'out'));
    expect(() => decode(codes, new Float32Array(count * n - 1))).toThrow(refusal('ERR_QUANT_LENGTH', 'room'));
    expect(() => codec.residuals(codes, new Float32Array(count - 1))).toThrow(
      refusal('ERR_QUANT_LENGTH', 'room'),
    );
    const query = codec.query(vectors.subarray(0, n), 'l2sq');
    expect(() => query.estimate(codes, new Float32Array(3))).toThrow(
      refusal('ERR_QUANT_LENGTH', 'room for 30'),
    );
    expect(() => query.bounds(codes, new Float32Array(3))).toThrow(
      refusal('ERR_QUANT_LENGTH', 'room for 30'),
    );
  });

  it('refuses codes that are none', () => {
    const query = codec.query(vectors.subarray(0, n), 'cosine');
    const takers = [
      decode,
      untyped(codec.residuals.bind(codec)),
      untyped(codec.pack.bind(codec)),
      untyped(query.estimate),
      untyped(query.bounds),
      (x: unknown) => untyped(query.topK)(x, 3),
    ];
    for (const take of takers) {
      expect(() => take(codes.subarray(1))).toThrow(
        refusal('ERR_QUANT_LENGTH', `multiple of ${codec.codeBytes}`),
      );
      for (const bad of [
        undefined,
        null,
        'codes',
        new Float32Array(4),
        [],
        new DataView(new ArrayBuffer(8)),
      ]) {
        expect(() => take(bad)).toThrow(refusal('ERR_QUANT_TYPE', 'codes'));
      }
    }
    expect(() => untyped(codec.unpack.bind(codec))(codes)).toThrow(refusal('ERR_QUANT_TYPE', 'pack()'));
    const other = kind.startsWith('int8')
      ? Int4Codec.create({ dimensions: n })
      : Int8Codec.create({ dimensions: n });
    const foreign = other.pack(other.encode(vectors));
    expect(() => query.estimate(foreign)).toThrow(refusal('ERR_QUANT_TYPE', `codes of ${other.kind}`));
    expect(() => codec.unpack(foreign)).toThrow(refusal('ERR_QUANT_TYPE', `codes of ${other.kind}`));
    const { blockBytes, fingerprint } = codec.pack(codes);
    expect(
      () =>
        new Packed({
          kind: codec.kind,
          dimensions: n,
          count: 33,
          blockBytes,
          fingerprint,
          bytes: new Uint8Array(blockBytes),
        }),
    ).toThrow(refusal('ERR_QUANT_LENGTH', `need ${2 * blockBytes} bytes`));
  });

  it('refuses codes of no vector', () => {
    const altered = Uint8Array.from(codes);
    altered.fill(0xff, 5 * codec.codeBytes - 4, 5 * codec.codeBytes);
    expect(() => decode(altered)).toThrow(refusal('ERR_QUANT_CORRUPT', 'code 4 has a factor that is NaN'));
    expect(() => codec.residuals(altered)).toThrow(refusal('ERR_QUANT_CORRUPT', 'code 4'));
  });

  it('scores altered codes without harm', () => {
    const query = codec.query(vectors.subarray(0, n), 'l2sq');
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 3 * codec.codeBytes, maxLength: 3 * codec.codeBytes }),
        (bytes) => {
          expect(query.estimate(bytes)).toHaveLength(3);
          expect(query.bounds(codec.pack(bytes))).toHaveLength(3);
          expect(query.topK(bytes, 2).indices).toHaveLength(2);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('refuses queries that are none', () => {
    const query = untyped(codec.query.bind(codec));
    expect(() => query(new Float32Array(n - 1), 'dot')).toThrow(
      refusal('ERR_QUANT_DIMENSIONS', `must have ${n} dimensions, got 9`),
    );
    expect(() => query([1, 2], 'dot')).toThrow(refusal('ERR_QUANT_TYPE', 'vector'));
    for (const bad of ['euclidean', undefined, 1, 'toString']) {
      expect(() => query(new Float32Array(n), bad)).toThrow(
        refusal('ERR_QUANT_ARGUMENT', "metric must be one of 'l2sq', 'dot', 'cosine'"),
      );
    }
    const good = codec.query(new Float32Array(n), 'l2sq');
    for (const bad of [-1, 1.5, Number.NaN, '3', undefined]) {
      expect(() => untyped(good.topK)(codes, bad)).toThrow(
        refusal('ERR_QUANT_ARGUMENT', 'k must be a whole number'),
      );
    }
    expect(() => untyped(good.topK)(codes, 3, { rerank: { source: 3, count: 5 } })).toThrow(
      refusal('ERR_QUANT_ARGUMENT', 'rerank.source'),
    );
    expect(() =>
      untyped(good.topK)(codes, 3, { rerank: { source: () => new Float32Array(1), count: 'bound' } }),
    ).toThrow(refusal('ERR_QUANT_LENGTH', 'rerank.source must return'));
  });

  it('refuses every truncation and every altered byte of a serialized codec', () => {
    const bytes = codec.serialize();
    for (let size = 0; size < bytes.length; size++) {
      expect(() => quant.deserialize(bytes.subarray(0, size))).toThrow(quant.QuantError);
    }
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 0x80, 0xff]) {
        const altered = Uint8Array.from(bytes);
        altered[at] ^= flip;
        expect(() => quant.deserialize(altered), `byte ${at}`).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^ERR_QUANT_(CORRUPT|FORMAT)$/) }),
        );
      }
    }
    expect(() => quant.deserialize(Uint8Array.from([...bytes, 0]))).toThrow(
      refusal('ERR_QUANT_CORRUPT', 'bytes'),
    );
  });

  it('reads nothing but a codec from bytes with a checksum that is right', () => {
    const bytes = codec.serialize();
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 5 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const altered = Uint8Array.from(bytes);
        altered[at] ^= flip;
        const view = new DataView(altered.buffer);
        view.setUint32(altered.length - 4, crc32c(altered.subarray(0, -4)), true);
        let read: quant.Codec;
        try {
          read = quant.deserialize(altered);
        } catch (error) {
          expect(error).toBeInstanceOf(quant.QuantError);
          return;
        }
        // Whatever it is, it is whole: it encodes, and its own bounds hold its own estimates.
        const some = makeVectors('normal', 2, read.dimensions);
        try {
          const encoded = read.encode(some);
          expect(read.query(some.subarray(0, read.dimensions), 'l2sq').estimate(encoded)).toHaveLength(2);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_QUANT_VALUE' });
        }
        expect(read.serialize()).toEqual(altered);
      }),
      { numRuns: 300 },
    );
  });
});

describe('making codecs', () => {
  const makers = { BinaryCodec, Bfloat16Codec, Float16Codec, Int4Codec, Int8Codec };

  it.each(Object.entries(makers))('%s.create refuses dimensions that are none', (name, maker) => {
    const create = untyped(maker.create);
    for (const bad of [0, -1, 1.5, 65_536, Number.NaN, '8', undefined]) {
      expect(() => create({ dimensions: bad })).toThrow(
        refusal('ERR_QUANT_DIMENSIONS', `${name}.create: dimensions`),
      );
    }
    for (const bad of [null, 3, 'x', new Float32Array(4)]) {
      expect(() => create(bad)).toThrow(refusal('ERR_QUANT_ARGUMENT', 'options must be an object'));
    }
    expect(maker.create({ dimensions: 65_535 }).dimensions).toBe(65_535);
  });

  it('refuses parameters that do not fit', () => {
    const eight = untyped(Int8Codec.create);
    const [short, whole] = [new Float32Array(3), new Float32Array(4)];
    expect(() => eight({ dimensions: 4, mean: short })).toThrow(
      refusal('ERR_QUANT_DIMENSIONS', 'mean must have 4'),
    );
    expect(() => eight({ dimensions: 4, mean: [1, 2, 3, 4] })).toThrow(refusal('ERR_QUANT_TYPE', 'mean'));
    expect(() => eight({ dimensions: 4, mean: Float32Array.of(1, 2, Number.NaN, 4) })).toThrow(
      refusal('ERR_QUANT_VALUE', 'mean'),
    );
    expect(() => eight({ dimensions: 4, lower: whole })).toThrow(refusal('ERR_QUANT_TYPE', 'upper'));
    expect(() => eight({ dimensions: 4, lower: whole, upper: whole, mean: whole })).toThrow(
      refusal('ERR_QUANT_ARGUMENT', 'no mean'),
    );
    expect(() =>
      eight({ dimensions: 4, lower: Float32Array.of(0, 0, 2, 0), upper: Float32Array.of(0, 1, 1, 0) }),
    ).toThrow(refusal('ERR_QUANT_ARGUMENT', 'got 2 and 1 in dimension 2'));
    expect(() => untyped(BinaryCodec.create)({ dimensions: 4, mean: short })).toThrow(
      refusal('ERR_QUANT_DIMENSIONS', 'mean'),
    );
    for (const levels of [undefined, '8', '4x5', 'toString', 4]) {
      expect(() => untyped(TwoLevelCodec.create)({ dimensions: 4, levels })).toThrow(
        refusal('ERR_QUANT_ARGUMENT', 'levels must be one of'),
      );
    }
    const two = TwoLevelCodec.create({ dimensions: 4, levels: '4x4' });
    expect(() => untyped(two.query.bind(two))(whole, 'dot', { levels: 3 })).toThrow(
      refusal('ERR_QUANT_ARGUMENT', 'levels must be 1 or 2'),
    );
  });

  it('refuses training that is none', async () => {
    const train = untyped(Int8Codec.train);
    const rows = new Float32Array(4000);
    const options = { dimensions: 4, range: 'dimension' };
    for (const quantiles of [[0.5], [0.9, 0.1], [-1, 1], [0, 2], ['0', '1'], 'x', [Number.NaN, 1]]) {
      expect(() => train(rows, { ...options, quantiles })).toThrow(
        refusal('ERR_QUANT_ARGUMENT', 'quantiles'),
      );
    }
    expect(() => train(rows, { dimensions: 4, range: 'row' })).toThrow(
      refusal('ERR_QUANT_ARGUMENT', 'range'),
    );
    expect(() => train(rows, { ...options, sampleRows: 0 })).toThrow(
      refusal('ERR_QUANT_ARGUMENT', 'sampleRows'),
    );
    expect(() => train(rows, { ...options, seed: 1.5 })).toThrow(refusal('ERR_QUANT_ARGUMENT', 'seed'));
    expect(() => train(new Float32Array(5), { dimensions: 4 })).toThrow(
      refusal('ERR_QUANT_LENGTH', 'vectors'),
    );
    expect(() => train(rows.with(7, Number.NaN), { dimensions: 4 })).toThrow(
      refusal('ERR_QUANT_VALUE', 'dimension 3 of row 1'),
    );
    const trainAsync = untyped(Int8Codec.trainAsync);
    await expect(trainAsync(7, { dimensions: 4 })).rejects.toMatchObject({ code: 'ERR_QUANT_TYPE' });
    await expect(trainAsync([new Float64Array(4)], { dimensions: 4 })).rejects.toMatchObject({
      code: 'ERR_QUANT_TYPE',
    });
    await expect(trainAsync(rows, { dimensions: 4, signal: 3 })).rejects.toMatchObject({
      code: 'ERR_QUANT_ARGUMENT',
    });
  });
});
