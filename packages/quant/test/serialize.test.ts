import { describe, expect, it } from 'vitest';
import { crc32c, formatVersion, kinds, open, Reader, seal, Writer } from '../src/serialize.js';

describe('crc32c', () => {
  it('gives the values of RFC 3720, B.4', () => {
    const bytes = (fill: (i: number) => number) => Uint8Array.from({ length: 32 }, (_, i) => fill(i));
    expect(crc32c(bytes(() => 0))).toBe(0x8a9136aa);
    expect(crc32c(bytes(() => 255))).toBe(0x62a8ab43);
    expect(crc32c(bytes((i) => i))).toBe(0x46dd794e);
    expect(crc32c(bytes((i) => 31 - i))).toBe(0x113fdb5c);
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });

  it('does not depend on where bytes lie', () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => (i * 37) & 255);
    for (let at = 0; at < 9; at++) {
      const moved = new Uint8Array(120);
      moved.set(bytes, at);
      for (const size of [1, 7, 8, 9, 64, 100]) {
        expect(crc32c(moved.subarray(at, at + size))).toBe(crc32c(bytes.subarray(0, size)));
      }
    }
  });
});

describe('an envelope', () => {
  it('is what doc/format.md says', () => {
    const sealed = seal('int8', 300, Uint8Array.of(1, 2), Uint8Array.of(3));
    expect([...sealed.subarray(0, 23)]).toEqual([
      ...[0x52, 0x56, 0x51, 0x43, formatVersion, 0, kinds.indexOf('int8'), 0],
      ...[300 & 255, 1, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0],
      ...[1, 2, 3],
    ]);
    expect(new DataView(sealed.buffer).getUint32(23, true)).toBe(crc32c(sealed.subarray(0, 23)));
    // The numbers of kinds are in files.
    expect(kinds.slice(0, 8)).toEqual([
      'rabitq',
      'int8',
      'int4',
      'two-level',
      'float16',
      'bfloat16',
      'binary',
      'product',
    ]);
  });

  it('gives its sections, wherever its bytes lie', () => {
    const parameters = new Writer().u8(7).u16(0xabcd).u32(0xdeadbeef).f32(1.5).f64(-Math.PI).done();
    const payload = new Writer().bytes(Uint8Array.of(9, 8)).floats(Float32Array.of(0.25, -4)).done();
    const sealed = seal('product', 5, parameters, payload);
    const moved = new Uint8Array(sealed.length + 3);
    moved.set(sealed, 3);
    const sections = open(moved.subarray(3));
    expect(sections).toMatchObject({ kind: 'product', dimensions: 5 });
    const { parameters: p, payload: q } = sections;
    expect([p.u8(), p.u16(), p.u32(), p.f32(), p.f64()]).toEqual([7, 0xabcd, 0xdeadbeef, 1.5, -Math.PI]);
    p.end();
    expect([q.bytes(2), q.floats(2)]).toEqual([Uint8Array.of(9, 8), Float32Array.of(0.25, -4)]);
    q.end();
  });

  it('grows as far as is needed', () => {
    const writer = new Writer();
    for (let i = 0; i < 1000; i++) writer.u32(i);
    writer.bytes(new Uint8Array(100_000).fill(3));
    const bytes = writer.done();
    expect(bytes).toHaveLength(104_000);
    expect(new DataView(bytes.buffer, bytes.byteOffset).getUint32(4 * 999, true)).toBe(999);
  });
});

describe('a reader', () => {
  const corrupt = expect.objectContaining({ code: 'ERR_QUANT_CORRUPT' });

  it('does not leave its section, and does not ask for memory that cannot be filled', () => {
    const around = Uint8Array.from({ length: 30 }, (_, i) => i);
    const reader = new Reader(around.subarray(10, 20), 'payload');
    reader.u32();
    for (const call of [
      () => reader.bytes(7),
      () => reader.bytes(2 ** 40),
      () => reader.floats(2),
      () => reader.floats(2 ** 40),
      () => reader.f64(),
    ]) {
      expect(call).toThrow(corrupt);
    }
    // What failed took nothing.
    expect(reader.u16()).toBe(14 + 15 * 256);
    expect(() => reader.end()).toThrow(corrupt);
    reader.u32();
    expect(() => reader.u8()).toThrow(corrupt);
    reader.end();
  });

  it('takes no infinity for a number', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const bytes = new Writer().floats(Float32Array.of(1, bad)).done();
      expect(() => new Reader(bytes, 'payload').floats(2)).toThrow(corrupt);
    }
  });
});
