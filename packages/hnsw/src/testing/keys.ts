/** Keys that are there already, and keys that are not. */
import type { Runner, Subject } from './api.js';
import { ok, rejects, same, throws } from './assert.js';
import { clusters, keysOf, row } from './data.js';
import { filled } from './fill.js';
import { checkState } from './oracle.js';

export function duplicatesAndUnknowns(subject: Subject, { describe, it }: Runner): void {
  describe('keys', () => {
    it('that are there are errors: rows before them stay', async () => {
      const { index, keys, rows } = await filled(subject, 30, { dimensions: 4 });
      const more = clusters('float32', 4, 5, 8);
      const { done } = await rejects('ERR_HNSW_DUPLICATE_KEY', 'addMany', () =>
        index.addMany([1001, 1002, keys[3], 1003, 1004], more.vectors),
      );
      same(done, 2, 'done');
      same(index.size, 32, 'size');
      same([index.get(1001), index.get(1002)], [row(more, 0), row(more, 1)], 'rows before it');
      same([index.has(1003), index.get(keys[3])], [false, row(rows, 3)], 'the row, and those after it');
      const twice = await rejects('ERR_HNSW_DUPLICATE_KEY', 'twice', () =>
        index.addMany([2001, 2001], more.vectors.slice(0, 8)),
      );
      same([twice.done, index.size, index.get(2001)], [1, 33, row(more, 0)], 'a key twice');
      await checkState(index, 33);
      index.close();
    });

    it('that are there are replaced where that is wanted', async () => {
      const { index, keys, oracle } = await filled(subject, 300, { dimensions: 4, onDuplicate: 'replace' });
      const more = clusters('float32', 4, 40, 8);
      index.add(keys[5], row(more, 5));
      same(index.get(keys[5]), row(more, 5), 'row that was replaced by add');
      const again = [...keys.slice(0, 39), keys[0]];
      await index.addMany(again, more.vectors);
      again.forEach((key, i) => {
        oracle.set(key, row(more, i));
      });
      same(index.get(keys[0]), row(more, 39), 'the last of two rows of one key');
      same(index.size, 300, 'size');
      for (const i of [0, 7, 20]) {
        const query = row(more, i);
        oracle.judge(index.search(query, 20), query, 20);
      }
      await rejects('ERR_HNSW_DUPLICATE_KEY', 'a call that says otherwise', () =>
        index.addMany([keys[0]], row(more, 0), { onDuplicate: 'error' }),
      );
      await checkState(index, 300);
      index.close();

      const strict = await filled(subject, 20, { dimensions: 4 });
      await strict.index.addMany([strict.keys[4]], row(more, 1), { onDuplicate: 'replace' });
      same(strict.index.get(strict.keys[4]), row(more, 1), 'a call that replaces');
      strict.index.close();
    });

    it('that are updated are found at the new place alone', async () => {
      const { index, keys, rows, oracle } = await filled(subject, 200, { dimensions: 6 });
      for (let i = 0; i < 60; i++) {
        const vector = Float32Array.from(row(rows, i), (each) => each + 50);
        index.update(keys[i], vector);
        oracle.set(keys[i], vector);
      }
      for (let i = 0; i < 60; i += 7) {
        oracle.judge(index.search(row(rows, i), 12), row(rows, i), 12);
        const moved = oracle.rows.get(keys[i])!;
        oracle.judge(index.search(moved, 12), moved, 12);
        same(index.search(moved, 1).ids, [keys[i]], 'the nearest of its own vector');
      }
      await checkState(index, 200);
      index.close();
    });

    it('that are not there are errors, or passed by', async () => {
      const { index, keys } = await filled(subject, 30, { dimensions: 4 });
      throws('ERR_HNSW_UNKNOWN_KEY', 'remove', () => index.remove(1001));
      const { done } = await rejects('ERR_HNSW_UNKNOWN_KEY', 'removeMany', () =>
        index.removeMany([keys[0], keys[1], 1001, keys[2]]),
      );
      same(
        [done, index.size, index.has(keys[1]), index.has(keys[2])],
        [2, 28, false, true],
        'rows that have gone',
      );
      const twice = await rejects('ERR_HNSW_UNKNOWN_KEY', 'twice', () =>
        index.removeMany([keys[5], keys[5]]),
      );
      same([twice.done, index.size], [1, 27], 'a key twice');
      await index.removeMany([keys[0], keys[6], 1001, keys[6], keys[7]], { onMissing: 'ignore' });
      same(index.size, 25, 'size');
      same([index.has(1001), index.get(1001)], [false, undefined], 'a key that was never there');
      await checkState(index, 25);
      index.close();
    });

    it('come back after they were removed', async () => {
      const { index, keys, rows } = await filled(subject, 40, { dimensions: 4 });
      for (let turn = 0; turn < 3; turn++) {
        for (const key of keys.slice(0, 20)) index.remove(key);
        await index.addMany(keysOf('number', 20), rows.vectors.slice(0, 80));
        same(index.size, 40, 'size');
        for (let i = 0; i < 20; i++) same(index.get(keys[i]), row(rows, i), `row ${i}`);
      }
      ok(new Set(index.keys()).size === 40, 'keys come twice');
      await checkState(index, 40);
      index.close();
    });
  });
}
