/** Every bad argument has its code, and leaves the index as it was. */
import type { HnswErrorCode } from '../errors.js';
import type { IndexOptions, VectorIndex } from '../types.js';
import type { Runner, Subject } from './api.js';
import { rejects, same, throws } from './assert.js';
import { clusters, keysOf, row } from './data.js';
import { checkState } from './oracle.js';

type Index = VectorIndex<'number', 'float32'>;
type Case = readonly [HnswErrorCode, string, (index: Index) => unknown];

const nan = Number.NaN;
const good = [1, 2, 3, 4];
const one = Float32Array.from(good);

/** What TypeScript would not let pass. */
function wrong<V>(value: unknown): V {
  return value as V;
}

/** Calls that throw. The index has 4 dimensions and keys 0 .. 49. */
const synchronous: readonly Case[] = [
  ['ERR_HNSW_DIMENSIONS', 'add: too few dimensions', (x) => x.add(99, [1, 2, 3])],
  ['ERR_HNSW_DIMENSIONS', 'add: too many dimensions', (x) => x.add(99, new Float32Array(5))],
  ['ERR_HNSW_DIMENSIONS', 'add: none', (x) => x.add(99, new Float32Array(0))],
  ['ERR_HNSW_TYPE', 'add: another array', (x) => x.add(99, wrong(new Float64Array(4)))],
  ['ERR_HNSW_TYPE', 'add: no array', (x) => x.add(99, wrong({ length: 4 }))],
  ['ERR_HNSW_TYPE', 'add: null', (x) => x.add(99, wrong(null))],
  ['ERR_HNSW_TYPE', 'add: strings', (x) => x.add(99, wrong(['1', '2', '3', '4']))],
  ['ERR_HNSW_TYPE', 'add: holes', (x) => x.add(99, new Array<number>(4))],
  ['ERR_HNSW_TYPE', 'add: by prototype', (x) => x.add(99, wrong(Object.create(Float32Array.prototype)))],
  ['ERR_HNSW_VALUE', 'add: NaN', (x) => x.add(99, [1, nan, 3, 4])],
  ['ERR_HNSW_VALUE', 'add: infinity', (x) => x.add(99, Float32Array.of(1, 2, 3, Number.NEGATIVE_INFINITY))],
  ['ERR_HNSW_KEY', 'add: fraction', (x) => x.add(0.5, good)],
  ['ERR_HNSW_KEY', 'add: too large', (x) => x.add(2 ** 53, good)],
  ['ERR_HNSW_KEY', 'add: NaN key', (x) => x.add(nan, good)],
  ['ERR_HNSW_KEY', 'add: bigint key', (x) => x.add(wrong(1n), good)],
  ['ERR_HNSW_KEY', 'add: string key', (x) => x.add(wrong('1'), good)],
  ['ERR_HNSW_KEY', 'add: no key', (x) => x.add(wrong(undefined), good)],
  ['ERR_HNSW_DUPLICATE_KEY', 'add: a key that is there', (x) => x.add(7, good)],
  ['ERR_HNSW_UNKNOWN_KEY', 'update: a key that is not there', (x) => x.update(99, good)],
  ['ERR_HNSW_KEY', 'update: string key', (x) => x.update(wrong('7'), good)],
  ['ERR_HNSW_DIMENSIONS', 'update: dimensions', (x) => x.update(7, [1])],
  ['ERR_HNSW_VALUE', 'update: NaN', (x) => x.update(7, [nan, 0, 0, 0])],
  ['ERR_HNSW_UNKNOWN_KEY', 'remove: a key that is not there', (x) => x.remove(99)],
  ['ERR_HNSW_KEY', 'remove: string key', (x) => x.remove(wrong('7'))],
  ['ERR_HNSW_KEY', 'has: object', (x) => x.has(wrong({}))],
  ['ERR_HNSW_KEY', 'get: fraction', (x) => x.get(1.5)],
  ['ERR_HNSW_ARGUMENT', 'search: k of 0', (x) => x.search(good, 0)],
  ['ERR_HNSW_ARGUMENT', 'search: k below 0', (x) => x.search(good, -3)],
  ['ERR_HNSW_ARGUMENT', 'search: k a fraction', (x) => x.search(good, 1.5)],
  ['ERR_HNSW_ARGUMENT', 'search: k a string', (x) => x.search(good, wrong('3'))],
  ['ERR_HNSW_DIMENSIONS', 'search: dimensions', (x) => x.search([1, 2], 3)],
  ['ERR_HNSW_VALUE', 'search: NaN', (x) => x.search([1, 2, 3, nan], 3)],
  ['ERR_HNSW_TYPE', 'search: no query', (x) => x.search(wrong(undefined), 3)],
  ['ERR_HNSW_TYPE', 'search: options', (x) => x.search(good, 3, wrong(5))],
  ['ERR_HNSW_ARGUMENT', 'search: efSearch of 0', (x) => x.search(good, 3, { efSearch: 0 })],
  ['ERR_HNSW_ARGUMENT', 'search: efSearch', (x) => x.search(good, 3, { efSearch: 100_001 })],
  ['ERR_HNSW_ARGUMENT', 'search: probes of 0', (x) => x.search(good, 3, { probes: 0 })],
  ['ERR_HNSW_ARGUMENT', 'search: recall below .5', (x) => x.search(good, 3, { recall: 0.4 })],
  ['ERR_HNSW_ARGUMENT', 'search: recall above 1', (x) => x.search(good, 3, { recall: 1.01 })],
  ['ERR_HNSW_ARGUMENT', 'search: recall of NaN', (x) => x.search(good, 3, { recall: nan })],
  ['ERR_HNSW_TYPE', 'search: filter', (x) => x.search(good, 3, { filter: wrong(5) })],
  ['ERR_HNSW_TYPE', 'search: filter of nothing', (x) => x.search(good, 3, { filter: wrong({}) })],
  ['ERR_HNSW_TYPE', 'search: bitmap', (x) => x.search(good, 3, { filter: { bitmap: wrong([255]) } })],
  ['ERR_HNSW_TYPE', 'search: ids', (x) => x.search(good, 3, { filter: { ids: wrong(5) } })],
  ['ERR_HNSW_KEY', 'search: an id', (x) => x.search(good, 3, { filter: { ids: wrong(['a']) } })],
  ['ERR_HNSW_TYPE', 'prepareFilter: a function', (x) => x.prepareFilter(wrong(() => true))],
  ['ERR_HNSW_KEY', 'prepareFilter: an id', (x) => x.prepareFilter({ ids: [0.5] })],
  ['ERR_HNSW_LENGTH', 'searchMany: half a row', (x) => x.searchMany(new Float32Array(6), 3)],
  ['ERR_HNSW_TYPE', 'searchMany: arrays', (x) => x.searchMany(wrong([good]), 3)],
  ['ERR_HNSW_VALUE', 'searchMany: NaN', (x) => x.searchMany(new Float32Array(8).fill(nan, 5), 3)],
  ['ERR_HNSW_ARGUMENT', 'searchMany: k', (x) => x.searchMany(one, 0)],
  ['ERR_HNSW_ARGUMENT', 'range: NaN', (x) => x.range(good, nan)],
  ['ERR_HNSW_ARGUMENT', 'range: string', (x) => x.range(good, wrong('3'))],
  ['ERR_HNSW_ARGUMENT', 'range: limit', (x) => x.range(good, 3, { limit: 0 })],
  ['ERR_HNSW_DIMENSIONS', 'range: dimensions', (x) => x.range([1], 3)],
  ['ERR_HNSW_DIMENSIONS', 'iterate: dimensions', (x) => x.iterate([1])],
  ['ERR_HNSW_VALUE', 'iterate: NaN', (x) => x.iterate([nan, 1, 1, 1])],
];

