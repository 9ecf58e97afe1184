/** What every function of every type says of bad input: the same on every variant, and never a crash. */
import { describe, expect, it } from 'vitest';
import { call, constructors, detached, failure, type Kind, n, stranded, trap } from './support/bad-input.js';
import { type FamilyName, familyNames, metricsOf } from './support/families.js';
import { loadEvery } from './support/variants.js';

const variants = await loadEvery();

const articles = {
  Float32Array: 'a Float32Array',
  Uint16Array: 'a Uint16Array',
  Int8Array: 'an Int8Array',
  Uint8Array: 'a Uint8Array',
  Uint32Array: 'a Uint32Array',
};

/** What a function takes, by the names that its messages use. */
interface Signature {
  /** `int8.dot` */
  readonly operation: string;
  /** Arrays of `n` elements of each kind, or other arguments. */
  readonly args: ReadonlyArray<readonly [name: string, kind: Kind] | number | string>;
  /** Where an argument `out` goes, what it is called, and how many elements it needs for the arguments that `fill` makes. */
  readonly out?: readonly [kind: Kind, needs: number];
}

const kinds: Readonly<Record<FamilyName, readonly [Kind, Kind]>> = {
  float32: ['Float32Array', 'Float32Array'],
  float16: ['Uint16Array', 'Uint16Array'],
  bfloat16: ['Uint16Array', 'Uint16Array'],
  int8: ['Int8Array', 'Int8Array'],
  uint8: ['Uint8Array', 'Uint8Array'],
  float32Float16: ['Float32Array', 'Uint16Array'],
  bits: ['Uint8Array', 'Uint8Array'],
};

function signatures(): Signature[] {
  const all: Signature[] = [];
  for (const name of familyNames) {
    const [a, b] = kinds[name];
    for (const metric of metricsOf(name)) {
      // The functions of the package's own door.
      const operation = name === 'float32' ? metric : `${name}.${metric}`;
      all.push({
        operation,
        args: [
          ['a', a],
          ['b', b],
        ],
      });
    }
    const [metric] = metricsOf(name);
    const rows = [
      ['query', a],
      ['rows', b],
    ] as const;
    const out = ['Float32Array', 1] as const;
    all.push({ operation: `${name}.many`, args: [metric, ...rows], out });
    all.push({
      operation: `${name}.gather`,
      args: [metric, ...rows, ['indices', 'Uint32Array']],
      out: ['Float32Array', n],
    });
    all.push({ operation: `${name}.matrix`, args: [metric, ['a', a], ['b', b], n], out });
    all.push({ operation: `${name}.topK`, args: [metric, ...rows, 1] });
    if (name !== 'bits' && name !== 'float32Float16') {
      all.push({ operation: name === 'float32' ? 'norm' : `${name}.norm`, args: [['a', a]] });
    }
  }
  const conversions: Array<[string, Kind, Kind, number]> = [
    ['float16.fromFloat32', 'Float32Array', 'Uint16Array', n],
    ['float16.toFloat32', 'Uint16Array', 'Float32Array', n],
    ['bfloat16.fromFloat32', 'Float32Array', 'Uint16Array', n],
    ['bfloat16.toFloat32', 'Uint16Array', 'Float32Array', n],
    ['bits.fromFloat32', 'Float32Array', 'Uint8Array', Math.ceil(n / 8)],
    ['bits.fromFloat16', 'Uint16Array', 'Uint8Array', Math.ceil(n / 8)],
    ['bits.fromInt8', 'Int8Array', 'Uint8Array', Math.ceil(n / 8)],
    ['float32.normalise', 'Float32Array', 'Float32Array', n],
    ['float16.normalise', 'Uint16Array', 'Uint16Array', n],
    ['bfloat16.normalise', 'Uint16Array', 'Uint16Array', n],
  ];
  for (const [operation, from, to, needs] of conversions) {
    all.push({ operation, args: [['a', from]], out: [to, needs] });
  }
  return all;
}

