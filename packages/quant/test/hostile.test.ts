/**
 * Bytes from somebody who means harm, for every kind of codec: serialized codecs whose checksum was repaired, codes of
 * any bytes, and objects that say that they are packed codes.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Codec, QuantMetric, QuantQuery } from '../src/index.js';
import { Random } from '../src/random.js';
import { crc32c, formatVersion, kinds } from '../src/serialize.js';
import { buildAddon, loadVariant, type QuantModule } from './support/backend.js';
import { everyCodec, everyDimensions, everyVectors } from './support/every-codec.js';

buildAddon();
// The best variant, and TypeScript, which reads what the first has trained.
const best = await loadVariant('');
const trained = [...everyCodec(best)].map(([name, codec]) => [name, codec.serialize()] as const);
const names = trained.map(([name]) => name);
const backends: ReadonlyArray<[string, QuantModule]> = [
  [best.capabilities().variant, best],
  ['typescript', await loadVariant('typescript')],
];

function codecsOf(quant: QuantModule): ReadonlyMap<string, Codec> {
  return new Map(trained.map(([name, bytes]) => [name, quant.deserialize(bytes)]));
}

const metrics: readonly QuantMetric[] = ['l2sq', 'dot', 'cosine'];

/** The code of what a call throws, which must be the package's own; undefined where it gives something. */
function codeOf(quant: QuantModule, call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    // Whatever else came out of a kernel, or of JavaScript, is a mistake of ours.
    expect(error).toBeInstanceOf(quant.QuantError);
    return (error as InstanceType<typeof quant.QuantError>).code;
  }
  return undefined;
}

/** Every byte of what is small, and of the rest the first and the last ones and a hundred between. */
function placesOf(bytes: Uint8Array): number[] {
  const step = Math.ceil(bytes.length / 100);
  const all = Array.from(bytes, (_, at) => at);
  return all.filter((at) => at < 60 || at >= bytes.length - 10 || at % step === 0);
}

/** `toEqual` takes milliseconds for some thousand bytes. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** With a checksum that is right again. */
function repaired(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 4) view.setUint32(bytes.length - 4, crc32c(bytes.subarray(0, -4)), true);
  return bytes;
}

/** Uses all that a codec has: each call gives as much as it should, or an error of the package. */
function exercise(quant: QuantModule, codec: Codec): void {
  const n = codec.dimensions;
  const vectors = new Float32Array(3 * n).fill(0.5, n);
  vectors[0] = -1e3;
  let codes: Uint8Array | undefined;
  const refusal = codeOf(quant, () => {
    codes = codec.encode(vectors);
  });
  expect([undefined, 'ERR_QUANT_VALUE', 'ERR_QUANT_ARGUMENT']).toContain(refusal);
  // Codes of another codec of this kind do as well.
  codes ??= new Uint8Array(3 * codec.codeBytes).fill(0x35);
  expect(codes).toHaveLength(3 * codec.codeBytes);
  const packed = codec.pack(codes);
  expect(same(codec.unpack(packed), codes)).toBe(true);
  const decoding = codeOf(quant, () => expect(codec.decode(codes as Uint8Array)).toHaveLength(3 * n));
  expect([undefined, 'ERR_QUANT_CORRUPT', 'ERR_QUANT_ARGUMENT']).toContain(decoding);
  const querying = codeOf(quant, () => {
    const query = codec.query(vectors.subarray(n, 2 * n), 'l2sq');
    expect(query.estimate(codes as Uint8Array)).toHaveLength(3);
    expect(query.bounds(packed)).toHaveLength(3);
  });
  expect([undefined, 'ERR_QUANT_VALUE', 'ERR_QUANT_ARGUMENT']).toContain(querying);
}