/** Calls whose promises are rejected. */
const asynchronous: readonly Case[] = [
  ['ERR_HNSW_LENGTH', 'addMany: half a row', (x) => x.addMany([98, 99], new Float32Array(6))],
  ['ERR_HNSW_LENGTH', 'addMany: fewer keys than rows', (x) => x.addMany([98], new Float32Array(8))],
  ['ERR_HNSW_LENGTH', 'addMany: more keys than rows', (x) => x.addMany([98, 99], new Float32Array(4))],
  ['ERR_HNSW_TYPE', 'addMany: vectors', (x) => x.addMany([98], wrong([1, 2, 3, 4]))],
  ['ERR_HNSW_TYPE', 'addMany: keys of another array', (x) => x.addMany(wrong(Int32Array.of(98)), one)],
  ['ERR_HNSW_TYPE', 'addMany: no keys', (x) => x.addMany(wrong(undefined), one)],
  ['ERR_HNSW_KEY', 'addMany: the last key', (x) => x.addMany([98, 0.5], new Float32Array(8))],
  [
    'ERR_HNSW_VALUE',
    'addMany: the last row',
    (x) => x.addMany([98, 99], Float32Array.of(1, 1, 1, 1, 1, 1, 1, nan)),
  ],
  ['ERR_HNSW_ARGUMENT', 'addMany: onDuplicate', (x) => x.addMany([98], one, { onDuplicate: wrong('no') })],
  ['ERR_HNSW_ARGUMENT', 'addMany: threads', (x) => x.addMany([98], one, { threads: 0 })],
  ['ERR_HNSW_ARGUMENT', 'addMany: too many threads', (x) => x.addMany([98], one, { threads: 65 })],
  ['ERR_HNSW_TYPE', 'addMany: signal', (x) => x.addMany([98], one, { signal: wrong({}) })],
  ['ERR_HNSW_TYPE', 'addMany: onProgress', (x) => x.addMany([98], one, { onProgress: wrong(3) })],
  ['ERR_HNSW_KEY', 'removeMany: the last key', (x) => x.removeMany([1, wrong('2')])],
  ['ERR_HNSW_TYPE', 'removeMany: no keys', (x) => x.removeMany(wrong(1))],
  ['ERR_HNSW_ARGUMENT', 'removeMany: onMissing', (x) => x.removeMany([1], { onMissing: wrong('no') })],
  ['ERR_HNSW_LENGTH', 'searchManyAsync: half a row', (x) => x.searchManyAsync(new Float32Array(6), 3)],
  ['ERR_HNSW_ARGUMENT', 'searchManyAsync: k', (x) => x.searchManyAsync(one, 0)],
  ['ERR_HNSW_ARGUMENT', 'calibrate: samples', (x) => x.calibrate({ samples: 0 })],
  ['ERR_HNSW_ARGUMENT', 'calibrate: k', (x) => x.calibrate({ k: 1.5 })],
  ['ERR_HNSW_TYPE', 'repair: options', (x) => x.repair(wrong(3))],
  ['ERR_HNSW_TYPE', 'check: signal', (x) => x.check({ signal: wrong(3) })],
  ['ERR_HNSW_TYPE', 'save: path', (x) => x.save(wrong(3))],
];

