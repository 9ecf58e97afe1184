/**
 * The kernels for WebAssembly against float64 and exact sums: every type, metric and shape, every tail, arguments that
 * end where the memory does (a load past them traps) and that begin at any element.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Elements } from '../src/backend/types.js';
import {
  fromBfloat,
  fromHalf,
  randomElements,
  randomWords,
  toBfloat,
  toHalf,
  valuesOf,
} from './support/elements.js';
import { bounds, exact } from './support/oracle.js';
import {
  combinations as all,
  arithmetic,
  check,
  expected,
  floats,
  integers,
  operands,
  rounded,
} from './support/scores.js';
import { Bench, type Metric, metrics, noWasm, type Type, types, wasmBytes } from './support/wasm.js';

const missing = noWasm();

/** Every length to two registers of bytes past four blocks, and a few long ones. */
const lengths = [...Array(150).keys(), 255, 256, 257, 1000, 1536];

describe.skipIf(missing !== undefined)(`the WebAssembly module${missing ? ` (${missing})` : ''}`, () => {
  let bench: Bench;

  beforeAll(async () => {
    bench = new Bench(await wasmBytes());
  });

  function pair(type: Type, metric: Metric, a: Elements, b: Elements, gap = 0): number {
    bench.reset();
    const atB = bench.place(b);
    const atA = bench.place(a, gap);
    return bench.exports.pair(types[type], metrics[metric], atA, atB, a.length);
  }

  it.each(all)('pair of %s, %s: every tail, in front of the end of memory', (type, metric) => {
    const next = randomWords(1);
    const [typeOfA, typeOfB] = operands(type);
    for (const n of lengths) {
      const a = randomElements(typeOfA, n, next);
      const b = randomElements(typeOfB, n, next);
      check(`${type} ${metric} ${n}`, pair(type, metric, a, b), expected(type, metric, a, b));
      // Both at the end, in turn, and with an odd distance between them.
      const swapped = operands(type)[0] === operands(type)[1];
      if (swapped) check(`${n} swapped`, pair(type, metric, b, a, 5), expected(type, metric, b, a));
    }
  });

  it.each(all)('%s, %s: the result does not depend on where the arguments lie', (type, metric) => {
    const next = randomWords(2);
    const [typeOfA, typeOfB] = operands(type);
    const a = randomElements(typeOfA, 77, next);
    const b = randomElements(typeOfB, 77, next);
    const first = pair(type, metric, a, b);
    for (let gap = 0; gap < 64; gap++) expect(pair(type, metric, a, b, gap)).toBe(first);
  });

  it.each(all)(
    'many and matrix of %s, %s: every count of rows, and nothing beside the results',
    (type, metric) => {
      const next = randomWords(3);
      const [typeOfA, typeOfB] = operands(type);
      for (const n of [1, 3, 4, 15, 16, 17, 33, 64, 100]) {
        for (const count of [1, 2, 3, 4, 5, 8, 11]) {
          const rows = randomElements(typeOfB, n * count, next);
          const queries = randomElements(typeOfA, n * 5, next);
          const row = (i: number) => rows.slice(i * n, i * n + n);
          const query = (i: number) => queries.slice(i * n, i * n + n);
          for (const queryCount of [1, 2, 5]) {
            bench.reset();
            const atRows = bench.place(rows);
            const out = bench.room(4 * queryCount * count);
            const atQueries = bench.place(queries.slice(0, queryCount * n), 1);
            const [t, m] = [types[type], metrics[metric]];
            if (queryCount === 1) bench.exports.many(t, m, atQueries, atRows, n, count, out);
            else bench.exports.matrix(t, m, atQueries, queryCount, atRows, count, n, out);
            expect(bench.isFenced(out, 4 * queryCount * count)).toBe(true);
            const results = bench.floats(out, queryCount * count);
            for (const [i, result] of results.entries()) {
              const want = expected(type, metric, query(Math.floor(i / count)), row(i % count));
              check(`${type} ${metric} n=${n} ${queryCount}x${count} [${i}]`, result, rounded(want));
            }
          }
        }
      }
    },
  );

  it.each(integers)('%s: sums of extreme elements are exact beyond 32 bits', (type) => {
    const n = 300_001;
    const low = type === 'i8' ? new Int8Array(n).fill(-128) : new Uint8Array(n);
    const high = type === 'i8' ? new Int8Array(n).fill(127) : new Uint8Array(n).fill(255);
    const [l, h] = [low[0], high[0]];
    for (const [a, b, x, y] of [
      [low, low, l, l],
      [low, high, l, h],
      [high, high, h, h],
    ] as const) {
      expect(pair(type, 'dot', a, b)).toBe(n * x * y);
      expect(pair(type, 'l2sq', a, b)).toBe(n * (x - y) ** 2);
      expect(pair(type, 'l1', a, b)).toBe(n * Math.abs(x - y));
    }
    bench.reset();
    const at = bench.place(high);
    expect(bench.exports.norm(types[type], at, n)).toBe(Math.sqrt(n * h * h));
  });

  it.each(floats)('%s: NaN and infinity in the last element reach the result', (type) => {
    const [typeOfA] = operands(type);
    const special = (value: number) =>
      typeOfA === 'f32' ? value : typeOfA === 'f16' ? toHalf(value) : toBfloat(value);
    for (const n of [1, 2, 3, 4, 5, 8, 17, 33]) {
      const next = randomWords(4);
      const a = randomElements(operands(type)[0], n, next);
      const b = randomElements(operands(type)[1], n, next);
      a[n - 1] = typeOfA === 'f32' ? Number.NaN : typeOfA === 'f16' ? 0x7e00 : 0x7fc0;
      for (const metric of arithmetic) expect(pair(type, metric, a, b)).toBeNaN();
      a[n - 1] = special(Number.POSITIVE_INFINITY);
      expect(pair(type, 'l1', a, b)).toBe(Number.POSITIVE_INFINITY);
      expect(pair(type, 'l2sq', a, b)).toBe(Number.POSITIVE_INFINITY);
    }
  });

  it('gives the documented values for no dimensions and for zero vectors', () => {
    for (const [type, metric] of all) {
      const none = (t: Type) => randomElements(operands(t)[0], 0, randomWords(0));
      const result = pair(type, metric, none(type), none(type));
      if (metric === 'cosine') expect(result).toBeNaN();
      else expect(result).toBe(0);
    }
    expect(pair('f32', 'cosine', new Float32Array(9), new Float32Array(9).fill(1))).toBeNaN();
    expect(pair('i8', 'cosine', new Int8Array(9), new Int8Array(9).fill(1))).toBeNaN();
    expect(pair('bits', 'jaccard', new Uint8Array(9), new Uint8Array(9))).toBe(0);
  });

  it.each(['f32', 'f16', 'bf16', 'i8', 'u8'] as const)('norm of %s: every tail', (type) => {
    const next = randomWords(5);
    for (const n of lengths) {
      const a = randomElements(type, n, next);
      bench.reset();
      const at = bench.place(a);
      const values = valuesOf(type, a);
      const { norm } = exact(values, values);
      const within = type === 'i8' || type === 'u8' ? 0 : bounds(n, exact(values, values)).norm;
      check(`norm ${type} ${n}`, bench.exports.norm(types[type], at, n), { value: norm, within });
    }
  });

  describe('topk', () => {
    function topk(type: Type, metric: Metric, query: Elements, rows: Elements, k: number) {
      const count = rows.length / query.length;
      const wanted = Math.min(k, count);
      bench.reset();
      const atRows = bench.place(rows);
      const atQuery = bench.place(query, 3);
      const indices = bench.room(4 * wanted);
      const scores = bench.room(4 * wanted);
      const [t, m] = [types[type], metrics[metric]];
      const found = bench.exports.topk(t, m, atQuery, atRows, query.length, count, k, indices, scores);
      expect(bench.isFenced(indices, 4 * wanted) && bench.isFenced(scores, 4 * wanted)).toBe(true);
      expect(found).toBe(wanted);
      return {
        indices: [...new Uint32Array(bench.bytes(indices, 4 * found).slice().buffer)],
        scores: [...bench.floats(scores, found)],
      };
    }

    it.each(['dot', 'l2sq'] as const)('%s: the best rows in order, of equals the earlier', (metric) => {
      const next = randomWords(6);
      for (const count of [1, 2, 7, 64, 500]) {
        // Small integers: their scores are exact and often equal.
        const small = (length: number) => Float32Array.from({ length }, () => (next() % 5) - 2);
        const [query, rows] = [small(6), small(6 * count)];
        const scores = Array.from({ length: count }, (_, i) => {
          return exact(query, rows.subarray(6 * i, 6 * i + 6))[metric];
        });
        const sign = metric === 'dot' ? -1 : 1;
        const order = [...scores.keys()].sort((i, j) => sign * (scores[i] - scores[j]) || i - j);
        for (const k of [0, 1, 3, 10, count, count + 1]) {
          const best = order.slice(0, k);
          expect(topk('f32', metric, query, rows, k)).toEqual({
            indices: best,
            scores: best.map((i) => scores[i]),
          });
        }
      }
    });

    it('puts NaN behind all numbers', () => {
      const rows = Float32Array.of(Number.NaN, 5, 1, Number.NaN, Number.POSITIVE_INFINITY);
      expect(topk('f32', 'l1', Float32Array.of(0), rows, 5).indices).toEqual([2, 1, 4, 0, 3]);
      expect(topk('f32', 'dot', Float32Array.of(1), rows, 4).indices).toEqual([4, 1, 2, 0]);
    });

    it('has the scores of many', () => {
      const next = randomWords(7);
      const [query, rows] = [randomElements('i8', 40, next), randomElements('i8', 40 * 90, next)];
      const { indices, scores } = topk('i8', 'cosine', query, rows, 90);
      for (const [place, i] of indices.entries()) {
        const row = rows.slice(40 * i, 40 * i + 40);
        check(`row ${i}`, scores[place], rounded(expected('i8', 'cosine', query, row)));
      }
      expect([...scores].sort((a, b) => a - b)).toEqual(scores);
      expect([...indices].sort((a, b) => a - b)).toEqual([...Array(90).keys()]);
    });
  });

  describe('conversions', () => {
    /** In the order of struct rv_kernels. */
    const conversions = [
      ...['f16_to_f32', 'f32_to_f16', 'bf16_to_f32', 'f32_to_bf16'],
      ...['f32_to_bits', 'f16_to_bits', 'i8_to_bits'],
      ...['normalise_f32', 'normalise_f16', 'normalise_bf16'],
    ];

    function convert(name: string, from: Elements, bytes: number): ArrayBuffer {
      bench.reset();
      const atFrom = bench.place(from);
      const to = bench.room(bytes);
      bench.exports.convert(conversions.indexOf(name), atFrom, to, from.length);
      expect(bench.isFenced(to, bytes)).toBe(true);
      return bench.bytes(to, bytes).slice().buffer as ArrayBuffer;
    }

    const words = Uint16Array.from({ length: 65536 }, (_, i) => i);

    it.each([
      ['f16_to_f32', fromHalf],
      ['bf16_to_f32', fromBfloat],
    ] as const)('%s: all 65,536 words', (name, decode) => {
      const result = new Float32Array(convert(name, words, 4 * 65536));
      for (const word of words) {
        if (!Object.is(result[word], decode(word)))
          expect.fail(`${word}: ${result[word]}, not ${decode(word)}`);
      }
    });

    it.each([
      ['f32_to_f16', fromHalf, toHalf, 0x7c00],
      ['f32_to_bf16', fromBfloat, toBfloat, 0x7f80],
    ] as const)(
      '%s: every word, the ties between neighbours and what is next to those',
      (name, decode, encode, infinity) => {
        const inputs: number[] = [];
        for (let word = 0; word < infinity; word++) {
          const value = decode(word);
          const above = word + 1 === infinity ? value + (value - decode(word - 1)) : decode(word + 1);
          const tie = Math.fround((value + above) / 2);
          const ulp = Math.max(Math.abs(tie) * 2 ** -23, 2 ** -149);
          for (const each of [value, tie, Math.fround(tie - ulp), Math.fround(tie + ulp)])
            inputs.push(each, -each);
        }
        inputs.push(
          3.4028234663852886e38,
          Number.POSITIVE_INFINITY,
          Number.NEGATIVE_INFINITY,
          2 ** -149,
          -(2 ** -149),
        );
        const from = Float32Array.from(inputs);
        for (let start = 0; start < from.length; start += 100_000) {
          const part = from.slice(start, start + 100_000);
          const result = new Uint16Array(convert(name, part, 2 * part.length));
          for (const [i, value] of part.entries()) {
            if (result[i] !== encode(value)) expect.fail(`${value}: ${result[i]}, not ${encode(value)}`);
          }
        }
        const nan = new Uint16Array(convert(name, Float32Array.of(Number.NaN, -Number.NaN, 1), 6));
        expect([decode(nan[0]), decode(nan[1]), decode(nan[2])]).toEqual([Number.NaN, Number.NaN, 1]);
      },
    );

    it.each(['f16_to_f32', 'bf16_to_f32', 'f32_to_f16', 'f32_to_bf16'])('%s: every tail', (name) => {
      const isWide = name.startsWith('f32');
      const half = name.includes('bf16') ? ([fromBfloat, toBfloat] as const) : ([fromHalf, toHalf] as const);
      const next = randomWords(8);
      for (let n = 0; n < 70; n++) {
        if (isWide) {
          const from = randomElements('f32', n, next);
          expect([...new Uint16Array(convert(name, from, 2 * n))]).toEqual(Array.from(from, half[1]));
        } else {
          const from = randomElements(name.startsWith('b') ? 'bf16' : 'f16', n, next);
          expect([...new Float32Array(convert(name, from, 4 * n))]).toEqual(Array.from(from, half[0]));
        }
      }
    });

    it.each(['f32', 'f16', 'i8'] as const)(
      '%s_to_bits: the sign, the highest bit first, the rest clear',
      (type) => {
        const next = randomWords(9);
        for (let n = 0; n < 140; n++) {
          const from = randomElements(type, n, next);
          if (n > 2) from[n - 2] = 0;
          if (n > 3 && type !== 'i8') from[n - 3] = type === 'f16' ? 0x7e00 : Number.NaN;
          const values = valuesOf(type, from);
          const wanted = new Uint8Array(Math.ceil(n / 8));
          for (const [i, value] of values.entries()) if (value > 0) wanted[i >> 3] |= 0x80 >> (i & 7);
          expect([...new Uint8Array(convert(`${type}_to_bits`, from, wanted.length))]).toEqual([...wanted]);
        }
      },
    );

    it.each(['f32', 'f16', 'bf16'] as const)('normalise_%s: quotients rounded once; zeros stay', (type) => {
      const encode = { f32: Math.fround, f16: toHalf, bf16: toBfloat }[type];
      const decode = { f32: (x: number) => x, f16: fromHalf, bf16: fromBfloat }[type];
      const next = randomWords(10);
      for (const n of [...Array(70).keys()]) {
        const from = randomElements(type, n, next);
        const buffer = convert(`normalise_${type}`, from, from.byteLength);
        const result = type === 'f32' ? new Float32Array(buffer) : new Uint16Array(buffer);
        const values = valuesOf(type, from);
        const { norm } = exact(values, values);
        for (const [i, value] of values.entries()) {
          const quotient = value / norm;
          // The sum of squares may be added in another order, which can tip a quotient that is all but a tie.
          const near = [1 - 2 ** -48, 1, 1 + 2 ** -48].map((factor) => encode(quotient * factor));
          if (!near.includes(result[i])) expect.fail(`${n}[${i}]: ${decode(result[i])}, not ${quotient}`);
        }
      }
      const zero = randomElements(type, 5, () => 2 ** 31);
      expect(valuesOf(type, zero)).toEqual([0, 0, 0, 0, 0]);
      const zeros = new Uint8Array(convert(`normalise_${type}`, zero, zero.byteLength));
      expect([...zeros].every((byte) => byte === 0)).toBe(true);
    });
  });

  it.each(arithmetic)('sparse %s: as of the dense vectors, whatever overlaps', (metric) => {
    const next = randomWords(11);
    const sparse = (count: number, of: number) => {
      const indices = [...Array(of).keys()].filter(() => next() % of < count);
      return {
        indices: Uint32Array.from(indices),
        values: Float32Array.from(indices, () => next() / 2 ** 31 - 1),
      };
    };
    for (const [countA, countB] of [
      [0, 0],
      [0, 5],
      [5, 0],
      [1, 1],
      [3, 90],
      [90, 3],
      [40, 40],
      [100, 100],
      [7, 7],
    ]) {
      for (let round = 0; round < 20; round++) {
        const [a, b] = [sparse(countA, 100), sparse(countB, 100)];
        // The largest index there is, and none in front of it.
        if (round === 1 && a.indices.length > 0) a.indices[a.indices.length - 1] = 0xffffffff;
        bench.reset();
        const at = [a.indices, a.values, b.indices, b.values].map((array) => bench.place(array, 4 * round));
        const result = bench.exports.sparse(
          metrics[metric],
          ...([at[0], at[1], a.indices.length, at[2], at[3], b.indices.length] as const),
        );
        const all = [...new Set([...a.indices, ...b.indices])];
        const dense = ({ indices, values }: typeof a) => all.map((i) => values[indices.indexOf(i)] ?? 0);
        const e = exact(dense(a), dense(b));
        check(`sparse ${metric}`, result, { value: e[metric], within: bounds(200, e)[metric] });
      }
    }
  });
});
