import { describe, expect, it } from 'vitest';
import { Random } from '../src/random.js';
import { splitDataset } from '../src/split.js';
import { syntheticVectors } from './synthetic.js';

const data = syntheticVectors(5000, 1);
const split = (options: { rows?: number; keep?: string[]; seed?: number; queries?: number }) =>
  splitDataset(data, {
    queries: options.queries ?? 100,
    seed: options.seed ?? 1,
    keep: new Set(options.keep),
    ...(options.rows !== undefined && { rows: options.rows }),
  });

describe('splitDataset', () => {
  it('divides the rows: each is loaded or held out, none is both', () => {
    const { loaded, heldOut } = split({});
    expect(heldOut).toHaveLength(100);
    expect([...loaded, ...heldOut].sort((a, b) => a - b)).toEqual([...data.words.keys()]);
    expect([...loaded]).toEqual([...loaded].sort((a, b) => a - b));
  });

  it('chooses by the seed alone, whatever is loaded', () => {
    expect(split({ rows: 10 }).heldOut).toEqual(split({}).heldOut);
    expect(split({ seed: 2 }).heldOut).not.toEqual(split({}).heldOut);
  });

  it('loads the first rows that are not held out', () => {
    const { loaded, heldOut } = split({ rows: 300 });
    const out = new Set(heldOut);
    expect([...loaded]).toEqual([...data.words.keys()].filter((row) => !out.has(row)).slice(0, 300));
    expect(split({ rows: 9999 }).loaded).toHaveLength(4900);
  });

  it('never holds out a word that is asked for', () => {
    const wouldBe = [...split({}).heldOut].map((row) => data.words[row]!);
    const { heldOut } = split({ keep: wouldBe.slice(0, 50) });
    const words = [...heldOut].map((row) => data.words[row]!);
    expect(words).toHaveLength(100);
    expect(words.slice(0, 50)).toEqual(wouldBe.slice(50));
  });

  it('holds out at most a tenth', () => {
    expect(split({ queries: 4000 }).heldOut).toHaveLength(500);
  });
});

describe('Random', () => {
  it('draws every residue about equally often', () => {
    const random = new Random(7);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.below(7)]!++;
    // 10,000 each, standard deviation 93
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});