const badOptions: readonly (readonly [HnswErrorCode, string, object | undefined])[] = [
  ['ERR_HNSW_TYPE', 'none', undefined],
  ['ERR_HNSW_DIMENSIONS', 'no dimensions', {}],
  ['ERR_HNSW_DIMENSIONS', '0 dimensions', { dimensions: 0 }],
  ['ERR_HNSW_DIMENSIONS', 'half a dimension', { dimensions: 2.5 }],
  ['ERR_HNSW_DIMENSIONS', '65,536 dimensions', { dimensions: 65_536 }],
  ['ERR_HNSW_ARGUMENT', 'metric', { dimensions: 2, metric: 'l3' }],
  ['ERR_HNSW_ARGUMENT', 'type', { dimensions: 2, type: 'float64' }],
  ['ERR_HNSW_ARGUMENT', 'keyType', { dimensions: 2, keyType: 'date' }],
  ['ERR_HNSW_ARGUMENT', 'bits under l2', { dimensions: 2, type: 'binary', metric: 'l2' }],
  ['ERR_HNSW_ARGUMENT', 'numbers under hamming', { dimensions: 2, metric: 'hamming' }],
  ['ERR_HNSW_ARGUMENT', 'm', { dimensions: 2, m: 1 }],
  ['ERR_HNSW_ARGUMENT', 'degree', { dimensions: 2, degree: 33 }],
  ['ERR_HNSW_ARGUMENT', 'efConstruction', { dimensions: 2, efConstruction: 3 }],
  ['ERR_HNSW_ARGUMENT', 'efSearch', { dimensions: 2, efSearch: 0 }],
  ['ERR_HNSW_ARGUMENT', 'lists', { dimensions: 2, lists: -1 }],
  ['ERR_HNSW_ARGUMENT', 'probes', { dimensions: 2, probes: 0 }],
  ['ERR_HNSW_ARGUMENT', 'prefilter', { dimensions: 2, prefilter: 1 }],
  ['ERR_HNSW_ARGUMENT', 'mode', { dimensions: 2, mode: 'slow' }],
  ['ERR_HNSW_ARGUMENT', 'onDuplicate', { dimensions: 2, onDuplicate: 'ignore' }],
  ['ERR_HNSW_ARGUMENT', 'seed', { dimensions: 2, seed: 2 ** 32 }],
];

function snapshot(index: Index): unknown {
  const { ids, distances } = index.search(good, 50);
  return [index.size, [...index.keys()].sort((a, b) => a - b), ids, distances, index.get(7)];
}

