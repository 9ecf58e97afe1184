/** What fails in the middle of a change leaves the index as it was. */
import { describe, expect, it } from 'vitest';
import { readSettings } from '../src/create.js';
import { Core } from '../src/fallback/core.js';
import { FallbackIndex } from '../src/fallback/index.js';
import { clusters, numbers, row } from '../src/testing/data.js';
import { checkState, Oracle } from '../src/testing/oracle.js';

const dimensions = 6;
const rows = clusters('float32', dimensions, 400, 1);

async function sample(onDuplicate: 'error' | 'replace' = 'error') {
  const settings = readSettings<'number', 'float32'>({
    dimensions,
    kind: 'hnsw',
    m: 4,
    efConstruction: 30,
    onDuplicate,
  });
  const core = new Core(settings as unknown as ConstructorParameters<typeof Core>[0]);
  const index = new FallbackIndex<'number', 'float32'>(settings, core);
  await index.addMany(numbers(300), rows.vectors.slice(0, 300 * dimensions));
  return { core, index };
}

/** Lets the n-th batch of distances fail from now on, as a kernel without memory does. */
function failAt(core: Core, n: number): { restore(): void; readonly failed: boolean } {
  const { space } = core.store;
  const gather = space.gather;
  let calls = 0;
  space.gather = (...given) => {
    if (++calls === n) throw new RangeError('no memory');
    gather.apply(space, given);
  };
  return {
    restore: () => {
      space.gather = gather;
    },
    get failed() {
      return calls >= n;
    },
  };
}

describe('a change that fails half-way', () => {
  for (const kind of ['add', 'update', 'replace'] as const) {
    it(`(${kind}) has not happened, wherever that was`, async () => {
      const { core, index } = await sample(kind === 'replace' ? 'replace' : 'error');
      const oracle = new Oracle<'number', 'float32'>('float32', 'l2').setAll(numbers(300), {
        ...rows,
        count: 300,
      });
      const vector = row(rows, 350);
      const key = kind === 'add' ? 5000 : 7;
      let failures = 0;
      for (let n = 1; ; n++) {
        const fault = failAt(core, n);
        let error: unknown;
        try {
          if (kind === 'update') index.update(key, vector);
          else index.add(key, vector);
        } catch (caught) {
          error = caught;
        }
        fault.restore();
        if (!fault.failed) break;
        failures++;
        expect(error).toBeInstanceOf(RangeError);
        await checkState(index, 300);
        expect(index.get(7)).toEqual(row(rows, 7));
        expect(index.has(5000)).toBe(false);
        for (const query of [vector, row(rows, 7)]) oracle.judge(index.search(query, 10), query, 10);
        expect([...index.iterate(vector)]).toHaveLength(300);
      }
      expect(failures).toBeGreaterThan(10);
      oracle.set(key, vector);
      expect(index.get(key)).toEqual(vector);
      expect(oracle.judge(index.search(vector, 400), vector, 400)).toBe(1);
      await index.compact();
      await checkState(index, kind === 'add' ? 301 : 300);
    });
  }

  it('(addMany) has the rows before the failure', async () => {
    const { core, index } = await sample();
    const fault = failAt(core, 400);
    const more = rows.vectors.slice(300 * dimensions);
    await expect(index.addMany(numbers(100, 300), more)).rejects.toThrow('no memory');
    fault.restore();
    const { size } = index;
    expect(size).toBeGreaterThan(300);
    expect(size).toBeLessThan(400);
    expect([index.has(size - 1), index.has(size)]).toEqual([true, false]);
    await checkState(index, size);
    await index.addMany(numbers(400 - size, size), rows.vectors.slice(size * dimensions));
    await checkState(index, 400);
  });

  it('(repair) can be done again', async () => {
    const { core, index } = await sample();
    for (let i = 0; i < 40; i++) index.remove(i);
    const dead = index.stats().dead;
    const fault = failAt(core, 20);
    await expect(index.repair()).rejects.toThrow('no memory');
    fault.restore();
    expect(index.stats().dead).toBe(dead);
    await checkState(index, 260);
    await index.repair();
    await index.compact();
    expect(index.stats().dead).toBe(0);
    await checkState(index, 260);
  });
});

describe('an index without memory', () => {
  it('says so before anything is changed', async () => {
    const { core, index } = await sample();
    const { store } = core;
    for (const more of [2 ** 32, 2 ** 31]) {
      expect(() => store.reserve(more)).toThrow(expect.objectContaining({ code: 'ERR_HNSW_MEMORY' }));
    }
    expect([core.store.capacity >= 300, core.store.end]).toEqual([true, 300]);
    await checkState(index, 300);
    index.add(1000, row(rows, 399));
    await checkState(index, 301);
  });
});
