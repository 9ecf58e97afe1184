/** Searches by distance, and one after the other. */
import type { Runner, Subject } from './api.js';
import { near, ok, same } from './assert.js';
import { clusters, numbers, row } from './data.js';
import { filled } from './fill.js';

export function walks(subject: Subject, { describe, it }: Runner): void {
  const { supports } = subject;

  describe('range', () => {
    for (const metric of ['l2', 'ip', 'cosine'] as const) {
      if (!supports.metrics.includes(metric)) continue;
      it(`finds what lies within, under ${metric}`, async () => {
        const { index, oracle } = await filled(subject, 1000, { dimensions: 12, metric });
        const queries = clusters('float32', 12, 15, 2);
        let [found, wanted] = [0, 0];
        for (let i = 0; i < queries.count; i++) {
          const query = row(queries, i);
          const order = oracle.order(query);
          for (const rank of [0, 10, 200]) {
            // Between two rows, so that rounding decides nothing.
            const radius = (order[rank].distance + order[rank + 1].distance) / 2;
            if (order[rank + 1].distance - order[rank].distance < 1e-3 * (1 + Math.abs(radius))) continue;
            const inside = new Set(order.slice(0, rank + 1).map(({ id }) => id));
            const { ids, distances } = index.range(query, radius);
            same(ids.length, distances.length, 'ids and distances');
            for (let j = 0; j < ids.length; j++) {
              ok(inside.delete(ids[j]), `${ids[j]} is not within, or comes twice`);
              ok(distances[j] <= radius, 'a distance beyond the radius');
              ok(j === 0 || distances[j - 1] <= distances[j], 'distances do not ascend');
            }
            found += ids.length;
            wanted += rank + 1;
          }
        }
        ok(wanted > 0, 'no radius was tried');
        ok(found >= (supports.exact ? wanted : (supports.recall - 0.02) * wanted), `${found} of ${wanted}`);
        index.close();
      });
    }

    it('takes the nearest where there are more than its limit', async () => {
      const { index, oracle, rows } = await filled(subject, 600, { dimensions: 8 });
      const query = row(rows, 5);
      for (const limit of [1, 7, 100]) {
        const result = index.range(query, 1e9, { limit });
        const share = oracle.judge(result, query, limit);
        ok(share >= (supports.exact ? 1 : supports.recall - 0.1), `${share} of the nearest ${limit}`);
      }
      same(index.range(query, Number.POSITIVE_INFINITY).ids.length, 600, 'everything');
      same(index.range(query, -1).ids, [], 'below 0 there is nothing');
      const exact = index.range(query, 0);
      ok(exact.ids.length === 0 || exact.distances[0] === 0, 'more than the row itself');
      const odd = index.range(query, 1e9, { filter: (id) => id % 2 !== 0 });
      oracle.judge(odd, query, 600, (id) => id % 2 !== 0);
      index.close();
    });
  });

  describe('iterate', () => {
    it('gives every row once, about nearest first', async () => {
      const { index, oracle } = await filled(subject, 1000, { dimensions: 12 });
      const queries = clusters('float32', 12, 5, 2);
      for (let i = 0; i < queries.count; i++) {
        const query = row(queries, i);
        const order = oracle.order(query);
        const known = new Map(order.map(({ id, distance }) => [id, distance]));
        const given = [...index.iterate(query)];
        same(given.length, 1000, 'rows');
        let early = 0;
        given.forEach(({ id, distance }, rank) => {
          const wanted = known.get(id);
          ok(wanted !== undefined, `${id} is no row, or comes twice`);
          known.delete(id);
          near(distance, wanted, `the distance of ${id}`);
          if (rank < 100 && wanted <= order[99].distance + 1e-4) early++;
        });
        ok(early >= (supports.exact ? 100 : 90), `${early} of the 100 nearest came first`);
        if (!supports.exact) continue;
        ok(
          given.every(({ distance }, j) => j === 0 || given[j - 1].distance <= distance),
          'not in order',
        );
      }
      index.close();
    });

    it('is lazy: what is not wanted is not asked for', async () => {
      const { index, rows } = await filled(subject, 1000, { dimensions: 12 });
      let asked = 0;
      const rest = index.iterate(row(rows, 3), {
        filter: () => {
          asked++;
          return true;
        },
      });
      same(asked, 0, 'filter calls before the first row');
      same(rest.next().done, false, 'done');
      same(rest.return?.().done, true, 'done after return');
      same(rest.next().done, true, 'done after the end');
      index.close();
    });

    it('passes by what the filter does', async () => {
      const { index, keys, rows } = await filled(subject, 400, { dimensions: 6 });
      const some = keys.filter((_, i) => i % 5 === 0);
      const set = new Set(some);
      const sorted = (ids: Iterable<number>) => [...ids].sort((a, b) => a - b);
      for (const filter of [{ ids: some }, index.prepareFilter({ ids: some }), (id: number) => set.has(id)]) {
        const given = [...index.iterate(row(rows, 0), { filter })].map(({ id }) => id);
        same(sorted(given), sorted(some), 'rows that pass');
      }
      index.close();
    });

    it('goes on while the index changes: rows that stay come once, rows that have gone do not', async () => {
      const { index, keys, rows } = await filled(subject, 400, { dimensions: 6 });
      const more = clusters('float32', 6, 200, 9);
      const given = new Set<number>();
      const gone = new Set<number>();
      const moved = new Set<number>();
      let step = 0;
      for (const { id } of index.iterate(row(rows, 0))) {
        ok(!given.has(id), `${id} came twice`);
        ok(!gone.has(id), `${id} came after it was removed`);
        given.add(id);
        step++;
        const key = keys[(step * 37) % 400];
        if (step <= 60 && !gone.has(key)) {
          index.remove(key);
          gone.add(key);
        } else if (step <= 120 && !gone.has(key)) {
          index.update(key, row(more, step));
          moved.add(key);
        }
        if (step % 3 === 0 && step < 300) index.add(5000 + step, row(more, step % 200));
        if (step === 90) await index.repair();
        if (step === 150) await index.compact();
      }
      for (const key of keys) ok(gone.has(key) || given.has(key), `${key} stayed, and did not come`);
      ok(moved.size > 20 && gone.size > 40, 'nothing has changed');
      index.close();
    });

    it('of numbers 0 .. 99 on a line, gives them in order', () => {
      const index = subject.create({ dimensions: 1 });
      for (const i of numbers(100)) index.add(i, [i]);
      const given = [...index.iterate([-1])].map(({ id }) => id);
      same(given, numbers(100), 'ids');
      index.close();
    });
  });
}
