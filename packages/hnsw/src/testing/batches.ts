/** Many queries at once are the same as one after the other; counters, efforts and calibration. */
import type { Runner, Subject } from './api.js';
import { near, ok, rejects, same, throws } from './assert.js';
import { clusters, row, rowsAt } from './data.js';
import { filled } from './fill.js';
import { recallOf } from './oracle.js';

export function batches(subject: Subject, { describe, it }: Runner): void {
  const { supports } = subject;

  describe('searches', () => {
    it('have the recall that is promised', async () => {
      const { index, oracle } = await filled(subject, 1500, { dimensions: 16 });
      const queries = clusters('float32', 16, 100, 2);
      for (const k of [1, 10, 50]) {
        const recall = recallOf(index, oracle, queries, k);
        const least = supports.exact ? 1 : k === 10 ? supports.recall : supports.recall - 0.05;
        ok(recall >= least, `recall@${k} ${recall}`);
      }
      for (const k of [1499, 1500, 4000]) recallOf(index, oracle, { ...queries, count: 2 }, k);
      index.close();
    });

    it('of a batch give what single ones give, in each key type', async () => {
      for (const keyType of supports.keyTypes) {
        const { index, oracle } = await filled(subject, 500, { dimensions: 8, keyType });
        const queries = clusters('float32', 8, 30, 2);
        const passes = (id: unknown) => String(id).length % 2 === 0;
        for (const options of [{}, { efSearch: 40, probes: 4 }, { filter: passes }]) {
          for (const k of [1, 9, 600]) {
            const batch = index.searchMany(queries.vectors, k, options);
            const later = await index.searchManyAsync(queries.vectors, k, { ...options, threads: 2 });
            same(batch.offsets.length, 31, 'offsets');
            same([...later.offsets], [...batch.offsets], 'offsets off the event loop');
            for (let i = 0; i < 30; i++) {
              const query = row(queries, i);
              const single = index.search(query, k, options);
              const [from, to] = [batch.offsets[i], batch.offsets[i + 1]];
              same(to - from, single.ids.length, `results of query ${i}`);
              for (const each of [batch, later]) {
                const part = { ids: each.ids.slice(from, to), distances: each.distances.slice(from, to) };
                const share = oracle.judge(part as typeof single, query, k, options.filter);
                if (options.filter !== undefined) {
                  // Asked for all keys first, a filter may be worked with otherwise.
                  ok(share >= (supports.exact ? 1 : 0.8), `recall ${share} of query ${i}`);
                  continue;
                }
                // Rounding may depend on which rows are scored together, and so may the order of rows as near as that.
                single.distances.forEach((distance, j) => {
                  near(part.distances[j], distance, `distance ${j} of query ${i}`);
                });
              }
            }
          }
        }
        same(index.searchMany(new Float32Array(0), 3).offsets, [0], 'no queries');
        index.close();
      }
    });

    it('count what they do', async () => {
      const { index, rows } = await filled(subject, 1000, { dimensions: 16 });
      const query = row(rows, 1);
      const { counters } = index.search(query, 10);
      const { hops, distances, estimates, bytes } = counters;
      for (const count of [hops, distances, estimates, bytes]) {
        ok(Number.isSafeInteger(count) && count >= 0, `${count} is no count`);
      }
      ok(distances + estimates >= 10, 'fewer distances than results');
      ok(bytes > 0, 'nothing was read');
      if (supports.exact) ok(distances + estimates >= 1000, 'an exact search has not looked at all');
      same(index.search(query, 10).counters, counters, 'counters of the same search');
      if (supports.graph) {
        ok(hops >= 1 && distances + estimates <= 1000 + 200, 'a search that looked at more than there is');
        const wide = index.search(query, 10, { efSearch: 200 }).counters;
        ok(wide.distances + wide.estimates > distances + estimates, 'more candidates cost no more');
      }
      const twice = index.searchMany(rowsAt(rows, [1, 1]), 10).counters;
      same(
        [twice.hops, twice.distances, twice.estimates, twice.bytes],
        [2 * hops, 2 * distances, 2 * estimates, 2 * bytes],
        'counters of two searches',
      );
      index.close();
    });

    it('find more with more candidates', async () => {
      const { index, oracle } = await filled(subject, 1500, { dimensions: 16 });
      const queries = clusters('float32', 16, 60, 2);
      const little = recallOf(index, oracle, queries, 10, { efSearch: 10, probes: 1 });
      const much = recallOf(index, oracle, queries, 10, { efSearch: 400, probes: 10_000 });
      ok(much >= little, `${much} is less than ${little}`);
      ok(much >= (supports.exact ? 1 : Math.max(0.98, supports.recall)), `recall ${much}`);
      index.close();
    });

    it('aim at a recall once that was measured', async () => {
      const { index, oracle, rows } = await filled(subject, 1500, { dimensions: 16 });
      if (!supports.exact) {
        throws('ERR_HNSW_ARGUMENT', 'not measured yet', () =>
          index.search(row(rows, 0), 10, { recall: 0.9 }),
        );
      }
      await rejects('ERR_HNSW_ABORTED', 'calibrate', () => index.calibrate({ signal: AbortSignal.abort() }));
      await index.calibrate({ samples: 100, k: 10 });
      const queries = clusters('float32', 16, 100, 2);
      let before = 0;
      for (const recall of [0.8, 0.95, 1]) {
        const got = recallOf(index, oracle, queries, 10, { recall });
        ok(got >= recall - 0.06, `recall ${got} where ${recall} was aimed at`);
        const { distances, estimates } = index.searchMany(queries.vectors, 10, { recall }).counters;
        ok(distances + estimates >= before, 'more recall costs less');
        before = distances + estimates;
      }
      index.close();
    });
  });
}
