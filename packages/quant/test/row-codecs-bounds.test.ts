/** Bounds of the native addon and of TypeScript, put to what makes bounds fail: native/test/row_bounds_test.cpp says more. */
import { describe, expect, it } from 'vitest';
import { Random } from '../src/random.js';
import { buildAddon, loadVariant, type QuantModule } from './support/backend.js';
import {
  allMetrics,
  codecOf,
  type Dataset,
  datasets,
  type KindName,
  kindNames,
  makeVectors,
  row,
  trueValue,
} from './support/row-codecs.js';

buildAddon();

const backends: ReadonlyArray<readonly [string, QuantModule]> = [
  ['the addon', await loadVariant('')],
  ['TypeScript', await loadVariant('typescript')],
];
const names = Object.keys(datasets) as Dataset[];

/** Values that miss their bounds; blocks must say what rows say. */
function missed(
  codec: ReturnType<typeof codecOf>,
  codes: Uint8Array,
  vectors: Float32Array,
  query: Float32Array,
) {
  const n = query.length;
  const packed = codec.pack(codes);
  return allMetrics.flatMap((metric) => {
    const prepared = codec.query(query, metric);
    const estimates = prepared.estimate(codes);
    const bounds = prepared.bounds(codes);
    expect(prepared.estimate(packed)).toEqual(estimates);
    expect(prepared.bounds(packed)).toEqual(bounds);
    return Array.from(estimates, (estimate, r) => {
      const value = trueValue(metric, query, row(vectors, n, r));
      return { metric, n, r, value, estimate, bound: bounds[r] };
    }).filter(({ value, estimate, bound }) =>
      Number.isNaN(value)
        ? !(Number.isNaN(estimate) && Number.isNaN(bound))
        : !(bound === Number.POSITIVE_INFINITY || Math.abs(value - estimate) <= bound),
    );
  });
}

/** Other vectors than those a codec was made for: up to a hundred times as large. */
function beyond(vectors: Float32Array, n: number, kind: KindName): Float32Array {
  const random = new Random(11);
  const most = kind === 'float16' ? 6e4 : 1e30;
  return vectors.map((x, at) => {
    const larger = x * 100 ** random.unit() + (at % n === 3 ? x : 0);
    return Math.min(most, Math.max(-most, larger));
  });
}

describe.each(backends)('bounds of %s', (backend, quant) => {
  it('are those of that backend', () => {
    const { variant } = quant.capabilities();
    if (backend === 'TypeScript') expect(variant).toBe('typescript');
    else expect(variant).not.toBe('typescript');
  });

  describe.each(kindNames)('%s', (kind) => {
    it('hold from 1 to 33 dimensions', () => {
      for (let n = 1; n <= 33; n++) {
        for (const [d, name] of names.entries()) {
          const vectors = makeVectors(name, 5, n, n);
          const codec = codecOf(quant, kind, vectors, n);
          const codes = codec.encode(vectors);
          const third = row(vectors, n, 2);
          const queries = [
            makeVectors(name, 1, n, 99),
            third,
            third.map((x) => -x),
            new Float32Array(n),
            row(codec.decode(codes), n, 2),
          ];
          expect(missed(codec, codes, vectors, queries[(n + d) % queries.length]), name).toEqual([]);
        }
      }
    });

    it('hold for vectors outside of the ranges it was trained for', () => {
      for (const n of [1, 2, 9, 33, 100]) {
        for (const name of names) {
          const trained = makeVectors(name, 40, n);
          const codec = codecOf(quant, kind, trained, n);
          const vectors = beyond(makeVectors(name, 12, n, 5), n, kind);
          const codes = codec.encode(vectors);
          for (const query of [row(vectors, n, 1), row(trained, n, 1)]) {
            expect(missed(codec, codes, vectors, query), `${name}, ${n}`).toEqual([]);
          }
        }
      }
    });

    it('hold near the largest values that have codes', () => {
      for (const n of [1, 2, 7, 33, 200]) {
        const most = kind === 'float16' ? 65504 : (0.49 * 3.4028234e38) / Math.sqrt(n);
        const random = new Random(n);
        // The centre's product with a vector must be a float32 as well.
        const scale = kind === 'binary around a mean' ? Math.sqrt(most) : most;
        const vectors = Float32Array.from({ length: 9 * n }, () => (2 * random.unit() - 1) * scale).fill(
          scale,
          0,
          n,
        );
        const codec = codecOf(quant, kind, vectors, n);
        const codes = codec.encode(vectors);
        for (const query of [row(vectors, n, 0), row(vectors, n, 4), row(vectors, n, 0).map((x) => -x)]) {
          expect(missed(codec, codes, vectors, query), `${n}`).toEqual([]);
        }
      }
    });

    it('hold at 65,535 dimensions', () => {
      const n = 65_535;
      for (const name of ['far from zero', 'many sizes'] as const) {
        const vectors = makeVectors(name, 3, n);
        const codec = codecOf(quant, kind, vectors, n);
        const codes = codec.encode(vectors);
        expect(missed(codec, codes, vectors, makeVectors(name, 1, n, 4)), name).toEqual([]);
      }
    });
  });
});
