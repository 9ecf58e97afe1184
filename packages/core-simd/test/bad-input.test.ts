import { describe, expect, it } from 'vitest';
import { buildAddon, loadVariant, type SimdModule } from './support/backend.js';

buildAddon();
const native = await loadVariant('');
const typescript = await loadVariant('typescript');
const backends: Array<[string, SimdModule]> = [
  ['native', native],
  ['typescript', typescript],
];

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

describe.each(backends)('%s backend', (name, simd) => {
  it('is the one under test', () => {
    expect(simd.capabilities().backend).toBe(name);
  });

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

  it('is not misled by an own length, nor by a subclass', () => {
    class Embedding extends Float32Array {}
    const a = Embedding.from({ length: 100 }, (_, i) => i);
    const b = new Float32Array(100).fill(1);
    expect(simd.dot(a, b)).toBe(4950);
    for (const pretended of [0, 1, 1000, 2 ** 40, -1]) {
      const liar = new Float32Array(3);
      Object.defineProperty(liar, 'length', { value: pretended });
      // Whatever comes, a number or an error, comes without reading outside.
      for (const op of pairs) {
        for (const other of [b, liar, new Float32Array(1000)]) {
          try {
            expect(call(simd, op, liar, other)).toBeTypeOf('number');
          } catch (error) {
            expect((error as { code: string }).code).toMatch(/^ERR_SIMD_/);
          }
        }
      }
      expect(call(simd, 'norm', liar)).toBeTypeOf('number');
      for (const op of manies) {
        expect(call(simd, op, liar, new Float32Array(9))).toHaveLength(3);
        expect(call(simd, op, f32(1), liar)).toHaveLength(3);
        expect(failure(simd, op, f32(1), new Float32Array(1000), liar).code).toBe('ERR_SIMD_LENGTH');
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
  it('checks lengths and kinds even when it is called without the package', async () => {
    const { chooseBackend } = await import('../src/loader.js');
    const backend = chooseBackend('').native;
    if (backend === undefined) throw new Error('no addon');
    const kernels = backend.kernels as unknown as Record<string, (...args: unknown[]) => unknown>;
    const rejected = expect.objectContaining({ code: 'ERR_SIMD_ADDON' });
    const attempt = (name: string, ...args: unknown[]) => {
      try {
        kernels[name](...args);
      } catch (error) {
        return error;
      }
      return 'accepted';
    };
    for (const op of ['dot', 'l2sq', 'l1', 'cosine']) {
      expect(attempt(op)).toEqual(rejected);
      expect(attempt(op, f32(1), 5)).toEqual(rejected);
      expect(attempt(op, f32(1), f32(1, 2))).toEqual(rejected);
      expect(attempt(op, {}, {})).toEqual(rejected);
    }
    expect(attempt('norm', 'x')).toEqual(rejected);
    for (const op of manies) {
      expect(attempt(op, f32(1))).toEqual(rejected);
      expect(attempt(op, f32(), f32(1), f32(0))).toEqual(rejected);
      expect(attempt(op, f32(1, 2), f32(1, 2, 3), f32(0, 0))).toEqual(rejected);
      expect(attempt(op, f32(1, 2), f32(1, 2, 3, 4), f32(0))).toEqual(rejected);
      expect(attempt(op, f32(), f32(), f32())).toBe('accepted');
    }
  });
});