const every = signatures();
const arrayArguments = every.flatMap((signature) =>
  signature.args.flatMap((argument, at) =>
    typeof argument === 'object' ? [[signature.operation, argument[0], signature, at] as const] : [],
  ),
);
const withOut = every
  .filter(({ out }) => out !== undefined)
  .map((signature) => [signature.operation, signature] as const);

/** Good arguments. */
function fill({ args }: Signature): unknown[] {
  return args.map((argument) => (typeof argument === 'object' ? new constructors[argument[1]](n) : argument));
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
}

/** What is none of the arrays that a function takes, and how messages call it. */
function wrong(kind: Kind): Array<[unknown, string]> {
  const others = Object.keys(constructors).filter((name) => name !== kind) as Kind[];
  const good = new constructors[kind](n);
  return [
    [null, 'null'],
    [3, 'number'],
    [Number.NaN, 'number'],
    [3n, 'bigint'],
    ['text', 'string'],
    [Symbol('s'), 'symbol'],
    [{}, 'object'],
    [() => {}, 'function'],
    [[1, 2, 3], 'Array of 3'],
    [new Float64Array(3), 'Float64Array of 3'],
    [new BigInt64Array(2), 'BigInt64Array of 2'],
    [new Uint8ClampedArray(2), 'Uint8ClampedArray of 2'],
    [new ArrayBuffer(12), 'object'],
    [new SharedArrayBuffer(12), 'object'],
    [new DataView(new ArrayBuffer(12)), 'object'],
    [Object.create(constructors[kind].prototype), 'object'],
    [Object.setPrototypeOf(new Float64Array(8), constructors[kind].prototype), 'Float64Array of 8'],
    [{ [Symbol.toStringTag]: kind, length: n, 0: 1 }, 'object'],
    [new Proxy(good, {}), 'object'],
    [new Proxy(good, { get: trap, getPrototypeOf: trap, has: trap, ownKeys: trap }), 'object'],
    [new Proxy([1, 2], { get: trap }), 'object'],
    [revoked(), 'object'],
    ...others.map((other): [unknown, string] => [new constructors[other](n), `${other} of ${n}`]),
  ];
}

