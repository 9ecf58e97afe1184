/** Long work, changes that wait for each other, and the end. */
import type { HnswError } from '../errors.js';
import type { Progress, VectorIndex } from '../types.js';
import type { Runner, Subject } from './api.js';
import { ok, rejects, same, throws } from './assert.js';
import { clusters, numbers, row } from './data.js';
import { filled } from './fill.js';
import { checkState } from './oracle.js';

const phases = ['build', 'refine', 'train', 'write', 'read', 'repair', 'search'];

type Index = VectorIndex<'number', 'float32'>;

/** Long calls on an index of 4 dimensions with some rows, of key 5000 on none. */
const longCalls: readonly (readonly [string, (index: Index, options: object) => Promise<unknown>])[] = [
  [
    'addMany',
    (x, options) =>
      x.addMany(numbers(50, 5000), clusters('float32', 4, 50, 3).vectors, {
        onDuplicate: 'replace',
        ...options,
      }),
  ],
  ['removeMany', (x, options) => x.removeMany([...x.keys()].slice(0, 20), options)],
  ['searchManyAsync', (x, options) => x.searchManyAsync(clusters('float32', 4, 30, 3).vectors, 5, options)],
  ['calibrate', (x, options) => x.calibrate({ samples: 20, ...options })],
  ['repair', (x, options) => x.repair(options)],
  ['compact', (x, options) => x.compact(options)],
  ['check', (x, options) => x.check(options)],
];

