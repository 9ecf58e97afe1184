/** What a search of little effort costs, by its counters. */
import { expect, it } from 'vitest';
import { createIndex } from '../src/index.js';
import { clusters } from '../src/testing/data.js';

it('a search of qg with as many candidates as results looks at few rows', async () => {
  const [dimensions, count, k] = [24, 6000, 10];
  const index = createIndex({ kind: 'qg', dimensions });
  const { vectors } = clusters('float32', dimensions, count, 1);
  await index.addMany(
    Array.from({ length: count }, (_, i) => i),
    vectors,
  );
  const queries = clusters('float32', dimensions, 300, 2).vectors;
  let most = 0;
  for (let q = 0; q < 300; q++) {
    const query = queries.subarray(q * dimensions, (q + 1) * dimensions);
    const { ids, counters } = index.search(query, k, { efSearch: k });
    expect(ids).toHaveLength(k);
    most = Math.max(most, counters.distances);
  }
  // Where a beam had the same nodes many times over, and so fewer than k, all rows were compared.
  expect(most).toBeLessThan(count / 20);
});
