/** Filters: what passes is found, nothing else, and never fewer than there are. */
import type { Filter, KeyOf, KeyType } from '../types.js';
import type { Runner, Subject } from './api.js';
import { ok, same, throws } from './assert.js';
import { clusters, numbers, Random, row } from './data.js';
import { type Filled, filled } from './fill.js';
import { Oracle, recallOf } from './oracle.js';

const count = 1500;
const dimensions = 16;

/** Keys 0 .. count - 1, so that bitmaps fit. */
async function dense(subject: Subject): Promise<Filled<'number', 'float32'>> {
  const rows = clusters('float32', dimensions, count, 1);
  const index = subject.create({ dimensions });
  const keys = numbers(count);
  await index.addMany(keys, rows.vectors);
  return { index, rows, keys, oracle: new Oracle<'number', 'float32'>('float32', 'l2').setAll(keys, rows) };
}

function bitmapOf(ids: Iterable<number>): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(count / 8));
  for (const id of ids) bitmap[id >> 3] |= 1 << (id & 7);
  return bitmap;
}

/** Each form of a filter by the same set. */
function forms(ids: ReadonlySet<number>): (readonly [string, Filter<'number'>])[] {
  return [
    ['bitmap', { bitmap: bitmapOf(ids) }],
    ['ids', { ids }],
    ['function', (id: number) => ids.has(id)],
  ];
}

