/** The addon itself, without the package's checks in front of it: native/addon/addon.h is its contract. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Addon, NativeKernels } from '../src/backend/native.js';
import { buildAddon, packageDir } from './support/backend.js';
import { compileTimeout } from './support/native.js';
import { builtAddon } from './support/package.js';

let addon: Addon;
beforeAll(() => {
  buildAddon();
  addon = createRequire(import.meta.url)(`${packageDir}${builtAddon}`);
}, compileTimeout);

const f32 = (...values: number[]) => new Float32Array(values);
const u32 = (...values: number[]) => new Uint32Array(values);
const controls = () => new Int32Array(new SharedArrayBuffer(12));

/** Any function of the addon, for arguments that types forbid. */
type AnyFunction = (...args: unknown[]) => unknown;

/** The code of the error that a call throws. */
function codeOf(f: unknown, ...args: unknown[]): string | undefined {
  try {
    (f as AnyFunction)(...args);
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return 'accepted';
}

const best = (): NativeKernels => Object.values(addon.variants)[0]!();

interface Ended {
  readonly error: unknown;
  readonly done: unknown;
}

function start(kernels: NativeKernels, ...args: readonly unknown[]): Promise<Ended> {
  return new Promise((resolve) => {
    (kernels.start as unknown as AnyFunction)(...args, (error: unknown, done: unknown) =>
      resolve({ error, done }),
    );
  });
}

describe('what it exports', () => {
  it('is of the version that the package takes', () => {
    expect(addon.abi).toBe(2);
    expect(addon.result).toBeInstanceOf(ArrayBuffer);
    expect(addon.result.byteLength).toBe(8);
  });

  it('has every function of every variant', () => {
    const numbers = ['dot', 'l2sq', 'l1', 'cosine'];
    const shapes = ['pair', 'many', 'gather', 'matrix', 'topK'];
    const types = ['f32', 'f16', 'bf16', 'i8', 'u8', 'bits', 'f32_f16'];
    expect(Object.keys(addon.variants)).toContain('serial');
    for (const bind of Object.values(addon.variants)) {
      const kernels = bind();
      expect(Object.keys(kernels)).toEqual(['shapes', 'norm', 'convert', 'sparse', 'start']);
      expect(Object.keys(kernels.shapes)).toEqual(types);
      for (const [type, metrics] of Object.entries(kernels.shapes)) {
        expect(Object.keys(metrics)).toEqual(type === 'bits' ? ['hamming', 'jaccard'] : numbers);
        for (const functions of Object.values(metrics)) expect(Object.keys(functions)).toEqual(shapes);
      }
      expect(Object.keys(kernels.norm)).toEqual(['f32', 'f16', 'bf16', 'i8', 'u8']);
      expect(Object.keys(kernels.convert)).toHaveLength(10);
      expect(Object.keys(kernels.sparse)).toEqual(numbers);
    }
  });

  it('can be asked for a variant again', () => {
    const [one, other] = [best(), best()];
    const result = new Float64Array(addon.result);
    one.shapes.f32.dot.pair(f32(1, 2), f32(3, 4));
    expect(result[0]).toBe(11);
    other.shapes.f32.l1.pair(f32(1, 2), f32(3, 5));
    expect(result[0]).toBe(5);
    one.shapes.f32.dot.pair(f32(2, 2), f32(3, 4));
    expect(result[0]).toBe(14);
  });
});

describe('lengths and indices', () => {
  const refused = 'ERR_SIMD_ADDON';

  it('are checked by pairs and norms', () => {
    const { pair } = best().shapes.f32.dot;
    for (const args of [
      [],
      [f32(1)],
      [f32(1), 5],
      [f32(1), f32(1, 2)],
      [{}, {}],
      [f32(1), new DataView(new ArrayBuffer(4))],
    ])
      expect(codeOf(pair, ...args)).toBe(refused);
    for (const args of [[], ['x'], [null], [[1, 2]]]) expect(codeOf(best().norm.f32, ...args)).toBe(refused);
  });

  it('are checked by many', () => {
    const { many } = best().shapes.f32.l2sq;
    for (const args of [
      [f32(1)],
      [f32(), f32(1), f32(0)],
      [f32(1, 2), f32(1, 2, 3), f32(0, 0)],
      [f32(1, 2), f32(1, 2, 3, 4), f32(0)],
      [f32(1, 2), f32(1, 2, 3, 4), new Uint8Array(2)],
      [new Uint8Array(2), f32(1, 2, 3, 4), f32(0, 0)],
      [f32(1, 2), new Uint16Array(4), f32(0, 0)],
    ]) {
      expect(codeOf(many, ...args)).toBe(refused);
    }
    expect(codeOf(many, f32(), f32(), f32())).toBe('accepted');
    expect(codeOf(many, f32(1, 2), f32(), f32())).toBe('accepted');
  });

  it('are checked by gather, and each index when it is used', () => {
    const { gather } = best().shapes.f32.dot;
    const rows = f32(1, 2, 3, 4, 5, 6);
    for (const args of [
      [f32(1, 2), rows, u32(0)],
      [f32(1, 2), rows, u32(0, 1), f32(0)],
      [f32(1, 2), f32(1, 2, 3), u32(0), f32(0)],
      [f32(1, 2), rows, new Uint8Array(2), f32(0, 0)],
    ]) {
      expect(codeOf(gather, ...args)).toBe(refused);
    }
    // Rows 0 to 2 exist. A wrong index is found wherever it stands, in or between groups.
    for (const count of [1, 2, 15, 16, 17, 33, 100]) {
      for (let at = 0; at < count; at++) {
        for (const wrong of [3, 4, 2 ** 31, 2 ** 32 - 1]) {
          const indices = new Uint32Array(count).fill(2);
          indices[at] = wrong;
          expect(() => gather(f32(1, 2), rows, indices, new Float32Array(count))).toThrow(
            expect.objectContaining({
              code: 'ERR_SIMD_ADDON_INDEX',
              message: `indices[${at}] names no row`,
            }),
          );
        }
      }
    }
    expect(codeOf(gather, f32(1, 2), f32(), u32(0), f32(0))).toBe('ERR_SIMD_ADDON_INDEX');
    expect(codeOf(gather, f32(), f32(), u32(0), f32(0))).toBe('ERR_SIMD_ADDON_INDEX');
    expect(codeOf(gather, f32(), f32(), u32(), f32())).toBe('accepted');
  });

  it('are checked by matrix, dimensions too', () => {
    const { matrix } = best().shapes.f32.dot;
    const [a, b] = [f32(1, 2, 3, 4), f32(1, 2, 3, 4, 5, 6)];
    const out = new Float32Array(6);
    expect(codeOf(matrix, a, b, 2, out)).toBe('accepted');
    for (const dimensions of [
      ...[3, 4, 0, -2, 1.5, Number.NaN, Number.POSITIVE_INFINITY],
      ...[2 ** 32 + 2, 2 ** 53, '2', undefined, null, 2n],
    ]) {
      expect(codeOf(matrix, a, b, dimensions, out)).toBe(refused);
    }
    expect(codeOf(matrix, a, b, 2, out.subarray(1))).toBe(refused);
    expect(codeOf(matrix, f32(), b, 2, f32())).toBe('accepted');
    expect(codeOf(matrix, f32(), f32(), 0, f32())).toBe('accepted');
  });

  it('are checked by topK', () => {
    const { topK } = best().shapes.f32.dot;
    const rows = f32(1, 2, 3, 4, 5, 6);
    expect(codeOf(topK, f32(1, 2), rows, u32(0, 0), f32(0))).toBe(refused);
    expect(codeOf(topK, f32(1, 2), f32(1, 2, 3), u32(0), f32(0))).toBe(refused);
    // More room than rows: the rest stays.
    const [indices, scores] = [u32(9, 9, 9, 9), f32(-1, -1, -1, -1)];
    expect((topK as AnyFunction)(f32(1, 2), rows, indices, scores)).toBe(3);
    expect([...indices]).toEqual([2, 1, 0, 9]);
    expect([...scores]).toEqual([17, 11, 5, -1]);
  });

  it('are checked by conversions and sparse pairs', () => {
    const { convert, sparse } = best();
    for (const args of [
      [f32(1, 2), new Uint16Array(1)],
      [f32(1, 2), new Uint16Array(3)],
      [new Uint8Array(2), new Uint16Array(2)],
      [f32(1, 2), new Uint8Array(2)],
      [f32(1, 2)],
    ]) {
      expect(codeOf(convert.f32_to_f16, ...args)).toBe(refused);
    }
    for (const [elements, bytes] of [
      [8, 2],
      [9, 1],
      [0, 1],
    ])
      expect(codeOf(convert.f32_to_bits, new Float32Array(elements), new Uint8Array(bytes))).toBe(refused);
    expect(codeOf(convert.f32_to_bits, new Float32Array(9), new Uint8Array(2))).toBe('accepted');
    for (const args of [
      [u32(1), f32(1), u32(1), f32(1, 2)],
      [u32(1), f32(), u32(1), f32(1)],
      [u32(1), f32(1), u32(1)],
      [new Uint8Array(1), f32(1), u32(1), f32(1)],
    ]) {
      expect(codeOf(sparse.dot, ...args)).toBe(refused);
    }
  });

  it('are those of the memory, whatever an array calls itself', () => {
    const disguised = Object.setPrototypeOf(new Uint8Array(12), Float32Array.prototype);
    const long = Object.defineProperty(f32(1, 2), 'length', { value: 1000 });
    expect(codeOf(best().shapes.f32.dot.many, disguised, f32(), f32())).toBe(refused);
    expect(codeOf(best().shapes.f32.dot.many, long, f32(1, 2), f32(0))).toBe('accepted');
  });
});

describe('start', () => {
  const query = f32(1, 2);
  const rows = f32(1, 2, 3, 4, 5, 6);

  it('calls back when it is done, with all rows done', async () => {
    const control = controls();
    const out = new Float32Array(3);
    expect(await start(best(), 'many', 'f32', 'dot', [query, rows, out], control)).toEqual({
      error: undefined,
      done: true,
    });
    expect([...out]).toEqual([5, 11, 17]);
    expect([...control]).toEqual([0, 3, 3]);

    const [indices, scores] = [u32(0, 0), f32(0, 0)];
    await start(best(), 'topK', 'f32', 'l2sq', [query, rows, indices, scores], controls());
    expect([...indices, ...scores]).toEqual([0, 1, 0, 8]);
    const grid = new Float32Array(9);
    const total = controls();
    await start(best(), 'matrix', 'f32', 'l1', [rows, rows, 2, grid], total);
    expect([...grid]).toEqual([0, 4, 8, 4, 0, 4, 8, 4, 0]);
    expect([...total]).toEqual([0, 3, 3]);
    await start(best(), 'gather', 'f32', 'dot', [query, rows, u32(2, 0, 2, 1), new Float32Array(4)], total);
    expect([...total]).toEqual([0, 4, 4]);
  });

  it('does not begin when it was stopped before', async () => {
    const control = controls();
    control[0] = 1;
    const out = f32(-1, -1, -1);
    const ended = await start(best(), 'many', 'f32', 'dot', [query, rows, out], control);
    expect(ended).toEqual({ error: undefined, done: false });
    expect([...out]).toEqual([-1, -1, -1]);
  });

  it.each(['many', 'gather', 'matrix', 'topK'])(
    '%s stops between blocks when it is asked to',
    async (shape) => {
      const n = 1 << 17;
      const [count, aCount] = [shape === 'matrix' ? 100 : 1 << 10, 200];
      // Half a gigabyte that nobody has written to is a page of zeros.
      const many = new Float32Array(new SharedArrayBuffer(4 * n * (shape === 'matrix' ? aCount : count)));
      const args = {
        many: [many.subarray(0, n), many, new Float32Array(count)],
        gather: [many.subarray(0, n), many, new Uint32Array(200_000), new Float32Array(200_000)],
        matrix: [many, many.subarray(0, n * count), n, new Float32Array(aCount * count)],
        topK: [many.subarray(0, n), many, new Uint32Array(5), new Float32Array(5)],
      }[shape];
      let ended: Ended | undefined;
      let control = controls();
      // A thread that is not given the processor may ask too late: then once more.
      for (let attempt = 0; attempt < 10 && ended?.done !== false; attempt++) {
        control = controls();
        const work = start(addon.variants.serial!(), shape, 'f32', 'dot', args, control);
        while (Atomics.load(control, 1) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        Atomics.store(control, 0, 1);
        ended = await work;
      }
      expect(ended).toEqual({ error: undefined, done: false });
      const [, done, total] = control;
      expect(total).toBe({ many: count, gather: 200_000, matrix: aCount, topK: count }[shape]);
      expect(done).toBeGreaterThan(0);
      expect(done).toBeLessThan(total);
    },
  );

  it('calls back with the error of an index that names no row', async () => {
    const out = new Float32Array(2);
    const ended = await start(best(), 'gather', 'f32', 'dot', [query, rows, u32(0, 3), out], controls());
    expect(ended.done).toBe(false);
    expect(ended.error).toBeInstanceOf(RangeError);
    expect(ended.error).toMatchObject({ code: 'ERR_SIMD_ADDON_INDEX', message: 'indices[1] names no row' });
  });

  it('refuses at once what is wrong with the arguments', () => {
    const { start: begin } = best();
    const out = new Float32Array(3);
    const good: unknown[] = ['many', 'f32', 'dot', [query, rows, out], controls(), () => {}];
    const wrong: Array<[number, unknown]> = [
      ...['', 'pair', 'manymanymanymany', 'Many', 0, undefined].map((shape): [number, unknown] => [0, shape]),
      ...['f64', 'bits', 1].map((type): [number, unknown] => [1, type]),
      ...['hamming', 'sum', null].map((metric): [number, unknown] => [2, metric]),
      ...[[], [query, rows], [query, rows, f32(0)], undefined, 'x', { length: 3 }].map(
        (args): [number, unknown] => [3, args],
      ),
      ...[new Int32Array(2), new Int8Array(12), undefined, []].map((control): [number, unknown] => [
        4,
        control,
      ]),
      ...[undefined, {}, 'x'].map((callback): [number, unknown] => [5, callback]),
    ];
    for (const [place, value] of wrong) {
      const args = good.with(place, value);
      expect([place, codeOf(begin, ...args)]).toEqual([place, 'ERR_SIMD_ADDON']);
    }
    expect(codeOf(begin)).toBe('ERR_SIMD_ADDON');
  });

  it('passes on what a getter among the arguments throws, and looks at arrays only after the last one', () => {
    const { start: begin } = best();
    const thrown = new Error('mine');
    const throwing = Object.defineProperty([query, rows], 2, {
      get() {
        throw thrown;
      },
    });
    expect(() => (begin as AnyFunction)('many', 'f32', 'dot', throwing, controls(), () => {})).toThrow(
      thrown,
    );

    const victim = f32(1, 2);
    const taking = Object.defineProperty([victim, rows], 2, {
      get() {
        structuredClone(victim.buffer, { transfer: [victim.buffer] });
        return new Float32Array(3);
      },
    });
    expect(codeOf(begin, 'many', 'f32', 'dot', taking, controls(), () => {})).toBe('ERR_SIMD_ADDON');
  });
});

const fuzz = fileURLToPath(new URL('support/addon-fuzz.mjs', import.meta.url));

describe('arguments of every kind', () => {
  it.each([1, 2, 3])('are refused, or change nothing but results (seed %i)', (seed) => {
    const stdout = execFileSync(process.execPath, [fuzz, `${packageDir}${builtAddon}`, `${seed}`, '150'], {
      encoding: 'utf8',
    });
    const tally: Record<string, { accepted: number; refused: number; badIndex: number }> = JSON.parse(stdout);
    const shapes = ['many', 'gather', 'matrix', 'topK'];
    const names = [
      ...shapes,
      ...shapes.map((shape) => `start ${shape}`),
      'pair',
      'norm',
      'sparse',
      'convert',
    ];
    expect(Object.keys(tally).sort()).toEqual(names.sort());
    // Each was called both ways, or this has shown nothing.
    for (const { accepted, refused } of Object.values(tally)) {
      expect(accepted).toBeGreaterThan(10);
      expect(refused).toBeGreaterThan(10);
    }
    expect(tally.gather.badIndex).toBeGreaterThan(10);
    expect(tally['start gather'].badIndex).toBeGreaterThan(10);
  });
});
