/** Every type, metric and key type: what goes in comes out, and is found. */
import type { KeyOf } from '../types.js';
import { pairings, type Runner, type Subject } from './api.js';
import { near, ok, same } from './assert.js';
import { clusters, keyOf, keysOf, row } from './data.js';
import { filled } from './fill.js';
import { checkState, Oracle, recallOf } from './oracle.js';

export function roundTrips(subject: Subject, { describe, it }: Runner): void {
  const { supports } = subject;

  describe('round trips', () => {
    for (const { type, metric } of pairings(supports)) {
      it(`${type} under ${metric}: rows come back as they were, and are found`, async () => {
        const dimensions = type === 'binary' ? 43 : 13;
        const { index, oracle, rows, keys } = await filled(subject, 400, { dimensions, type, metric });
        same([index.dimensions, index.type, index.metric], [dimensions, type, metric], 'properties');
        for (const i of [0, 1, 17, 399]) same(index.get(keys[i]), row(rows, i), `row ${i}`);
        const queries = clusters(type, dimensions, 25, 2);
        const recall = recallOf(index, oracle, queries, 10);
        ok(recall >= (supports.exact ? 1 : supports.recall - 0.05), `recall ${recall}`);
        await checkState(index, 400);
        index.close();
      });
    }

    for (const keyType of supports.keyTypes) {
      it(`keys of ${keyType}, at the ends of their range`, async () => {
        const { index, keys, rows, oracle } = await filled(subject, 60, { dimensions: 5, keyType });
        same(index.keyType, keyType, 'keyType');
        const wanted = { number: Float64Array, bigint: BigInt64Array, string: Array }[keyType];
        const { ids } = index.search(row(rows, 3), 60);
        ok(ids instanceof wanted, `ids are no ${wanted.name}`);
        same(new Set(ids as Iterable<unknown>).size, 60, 'different ids');
        same(new Set(index.keys()).size, 60, 'keys');
        for (const key of index.keys()) ok(oracle.rows.has(key), `${String(key)} was never added`);
        for (let i = 0; i < 60; i++) {
          ok(index.has(keys[i]), `has ${String(keys[i])}`);
          same(index.get(keys[i]), row(rows, i), `row of ${String(keys[i])}`);
          index.remove(keys[i]);
          ok(!index.has(keys[i]), `has ${String(keys[i])} after it was removed`);
          same(index.get(keys[i]), undefined, `row of ${String(keys[i])} after it was removed`);
        }
        same(index.size, 0, 'size');
        index.close();
      });
    }

    it('many keys come as the typed array, too', async () => {
      const index = subject.create({ dimensions: 2 });
      await index.addMany(Float64Array.of(5, -0), Float32Array.of(1, 2, 3, 4));
      same([...index.keys()].sort(), [0, 5], 'keys');
      ok(
        !Object.is(
          [...index.keys()].find((key) => key === 0),
          -0,
        ),
        '-0 was not made 0',
      );
      await index.removeMany(Float64Array.of(5));
      same([...index.keys()], [0], 'keys');
      index.close();
      if (!supports.keyTypes.includes('bigint')) return;
      const other = subject.create({ dimensions: 2, keyType: 'bigint' });
      await other.addMany(BigInt64Array.of(5n, -7n), Float32Array.of(1, 2, 3, 4));
      same(other.get(-7n), [3, 4], 'row of -7');
      other.close();
    });

    it('one vector comes as an array of numbers, too', () => {
      const index = subject.create({ dimensions: 3 });
      index.add(1, [1, 2, 3]);
      same(index.get(1), [1, 2, 3], 'float32');
      near(index.search([1, 2, 5], 1).distances[0], 2, 'distance');
      index.close();
      for (const { type, numbers, stored } of [
        { type: 'float16', numbers: [1, -2, 0.5], stored: [0x3c00, 0xc000, 0x3800] },
        { type: 'int8', numbers: [-128, 0, 127], stored: [-128, 0, 127] },
        { type: 'binary', numbers: [1, 0, 1], stored: [0b101] },
      ] as const) {
        if (!supports.types.includes(type)) continue;
        if (type === 'binary' && !supports.metrics.includes('hamming')) continue;
        const other = subject.create({ dimensions: 3, type });
        other.add(1, numbers);
        same(other.get(1), stored, type);
        near(other.search(numbers, 1).distances[0], 0, 'distance');
        other.close();
      }
    });

    it('copies vectors, both ways', () => {
      const index = subject.create({ dimensions: 2 });
      const vector = Float32Array.of(1, 2);
      index.add(1, vector);
      vector[0] = 9;
      same(index.get(1), [1, 2], 'the row after its source has changed');
      index.get(1)![0] = 7;
      same(index.get(1), [1, 2], 'the row after a copy has changed');
      index.close();
    });

    it('takes what addMany is given before it returns', async () => {
      const rows = clusters('float32', 8, 300, 3);
      const given = rows.vectors.slice();
      const keys = Float64Array.from(keysOf('number', 300));
      const index = subject.create({ dimensions: 8 });
      const added = index.addMany(keys, given);
      given.fill(Number.NaN);
      keys.fill(0.5);
      await added;
      for (const i of [0, 150, 299]) same(index.get(keyOf('number', i)), row(rows, i), `row ${i}`);
      index.close();
    });

    it('works with one dimension, and with rows that are all the same', async () => {
      const index = subject.create({ dimensions: 1 });
      const keys = keysOf('number', 300);
      await index.addMany(keys, new Float32Array(300).fill(0.5));
      const oracle = new Oracle<'number', 'float32'>('float32', 'l2');
      for (const key of keys) oracle.set(key, Float32Array.of(0.5));
      for (const k of [1, 10, 300, 500]) oracle.judge(index.search([2], k), Float32Array.of(2), k);
      index.add(-5, [2]);
      same(index.search([2], 1).ids, [-5], 'the one row that is another');
      await checkState(index, 301);
      index.close();
    });

    it('an empty index finds nothing', async () => {
      const index = subject.create({ dimensions: 3, keyType: 'string' });
      same(index.search([1, 2, 3], 5).ids, [], 'ids');
      same(index.range([1, 2, 3], 5).ids, [], 'ids within a radius');
      same([...index.iterate([1, 2, 3])], [], 'all');
      same([...index.keys()], [], 'keys');
      same(index.searchMany(new Float32Array(6), 5).offsets, [0, 0, 0], 'offsets');
      await index.addMany([], new Float32Array(0));
      await index.removeMany([]);
      await index.repair();
      await index.compact();
      await checkState(index, 0);
      index.close();
    });

    it('the same rows, seed and one thread give the same answers', async () => {
      const rows = clusters('float32', 12, 500, 1);
      const queries = clusters('float32', 12, 20, 9);
      const answer = async () => {
        const index = subject.create({ dimensions: 12, seed: 42 });
        await index.addMany(keysOf('number', 500), rows.vectors, { threads: 1 });
        const { ids, distances } = index.searchMany(queries.vectors, 7);
        index.close();
        return [ids, distances];
      };
      same(await answer(), await answer(), 'answers of two builds');
    });

    it('finds each row by itself', async () => {
      const { index, rows, keys } = await filled(subject, 500, { dimensions: 10 }, 4);
      let found = 0;
      for (let i = 0; i < 500; i++)
        if ((index.search(row(rows, i), 1).ids[0] as KeyOf['number']) === keys[i]) found++;
      ok(found >= (supports.exact ? 500 : 490), `${found} of 500 rows found themselves`);
      index.close();
    });
  });
}