export function filters(subject: Subject, { describe, it }: Runner): void {
  const { supports } = subject;

  describe('filters', () => {
    for (const share of [0.9, 0.5, 0.1, 0.02, 1 / count]) {
      it(`that ${(100 * share).toFixed(1)} % of the rows pass`, async () => {
        const { index, oracle } = await dense(subject);
        const random = new Random(share * 1e6);
        const ids = new Set(numbers(count).filter(() => random.unit() < share));
        if (ids.size === 0) ids.add(7);
        const queries = clusters('float32', dimensions, 40, 2);
        for (const [name, filter] of forms(ids)) {
          const recall = recallOf(index, oracle, queries, 10, { filter }, (id) => ids.has(id));
          // Few rows are looked at one by one.
          const least = supports.exact || share < 0.03 ? 1 : supports.filteredRecall;
          ok(recall >= least, `recall ${recall} by ${name}`);
        }
        for (const k of [ids.size, ids.size + 5, count]) {
          const query = row(queries, 0);
          const found = oracle.judge(index.search(query, k, { filter: { ids } }), query, k, (id) =>
            ids.has(id),
          );
          ok(k < ids.size || found === 1, `${found} of all ${ids.size} rows that pass`);
        }
        index.close();
      });
    }

    it('that hang together with the place: rows far from the query alone', async () => {
      const { index, oracle, rows } = await dense(subject);
      for (let i = 0; i < 10; i++) {
        const query = row(rows, i);
        const far = new Set(
          oracle
            .order(query)
            .slice(-300)
            .map(({ id }) => id),
        );
        for (const [name, filter] of forms(far)) {
          const recall = oracle.judge(index.search(query, 10, { filter }), query, 10, (id) => far.has(id));
          ok(recall >= (supports.exact ? 1 : 0.5), `recall ${recall} by ${name}`);
        }
      }
      index.close();
    });

    it('that nothing passes, or names no row', async () => {
      const { index, rows } = await dense(subject);
      for (const filter of [
        { bitmap: new Uint8Array(0) },
        { bitmap: new Uint8Array(1000) },
        { ids: [] },
        { ids: [count, -1, Number.MAX_SAFE_INTEGER] },
        () => false,
      ]) {
        same(index.search(row(rows, 0), 10, { filter }).ids, [], 'ids');
        same(index.range(row(rows, 0), 100, { filter }).ids, [], 'ids within');
        same([...index.iterate(row(rows, 0), { filter })], [], 'all');
      }
      index.close();
    });

    it('functions are called once for an id', async () => {
      const { index, rows, oracle } = await dense(subject);
      const calls = new Map<number, number>();
      const filter = (id: number) => {
        calls.set(id, (calls.get(id) ?? 0) + 1);
        return id % 3 === 0;
      };
      const once = (what: string) => {
        for (const [id, times] of calls) {
          ok(oracle.rows.has(id), `${what} asked for ${id}`);
          ok(times === 1, `${what} asked ${times} times for ${id}`);
        }
        calls.clear();
      };
      index.search(row(rows, 3), 10, { filter });
      once('search');
      index.search(row(rows, 3), 600, { filter });
      once('search for more than pass');
      index.range(row(rows, 3), 4, { filter });
      once('range');
      same([...index.iterate(row(rows, 3), { filter })].length, count / 3, 'rows that pass');
      once('iterate');
      index.searchMany(rows.vectors.slice(0, 5 * dimensions), 10, { filter });
      once('searchMany');
      await index.searchManyAsync(rows.vectors.slice(0, 5 * dimensions), 10, { filter });
      once('searchManyAsync');
      index.close();
    });

    it('functions that throw or use the index end the search', async () => {
      const { index, rows } = await dense(subject);
      const own = new Error('mine');
      let caught: unknown;
      try {
        index.search(row(rows, 0), 5, {
          filter: () => {
            throw own;
          },
        });
      } catch (error) {
        caught = error;
      }
      ok(caught === own, 'the error of a filter did not come through');
      const code = 'ERR_HNSW_BUSY';
      const using = (use: () => unknown) => () => {
        use();
        return true;
      };
      throws(code, 'search', () =>
        index.search(row(rows, 0), 5, { filter: using(() => index.search(row(rows, 1), 1)) }),
      );
      throws(code, 'add', () =>
        index.search(row(rows, 0), 5, { filter: using(() => index.add(-9, row(rows, 1))) }),
      );
      same([index.size, index.search(row(rows, 4), 1).ids], [count, [4]], 'the index afterwards');
      index.close();
    });

    it('prepared once see the rows that were there then', async () => {
      const { index, oracle, rows, keys } = await dense(subject);
      const even = new Set(keys.filter((key) => key % 2 === 0));
      for (const filter of [{ ids: even }, { bitmap: bitmapOf(even) }]) {
        const prepared = index.prepareFilter(filter);
        same([prepared.kind, prepared.keyType, prepared.size], ['prepared', 'number', 750], 'properties');
        const query = row(rows, 9);
        const passes = (id: number) => even.has(id);
        const recall = oracle.judge(index.search(query, 20, { filter: prepared }), query, 20, passes);
        ok(recall >= (supports.exact ? 1 : 0.7), `recall ${recall}`);
      }
      const prepared = index.prepareFilter({ ids: even });
      // Rows that go, come and move; and slots that are used again.
      const gone = keys.filter((key) => key % 4 === 0);
      await index.removeMany(gone);
      for (const key of gone) oracle.delete(key);
      await index.repair();
      const more = clusters('float32', dimensions, 400, 12);
      const late = numbers(400, 2000);
      await index.addMany(late, more.vectors);
      for (const key of [2, 6, 10]) {
        const vector = row(more, key);
        index.update(key, vector);
        oracle.set(key, vector);
      }
      const known = (id: number) => even.has(id);
      for (const state of ['changed', 'compacted']) {
        if (state === 'compacted') await index.compact();
        for (let i = 0; i < 10; i++) {
          const query = row(more, i);
          oracle.judge(index.search(query, 15, { filter: prepared }), query, 15, known);
        }
        const all = index.search(row(rows, 0), count, { filter: prepared });
        same(oracle.judge(all, row(rows, 0), count, known), 1, `all rows that were there, ${state}`);
      }
      const other = subject.create({ dimensions });
      throws('ERR_HNSW_ARGUMENT', 'a filter of another index', () =>
        other.search(row(rows, 0), 1, { filter: prepared }),
      );
      other.close();
      index.close();
    });

    for (const keyType of supports.keyTypes) {
      it(`by keys of ${keyType}`, () => byKeys(subject, keyType));
    }
  });
}

async function byKeys<K extends KeyType>(subject: Subject, keyType: K): Promise<void> {
  const { index, oracle, rows, keys } = await filled(subject, 300, { dimensions: 8, keyType });
  const some: KeyOf[K][] = keys.filter((_, i) => i % 3 === 0);
  const set = new Set(some);
  const query = row(rows, 1);
  // Once only: an iterator that is spent cannot be read again.
  const generator = (function* () {
    yield* some;
  })();
  for (const filter of [{ ids: some }, { ids: set }, { ids: generator }, (id: KeyOf[K]) => set.has(id)]) {
    const found = oracle.judge(index.search(query, 100, { filter }), query, 100, (id) => set.has(id));
    same(found, 1, 'all that pass');
  }
  index.close();
}
