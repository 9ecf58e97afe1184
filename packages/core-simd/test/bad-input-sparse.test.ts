/** What sparse vectors, and half floats of the host, meet of bad input. */
import { describe, expect, it } from 'vitest';
import { call, detached, failure } from './support/bad-input.js';
import { loadEvery } from './support/variants.js';

const variants = await loadEvery();

describe.each(variants)('%s', (_variant, simd) => {
  describe('sparse', () => {
    const good = { indices: Uint32Array.of(1, 2), values: Float32Array.of(1, 2) };
    const pairs = ['dot', 'l2sq', 'l2', 'l1', 'cosine'] as const;

    it('checks types and lengths of both vectors', () => {
      for (const metric of pairs) {
        const operation = `sparse.${metric}`;
        for (const [value, what] of [
          [undefined, 'undefined'],
          [null, 'null'],
          [7, 'number'],
          [Float32Array.of(1), 'Float32Array of 1'],
        ]) {
          for (const [name, args] of [
            ['a', [value, good]],
            ['b', [good, value]],
          ] as const) {
            expect(failure(simd, operation, [...args])).toEqual({
              code: 'ERR_SIMD_TYPE',
              message: `${operation}: ${name} must be an object like { indices, values }, got ${what}`,
            });
          }
        }
        expect(failure(simd, operation, [good, {}])).toEqual({
          code: 'ERR_SIMD_TYPE',
          message: `${operation}: b.indices must be a Uint32Array, got undefined`,
        });
        expect(failure(simd, operation, [{ ...good, values: [1, 2] }, good])).toEqual({
          code: 'ERR_SIMD_TYPE',
          message: `${operation}: a.values must be a Float32Array, got Array of 2`,
        });
        expect(failure(simd, operation, [good, { ...good, values: Float32Array.of(1) }])).toEqual({
          code: 'ERR_SIMD_LENGTH',
          message: `${operation}: b.indices and b.values must have the same length, got 2 and 1`,
        });
        const gone = { ...good, indices: detached('Uint32Array') };
        expect(failure(simd, operation, [gone, good]).code).toBe('ERR_SIMD_DETACHED');
        const thief = {
          indices: Uint32Array.of(1, 2),
          get values() {
            structuredClone(this.indices.buffer, { transfer: [this.indices.buffer] });
            return Float32Array.of(1, 2);
          },
        };
        expect(failure(simd, operation, [thief, good]).code).toBe('ERR_SIMD_DETACHED');
      }
      expect(failure(simd, 'sparse.norm', [null]).code).toBe('ERR_SIMD_TYPE');
    });

    it('survives indices that do not ascend', () => {
      const chaos = Uint32Array.from({ length: 500 }, (_, i) => (i * 2654435761) % 97);
      const vector = { indices: chaos, values: new Float32Array(500).fill(1) };
      for (const metric of pairs) {
        expect(call(simd, `sparse.${metric}`, [vector, vector])).toEqual(expect.any(Number));
        expect(call(simd, `sparse.${metric}`, [vector, good])).toEqual(expect.any(Number));
      }
    });

    it('creates none of them', () => {
      for (const [indices, message] of [
        [[1, 1], 'indices must ascend, got 1 and then 1 at 1'],
        [[0, 5, 4], 'indices must ascend, got 5 and then 4 at 2'],
        [[4294967295, 0], 'indices must ascend, got 4294967295 and then 0 at 1'],
      ] as const) {
        const args = [Uint32Array.from(indices), new Float32Array(indices.length)];
        expect(failure(simd, 'sparse.create', args)).toEqual({
          code: 'ERR_SIMD_SPARSE',
          message: `sparse.create: ${message}`,
        });
      }
      expect(failure(simd, 'sparse.create', [Uint32Array.of(1), new Float32Array(2)]).code).toBe(
        'ERR_SIMD_LENGTH',
      );
      expect(failure(simd, 'sparse.create', [[1], new Float32Array(1)]).code).toBe('ERR_SIMD_TYPE');
    });

    it('checks what becomes dense', () => {
      const attempt = (...args: unknown[]) => failure(simd, 'sparse.toDense', args);
      expect(attempt(good, 2)).toEqual({
        code: 'ERR_SIMD_INDEX',
        message: 'sparse.toDense: vector.indices[1] is 2, and there are 2 dimensions',
      });
      expect(attempt(good, -1).code).toBe('ERR_SIMD_ARGUMENT');
      expect(attempt(good, '3').code).toBe('ERR_SIMD_ARGUMENT');
      expect(attempt(null, 3).code).toBe('ERR_SIMD_TYPE');
      expect(attempt(good, 5, new Float32Array(4)).code).toBe('ERR_SIMD_LENGTH');
      expect(attempt(good, 3, new Uint8Array(3)).code).toBe('ERR_SIMD_TYPE');
      const memory = new Float32Array(8);
      const inside = { indices: good.indices, values: memory.subarray(4, 6) };
      expect(attempt(inside, 5, memory).code).toBe('ERR_SIMD_OVERLAP');
      expect(attempt(good, 2 ** 52).code).toBe('ERR_SIMD_LENGTH');
      expect(failure(simd, 'sparse.fromDense', [[1]]).code).toBe('ERR_SIMD_TYPE');
    });
  });

  it("takes the host's own half floats, or what stands in for them", () => {
    const { Float16Array } = globalThis as { Float16Array?: new (values: number[]) => Uint16Array };
    if (Float16Array === undefined) {
      // A host without them has nothing that passes for one.
      const disguised = Object.defineProperty(new Int16Array(3), Symbol.toStringTag, {
        value: 'Float16Array',
      });
      expect(failure(simd, 'float16.dot', [disguised, disguised]).code).toBe('ERR_SIMD_TYPE');
      return;
    }
    const own = new Float16Array([1, 2, 3]);
    const words = simd.float16.fromFloat32(Float32Array.of(1, 2, 3));
    for (const x of [own, words]) {
      for (const y of [own, words]) {
        expect(simd.float16.dot(x, y)).toBe(14);
        expect([...simd.float16.many('l2', x, y)]).toEqual([0]);
        expect(simd.float32Float16.dot(Float32Array.of(1, 1, 1), y)).toBe(6);
      }
    }
    expect(simd.float16.norm(own)).toBe(Math.sqrt(14));
    expect([...simd.float16.toFloat32(own)]).toEqual([1, 2, 3]);
    expect([...simd.bits.fromFloat16(own)]).toEqual([0b11100000]);
    const out = new Float16Array([0, 0, 0]);
    expect(simd.float16.fromFloat32(Float32Array.of(4, 5, 6), out)).toBe(out);
    expect([...out]).toEqual([4, 5, 6]);
    expect(failure(simd, 'bfloat16.dot', [own, own]).code).toBe('ERR_SIMD_TYPE');
  });
});
