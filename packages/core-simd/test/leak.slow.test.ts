import { afterAll, expect, it } from 'vitest';
import { measureGrowth } from './support/leak.js';
import { installPackage } from './support/package.js';

const here = installPackage();
afterAll(() => here.remove());

it('keeps nothing over 1,000,000 calls of each function', () => {
  const { external, heap, rss } = measureGrowth(here, 1_000_000, '');
  expect(external[2] - external[0]).toBeLessThan(200_000);
  expect(heap[2] - heap[0]).toBeLessThan(500_000);
  // 9,333,000 calls lie between the first part and the last: 1 byte a call kept anywhere would show.
  expect(rss[2] - rss[0]).toBeLessThan(8 * 2 ** 20);
});