export function lifecycle(subject: Subject, { describe, it }: Runner): void {
  const { supports } = subject;

  describe('long work', () => {
    for (const [name, call] of longCalls) {
      it(`${name} ends by its signal, before it has begun`, async () => {
        const { index } = await filled(subject, 200, { dimensions: 4 });
        const reason = new Error('not needed');
        const error = await rejects('ERR_HNSW_ABORTED', name, () =>
          call(index, { signal: AbortSignal.abort(reason) }),
        );
        ok(error.cause === reason, 'cause is not the reason of the signal');
        same([error.done, index.size], [0, 200], 'done and size');
        await call(index, {});
        index.close();
      });

      it(`${name} tells how far it is, and ends by what onProgress throws`, async () => {
        const { index } = await filled(subject, 200, { dimensions: 4 });
        const told: Progress[] = [];
        await call(index, { onProgress: (progress: Progress) => told.push({ ...progress }) });
        let before: Progress | undefined;
        for (const progress of told) {
          const { phase, done, total } = progress;
          ok(phases.includes(phase), `there is no phase ${phase}`);
          ok(done >= 0 && done <= total, `${done} of ${total}`);
          ok(before?.phase !== phase || done >= before.done, 'progress goes back');
          before = progress;
        }
        const { size } = index;
        const own = new Error('mine');
        let caught: unknown;
        if (told.length > 0) {
          await call(index, {
            onProgress: () => {
              throw own;
            },
          }).catch((error: unknown) => {
            caught = error;
          });
          ok(caught === own, `got ${String(caught)}`);
        }
        ok(index.size <= size, 'rows have come');
        await checkState(index, index.size);
        index.close();
      });
    }

    it('that is ended midway leaves what is done, and says how much', async () => {
      const count = 6000;
      const rows = clusters('float32', 16, count, 1);
      const index = subject.create({ dimensions: 16 });
      const end = new AbortController();
      const added = index.addMany(numbers(count), rows.vectors, { signal: end.signal });
      setTimeout(() => end.abort(), 15);
      let done = count;
      await added.catch((error: HnswError) => {
        same(error.code, 'ERR_HNSW_ABORTED', 'code');
        done = error.done;
      });
      same(index.size, done, 'rows that are there');
      for (const i of [0, done - 1, done]) {
        if (i >= 0 && i < count) same(index.has(i), i < done, `row ${i} of ${done}`);
      }
      await checkState(index, done);
      await index.addMany(numbers(10, 1e6), rows.vectors.slice(0, 160));
      await checkState(index, done + 10);
      index.close();
    });

    it('does not stop the event loop, and searches go on beside it', async () => {
      const { index, rows } = await filled(subject, 300, { dimensions: 16 });
      const more = clusters('float32', 16, 2500, 5);
      let over = false;
      const added = index.addMany(numbers(2500, 1e5), more.vectors).finally(() => {
        over = true;
      });
      for (let turn = 0; !over && turn < 10_000; turn++) {
        const { ids } = index.search(row(rows, turn % 300), 5);
        same(ids.length, 5, 'ids of a search beside a change');
        ok(index.size >= 300 && index.size <= 2800, `size ${index.size}`);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await added;
      await checkState(index, 2800);
      index.close();
    });
  });

  describe('changes', () => {
    it('at the same time: synchronous ones are refused, others wait', async () => {
      const { index, keys } = await filled(subject, 100, { dimensions: 4 });
      const more = clusters('float32', 4, 900, 3);
      const first = index.addMany(numbers(600, 1e4), more.vectors.slice(0, 2400));
      const second = index.addMany(numbers(300, 2e4), more.vectors.slice(2400));
      const third = index.removeMany(keys.slice(0, 50));
      throws('ERR_HNSW_BUSY', 'add', () => index.add(7e4, [1, 2, 3, 4]));
      throws('ERR_HNSW_BUSY', 'update', () => index.update(keys[60], [1, 2, 3, 4]));
      throws('ERR_HNSW_BUSY', 'remove', () => index.remove(keys[60]));
      await Promise.all([first, second, third]);
      same(index.size, 950, 'size');
      index.add(7e4, [1, 2, 3, 4]);
      await checkState(index, 951);
      index.close();
    });

    it('that fail do not keep those behind them from their turn', async () => {
      const { index, keys } = await filled(subject, 100, { dimensions: 4 });
      const more = clusters('float32', 4, 4, 3);
      const bad = rejects('ERR_HNSW_DUPLICATE_KEY', 'a key that is there', () =>
        index.addMany([keys[0]], more.vectors.slice(0, 4)),
      );
      const good = index.addMany([1e4], more.vectors.slice(4, 8));
      await Promise.all([bad, good]);
      ok(index.has(1e4), 'the row of the second');
      index.close();
    });
  });

  describe('the end', () => {
    it('of an index ends all calls', async () => {
      const { index, rows, keys } = await filled(subject, 50, { dimensions: 4 });
      const query = row(rows, 0);
      const rest = index.iterate(query);
      rest.next();
      index.close();
      index.close();
      const code = 'ERR_HNSW_CLOSED';
      throws(code, 'iteration', () => rest.next());
      throws(code, 'add', () => index.add(1e4, query));
      throws(code, 'update', () => index.update(keys[0], query));
      throws(code, 'remove', () => index.remove(keys[0]));
      throws(code, 'has', () => index.has(keys[0]));
      throws(code, 'get', () => index.get(keys[0]));
      throws(code, 'keys', () => index.keys());
      throws(code, 'search', () => index.search(query, 1));
      throws(code, 'searchMany', () => index.searchMany(query, 1));
      throws(code, 'range', () => index.range(query, 1));
      throws(code, 'iterate', () => index.iterate(query));
      throws(code, 'prepareFilter', () => index.prepareFilter({ ids: [] }));
      throws(code, 'stats', () => index.stats());
      throws(code, 'share', () => index.share());
      await rejects(code, 'save', () => index.save('/nowhere/index'));
      for (const [name, call] of longCalls.filter(([each]) => each !== 'removeMany')) {
        await rejects(code, name, () => call(index, {}));
      }
      await rejects(code, 'removeMany', () => index.removeMany([keys[0]]));
    });

    it('by `using` is the same', async () => {
      const { index } = await filled(subject, 10, { dimensions: 4 });
      index[Symbol.dispose]();
      throws('ERR_HNSW_CLOSED', 'stats', () => index.stats());
    });

    it('while work goes on ends that, too', async () => {
      const index = subject.create({ dimensions: 16 });
      const rows = clusters('float32', 16, 3000, 1);
      const added = rejects('ERR_HNSW_CLOSED', 'addMany', () => index.addMany(numbers(3000), rows.vectors));
      index.close();
      await added;
    });
  });

  describe('what an index says of itself', () => {
    it('adds up', async () => {
      const { index, keys } = await filled(subject, 400, { dimensions: 8 });
      same(index.readOnly, false, 'readOnly');
      const { degrees, unreachable, bytes, kind } = index.stats();
      ok(['hnsw', 'qg', 'ivf', 'flat'].includes(kind), `there is no kind ${kind}`);
      same(index.kind, kind, 'kind');
      ok(bytes.vectors >= 400 * 8 * 4 || bytes.codes > 0, 'rows take no room');
      const nodes = degrees.reduce((a, b) => a + b, 0);
      same(nodes, supports.graph ? 400 : 0, 'nodes of all degrees');
      ok(unreachable <= 4, `${unreachable} of 400 rows cannot be reached`);
      ok(!supports.graph || bytes.links > 0, 'bytes of links');
      await checkState(index, 400);
      await index.removeMany(keys.slice(0, 30));
      ok(index.stats().dead <= 400, 'dead rows');
      await checkState(index, 370);
      index.close();
    });

    it('can be shared, or says that it cannot', async () => {
      const { index } = await filled(subject, 10, { dimensions: 4 });
      if (!supports.share) throws('ERR_HNSW_UNSUPPORTED', 'share', () => index.share());
      else {
        const handle = structuredClone(index.share());
        ok(typeof handle.ruvectorIndex === 'string' && handle.ruvectorIndex.length > 0, 'no handle');
      }
      index.close();
    });
  });
}