describe.each(variants)('%s', (_variant, simd) => {
  it.each(every.map((signature) => [signature.operation, signature] as const))(
    '%s takes good input',
    (operation, signature) => {
      expect(() => call(simd, operation, fill(signature))).not.toThrow();
      if (signature.out !== undefined) {
        const out = new constructors[signature.out[0]](signature.out[1]);
        expect(call(simd, operation, [...fill(signature), out])).toBe(out);
      }
    },
  );

  it.each(arrayArguments)('%s refuses what is none of its arrays as %s', (operation, name, signature, at) => {
    const kind = (signature.args[at] as [string, Kind])[1];
    for (const [value, what] of [...wrong(kind), [undefined, 'undefined'] as const]) {
      const args = fill(signature);
      args[at] = value;
      expect(failure(simd, operation, args)).toEqual({
        code: 'ERR_SIMD_TYPE',
        message: `${operation}: ${name} must be ${articles[kind]}, got ${what}`,
      });
    }
  });

  it.each(arrayArguments)('%s refuses %s without memory', (operation, name, signature, at) => {
    const kind = (signature.args[at] as [string, Kind])[1];
    for (const gone of [detached(kind), stranded(kind)]) {
      const args = fill(signature);
      args[at] = gone;
      expect(failure(simd, operation, args)).toEqual({
        code: 'ERR_SIMD_DETACHED',
        message: `${operation}: ${name} has lost its memory: the buffer was transferred away or shrunk`,
      });
    }
  });

  it.each(withOut)('%s refuses an out that is none, has no memory, or is short', (operation, signature) => {
    const [kind, needs] = signature.out!;
    const attempt = (out: unknown) => failure(simd, operation, [...fill(signature), out]);
    for (const [value, what] of wrong(kind)) {
      expect(attempt(value)).toEqual({
        code: 'ERR_SIMD_TYPE',
        message: `${operation}: out must be ${articles[kind]}, got ${what}`,
      });
    }
    expect(attempt(detached(kind)).code).toBe('ERR_SIMD_DETACHED');
    expect(attempt(stranded(kind)).code).toBe('ERR_SIMD_DETACHED');
    expect(attempt(new constructors[kind](needs - 1))).toEqual({
      code: 'ERR_SIMD_LENGTH',
      message: `${operation}: out must have room for ${needs} results, got ${kind} of ${needs - 1}`,
    });
  });

  it.each(withOut)('%s refuses an out that shares memory with an input', (operation, signature) => {
    const [kind, needs] = signature.out!;
    for (const [at, argument] of signature.args.entries()) {
      if (typeof argument !== 'object') continue;
      const args = fill(signature);
      const input = args[at] as Uint8Array;
      const buffer = new ArrayBuffer(input.byteLength + 8 * needs + 32);
      const inside = Math.ceil((4 * needs) / 16) * 16;
      args[at] = new constructors[argument[1]](buffer, inside, n);
      // One byte of the last result, and one of the first, in the input.
      const size = constructors[kind].BYTES_PER_ELEMENT;
      const starts = [inside - size * (needs - 1), inside + input.byteLength - size];
      for (const start of starts) {
        const out = new constructors[kind](buffer, Math.floor(start / size) * size, needs);
        if (operation.endsWith('normalise') && out.byteOffset === inside) continue;
        expect(failure(simd, operation, [...args, out]).code).toBe('ERR_SIMD_OVERLAP');
      }
    }
  });

  it.each(
    every.filter(({ args }) => args.length === 2).map(({ operation, args }) => [operation, args] as const),
  )('%s refuses vectors of different length', (operation, args) => {
    const [[, a], [, b]] = args as ReadonlyArray<[string, Kind]>;
    for (const [m, length] of [
      [3, 4],
      [4, 3],
      [0, 1],
      [1, 0],
      [300, 299],
      [299, 300],
      [1000, 3],
    ]) {
      expect(failure(simd, operation, [new constructors[a](m), new constructors[b](length)])).toEqual({
        code: 'ERR_SIMD_LENGTH',
        message: `${operation}: a and b must have the same length, got ${m} and ${length}`,
      });
    }
  });

  describe.each(familyNames)('%s', (name) => {
    const [a, b] = kinds[name].map((kind) => (length: number) => new constructors[kind](length));
    const words = metricsOf(name).map((metric) => `'${metric}'`);
    const listed = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
    const [metric] = metricsOf(name);

    it('knows its metrics only', () => {
      const tails: Record<string, unknown[]> = {
        many: [],
        gather: [Uint32Array.of(0)],
        matrix: [1],
        topK: [1],
      };
      for (const [shape, tail] of Object.entries(tails)) {
        const operation = `${name}.${shape}`;
        for (const [value, what] of [
          ['', "''"],
          ['Dot', "'Dot'"],
          ['constructor', "'constructor'"],
          ['__proto__', "'__proto__'"],
          [name === 'bits' ? 'dot' : 'hamming', name === 'bits' ? "'dot'" : "'hamming'"],
          [undefined, 'undefined'],
          [null, 'null'],
          [0, 'number'],
          [[metric], 'Array of 1'],
          [new String(metric), 'object'],
          [Symbol.iterator, 'symbol'],
          [a(3), `${kinds[name][0]} of 3`],
        ]) {
          expect(failure(simd, operation, [value, a(1), b(1), ...tail])).toEqual({
            code: 'ERR_SIMD_ARGUMENT',
            message: `${operation}: metric must be ${listed}, got ${String(what)}`,
          });
        }
      }
    });

    it('takes whole rows only', () => {
      for (const [shape, tail] of [
        ['many', []],
        ['gather', [new Uint32Array(0)]],
        ['topK', [3]],
      ] as const) {
        for (const [m, total] of [
          [3, 10],
          [0, 1],
          [4, 3],
        ]) {
          expect(failure(simd, `${name}.${shape}`, [metric, a(m), b(total), ...tail])).toEqual({
            code: 'ERR_SIMD_LENGTH',
            message: `${name}.${shape}: the length of rows must be a multiple of the query's, got ${total} and ${m}`,
          });
        }
      }
      for (const [x, y, dimensions, side, total] of [
        [10, 9, 3, 'a', 10],
        [9, 10, 3, 'b', 10],
        [1, 0, 0, 'a', 1],
        [0, 1, 0, 'b', 1],
      ] as const) {
        expect(failure(simd, `${name}.matrix`, [metric, a(x), b(y), dimensions])).toEqual({
          code: 'ERR_SIMD_LENGTH',
          message: `${name}.matrix: the length of ${side} must be a multiple of dimensions, got ${total} and ${dimensions}`,
        });
      }
    });

    it('takes whole numbers for k and dimensions', () => {
      for (const [value, what] of [
        [-1, '-1'],
        [1.5, '1.5'],
        [Number.NaN, 'NaN'],
        [Number.POSITIVE_INFINITY, 'Infinity'],
        [2 ** 53, '9007199254740992'],
        ['2', 'string'],
        [undefined, 'undefined'],
        [{ valueOf: trap }, 'object'],
      ]) {
        for (const [shape, argument] of [
          ['topK', 'k'],
          ['matrix', 'dimensions'],
        ]) {
          expect(failure(simd, `${name}.${shape}`, [metric, a(2), b(4), value])).toEqual({
            code: 'ERR_SIMD_ARGUMENT',
            message: `${name}.${shape}: ${argument} must be a whole number from 0 on, got ${what}`,
          });
        }
      }
    });

    it('refuses an index that names no row, wherever it stands', () => {
      for (const count of [1, 4, 5, 100]) {
        for (const at of [0, count >> 1, count - 1]) {
          for (const index of [7, 8, 2 ** 31, 2 ** 32 - 1]) {
            const indices = new Uint32Array(count);
            indices[at] = index;
            expect(failure(simd, `${name}.gather`, [metric, a(60), b(420), indices])).toEqual({
              code: 'ERR_SIMD_INDEX',
              message: `${name}.gather: indices[${at}] is ${index}, and there are 7 rows`,
            });
          }
        }
      }
      for (const query of [a(0), a(3)]) {
        expect(failure(simd, `${name}.gather`, [metric, query, b(0), Uint32Array.of(0)])).toEqual({
          code: 'ERR_SIMD_INDEX',
          message: `${name}.gather: indices[0] is 0, and there are 0 rows`,
        });
      }
    });

    it('checks both arrays of what topK writes to', () => {
      const operation = `${name}.topK`;
      const attempt = (out: unknown) => failure(simd, operation, [metric, a(2), b(20), 3, out]);
      const [indices, scores] = [new Uint32Array(3), new Float32Array(3)];
      for (const [out, what] of [
        [null, 'null'],
        [5, 'number'],
        ['x', 'string'],
      ]) {
        expect(attempt(out)).toEqual({
          code: 'ERR_SIMD_TYPE',
          message: `${operation}: out must be an object like { indices, scores }, got ${what}`,
        });
      }
      expect(attempt({ scores })).toEqual({
        code: 'ERR_SIMD_TYPE',
        message: `${operation}: out.indices must be a Uint32Array, got undefined`,
      });
      expect(attempt({ indices, scores: indices })).toEqual({
        code: 'ERR_SIMD_TYPE',
        message: `${operation}: out.scores must be a Float32Array, got Uint32Array of 3`,
      });
      expect(attempt({ indices: new Uint32Array(2), scores })).toEqual({
        code: 'ERR_SIMD_LENGTH',
        message: `${operation}: out.indices must have room for 3 results, got Uint32Array of 2`,
      });
      expect(attempt({ indices, scores: new Float32Array(2) }).code).toBe('ERR_SIMD_LENGTH');
      expect(attempt({ indices: detached('Uint32Array'), scores }).code).toBe('ERR_SIMD_DETACHED');
      expect(attempt({ indices, scores: stranded('Float32Array') }).code).toBe('ERR_SIMD_DETACHED');
      expect(attempt({ indices, scores: new Float32Array(indices.buffer) }).code).toBe('ERR_SIMD_OVERLAP');
      const getter = {
        get indices() {
          throw new RangeError('the getter threw');
        },
      };
      expect(() => call(simd, operation, [metric, a(2), b(20), 3, getter])).toThrow(RangeError);
    });

    it('is not misled by disguises of its arrays', () => {
      const own = (length: unknown) => (array: object) =>
        Object.defineProperty(array, 'length', { value: length });
      const disguises: Array<(array: object) => object> = [
        ...[0, 1, 1e9, -1, '3', undefined].map(own),
        (array) => Object.setPrototypeOf(array, null),
        (array) => Object.setPrototypeOf(array, Float64Array.prototype),
        (array) => Object.defineProperty(array, Symbol.toStringTag, { value: 'Float64Array' }),
        (array) => Object.defineProperty(array, 'subarray', { value: trap }),
        (array) => Object.defineProperty(array, 'constructor', { value: trap }),
      ];
      const family = simd[name] as unknown as Record<string, (...args: unknown[]) => unknown>;
      for (const m of [1, 5, 100]) {
        for (const disguise of disguises) {
          const [x, y] = [a(m).fill(1), b(m * 3).fill(1)];
          const [dx, dy] = [disguise(a(m).fill(1)), disguise(b(m * 3).fill(1))];
          const db = disguise(b(m).fill(1));
          for (const each of metricsOf(name)) {
            expect(family[each](dx, db)).toBe(family[each](x, b(m).fill(1)));
            expect(family.many(each, dx, dy)).toEqual(family.many(each, x, y));
            const out = disguise(new Float32Array(3));
            expect(family.many(each, dx, dy, out)).toBe(out);
            const indices = disguise(Uint32Array.of(2, 0));
            expect(family.gather(each, dx, dy, indices)).toEqual(
              family.gather(each, x, y, Uint32Array.of(2, 0)),
            );
            expect(family.matrix(each, dx, dy, m)).toEqual(family.matrix(each, x, y, m));
            expect(family.topK(each, dx, dy, 2)).toEqual(family.topK(each, x, y, 2));
            const best = { indices: disguise(new Uint32Array(9)), scores: disguise(new Float32Array(9)) };
            expect(family.topK(each, dx, dy, 2, best)).toBe(best);
          }
        }
      }
    });

    it('takes views of shared memory and of memory that can grow', () => {
      const family = simd[name] as unknown as Record<string, (...args: unknown[]) => unknown>;
      const Growable = SharedArrayBuffer as unknown as new (bytes: number, o: object) => SharedArrayBuffer;
      const [A, B] = kinds[name].map((kind) => constructors[kind]);
      const fresh = [
        (bytes: number) => new SharedArrayBuffer(bytes),
        (bytes: number) => new Growable(bytes, { maxByteLength: 2 * bytes }),
        (bytes: number) =>
          new (ArrayBuffer as unknown as new (b: number, o: object) => ArrayBuffer)(bytes, {
            maxByteLength: 2 * bytes,
          }),
      ];
      for (const memory of fresh) {
        const x = new A(memory(60 * A.BYTES_PER_ELEMENT) as ArrayBuffer).fill(1);
        const y = new B(memory(60 * B.BYTES_PER_ELEMENT) as ArrayBuffer).fill(1);
        const out = new Float32Array(memory(4) as ArrayBuffer);
        expect(family[metric](x, y)).toBe(family[metric](new A(60).fill(1), new B(60).fill(1)));
        expect(family.many(metric, x, y, out)).toBe(out);
        expect([...out]).toEqual([...(family.many(metric, x, y) as Float32Array)]);
      }
    });
  });

  it('finds two lengths of a resized buffer, not a crash', () => {
    const Resizable = ArrayBuffer as unknown as new (
      b: number,
      o: object,
    ) => ArrayBuffer & { resize(b: number): void };
    const buffer = new Resizable(4000, { maxByteLength: 8000 });
    const tracking = new Float32Array(buffer);
    expect(simd.dot(tracking, new Float32Array(1000))).toBe(0);
    buffer.resize(400);
    expect(failure(simd, 'dot', [tracking, new Float32Array(1000)]).code).toBe('ERR_SIMD_LENGTH');
    expect(failure(simd, 'dot', [new Float32Array(1000), tracking]).code).toBe('ERR_SIMD_LENGTH');
    expect(simd.dot(tracking, new Float32Array(100))).toBe(0);
  });
});
