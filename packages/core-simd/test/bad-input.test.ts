import { describe, expect, it } from 'vitest';
import { loadAddon } from '../src/backend/native.js';
import { loadVariant, type SimdModule } from './support/backend.js';
import { loadEvery } from './support/variants.js';

// Without a wish as well: pairs are then computed in two places.
const backends: Array<[string, SimdModule]> = await loadEvery();
backends.push(['the best, and TypeScript for short pairs', await loadVariant('')]);

const pairs = ['dot', 'l2sq', 'l2', 'l1', 'cosine'] as const;
const manies = ['dotMany', 'l2sqMany', 'l1Many', 'cosineMany'] as const;

const f32 = (...values: number[]) => new Float32Array(values);

function detached(n: number): Float32Array {
  const array = new Float32Array(n);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

/** A view that lies outside of its buffer since that shrank. */
function stranded(): Float32Array {
  // TypeScript's library does not know resizable buffers at this target.
  const Resizable = ArrayBuffer as unknown as new (
    bytes: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(bytes: number): void };
  const buffer = new Resizable(32, { maxByteLength: 64 });
  const array = new Float32Array(buffer, 16, 4);
  buffer.resize(16);
  return array;
}

/** Calls with what types forbid. */
function call(simd: SimdModule, name: keyof SimdModule, ...args: unknown[]): unknown {
  return (simd[name] as (...args: unknown[]) => unknown)(...args);
}

function failure(
  simd: SimdModule,
  name: keyof SimdModule,
  ...args: unknown[]
): { code: string; message: string } {
  try {
    call(simd, name, ...args);
  } catch (error) {
    expect(error).toBeInstanceOf(simd.SimdError);
    expect(error).toBeInstanceOf(Error);
    const { code, message, name: errorName } = error as { code: string; message: string; name: string };
    expect(errorName).toBe('SimdError');
    return { code, message };
  }
  throw new Error(`${name} did not throw`);
}

const impostor = Object.create(Float32Array.prototype);
const disguised = Object.setPrototypeOf(new Uint8Array(8), Float32Array.prototype);
const wrongTypes: Array<[unknown, string]> = [
  [undefined, 'undefined'],
  [null, 'null'],
  [3, 'number'],
  ['1,2,3', 'string'],
  [{}, 'object'],
  [[1, 2, 3], 'Array of 3'],
  [new Float64Array(3), 'Float64Array of 3'],
  [new Uint8Array(12), 'Uint8Array of 12'],
  [Buffer.alloc(12), 'Uint8Array of 12'],
  [new BigInt64Array(2), 'BigInt64Array of 2'],
  [new ArrayBuffer(12), 'object'],
  [new DataView(new ArrayBuffer(12)), 'object'],
  [impostor, 'object'],
  [disguised, 'Uint8Array of 8'],
];

describe.each(backends)('%s', (_name, simd) => {
  it.each(pairs)('%s refuses what is no Float32Array, and says what came', (op) => {
    for (const [value, what] of wrongTypes) {
      expect(failure(simd, op, value, f32(1, 2, 3))).toEqual({
        code: 'ERR_SIMD_TYPE',
        message: `${op}: a must be a Float32Array, got ${what}`,
      });
      expect(failure(simd, op, f32(1, 2, 3), value)).toEqual({
        code: 'ERR_SIMD_TYPE',
        message: `${op}: b must be a Float32Array, got ${what}`,
      });
    }
    expect(failure(simd, op).code).toBe('ERR_SIMD_TYPE');
  });

  it('norm refuses what is no Float32Array', () => {
    for (const [value, what] of wrongTypes) {
      expect(failure(simd, 'norm', value)).toEqual({
        code: 'ERR_SIMD_TYPE',
        message: `norm: a must be a Float32Array, got ${what}`,
      });
    }
  });

  it.each(pairs)('%s refuses vectors of different length', (op) => {
    for (const [m, n] of [
      [3, 4],
      [0, 1],
      [1, 0],
      [1000, 100],
    ]) {
      expect(failure(simd, op, new Float32Array(m), new Float32Array(n))).toEqual({
        code: 'ERR_SIMD_LENGTH',
        message: `${op}: a and b must have the same length, got ${m} and ${n}`,
      });
    }
  });

  it('refuses detached and stranded arrays', () => {
    for (const [gone, n] of [
      [detached(3), 3],
      [detached(300), 300],
      [stranded(), 4],
      [detached(3), 0],
    ] as const) {
      const there = new Float32Array(n);
      for (const op of pairs) {
        expect(failure(simd, op, gone, there).code).toBe('ERR_SIMD_DETACHED');
        expect(failure(simd, op, there, gone)).toEqual({
          code: 'ERR_SIMD_DETACHED',
          message: `${op}: b has lost its memory: the buffer was transferred away or shrunk`,
        });
        expect(failure(simd, op, gone, gone).code).toBe('ERR_SIMD_DETACHED');
      }
      expect(failure(simd, 'norm', gone).code).toBe('ERR_SIMD_DETACHED');
      for (const op of manies) {
        expect(failure(simd, op, gone, there).code).toBe('ERR_SIMD_DETACHED');
        expect(failure(simd, op, f32(1), gone).code).toBe('ERR_SIMD_DETACHED');
        expect(failure(simd, op, f32(1), f32(1, 2), gone).code).toBe('ERR_SIMD_DETACHED');
      }
    }
  });

  it('keeps the cause of what it did not find itself', () => {
    try {
      simd.dot(detached(3), detached(3));
      expect.unreachable();
    } catch (error) {
      expect((error as Error).cause).toBeInstanceOf(TypeError);
    }
  });

  it.each(manies)('%s refuses wrong types in every place', (op) => {
    const [query, rows] = [f32(1, 2), f32(1, 2, 3, 4)];
    for (const [value, what] of wrongTypes) {
      const code = 'ERR_SIMD_TYPE';
      expect(failure(simd, op, value, rows)).toEqual({
        code,
        message: `${op}: query must be a Float32Array, got ${what}`,
      });
      expect(failure(simd, op, query, value)).toEqual({
        code,
        message: `${op}: rows must be a Float32Array, got ${what}`,
      });
      if (value === undefined) continue; // no `out` at all
      expect(failure(simd, op, query, rows, value)).toEqual({
        code,
        message: `${op}: out must be a Float32Array, got ${what}`,
      });
    }
  });

  it.each(manies)('%s refuses sizes that do not fit', (op) => {
    const code = 'ERR_SIMD_LENGTH';
    expect(failure(simd, op, f32(1, 2, 3), new Float32Array(10))).toEqual({
      code,
      message: `${op}: the length of rows must be a multiple of the query's, got 10 and 3`,
    });
    expect(failure(simd, op, f32(), f32(1))).toEqual({
      code,
      message: `${op}: the length of rows must be a multiple of the query's, got 1 and 0`,
    });
    expect(failure(simd, op, f32(1, 2), new Float32Array(8), new Float32Array(3))).toEqual({
      code,
      message: `${op}: out must have room for 4 results, got Float32Array of 3`,
    });
    expect(call(simd, op, f32(1, 2), f32())).toEqual(f32());
  });

  it.each(manies)('%s refuses a result that shares memory with an input', (op) => {
    const memory = new Float32Array(20);
    const code = 'ERR_SIMD_OVERLAP';
    const message = `${op}: out must not share memory with query or rows`;
    const [query, rows] = [memory.subarray(0, 2), memory.subarray(2, 10)];
    for (const start of [0, 1, 2, 7, 9]) {
      expect(failure(simd, op, query, rows, memory.subarray(start, start + 4))).toEqual({ code, message });
    }
    expect(failure(simd, op, f32(1, 2), rows, rows)).toEqual({ code, message });
    // Side by side in one buffer is allowed.
    expect(call(simd, op, query, rows, memory.subarray(10))).toHaveLength(10);
  });

  it('is not misled by an own length, by a getter of a subclass, nor by another prototype', () => {
    class Overridden extends Float32Array {
      override get length(): number {
        return 1e9;
      }
    }
    class Throwing extends Float32Array {
      override get length(): number {
        throw new RangeError('length was read');
      }
    }
    class Embedding extends Float32Array {}
    const own = (length: unknown) => (array: Float32Array) =>
      Object.defineProperty(array, 'length', { value: length });
    const disguises: Array<(array: Float32Array) => Float32Array> = [
      ...[0, 1, 2, 3, 40, 50, 100, 1000, 2 ** 40, -1, 1.5, Number.NaN, '3', undefined].map(own),
      (array) => Object.setPrototypeOf(array, null),
      (array) => Object.setPrototypeOf(array, Uint8Array.prototype),
      (array) => Object.setPrototypeOf(array, Overridden.prototype),
      (array) => Object.setPrototypeOf(array, Throwing.prototype),
      (array) => new Overridden(array.buffer as ArrayBuffer),
      (array) => new Throwing(array.buffer as ArrayBuffer),
      (array) => new Embedding(array.buffer as ArrayBuffer),
    ];
    for (const disguise of disguises) {
      // Exact in float32, so that both backends must give the very number.
      for (const n of [1, 3, 50, 100]) {
        const a = () => new Float32Array(n).fill(2);
        const b = () => new Float32Array(n).fill(-2);
        for (const [x, y] of [
          [disguise(a()), b()],
          [a(), disguise(b())],
          [disguise(a()), disguise(b())],
        ]) {
          expect(simd.dot(x, y)).toBe(-4 * n);
          expect(simd.l2sq(x, y)).toBe(16 * n);
          expect(simd.l2(x, y)).toBe(Math.sqrt(16 * n));
          expect(simd.l1(x, y)).toBe(4 * n);
          expect(simd.cosine(x, y)).toBe(2);
        }
        expect(simd.norm(disguise(a()))).toBe(Math.sqrt(4 * n));

        const rows = () => new Float32Array(3 * n).fill(-2);
        const each = { dotMany: -4 * n, l2sqMany: 16 * n, l1Many: 4 * n, cosineMany: 2 };
        for (const op of manies) {
          const out = disguise(new Float32Array(3));
          expect(call(simd, op, disguise(a()), disguise(rows()), out)).toBe(out);
          expect([out[0], out[1], out[2]]).toEqual(new Array(3).fill(each[op]));
          expect(failure(simd, op, disguise(a()), disguise(rows()), disguise(f32(0, 0)))).toEqual({
            code: 'ERR_SIMD_LENGTH',
            message: `${op}: out must have room for 3 results, got Float32Array of 2`,
          });
        }
      }
      for (const [m, n] of [
        [50, 60],
        [60, 50],
        [3, 100],
        [100, 3],
        [0, 3],
        [100, 0],
      ]) {
        for (const op of pairs) {
          expect(failure(simd, op, disguise(new Float32Array(m)), disguise(new Float32Array(n)))).toEqual({
            code: 'ERR_SIMD_LENGTH',
            message: `${op}: a and b must have the same length, got ${m} and ${n}`,
          });
        }
      }
    }
  });

  it('takes views of shared memory', () => {
    const shared = new Float32Array(new SharedArrayBuffer(4 * 200));
    shared.fill(2, 0, 100).fill(3, 100);
    const [a, b] = [shared.subarray(0, 100), shared.subarray(100)];
    expect(simd.dot(a, b)).toBe(600);
    expect(simd.l1(a, b)).toBe(100);
    expect(simd.norm(a)).toBe(20);
    const out = new Float32Array(new SharedArrayBuffer(8));
    expect(simd.l2sqMany(a, shared, out)).toBe(out);
    expect([...out]).toEqual([0, 100]);
    expect(failure(simd, 'dotMany', a, shared, shared).code).toBe('ERR_SIMD_OVERLAP');
  });
});

describe('the addon itself', () => {
  it('checks lengths even when it is called without the package', () => {
    const loaded = loadAddon();
    if ('reason' in loaded) throw new Error(loaded.reason);
    const [bind] = Object.values(loaded.addon.variants);
    const { shapes } = bind!() as unknown as {
      shapes: Record<string, Record<string, Record<string, (...args: unknown[]) => unknown>>>;
    };
    const rejected = expect.objectContaining({ code: 'ERR_SIMD_ADDON' });
    const attempt = (metric: string, shape: string, ...args: unknown[]) => {
      try {
        shapes.f32[metric][shape](...args);
      } catch (error) {
        return error;
      }
      return 'accepted';
    };
    for (const metric of ['dot', 'l2sq', 'l1', 'cosine']) {
      expect(attempt(metric, 'pair')).toEqual(rejected);
      expect(attempt(metric, 'pair', f32(1), 5)).toEqual(rejected);
      expect(attempt(metric, 'pair', f32(1), f32(1, 2))).toEqual(rejected);
      expect(attempt(metric, 'pair', {}, {})).toEqual(rejected);
      expect(attempt(metric, 'many', f32(1))).toEqual(rejected);
      expect(attempt(metric, 'many', f32(), f32(1), f32(0))).toEqual(rejected);
      expect(attempt(metric, 'many', f32(1, 2), f32(1, 2, 3), f32(0, 0))).toEqual(rejected);
      expect(attempt(metric, 'many', f32(1, 2), f32(1, 2, 3, 4), f32(0))).toEqual(rejected);
      expect(attempt(metric, 'many', f32(), f32(), f32())).toBe('accepted');
    }
  });
});
