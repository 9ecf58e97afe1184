import { afterAll, expect, it } from 'vitest';
import { measureGrowth, type Work } from './support/leak.js';
import { installPackage } from './support/package.js';

const here = installPackage();
afterAll(() => here.remove());

it.each<Work>(['float32', 'shapes', 'conversions', 'async'])(
  '%s: keeps nothing over 1,000,000 calls of each function',
  (kind) => {
    const { external, heap, rss } = measureGrowth(here, kind, 1_000_000, '');
    expect(external[2] - external[0]).toBeLessThan(200_000);
    expect(heap[2] - heap[0]).toBeLessThan(500_000);
    // Two thirds of the calls lie between the first part and the last: 8 bytes a call of one function would show.
    expect(rss[2] - rss[0]).toBeLessThan(8 * 2 ** 20);
  },
);
