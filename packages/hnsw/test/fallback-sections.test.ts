/** The fallback as sections of bytes: they come back the same, and what was altered is found or does no harm. */
import { describe, expect, it } from 'vitest';
import type { IndexSettings } from '../src/backend.js';
import { readSettings } from '../src/create.js';
import type { HnswError } from '../src/errors.js';
import { Core } from '../src/fallback/core.js';
import { FallbackIndex } from '../src/fallback/index.js';
import { fromSections, type Sections } from '../src/fallback/sections.js';
import { clusters, keysOf, Random, row } from '../src/testing/data.js';
import { checkState } from '../src/testing/oracle.js';
import type { IndexOptions, KeyType, VectorType } from '../src/types.js';

function load<K extends KeyType, T extends VectorType>(sections: Sections): FallbackIndex<K, T> {
  const parts = fromSections(sections, readSettings);
  return new FallbackIndex<K, T>(
    parts.settings as unknown as IndexSettings<K, T>,
    new Core(parts.settings, parts),
  );
}

async function sample<K extends KeyType, T extends VectorType>(
  options: IndexOptions<K, T>,
  count = 300,
): Promise<FallbackIndex<K, T>> {
  const settings = readSettings(options);
  const index = new FallbackIndex<K, T>(settings);
  const keys = keysOf(settings.keyType, count);
  await index.addMany(keys, clusters(settings.type, settings.dimensions, count, 1).vectors);
  // Some dead, some free to be used again.
  await index.removeMany(keys.slice(10, 80));
  await index.repair();
  await index.removeMany(keys.slice(90, 110));
  return index;
}

describe('sections', () => {
  for (const kind of ['hnsw', 'flat', 'auto'] as const) {
    for (const keyType of ['number', 'bigint', 'string'] as const) {
      it(`of ${kind} with keys of ${keyType} come back, and the index goes on as it would have`, async () => {
        const index = await sample({ dimensions: 10, kind, keyType, type: 'int8', m: 6, efConstruction: 40 });
        await index.calibrate({ samples: 20 });
        const copy = load<typeof keyType, 'int8'>(index.sections());
        expect([copy.kind, copy.choice, copy.size]).toEqual([index.kind, index.choice, index.size]);
        expect([...copy.keys()].sort()).toEqual([...index.keys()].sort());
        await checkState(copy, index.size);
        const queries = clusters('int8', 10, 20, 2);
        const more = clusters('int8', 10, 50, 3);
        for (const step of ['same', 'grown']) {
          for (let i = 0; i < 20; i++) {
            for (const options of [{}, { recall: 0.9 }]) {
              expect(copy.search(row(queries, i), 8, options), step).toEqual(
                index.search(row(queries, i), 8, options),
              );
            }
          }
          for (const each of [copy, index])
            await each.addMany(keysOf(keyType, 50, 1000), more.vectors, { onDuplicate: 'replace' });
        }
        await checkState(copy, index.size);
      });
    }
  }

  it('of an empty index come back', async () => {
    for (const kind of ['hnsw', 'flat', 'auto'] as const) {
      const copy = load(new FallbackIndex(readSettings({ dimensions: 3, kind })).sections());
      await checkState(copy, 0);
      copy.add(1, [1, 2, 3]);
      expect(copy.size).toBe(1);
    }
  });

  it('that were altered, cut or left out are refused, or make an index that is sound', async () => {
    const index = await sample(
      { dimensions: 4, kind: 'hnsw', keyType: 'string', m: 4, efConstruction: 20 },
      120,
    );
    const whole = index.sections();
    const random = new Random(5);
    const query = Float32Array.of(1, 2, 3, 4);
    let refused = 0;
    for (let turn = 0; turn < 1500; turn++) {
      const damaged = new Map([...whole].map(([name, bytes]) => [name, bytes.slice()]));
      const names = [...damaged.keys()];
      const name = names[random.below(names.length)];
      const bytes = damaged.get(name)!;
      const how = random.below(10);
      if (how === 0) damaged.delete(name);
      else if (how === 1) damaged.set(name, bytes.slice(0, random.below(bytes.length + 1)));
      else if (how === 2) damaged.set(name, Uint8Array.from([...bytes, ...bytes.slice(0, 8)]));
      else
        for (let i = 0; i <= random.below(3); i++) bytes[random.below(bytes.length)] ^= 1 << random.below(8);
      let copy: FallbackIndex<'string', 'float32'>;
      try {
        copy = load(damaged);
      } catch (error) {
        expect((error as HnswError).code, `${name}: ${String(error)}`).toBe('ERR_HNSW_CORRUPT');
        refused++;
        continue;
      }
      // An element or a key may be another: nobody can know. But the index works.
      const { dimensions, size } = copy;
      await checkState(copy, size);
      if (dimensions === 4 && copy.type === 'float32' && copy.keyType === 'string') {
        expect(copy.search(query, 5).ids.length).toBe(Math.min(5, size));
        copy.add('new', query);
        expect([...copy.iterate(query)].length).toBe(size + 1);
      }
      copy.close();
    }
    expect(refused).toBeGreaterThan(500);
  });
});

