import { describe, expect, it } from 'vitest';
import { loadAddon } from '../src/backend/native.js';
import { packOptions } from '../src/kmeans/kernels.js';
import { packTraining } from '../src/product/kernels.js';
import { queryLength } from '../src/product/layout.js';
import { buildAddon } from './support/backend.js';
import { hanging } from './support/data.js';

buildAddon();
const loaded = loadAddon();
if (!('addon' in loaded)) throw new Error(loaded.reason);
const { variants } = loaded.addon;

const rows = hanging(700, 5);
const [n, m, bits] = [5, 2, 4];
const shape = { n, m, bits: 4 as const };

function kmeansOptions(change: Partial<Parameters<typeof packOptions>[0]> = {}): Float64Array {
  return packOptions({
    n,
    k: 3,
    coarse: 0,
    iterations: 2,
    tolerance: 0,
    batches: 0,
    batchRows: 0,
    start: 'random',
    spherical: false,
    seed: 1,
    threads: 2,
    ...change,
  });
}

function training(change: Partial<Parameters<typeof packTraining>[0]> = {}): Float64Array {
  return packTraining({ ...shape, iterations: 2, turns: 1, start: 'random', seed: 1, threads: 2, ...change });
}

const centroids = rows.slice(0, 16 * n);
const codec = [n, m, bits, centroids, centroids.slice(), undefined, undefined, 0];
const turned = [n, m, bits, centroids, centroids.slice(), new Float32Array(25), new Float32Array(25), 0];
const query = () => new Float64Array(queryLength(shape));

/** Arguments that say how many there are, or that may be left out: they may be shorter, or empty. */
const mayBeShort: Readonly<Record<string, readonly number[]>> = {
  train: [3],
  nearest: [2, 4],
  encode: [5, 6, 8],
  decode: [5, 6, 8],
  prepare: [5, 6],
  estimate: [7, 8],
};

/** Calls that are right. */
const calls: Array<[family: 'kmeans' | 'product', name: string, args: () => unknown[]]> = [
  [
    'kmeans',
    'train',
    () => [kmeansOptions(), rows, new Float32Array(15), new Uint32Array(700), new Float64Array(5)],
  ],
  ['kmeans', 'nearest', () => [n, centroids, rows, new Uint32Array(700), new Float64Array(700), 2]],
  [
    'product',
    'train',
    () => [training(), rows, new Float32Array(80), new Float32Array(25), new Float64Array(3)],
  ],
  ['product', 'panels', () => [n, m, bits, centroids, new Float32Array(80)]],
  ['product', 'encode', () => [...codec, rows, new Uint8Array(700 * 9)]],
  ['product', 'encode', () => [...turned, rows, new Uint8Array(700 * 9)]],
  ['product', 'decode', () => [...codec, new Uint8Array(90), new Float32Array(50)]],
  ['product', 'pack', () => [n, m, bits, new Uint8Array(90), new Uint8Array(288), 10]],
  ['product', 'unpack', () => [n, m, bits, new Uint8Array(90), new Uint8Array(288), 10]],
  ['product', 'prepare', () => [...codec, rows.slice(0, n), 1, query()]],
  [
    'product',
    'estimate',
    () => [n, m, bits, query(), 1, new Uint8Array(90), 0, new Float32Array(10), new Float32Array(10)],
  ],
  [
    'product',
    'best',
    () => [n, m, bits, query(), new Uint8Array(90), 0, 10, new Uint32Array(10), new Float32Array(10)],
  ],
  [
    'product',
    'best',
    () => [n, m, bits, query(), new Uint8Array(288), 1, 10, new Uint32Array(10), new Float32Array(10)],
  ],
  [
    'product',
    'estimate',
    () => [n, m, bits, query(), 0, new Uint8Array(288), 1, new Float32Array(10), new Float32Array(10)],
  ],
];

function outcome(call: () => unknown): string {
  try {
    call();
    return 'done';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe.each(calls)('%s.%s of the addon', (family, name, args) => {
  it('refuses whatever is not what it takes, and touches no other memory', () => {
    for (const [variant, bind] of Object.entries(variants)) {
      const call = (bind() as unknown as Record<string, Record<string, (...args: unknown[]) => unknown>>)[
        family
      ][name];
      const right = args();
      expect(
        outcome(() => call(...right)),
        variant,
      ).toBe('done');
      expect(outcome(() => call())).toBe('ERR_QUANT_ADDON');
      right.forEach((value, i) => {
        const wrong: unknown[] = [null, 'x', {}, [], -1, 0.5, 1e18, Number.NaN];
        if (ArrayBuffer.isView(value)) {
          const Same = value.constructor as Float32ArrayConstructor;
          const { length } = value as Float32Array;
          wrong.push(new DataView(new ArrayBuffer(length)));
          if (!mayBeShort[name]?.includes(i)) wrong.push(new Same(0), new Same(length - 1));
          else outcome(() => call(...args().with(i, new Same(0))));
        }
        for (const each of wrong) {
          const changed = args().with(i, each);
          // A distortion may be any number; undefined is allowed where something may be left out.
          const free =
            typeof value === 'number' && i === 7 && name !== 'estimate' && typeof each === 'number';
          if (free && !Number.isNaN(each)) continue;
          expect(
            outcome(() => call(...changed)),
            `${variant} ${i} ${String(each)}`,
          ).toBe('ERR_QUANT_ADDON');
        }
      });
    }
  });
});

it('refuses options of training that fit nothing', () => {
  const { kmeans, product } = variants.serial!();
  const bad: Array<Partial<Parameters<typeof packOptions>[0]>> = [
    { n: 0 },
    { n: 65_536 },
    { k: 0 },
    { k: 701 },
    { coarse: 4 },
    { coarse: 2, start: 'given' },
    { iterations: 2 ** 40 },
    { iterations: 3 },
    { tolerance: Number.NaN },
    { batches: 1 },
    { batches: 1, batchRows: 701 },
    { seed: 2 ** 32 },
  ];
  for (const change of bad) {
    expect(
      outcome(() =>
        kmeans.train(kmeansOptions(change), rows, new Float32Array(15), undefined, new Float64Array(5)),
      ),
      JSON.stringify(change),
    ).toBe('ERR_QUANT_ADDON');
  }
  for (const change of [
    { n: 0 },
    { m: 0 },
    { m: 6 },
    { bits: 5 },
    { bits: 8 },
    { turns: 0 },
    { turns: 2 },
    { seed: -1 },
  ]) {
    const options = training(change as Partial<Parameters<typeof packTraining>[0]>);
    expect(
      outcome(() =>
        product.train(options, rows, new Float32Array(80), new Float32Array(25), new Float64Array(3)),
      ),
      JSON.stringify(change),
    ).toBe('ERR_QUANT_ADDON');
  }
});