export function badInput(subject: Subject, { describe, it }: Runner): void {
  const { supports } = subject;
  const small = async () => {
    const index = subject.create({ dimensions: 4 });
    await index.addMany(
      keysOf('number', 50).map((_, i) => i),
      clusters('float32', 4, 50, 5).vectors,
    );
    return index;
  };

  describe('bad input', () => {
    it('to a call has its code, and leaves the index as it was', async () => {
      const index = await small();
      const before = snapshot(index);
      for (const [code, what, call] of synchronous) {
        throws(code, what, () => call(index));
        same(snapshot(index), before, `the index after ${what}`);
      }
      await checkState(index, 50);
      index.close();
    });

    it('to a call that gives a promise rejects it, and leaves the index as it was', async () => {
      const index = await small();
      const before = snapshot(index);
      for (const [code, what, call] of asynchronous) {
        const { done } = await rejects(code, what, async () => call(index));
        same(done, 0, `done after ${what}`);
        same(snapshot(index), before, `the index after ${what}`);
      }
      await checkState(index, 50);
      index.close();
    });

    it('to its making has its code', () => {
      for (const [code, what, options] of badOptions) {
        throws(code, what, () => subject.create(options as IndexOptions<'number', 'float32'>));
      }
    });

    it('of other key types', () => {
      if (supports.keyTypes.includes('bigint')) {
        const index = subject.create({ dimensions: 1, keyType: 'bigint' });
        for (const key of [2n ** 63n, -(2n ** 63n) - 1n, wrong<bigint>(1), wrong<bigint>('1')]) {
          throws('ERR_HNSW_KEY', `the bigint key ${key}`, () => index.add(key, [1]));
        }
        throws('ERR_HNSW_TYPE', 'a bitmap', () =>
          index.search([1], 1, { filter: { bitmap: new Uint8Array(1) } }),
        );
        index.close();
      }
      if (supports.keyTypes.includes('string')) {
        const index = subject.create({ dimensions: 1, keyType: 'string' });
        for (const key of ['x'.repeat(1025), 'é'.repeat(513), 'a\ud800', '\udc00b', wrong<string>(1)]) {
          throws('ERR_HNSW_KEY', 'a string key', () => index.add(key, [1]));
        }
        same(index.size, 0, 'size');
        index.close();
      }
    });

    it('of other types and metrics', () => {
      if (supports.metrics.includes('cosine')) {
        const index = subject.create({ dimensions: 2, metric: 'cosine' });
        index.add(1, [1, 0]);
        throws('ERR_HNSW_VALUE', 'add: zero', () => index.add(2, [0, 0]));
        throws('ERR_HNSW_VALUE', 'add: -0', () => index.add(2, [-0, 0]));
        throws('ERR_HNSW_VALUE', 'update: zero', () => index.update(1, [0, 0]));
        throws('ERR_HNSW_VALUE', 'search: zero', () => index.search([0, 0], 1));
        same(index.search([1, 0], 3).ids, [1], 'ids');
        index.close();
      }
      if (supports.types.includes('float16')) {
        const index = subject.create({ dimensions: 2, type: 'float16' });
        throws('ERR_HNSW_VALUE', 'infinite half', () => index.add(1, Uint16Array.of(0x7c00, 0)));
        throws('ERR_HNSW_VALUE', 'NaN half', () => index.add(1, Uint16Array.of(0, 0xfe00)));
        throws('ERR_HNSW_VALUE', 'too large', () => index.add(1, [1e6, 0]));
        index.close();
      }
      if (supports.types.includes('int8')) {
        const index = subject.create({ dimensions: 2, type: 'int8' });
        for (const value of [128, -129, 0.5])
          throws('ERR_HNSW_VALUE', `${value}`, () => index.add(1, [value, 0]));
        index.close();
      }
      if (supports.types.includes('binary') && supports.metrics.includes('hamming')) {
        const index = subject.create({ dimensions: 10, type: 'binary' });
        throws('ERR_HNSW_VALUE', 'a bit too many', () => index.add(1, Uint8Array.of(0, 0b100)));
        throws('ERR_HNSW_DIMENSIONS', 'a byte too many', () => index.add(1, new Uint8Array(3)));
        throws('ERR_HNSW_VALUE', '2 is no bit', () => index.add(1, [2, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
        index.close();
      }
    });

    it('arrays that lie are taken for what they are', async () => {
      class Liar extends Float32Array {
        override get length(): number {
          return 4;
        }
      }
      const index = await small();
      throws('ERR_HNSW_DIMENSIONS', 'an own length', () => index.add(99, new Liar(3)));
      const vector = new Float32Array(4);
      structuredClone(vector.buffer, { transfer: [vector.buffer] });
      throws('ERR_HNSW_DIMENSIONS', 'memory that has gone', () => index.add(99, vector));
      const shared = new Float32Array(new SharedArrayBuffer(16));
      shared.set([4, 3, 2, 1]);
      index.add(99, shared);
      same(index.get(99), row({ vectors: shared, count: 1, width: 4 }, 0), 'a shared vector');
      await checkState(index, 51);
      index.close();
    });
  });
}