describe('check', () => {
  /** Damages what `sections` cannot hold: the index in memory. */
  const damages: readonly (readonly [RegExp, (core: Core) => void])[] = [
    [/itself/, ({ graph }) => graph!.links.fill(0, 1, 2)],
    [/twice/, ({ graph }) => graph!.links.fill(graph!.links[1], 2, 3)],
    [/links at layer 0/, ({ graph }) => graph!.links.fill(9, 0, 1)],
    [/never used/, ({ graph }) => graph!.links.fill(5000, 1, 2)],
    [/is free/, ({ store, graph }) => graph!.links.fill(store.freeSlots[0], 1, 2)],
    [
      /above its level/,
      ({ graph }) => {
        const high = graph!.levels.findIndex((level) => level > 0);
        const low = graph!.levels.indexOf(0);
        graph!.setList(high, 1, Uint32Array.of(low), 1);
      },
    ],
    [
      /above the entry point/,
      ({ graph }) => {
        graph!.entry = graph!.levels.indexOf(0);
      },
    ],
    [
      /entry point \d+ is no node/,
      ({ store, graph }) => {
        graph!.entry = store.freeSlots[0];
      },
    ],
    [
      /no entry point/,
      ({ graph }) => {
        graph!.entry = -1;
      },
    ],
    [/does not lead to it/, ({ store }) => store.slotOf.set(store.keyAt(0), 1)],
    [/keys lead to slots/, ({ store }) => store.slotOf.set('no row', 1)],
    [
      /are dead, and/,
      ({ store }) => {
        store.deadCount++;
      },
    ],
    [/listed twice/, ({ store }) => store.freeSlots.push(store.freeSlots[0])],
    [/listed as free/, ({ store }) => store.freeSlots.push(0)],
    [/are free, and/, ({ store }) => store.freeSlots.pop()],
  ];

  for (const [message, damage] of damages) {
    it(`finds what is damaged: ${message.source}`, async () => {
      const sound = await sample({
        dimensions: 4,
        kind: 'hnsw',
        keyType: 'string',
        m: 4,
        efConstruction: 20,
      });
      const parts = fromSections(sound.sections(), readSettings);
      const core = new Core(parts.settings, parts);
      const index = new FallbackIndex<'string', 'float32'>(
        parts.settings as unknown as IndexSettings<'string', 'float32'>,
        core,
      );
      expect((await index.check()).ok).toBe(true);
      damage(core);
      const { ok, problems } = await index.check();
      expect(ok).toBe(false);
      expect(
        problems.some((problem) => message.test(problem)),
        problems.join('\n'),
      ).toBe(true);
    });
  }
});