describe.each(backends)('a serialized codec, read by %s,', (_variant, quant) => {
  let codecs: ReadonlyMap<string, Codec>;
  const read = (bytes: Uint8Array) => codeOf(quant, () => quant.deserialize(bytes));
  /** Reads altered bytes: a refusal, or a codec that is those very bytes and works. */
  const tryOut = (bytes: Uint8Array, what: string): 'refused' | 'taken' => {
    let codec: Codec | undefined;
    const refusal = codeOf(quant, () => {
      codec = quant.deserialize(bytes);
    });
    if (codec === undefined) {
      expect(['ERR_QUANT_CORRUPT', 'ERR_QUANT_FORMAT'], what).toContain(refusal);
      return 'refused';
    }
    expect(same(codec.serialize(), bytes), what).toBe(true);
    exercise(quant, codec);
    return 'taken';
  };

  beforeAll(() => {
    codecs = codecsOf(quant);
  });

  it.each(names)('is refused where it was cut off, lengthened or altered: %s', (name) => {
    const bytes = (codecs.get(name) as Codec).serialize();
    expect(read(bytes)).toBeUndefined();
    for (const size of placesOf(bytes)) {
      expect(read(bytes.subarray(0, size)), `${size} bytes`).toBe('ERR_QUANT_CORRUPT');
    }
    expect(read(Uint8Array.of(...bytes, 0))).toBe('ERR_QUANT_CORRUPT');
    for (const at of placesOf(bytes)) {
      const altered = bytes.slice();
      altered[at] ^= 1 << (at % 8);
      expect(read(altered), `byte ${at}`).toBe(at < 6 ? 'ERR_QUANT_FORMAT' : 'ERR_QUANT_CORRUPT');
    }
  });

  it.each(names)('is refused, or another whole one, where the checksum was repaired: %s', (name) => {
    const bytes = (codecs.get(name) as Codec).serialize();
    for (const at of placesOf(bytes)) {
      if (at >= bytes.length - 4) break;
      for (const value of new Set([0, 1, 2, 4, 9, 0x7f, 0x80, 0xff, bytes[at] ^ 1])) {
        if (value === bytes[at]) continue;
        const altered = bytes.slice();
        altered[at] = value;
        const outcome = tryOut(repaired(altered), `byte ${at} is ${value}`);
        // Magic, version, lengths: nothing that differs there is taken.
        if (at < 6 || (at >= 12 && at < 20)) expect(outcome).toBe('refused');
      }
    }
  });

  it.each(names)('of another format version is no codec to us, whatever its checksum: %s', (name) => {
    const bytes = (codecs.get(name) as Codec).serialize();
    for (const version of [0, formatVersion + 1, 255, 256, 65_535]) {
      const altered = bytes.slice();
      new DataView(altered.buffer, altered.byteOffset).setUint16(4, version, true);
      expect(read(altered)).toBe('ERR_QUANT_FORMAT');
      expect(read(repaired(altered))).toBe('ERR_QUANT_FORMAT');
    }
  });

  it.each(names)('under the name of another kind is refused, or a codec of that kind: %s', (name) => {
    const own = codecs.get(name) as Codec;
    for (const [number, kind] of [
      ...kinds.entries(),
      [kinds.length, undefined],
      [65_535, undefined],
    ] as const) {
      if (kind === own.kind) continue;
      const altered = own.serialize();
      new DataView(altered.buffer, altered.byteOffset).setUint16(6, number, true);
      const outcome = tryOut(repaired(altered), `kind ${number}`);
      if (kind === undefined) expect(outcome).toBe('refused');
      if (outcome === 'taken') expect(quant.deserialize(altered).kind).toBe(kind);
    }
  });

  it('of any sections, lengths and dimensions is refused, or a whole one', () => {
    const sections = { minLength: 0, maxLength: 200 };
    let taken = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: kinds.length }),
        fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(65_535, 65_536, 2 ** 32 - 1)),
        fc.uint8Array({ minLength: 0, maxLength: 30 }),
        fc.uint8Array(sections),
        fc.option(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1), { nil: undefined, freq: 6 }),
        (kind, dimensions, parameters, payload, lie) => {
          const bytes = new Uint8Array(24 + parameters.length + payload.length);
          const view = new DataView(bytes.buffer);
          bytes.set([0x52, 0x56, 0x51, 0x43, formatVersion, 0]);
          view.setUint16(6, kind, true);
          view.setUint32(8, dimensions, true);
          view.setUint32(12, lie ?? parameters.length, true);
          view.setUint32(16, payload.length, true);
          bytes.set(parameters, 20);
          bytes.set(payload, 20 + parameters.length);
          if (tryOut(repaired(bytes), 'random') === 'taken') taken++;
        },
      ),
      { numRuns: 1000, seed: 6 },
    );
    // Half floats have no sections, so some are.
    expect(taken).toBeLessThan(300);
  });

  it('asks for no more memory than its bytes can fill', () => {
    // The most dimensions, sub-spaces and coordinates that a header can claim, with nothing behind them.
    for (const [name, claim] of [
      ['rabitq 8 centred', (view: DataView) => view.setUint32(23, 65_536, true)],
      ['product 8', (view: DataView) => view.setUint32(20, 65_535, true)],
      ['product 4 rotated', (view: DataView) => view.setUint32(20, 65_535, true)],
      ['int8 by dimension', () => {}],
      ['binary centred', () => {}],
    ] as const) {
      const bytes = (codecs.get(name) as Codec).serialize();
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      view.setUint32(8, 65_535, true);
      claim(view);
      const before = process.memoryUsage().arrayBuffers;
      for (let i = 0; i < 20; i++) expect(read(repaired(bytes)), name).toBe('ERR_QUANT_CORRUPT');
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * bytes.length + 4e6);
    }
  });
});

