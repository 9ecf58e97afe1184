import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { deserialize, Packed, type QuantErrorCode, RabitqCodec } from '../src/index.js';
import { crc32c } from '../src/serialize.js';
import { buildAddon, loadVariant, type QuantModule } from './support/backend.js';
import { makeVectors } from './support/row-codecs.js';

buildAddon();
const backends: Array<[string, QuantModule]> = [
  ['the addon', await loadVariant('')],
  ['TypeScript', await loadVariant('typescript')],
];

const n = 10;
const vectors = makeVectors('normal', 6, n);
const query = makeVectors('normal', 1, n, 2);

/** Calls as any program could make them. */
function unchecked<T>(value: unknown): T {
  return value as T;
}

/** The code of the package's error that a call throws; any other error is a fault. */
function code(call: () => unknown): QuantErrorCode | undefined {
  try {
    call();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'QuantError') throw error;
    return (error as Error & { code: QuantErrorCode }).code;
  }
  return undefined;
}

describe.each(backends)('with %s', (_name, { RabitqCodec, QuantError }) => {
  const codec = RabitqCodec.create({ dimensions: n, bits: 3 });
  const codes = codec.encode(vectors);
  const prepared = codec.query(query, 'l2sq');

  it('options are checked', () => {
    const create = (options: object) =>
      code(() => RabitqCodec.create(unchecked({ dimensions: n, ...options })));
    expect(create({})).toBeUndefined();
    for (const dimensions of [0, -1, 65_536, 1.5, Number.NaN, '10', undefined, null]) {
      expect(create({ dimensions })).toBe('ERR_QUANT_DIMENSIONS');
    }
    for (const options of [
      { bits: 0 },
      { bits: 9 },
      { bits: 1.5 },
      { bits: '4' },
      { seed: -1 },
      { seed: 2 ** 32 },
      { encoder: 'best' },
      { epsilon0: 0 },
      { epsilon0: 11 },
      { epsilon0: Number.NaN },
      { padded: 8 },
      { padded: 20 },
      { padded: 65_544 },
    ]) {
      expect(create(options), JSON.stringify(options)).toBe('ERR_QUANT_ARGUMENT');
    }
    expect(create({ center: [1, 2] })).toBe('ERR_QUANT_TYPE');
    expect(create({ center: new Float32Array(9) })).toBe('ERR_QUANT_DIMENSIONS');
    // An array of another realm is one all the same; such a center once became 'each'.
    const other = runInNewContext(`new Float32Array(${n}).fill(0.5)`) as Float32Array;
    const own = RabitqCodec.create({ dimensions: n, center: new Float32Array(n).fill(0.5) });
    expect(RabitqCodec.create({ dimensions: n, center: other }).serialize()).toEqual(own.serialize());
    expect(create({ center: new Float32Array(n).fill(Number.NaN) })).toBe('ERR_QUANT_VALUE');
    expect(create({ center: new Float32Array(n).fill(1e18) })).toBe('ERR_QUANT_VALUE');
    expect(code(() => RabitqCodec.create(unchecked(7)))).toBe('ERR_QUANT_ARGUMENT');
    expect(code(() => RabitqCodec.train(vectors, unchecked({ dimensions: n, bits: 99 })))).toBe(
      'ERR_QUANT_ARGUMENT',
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2e18, 3e38])(
    'a vector with %d is refused, and its place is said',
    (bad) => {
      for (const at of [0, 1, 25, 59]) {
        const some = vectors.slice();
        some[at] = bad;
        expect(() => codec.encode(some)).toThrow(
          expect.objectContaining({
            code: 'ERR_QUANT_VALUE',
            message: expect.stringContaining(`row ${Math.floor(at / n)}`),
          }),
        );
        expect(code(() => RabitqCodec.train(some, { dimensions: n }).encode(some))).toBe('ERR_QUANT_VALUE');
      }
      expect(
        code(() =>
          codec.query(
            query.map(() => bad),
            'dot',
          ),
        ),
      ).toBe('ERR_QUANT_VALUE');
    },
  );

  it('arrays are checked', () => {
    expect(code(() => codec.encode(new Float32Array(11)))).toBe('ERR_QUANT_LENGTH');
    expect(code(() => codec.encode(unchecked(new Float64Array(n))))).toBe('ERR_QUANT_TYPE');
    expect(code(() => codec.encode(unchecked([1])))).toBe('ERR_QUANT_TYPE');
    expect(code(() => codec.encode(unchecked(Object.create(Float32Array.prototype))))).toBe('ERR_QUANT_TYPE');
    expect(code(() => codec.encode(vectors, new Uint8Array(codes.length - 1)))).toBe('ERR_QUANT_LENGTH');
    expect(code(() => codec.encode(vectors, unchecked(new Int8Array(codes.length))))).toBe('ERR_QUANT_TYPE');
    const shared = new Float32Array(1000);
    expect(code(() => codec.encode(shared.subarray(0, 60), new Uint8Array(shared.buffer, 100)))).toBe(
      'ERR_QUANT_OVERLAP',
    );
    const gone = vectors.slice();
    structuredClone(gone, { transfer: [gone.buffer] });
    expect(code(() => codec.encode(gone))).toBe('ERR_QUANT_DETACHED');
    for (const cut of [1, codec.codeBytes - 1]) {
      const few = codes.subarray(0, codes.length - cut);
      expect(code(() => codec.decode(few))).toBe('ERR_QUANT_LENGTH');
      expect(code(() => codec.residuals(few))).toBe('ERR_QUANT_LENGTH');
      expect(code(() => codec.pack(few))).toBe('ERR_QUANT_LENGTH');
      expect(code(() => prepared.estimate(few))).toBe('ERR_QUANT_LENGTH');
      expect(code(() => prepared.bounds(few))).toBe('ERR_QUANT_LENGTH');
      expect(code(() => prepared.topK(few, 1))).toBe('ERR_QUANT_LENGTH');
    }
    expect(code(() => prepared.estimate(unchecked('x')))).toBe('ERR_QUANT_TYPE');
    expect(code(() => prepared.estimate(codes, new Float32Array(5)))).toBe('ERR_QUANT_LENGTH');
    expect(code(() => codec.query(new Float32Array(n + 1), 'dot'))).toBe('ERR_QUANT_DIMENSIONS');
    expect(code(() => codec.query(query, unchecked('l1')))).toBe('ERR_QUANT_ARGUMENT');
  });

  it('codes whose factors no vector has are refused', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1]) {
      const some = codes.slice();
      new DataView(some.buffer).setFloat32(2 * codec.codeBytes - 16, value, true);
      expect(code(() => codec.decode(some))).toBe('ERR_QUANT_CORRUPT');
      expect(code(() => codec.residuals(some))).toBe('ERR_QUANT_CORRUPT');
    }
  });

  it('packed codes of another codec are refused', () => {
    const others = [
      RabitqCodec.create({ dimensions: n, bits: 2 }),
      RabitqCodec.create({ dimensions: 70, bits: 3 }),
      RabitqCodec.create({ dimensions: n, bits: 3, center: query }),
    ];
    for (const other of others) {
      const packed = other.pack(other.encode(new Float32Array(3 * other.dimensions).fill(1)));
      expect(code(() => prepared.estimate(packed))).toBe('ERR_QUANT_TYPE');
      expect(code(() => codec.unpack(packed))).toBe('ERR_QUANT_TYPE');
    }
    expect(code(() => codec.unpack(unchecked(codes)))).toBe('ERR_QUANT_TYPE');
    const packed = codec.pack(codes);
    structuredClone(packed.bytes, { transfer: [packed.bytes.buffer as ArrayBuffer] });
    expect(code(() => prepared.estimate(packed))).toBe('ERR_QUANT_DETACHED');
  });

  it('centroids are for codes that have them', () => {
    const each = RabitqCodec.create({ dimensions: n, center: 'each' });
    expect(code(() => each.encode(vectors))).toBe('ERR_QUANT_ARGUMENT');
    expect(code(() => each.decode(each.encodeAround(vectors, query)))).toBe('ERR_QUANT_ARGUMENT');
    expect(code(() => each.query(query, 'dot').estimate(each.encodeAround(vectors, query)))).toBe(
      'ERR_QUANT_ARGUMENT',
    );
    expect(code(() => codec.encodeAround(vectors, query))).toBe('ERR_QUANT_ARGUMENT');
    expect(code(() => prepared.around(query))).toBe('ERR_QUANT_ARGUMENT');
    const asked = each.query(query, 'dot');
    expect(code(() => asked.around(new Float32Array(3)))).toBe('ERR_QUANT_DIMENSIONS');
    expect(code(() => asked.around(new Float32Array(n).fill(Number.NaN)))).toBe('ERR_QUANT_VALUE');
    expect(code(() => asked.around(new Float32Array(n).fill(1e19)).estimate(new Uint8Array(0)))).toBe(
      'ERR_QUANT_VALUE',
    );
  });

  it('no rows give nothing', async () => {
    const none = codec.encode(new Float32Array(0));
    expect(none).toHaveLength(0);
    expect(await codec.encodeAsync(new Float32Array(0))).toHaveLength(0);
    expect(codec.decode(none)).toHaveLength(0);
    expect(codec.residuals(none)).toHaveLength(0);
    for (const each of [none, codec.pack(none)]) {
      expect(prepared.estimate(each)).toHaveLength(0);
      expect(prepared.bounds(each)).toHaveLength(0);
      expect(prepared.topK(each, 3).indices).toHaveLength(0);
    }
    expect(codec.unpack(codec.pack(none))).toHaveLength(0);
  });

  it('results go where they are told, and no further', () => {
    const out = new Uint8Array(codes.length + 7).fill(0xa5);
    expect(codec.encode(vectors, out)).toEqual(codes);
    expect([...out.subarray(codes.length)]).toEqual(new Array(7).fill(0xa5));
    const values = new Float32Array(8).fill(-5);
    expect(prepared.estimate(codes, values)).toHaveLength(6);
    expect([...values.subarray(6)]).toEqual([-5, -5]);
  });

  it('asynchronous work tells of progress, ends when it is asked to, and fails as the other does', async () => {
    const dimensions = 64;
    const many = new Float32Array(dimensions * 60_000).fill(1);
    const big = RabitqCodec.create({ dimensions, bits: 4 });
    const few = big.encode(many.subarray(0, dimensions));
    const told: Array<{ done: number; total: number }> = [];
    const done = await big.encodeAsync(many.subarray(0, dimensions * 3000), {
      onProgress: (each) => told.push(each),
    });
    expect(done.subarray(0, big.codeBytes)).toEqual(few);
    expect(told.at(-1)).toEqual({ done: 3000, total: 3000 });

    const controller = new AbortController();
    const reason = new Error('enough');
    const aborted = big.encodeAsync(many, { signal: controller.signal });
    controller.abort(reason);
    await expect(aborted).rejects.toMatchObject({ code: 'ERR_QUANT_ABORTED', cause: reason });
    await expect(big.encodeAsync(many, { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(QuantError);

    const some = vectors.slice();
    some[33] = Number.NaN;
    await expect(codec.encodeAsync(some)).rejects.toMatchObject({ code: 'ERR_QUANT_VALUE' });
    await expect(codec.encodeAsync(new Float32Array(3))).rejects.toMatchObject({ code: 'ERR_QUANT_LENGTH' });
    await expect(codec.encodeAsync(vectors, unchecked({ signal: 1 }))).rejects.toMatchObject({
      code: 'ERR_QUANT_ARGUMENT',
    });
    await expect(
      big.encodeAsync(many.subarray(0, 640), {
        onProgress() {
          throw reason;
        },
      }),
    ).rejects.toBe(reason);
  });

  it('vectors that are transferred away meanwhile are encoded all the same', async () => {
    const own = vectors.slice();
    const out = new Uint8Array(codes.length);
    const work = codec.encodeAsync(own, { out });
    structuredClone(own, { transfer: [own.buffer] });
    expect(await work).toEqual(codes);
    expect(out).toEqual(codes);
    const gone = new Uint8Array(codes.length);
    const lost = codec.encodeAsync(vectors, { out: gone });
    structuredClone(gone, { transfer: [gone.buffer] });
    await expect(lost).rejects.toMatchObject({ code: 'ERR_QUANT_DETACHED' });
    const shared = new Float32Array(new SharedArrayBuffer(vectors.byteLength));
    shared.set(vectors);
    expect(await codec.encodeAsync(shared)).toEqual(codes);
    expect(codec.encode(shared)).toEqual(codes);
  });
});

describe('deserialize', () => {
  const each = [
    RabitqCodec.create({ dimensions: n, bits: 3 }),
    RabitqCodec.create({ dimensions: n, bits: 1, center: query, encoder: 'exact' }),
    RabitqCodec.create({ dimensions: 1, bits: 8, center: 'each', padded: 24 }),
  ].map((codec) => codec.serialize());

  it('refuses bytes that were cut off, or are too many', () => {
    for (const bytes of each) {
      for (let size = 0; size < bytes.length; size++) {
        expect(code(() => deserialize(bytes.subarray(0, size)))).toBe('ERR_QUANT_CORRUPT');
      }
      expect(code(() => deserialize(Uint8Array.of(...bytes, 0)))).toBe('ERR_QUANT_CORRUPT');
    }
  });

  it('refuses every byte that was altered', () => {
    for (const bytes of each) {
      for (let at = 0; at < bytes.length; at++) {
        for (const flip of [1, 0x80, 0xff]) {
          const altered = bytes.slice();
          altered[at] ^= flip;
          expect(
            code(() => deserialize(altered)),
            `byte ${at}`,
          ).toMatch(/^ERR_QUANT_(CORRUPT|FORMAT)$/);
        }
      }
    }
  });

  it('refuses parameters that no codec has, also where the checksum is right', () => {
    let accepted = 0;
    for (const bytes of each) {
      for (let at = 0; at < bytes.length - 4; at++) {
        for (const value of [0, 1, 2, 9, 0x7f, 0x80, 0xff]) {
          const altered = bytes.slice();
          altered[at] = value;
          new DataView(altered.buffer).setUint32(bytes.length - 4, crc32c(altered.subarray(0, -4)), true);
          const refusal = code(() => {
            const codec = deserialize(altered);
            // What is taken must work.
            if (!(codec instanceof RabitqCodec)) return;
            accepted++;
            expect(codec.serialize()).toEqual(altered);
            const point = new Float32Array(codec.dimensions).fill(1);
            if (altered[21 + 0] !== 2) codec.query(point, 'dot').estimate(codec.encode(point));
          });
          expect([undefined, 'ERR_QUANT_CORRUPT', 'ERR_QUANT_FORMAT']).toContain(refusal);
        }
      }
    }
    // Signs, and numbers of a center, may be any.
    expect(accepted).toBeGreaterThan(300);
  });

  it('refuses what is no codec, and other versions', () => {
    expect(
      code(() => deserialize(new TextEncoder().encode('something else, quite long enough to be one'))),
    ).toBe('ERR_QUANT_FORMAT');
    const later = each[0].slice();
    later[4] = 2;
    expect(code(() => deserialize(later))).toBe('ERR_QUANT_FORMAT');
    expect(code(() => deserialize(unchecked('RVQC')))).toBe('ERR_QUANT_TYPE');
  });
});

describe('Packed', () => {
  it('keeps what pack gave, from bytes that were stored', () => {
    const codec = RabitqCodec.create({ dimensions: n, bits: 3 });
    const { kind, dimensions, count, blockBytes, fingerprint, bytes } = codec.pack(codec.encode(vectors));
    const again = new Packed({ kind, dimensions, count, blockBytes, fingerprint, bytes: bytes.slice() });
    expect(codec.unpack(again)).toEqual(codec.encode(vectors));
    for (const wrong of [{ count: 33 }, { blockBytes: blockBytes - 1 }, { bytes: bytes.subarray(1) }]) {
      const parts = { kind, dimensions, count, blockBytes, fingerprint, bytes, ...wrong };
      expect(code(() => new Packed(parts))).toBe('ERR_QUANT_LENGTH');
    }
    expect(code(() => new Packed({ kind, dimensions, count: -1, blockBytes, fingerprint, bytes }))).toBe(
      'ERR_QUANT_ARGUMENT',
    );
  });
});
