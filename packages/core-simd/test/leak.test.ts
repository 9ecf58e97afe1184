import { afterAll, expect, it } from 'vitest';
import { measureGrowth } from './support/leak.js';
import { installPackage } from './support/package.js';

const here = installPackage();
afterAll(() => here.remove());

it.each(['', 'typescript'])(
  'keeps nothing over 100,000 calls of each function (RUVECTOR_SIMD=%s)',
  (variant) => {
    const { external, heap, rss } = measureGrowth(here, 100_000, variant);
    // 933,000 calls lie between the first part and the last: a byte a call that V8 knows of would
    // show, and 9 bytes a call that it does not.
    expect(external[2] - external[0]).toBeLessThan(200_000);
    expect(heap[2] - heap[0]).toBeLessThan(500_000);
    expect(rss[2] - rss[0]).toBeLessThan(8 * 2 ** 20);
  },
);
