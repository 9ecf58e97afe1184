/** Files: what was saved comes back, a failed save leaves what was there, and damage is found. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HnswError, HnswErrorCode } from '../errors.js';
import type { VectorIndex } from '../types.js';
import { type Files, pairings, type Runner, type Subject } from './api.js';
import { near, ok, rejects, same, throws } from './assert.js';
import { clusters, numbers, Random, row } from './data.js';
import { filled } from './fill.js';
import { checkState } from './oracle.js';

/** What a file may be called that is not as it was written. */
const damage: readonly HnswErrorCode[] = ['ERR_HNSW_CORRUPT', 'ERR_HNSW_FORMAT', 'ERR_HNSW_VERSION'];

type Index = VectorIndex<'number', 'float32'>;

function isDamage(error: unknown): boolean {
  return damage.includes((error as HnswError | undefined)?.code as HnswErrorCode);
}

/** Two indexes of the same rows answer the same. */
function alike(a: VectorIndex, b: VectorIndex, queries: ReturnType<typeof clusters>): void {
  same(
    [b.size, b.dimensions, b.metric, b.type, b.keyType],
    [a.size, a.dimensions, a.metric, a.type, a.keyType],
    'index',
  );
  for (let i = 0; i < queries.count; i++) {
    const query = row(queries, i);
    const [mine, other] = [a.search(query, 10), b.search(query, 10)];
    same(other.ids.length, mine.ids.length, `results of query ${i}`);
    mine.distances.forEach((distance, j) => {
      near(other.distances[j], distance, `distance ${j} of query ${i}`);
    });
  }
}

export function savedFiles(subject: Subject, files: Files, { describe, it }: Runner): void {
  const { supports } = subject;
  const open = [
    ['load', files.load],
    ['view', files.view],
  ] as const;

  describe('files', () => {
    for (const { type, metric } of pairings(supports)) {
      it(`of ${type} under ${metric} come back`, async () => {
        const dimensions = type === 'binary' ? 43 : 13;
        for (const keyType of supports.keyTypes) {
          const { index, keys } = await filled(subject, 200, { dimensions, type, metric, keyType });
          await index.removeMany(keys.slice(5, 25));
          const path = join(files.folder(), 'index');
          await index.save(path);
          for (const [name, read] of open) {
            if (read === undefined) continue;
            const copy = await read(path);
            alike(index as unknown as VectorIndex, copy, clusters(type, dimensions, 10, 2));
            same(
              [...copy.keys()].map(String).sort(),
              [...index.keys()].map(String).sort(),
              `keys by ${name}`,
            );
            for (const key of [keys[0], keys[3], keys[199]]) same(copy.get(key), index.get(key), 'a row');
            same(copy.has(keys[6]), false, 'a row that was removed');
            await checkState(copy, 180);
            copy.close();
          }
          index.close();
        }
      });
    }

    it('loaded can be changed, viewed cannot', async () => {
      const { index, rows } = await filled(subject, 100, { dimensions: 4 });
      const path = join(files.folder(), 'index');
      await index.save(path);
      const loaded = (await files.load(path)) as unknown as Index;
      same(loaded.readOnly, false, 'readOnly');
      loaded.add(1e4, row(rows, 0));
      loaded.update(1e4, row(rows, 1));
      loaded.remove(1e4);
      await checkState(loaded, 100);
      loaded.close();
      if (files.view === undefined) return;
      const viewed = (await files.view(path)) as unknown as Index;
      const code = 'ERR_HNSW_READ_ONLY';
      same(viewed.readOnly, true, 'readOnly');
      throws(code, 'add', () => viewed.add(1e4, row(rows, 0)));
      throws(code, 'update', () => viewed.update([...viewed.keys()][0], row(rows, 0)));
      throws(code, 'remove', () => viewed.remove([...viewed.keys()][0]));
      await rejects(code, 'addMany', () => viewed.addMany([1e4], row(rows, 0)));
      await rejects(code, 'removeMany', () => viewed.removeMany([...viewed.keys()].slice(0, 1)));
      await rejects(code, 'repair', () => viewed.repair());
      await rejects(code, 'compact', () => viewed.compact());
      await checkState(viewed, 100);
      viewed.close();
      index.close();
    });

    it('take the place of older ones at once, and nothing is left beside them', async () => {
      const { index, keys } = await filled(subject, 100, { dimensions: 4 });
      const folder = files.folder();
      const path = join(folder, 'index');
      await index.save(path);
      index.remove(keys[0]);
      await index.save(path);
      const copy = await files.load(path);
      same(copy.size, 99, 'size');
      copy.close();
      await rejects('ERR_HNSW_ABORTED', 'save', () => index.save(path, { signal: AbortSignal.abort() }));
      same((await files.load(path)).size, 99, 'size after a save that was ended');
      same(readdirSync(folder), ['index'], 'files of the folder');
      await rejects('ERR_HNSW_IO', 'save', () => index.save(join(folder, 'no folder', 'index')));
      await checkState(index, 99);
      index.close();
    });

    it('that are none have codes', async () => {
      const folder = files.folder();
      const other = join(folder, 'text');
      writeFileSync(other, 'This is no index. '.repeat(1000));
      const empty = join(folder, 'empty');
      writeFileSync(empty, '');
      for (const [name, read] of open) {
        if (read === undefined) continue;
        await rejects('ERR_HNSW_IO', `${name}: no file`, () => read(join(folder, 'none')));
        await rejects('ERR_HNSW_FORMAT', `${name}: text`, () => read(other));
        let error: unknown;
        await read(empty).catch((caught: unknown) => {
          error = caught;
        });
        ok(isDamage(error), `${name}: empty: ${String(error)}`);
      }
    });

    it('that were cut off or altered are found out, or give right answers', async () => {
      const { index, rows, oracle } = await filled(subject, 300, { dimensions: 8 });
      const path = join(files.folder(), 'index');
      await index.save(path);
      const whole = readFileSync(path);
      const random = new Random(11);
      for (let turn = 0; turn < 200; turn++) {
        const cut = turn % 4 === 0;
        const bytes = cut ? whole.subarray(0, random.below(whole.length)) : Buffer.from(whole);
        if (!cut) bytes[random.below(bytes.length)] ^= 1 << random.below(8);
        const damaged = join(files.folder(), 'index');
        writeFileSync(damaged, bytes);
        for (const [name, read] of open) {
          if (read === undefined) continue;
          let copy: Index | undefined;
          try {
            copy = (await read(damaged)) as unknown as Index;
            ok(name === 'view', 'an altered file was loaded');
            const query = row(rows, random.below(300));
            oracle.judge(copy.search(query, 5), query, 5);
          } catch (error) {
            ok(isDamage(error), `${name}: ${String(error)}`);
          } finally {
            copy?.close();
          }
        }
      }
      index.close();
    });

    it('are written of what is there after changes that came before', async () => {
      const { index } = await filled(subject, 50, { dimensions: 4 });
      const path = join(files.folder(), 'index');
      const added = index.addMany(numbers(200, 1e4), clusters('float32', 4, 200, 4).vectors);
      await Promise.all([added, index.save(path)]);
      same((await files.load(path)).size, 250, 'size');
      index.close();
    });
  });
}
