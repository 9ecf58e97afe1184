/** What every variant of the addon and TypeScript must give alike, to the bit. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loadAll, type QuantModule } from './support/backend.js';
import {
  allMetrics,
  codecOf,
  type Dataset,
  datasets,
  type KindName,
  kindNames,
  makeVectors,
} from './support/row-codecs.js';

const variants = await loadAll();
const dimensions = [1, 2, 6, 13, 32, 65, 100, 259];
const names = Object.keys(datasets) as Dataset[];

/** Names arrays by their bytes. */
function digest(...arrays: readonly (Uint8Array | Float32Array)[]): string {
  const hash = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of arrays) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}

/** All that a codec gives for a data set. */
function everything(quant: QuantModule, kind: KindName, name: Dataset, n: number) {
  const vectors = makeVectors(name, 35, n);
  const codec = codecOf(quant, kind, vectors, n);
  const codes = codec.encode(vectors);
  const packed = codec.pack(codes);
  const scores = allMetrics.flatMap((metric) => {
    const query = codec.query(makeVectors(name, 1, n, 3), metric);
    return [query.estimate(codes), query.bounds(codes), query.estimate(packed), query.bounds(packed)];
  });
  return {
    codes: digest(codes),
    decoded: digest(codec.decode(codes)),
    residuals: digest(codec.residuals(codes)),
    blocks: digest(packed.bytes),
    scores: digest(...scores),
  };
}

it('has more than one variant here', () => {
  expect(variants.length).toBeGreaterThan(1);
  expect(variants.at(-1)?.[0]).toBe('typescript');
});

describe.each(kindNames)('%s', (kind) => {
  const isHalf = kind.includes('float16');

  it.each(dimensions)('is the same in every variant at %i dimensions', (n) => {
    for (const name of names) {
      const [, last] = variants.at(-1)!;
      const expected = everything(last, kind, name, n);
      for (const [variant, quant] of variants.slice(0, -1)) {
        const got = everything(quant, kind, name, n);
        // Sums of half floats in float32 have no order that all variants keep to.
        if (isHalf) got.scores = expected.scores;
        expect(got, `${variant}, ${name}`).toEqual(expected);
      }
    }
  });

  it.runIf(isHalf)('estimates alike, to within what float32 sums may be off by', () => {
    const n = 100;
    const vectors = makeVectors('normal', 50, n);
    const query = makeVectors('normal', 1, n, 3);
    for (const metric of allMetrics) {
      const all = variants.map(([, quant]) => {
        const codec = codecOf(quant, kind, vectors, n);
        return codec.query(query, metric).estimate(codec.encode(vectors));
      });
      for (const estimates of all) {
        for (const [r, estimate] of estimates.entries()) {
          // 2 gamma(n + 3) of a sum of magnitudes that is at most |q| |x|, about n (core-simd/doc/floats.md).
          expect(Math.abs(estimate - all[0][r])).toBeLessThan(2 * (n + 4) * 2 ** -24 * 3 * n);
        }
      }
    }
  });
});
