/** Churn where recall is far from 1, so that a worse graph shows. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { setBackend } from '../src/backend.js';
import { fallback } from '../src/fallback/backend.js';
import { createIndex } from '../src/index.js';
import { numbers, Random } from '../src/testing/data.js';

beforeAll(() => setBackend(fallback));
afterAll(() => setBackend(undefined));

it('recall after half of the rows were replaced is that of a fresh graph, at any width', async () => {
  const [count, dimensions, queries] = [4000, 24, 500];
  const random = new Random(3);
  const vectors = Float32Array.from({ length: count * dimensions }, () => random.normal());
  const asked = Float32Array.from({ length: queries * dimensions }, () => random.normal());
  const exact = createIndex({ dimensions, kind: 'flat' });
  await exact.addMany(numbers(count), vectors);
  const { distances: wanted } = exact.searchMany(asked, 10);

  const index = createIndex({ dimensions, kind: 'hnsw', efConstruction: 100, m: 12 });
  await index.addMany(numbers(count), vectors);
  const recall = (efSearch: number) => {
    const { distances } = index.searchMany(asked, 10, { efSearch });
    let found = 0;
    // Rows are the same before and after, whatever their keys: distances tell.
    for (let i = 0; i < distances.length; i++) {
      if (distances[i] <= wanted[i - (i % 10) + 9] * (1 + 1e-6)) found++;
    }
    return found / distances.length;
  };
  const widths = [16, 32, 64, 128];
  const before = widths.map(recall);
  expect(before[0]).toBeLessThan(0.9);
  for (let i = 0; i < count / 2; i++) {
    index.remove(i);
    index.add(i + count, vectors.subarray(i * dimensions, (i + 1) * dimensions));
  }
  const after = widths.map(recall);
  widths.forEach((width, i) => {
    expect(after[i], `efSearch ${width}`).toBeGreaterThanOrEqual(before[i] - 0.005);
  });
  expect(await index.check()).toEqual({ ok: true, problems: [] });
  expect(index.stats().unreachable).toBe(0);
});