/** Factors that no vector has, as bytes of a float32. */
const badFactors = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -1,
  3.4e38,
  -3.4e38,
  1e-45,
];

describe.each(backends)('codes of any bytes, scored by %s,', (_variant, quant) => {
  let codecs: ReadonlyMap<string, Codec>;
  beforeAll(() => {
    codecs = codecsOf(quant);
  });

  /** Scores codes in every way; there is a number, or NaN, for each. */
  function scoreAll(codec: Codec, query: QuantQuery, codes: Uint8Array): void {
    const count = codes.length / codec.codeBytes;
    const packed = codec.pack(codes);
    // What of a code has no meaning, half of a last byte, may be lost once.
    const settled = codec.unpack(packed);
    expect(settled).toHaveLength(codes.length);
    expect(same(codec.unpack(codec.pack(settled)), settled)).toBe(true);
    for (const some of [codes, packed]) {
      expect(query.estimate(some)).toHaveLength(count);
      const bounds = query.bounds(some);
      expect(bounds).toHaveLength(count);
      const { indices } = query.topK(some, count);
      // Each once: NaN does not break the order.
      expect([...indices].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
    }
    const source = (rows: Uint32Array) => new Float32Array(rows.length * codec.dimensions).fill(1);
    const { reranked, scores } = query.topK(packed, 2, { rerank: { source, count: 'bound' } });
    expect(reranked).toBeLessThanOrEqual(count);
    expect(scores).toHaveLength(Math.min(2, count));
    const refusal = codeOf(quant, () => codec.decode(codes));
    expect([undefined, 'ERR_QUANT_CORRUPT']).toContain(refusal);
    expect([undefined, 'ERR_QUANT_CORRUPT']).toContain(codeOf(quant, () => codec.residuals(codes)));
  }

  it.each(names)('are scored without harm: %s', (name) => {
    const codec = codecs.get(name) as Codec;
    const queries = metrics.map((metric) => codec.query(everyVectors.subarray(0, everyDimensions), metric));
    const random = new Random(3);
    for (let round = 0; round < 12; round++) {
      const fill = [0, 0xff, 0x7f, 0x80][round];
      const codes = new Uint8Array(37 * codec.codeBytes);
      if (fill !== undefined) codes.fill(fill);
      else for (let i = 0; i < codes.length; i++) codes[i] = random.next() >>> 24;
      for (const query of queries) scoreAll(codec, query, codes);
    }
  });

  it.each(names)('with one factor that no vector has leave the others as they are: %s', (name) => {
    const codec = codecs.get(name) as Codec;
    const good = codec.encode(everyVectors);
    const wrong: string[] = [];
    const queries = metrics.map((metric) => codec.query(everyVectors.subarray(0, everyDimensions), metric));
    for (let at = codec.codeBytes - 4; at >= Math.max(0, codec.codeBytes - 28); at -= 4) {
      for (const bad of badFactors) {
        const codes = good.slice();
        const row = 5;
        new DataView(codes.buffer).setFloat32(row * codec.codeBytes + at, bad, true);
        for (const query of queries) {
          for (const pack of [(each: Uint8Array) => each, (each: Uint8Array) => codec.pack(each)]) {
            for (const score of ['estimate', 'bounds'] as const) {
              const [before, after] = [query[score](pack(good)), query[score](pack(codes))];
              after[row] = before[row];
              if (!after.every((value, i) => Object.is(value, before[i])))
                wrong.push(`${score} of ${bad} at ${at}`);
            }
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('are refused by decode and residuals where a factor is no number: every kind', () => {
    for (const [name, codec] of codecs) {
      const codes = codec.encode(everyVectors);
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        new DataView(codes.buffer).setFloat32(codes.length - 4, bad, true);
        expect(
          codeOf(quant, () => codec.decode(codes)),
          name,
        ).toBe('ERR_QUANT_CORRUPT');
        expect(
          codeOf(quant, () => codec.residuals(codes)),
          name,
        ).toBe('ERR_QUANT_CORRUPT');
      }
    }
  });
});

describe.each(backends)('what says that it is packed, to %s,', (_variant, quant) => {
  const { Packed } = quant;
  let codecs: ReadonlyMap<string, Codec>;
  beforeAll(() => {
    codecs = codecsOf(quant);
  });

  it.each(names)('is refused by every function: %s', (name) => {
    const codec = codecs.get(name) as Codec;
    const real = codec.pack(codec.encode(everyVectors));
    const query = codec.query(everyVectors.subarray(0, everyDimensions), 'l2sq');
    const { kind, dimensions, count, blockBytes, bytes } = real;
    let asked = 0;
    const moving = {
      kind,
      dimensions,
      blockBytes,
      get count() {
        return asked++ === 0 ? count : 2 ** 32 - 1;
      },
      get bytes() {
        return asked++ < 3 ? bytes : new Uint8Array(0);
      },
    };
    const impostors: unknown[] = [
      Object.create(Packed.prototype, Object.getOwnPropertyDescriptors(moving)),
      Object.setPrototypeOf({ ...real }, Packed.prototype),
      new Proxy(real, {}),
      Object.create(real),
      { ...real },
      [real],
    ];
    for (const impostor of impostors) {
      const packed = impostor as typeof real;
      for (const call of [
        () => query.estimate(packed),
        () => query.bounds(packed),
        () => query.topK(packed, 1),
        () => codec.unpack(packed),
      ]) {
        expect(codeOf(quant, call)).toBe('ERR_QUANT_TYPE');
      }
    }
  });

  it.each(names)('and was made for other blocks is refused: %s', (name) => {
    const codec = codecs.get(name) as Codec;
    const real = codec.pack(codec.encode(everyVectors));
    const query = codec.query(everyVectors.subarray(0, everyDimensions), 'l2sq');
    const { kind, dimensions, count, blockBytes, fingerprint, bytes } = real;
    const parts = { kind, dimensions, count, blockBytes, fingerprint, bytes };
    const other = kinds.find((each) => each !== kind) as Codec['kind'];
    for (const wrong of [
      { kind: other },
      { dimensions: dimensions + 1 },
      { blockBytes: 2 * blockBytes, count: 32 },
      { blockBytes: blockBytes / 2, bytes: bytes.subarray(0, bytes.length / 2) },
      { blockBytes: 1, count: 32 * bytes.length },
    ]) {
      const made = new Packed({ ...parts, ...wrong });
      expect(codeOf(quant, () => query.estimate(made))).toBe('ERR_QUANT_TYPE');
      expect(codeOf(quant, () => codec.unpack(made))).toBe('ERR_QUANT_TYPE');
    }
    // More codes than were packed, as far as the last block goes, are zeros.
    const full = new Packed({ ...parts, count: 32 * Math.ceil(count / 32) });
    expect(query.estimate(full)).toHaveLength(full.count);
    expect(codec.unpack(full).subarray(count * codec.codeBytes)).toEqual(
      new Uint8Array((full.count - count) * codec.codeBytes),
    );
  });

  it('is not made of what cannot be blocks', () => {
    const make = Packed as unknown as new (parts?: unknown) => unknown;
    const parts = {
      kind: 'int8',
      dimensions: 4,
      count: 1,
      blockBytes: 768,
      fingerprint: 1,
      bytes: new Uint8Array(768),
    };
    expect(codeOf(quant, () => new make(parts))).toBeUndefined();
    for (const [wrong, code] of [
      [undefined, 'ERR_QUANT_ARGUMENT'],
      [null, 'ERR_QUANT_ARGUMENT'],
      [{ ...parts, kind: 'zip' }, 'ERR_QUANT_ARGUMENT'],
      [{ ...parts, kind: Symbol('int8') }, 'ERR_QUANT_ARGUMENT'],
      [{ ...parts, dimensions: 0 }, 'ERR_QUANT_DIMENSIONS'],
      [{ ...parts, count: 2 ** 32 }, 'ERR_QUANT_ARGUMENT'],
      [{ ...parts, count: 33 }, 'ERR_QUANT_LENGTH'],
      [{ ...parts, blockBytes: 0 }, 'ERR_QUANT_ARGUMENT'],
      [{ ...parts, fingerprint: undefined }, 'ERR_QUANT_ARGUMENT'],
      [{ ...parts, bytes: [1] }, 'ERR_QUANT_TYPE'],
    ] as const) {
      expect(codeOf(quant, () => new make(wrong))).toBe(code);
    }
  });
});
