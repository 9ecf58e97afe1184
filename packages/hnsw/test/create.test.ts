/** What makes indexes, and how `auto` of the fallback chooses. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Backend, setBackend, setWriter } from '../src/backend.js';
import { fallback } from '../src/fallback/backend.js';
import { createIndex, type HnswError } from '../src/index.js';
import { clusters, numbers } from '../src/testing/data.js';

// What the fallback has and chooses; the addon has its own tests.
beforeEach(() => setBackend(fallback));

afterEach(() => {
  setBackend(undefined);
  setWriter(undefined);
});

function codeOf(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return (error as HnswError).code;
  }
  return undefined;
}

describe('createIndex', () => {
  it('has the defaults that it documents', () => {
    let settings: unknown;
    setBackend({
      name: 'a spy',
      kinds: ['hnsw', 'qg', 'ivf', 'flat'],
      create: (given) => {
        settings = given;
        return fallback.create(given);
      },
    } satisfies Backend);
    createIndex({ dimensions: 3 });
    expect(settings).toEqual({
      kind: 'auto',
      dimensions: 3,
      metric: 'l2',
      type: 'float32',
      keyType: 'number',
      m: 16,
      degree: 32,
      efConstruction: 200,
      efSearch: 64,
      lists: 0,
      probes: 8,
      prefilter: false,
      mode: 'fast',
      onDuplicate: 'error',
      seed: 1,
    });
    createIndex({ dimensions: 3, kind: 'qg' });
    expect(settings).toMatchObject({ efConstruction: 128 });
    createIndex({ dimensions: 3, kind: 'ivf' });
    expect(settings).toMatchObject({ prefilter: true });
    createIndex({ dimensions: 3, type: 'binary' });
    expect(settings).toMatchObject({ metric: 'hamming' });
  });

  it('says what is not there', () => {
    for (const options of [
      { dimensions: 3, kind: 'qg', mode: 'balanced' },
      { dimensions: 3, kind: 'qg', mode: 'compact' },
      { dimensions: 3, kind: 'flat', type: 'binary', prefilter: true },
      { dimensions: 3, kind: 'ivf', type: 'binary' },
    ] as const) {
      expect(() => createIndex(options)).toThrow(expect.objectContaining({ code: 'ERR_HNSW_UNSUPPORTED' }));
    }
  });

  it('reads each option once', () => {
    let reads = 0;
    const options = {
      get dimensions() {
        return reads++ === 0 ? 3 : 0;
      },
    };
    expect(createIndex(options).dimensions).toBe(3);
  });

  it('says what a backend does not have', () => {
    expect(codeOf(() => createIndex({ dimensions: 3, kind: 'qg' }))).toBe('ERR_HNSW_UNSUPPORTED');
    expect(codeOf(() => createIndex({ dimensions: 3, kind: 'ivf' }))).toBe('ERR_HNSW_UNSUPPORTED');
    expect(() => createIndex({ dimensions: 3, kind: 'qg' })).toThrow(/hnsw, flat/);
    expect(codeOf(() => createIndex({ dimensions: 3, kind: 'ivf', type: 'binary' }))).toBe(
      'ERR_HNSW_UNSUPPORTED',
    );
  });

  it('takes the largest and the smallest of each range', () => {
    for (const options of [
      { m: 2, efConstruction: 4, efSearch: 1, seed: 0 },
      { m: 100, efConstruction: 10_000, efSearch: 100_000, seed: 2 ** 32 - 1 },
    ]) {
      const index = createIndex({ dimensions: 2, kind: 'hnsw', ...options });
      for (const i of numbers(300)) index.add(i, [i, i % 7]);
      expect(index.search([5, 5], 1).ids).toEqual(Float64Array.of(5));
      index.close();
    }
    const wide = createIndex({ dimensions: 65_535 });
    wide.add(1, new Float32Array(65_535));
    expect(wide.search(new Float32Array(65_535), 1).distances).toEqual(Float32Array.of(0));
  });
});

describe('auto', () => {
  const { vectors } = clusters('float32', 4, 1500, 1);

  it('takes flat for few rows and hnsw for many, and says why', async () => {
    const few = createIndex({ dimensions: 4 });
    expect([few.kind, few.choice]).toEqual(['auto', undefined]);
    await few.addMany([], new Float32Array(0));
    expect([few.kind, few.choice]).toEqual(['auto', undefined]);
    await few.addMany(numbers(999), vectors.slice(0, 999 * 4));
    expect([few.kind, few.stats().kind]).toEqual(['flat', 'flat']);
    expect(few.choice).toMatch(/^flat: .*1000/);
    const many = createIndex({ dimensions: 4 });
    await many.addMany(numbers(1000), vectors.slice(0, 4000));
    expect([many.kind, many.stats().kind]).toEqual(['hnsw', 'hnsw']);
    expect(many.choice).toMatch(/^hnsw: .*1000/);
    expect(createIndex({ dimensions: 4, kind: 'flat' }).choice).toBeUndefined();
  });

  it('builds a graph of the rows that are there when a row more makes them many', async () => {
    for (const grow of ['add', 'addMany'] as const) {
      const index = createIndex({ dimensions: 4 });
      await index.addMany(numbers(999), vectors.slice(0, 999 * 4));
      index.remove(5);
      index.add(5000, vectors.slice(20, 24));
      expect(index.kind).toBe('flat');
      const before = index.search([0, 0, 0, 0], 20);
      if (grow === 'add') index.add(6000, [90, 90, 90, 90]);
      else await index.addMany([6000], Float32Array.of(90, 90, 90, 90));
      expect(index.kind).toBe('hnsw');
      const { degrees, size } = index.stats();
      expect([size, degrees.reduce((a, b) => a + b)]).toEqual([1000, 1000]);
      expect(await index.check()).toEqual({ ok: true, problems: [] });
      expect(index.search([0, 0, 0, 0], 20).ids).toEqual(before.ids);
      expect(index.search([90, 90, 90, 90], 1).ids).toEqual(Float64Array.of(6000));
      // Fewer rows are no reason to go back.
      await index.removeMany(numbers(4));
      expect(index.kind).toBe('hnsw');
    }
  });

  it('searches what is there while the graph is built', async () => {
    const index = createIndex({ dimensions: 4 });
    await index.addMany(numbers(900), vectors.slice(0, 3600));
    const added = index.addMany(numbers(600, 900), vectors.slice(3600));
    const sizes: number[] = [];
    let over = false;
    added.finally(() => {
      over = true;
    });
    while (!over) {
      sizes.push(index.search([0, 0, 0, 0], 2000).ids.length);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sizes.length).toBeGreaterThan(3);
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    expect(index.size).toBe(1500);
  });
});

describe('save of the fallback', () => {
  it('gives the sections to what writes them, after changes that came before', async () => {
    const index = createIndex({ dimensions: 2, keyType: 'string' });
    await expect(index.save('x')).rejects.toMatchObject({ code: 'ERR_HNSW_UNSUPPORTED' });
    const written: [string, string[]][] = [];
    setWriter(async (path, sections) => {
      written.push([path, [...sections.keys()]]);
    });
    const added = index.addMany(['a'], Float32Array.of(1, 2));
    await index.save('x');
    await added;
    expect(written).toEqual([['x', ['meta', 'vectors', 'states', 'serials', 'keys', 'strings']]]);
  });
});
