import { afterAll, describe, expect, it } from 'vitest';
import { measureGrowth, type Work } from './support/leak.js';
import { installPackage } from './support/package.js';

const here = installPackage();
afterAll(() => here.remove());

/** How often each function is called; a byte a call that V8 knows of would show, and what it does not know of sooner or later. */
const calls: Record<Work, number> = { float32: 50_000, shapes: 20_000, conversions: 20_000, async: 5_000 };

describe.each(['', 'typescript'])('RUVECTOR_SIMD=%s', (variant) => {
  it.each(Object.entries(calls) as Array<[Work, number]>)(
    '%s: keeps nothing over %i calls of each function',
    (kind, count) => {
      const { external, heap, rss } = measureGrowth(here, kind, count, variant);
      expect(external[2] - external[0]).toBeLessThan(200_000);
      expect(heap[2] - heap[0]).toBeLessThan(500_000);
      expect(rss[2] - rss[0]).toBeLessThan(8 * 2 ** 20);
    },
  );
});
