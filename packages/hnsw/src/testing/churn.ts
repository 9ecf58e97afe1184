/** What many changes leave behind. */
import type { KeyOf, VectorIndex } from '../types.js';
import type { Runner, Subject } from './api.js';
import { ok, same } from './assert.js';
import { clusters, keyOf, numbers, Random, row, rowsAt } from './data.js';
import { filled } from './fill.js';
import { checkState, Oracle, recallOf } from './oracle.js';

const count = 1500;
const dimensions = 16;

type Index = VectorIndex<'number', 'float32'>;
type Truth = Oracle<'number', 'float32'>;

async function fresh(subject: Subject, oracle: Truth): Promise<Index> {
  const index = subject.create({ dimensions });
  const vectors = new Float32Array(oracle.rows.size * dimensions);
  [...oracle.rows.values()].forEach((vector, i) => {
    vectors.set(vector, i * dimensions);
  });
  await index.addMany([...oracle.rows.keys()], vectors);
  return index;
}

/** Recall is that of an index which was built of the same rows. */
async function asFresh(subject: Subject, index: Index, oracle: Truth): Promise<void> {
  const other = await fresh(subject, oracle);
  const queries = clusters('float32', dimensions, 300, 2);
  const [got, wanted] = [recallOf(index, oracle, queries, 10), recallOf(other, oracle, queries, 10)];
  ok(got >= wanted - 0.005, `recall ${got}, and ${wanted} in a fresh index`);
  other.close();
}

export function churn(subject: Subject, { describe, it }: Runner): void {
  const { supports } = subject;

  describe('churn', () => {
    it('of half the rows, removed and others added by one, leaves the recall of a fresh index', async () => {
      const { index, oracle, keys } = await filled(subject, count, { dimensions });
      const more = clusters('float32', dimensions, count / 2, 6);
      const random = new Random(3);
      const order = numbers(count).sort(() => random.unit() - 0.5);
      for (let i = 0; i < count / 2; i++) {
        const key = keys[order[i]];
        index.remove(key);
        oracle.delete(key);
        index.add(1e6 + i, row(more, i));
        oracle.set(1e6 + i, row(more, i));
      }
      await checkState(index, count);
      await asFresh(subject, index, oracle);
      await index.repair();
      await checkState(index, count);
      await asFresh(subject, index, oracle);
      await index.compact();
      await checkState(index, count);
      same(index.stats().dead, 0, 'dead rows after compaction');
      await asFresh(subject, index, oracle);
      index.close();
    });

    it('in bulk, whole places at a time', async () => {
      const { index, oracle, rows, keys } = await filled(subject, count, { dimensions });
      // The half that is nearest to some row goes, and comes back elsewhere.
      const half = oracle
        .order(row(rows, 0))
        .slice(0, count / 2)
        .map(({ id }) => id);
      await index.removeMany(half);
      for (const id of half) oracle.delete(id);
      await checkState(index, count / 2);
      await asFresh(subject, index, oracle);
      const more = clusters('float32', dimensions, count / 2, 6);
      const late = numbers(count / 2, 1e6);
      await index.addMany(late, more.vectors);
      oracle.setAll(late, more);
      await checkState(index, count);
      await asFresh(subject, index, oracle);
      ok(keys.length === count, 'keys');
      index.close();
    });

    it('by updates leaves the recall of a fresh index', async () => {
      const { index, oracle, keys } = await filled(subject, count, { dimensions });
      const more = clusters('float32', dimensions, count / 2, 6);
      for (let i = 0; i < count / 2; i++) {
        index.update(keys[2 * i], row(more, i));
        oracle.set(keys[2 * i], row(more, i));
      }
      await checkState(index, count);
      await asFresh(subject, index, oracle);
      index.close();
    });

    it('of everything, again and again, does not grow without end', async () => {
      const { index, rows, keys } = await filled(subject, 400, { dimensions });
      const { total } = index.stats().bytes;
      for (let turn = 0; turn < 5; turn++) {
        await index.removeMany(keys);
        await checkState(index, 0);
        same(index.search(row(rows, 0), 3).ids, [], 'ids of an empty index');
        await index.addMany(keys, rows.vectors);
        await checkState(index, 400);
      }
      await index.compact();
      ok(index.stats().bytes.total <= 2 * total, `${index.stats().bytes.total} bytes, ${total} at first`);
      index.close();
    });

    it('at random holds to a map with the same rows', async () => {
      for (const seed of [1, 2, 3, 4]) {
        try {
          await atRandom(subject, seed);
        } catch (error) {
          throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
        }
      }
    });

    if (supports.graph) {
      it('dead rows are repaired by themselves where a fifth is dead', async () => {
        const { index, keys } = await filled(subject, 500, { dimensions });
        for (let i = 0; i < 400; i++) index.remove(keys[i]);
        await index.check();
        // Work of one change may go on beside the event loop; `repair` waits for its turn.
        await index.repair();
        const { degrees, unreachable } = index.stats();
        same(
          degrees.reduce((a, b) => a + b, 0),
          100,
          'nodes',
        );
        ok(unreachable <= 1, `${unreachable} of 100 rows cannot be reached`);
        await checkState(index, 100);
        index.close();
      });
    }
  });
}

/** Changes and searches in any order; a map tells what is true. */
async function atRandom(subject: Subject, seed: number): Promise<void> {
  const random = new Random(seed);
  const pool = clusters('float32', 6, 300, seed + 10, 4);
  const oracle = new Oracle<'string', 'float32'>('float32', 'l2');
  const index = subject.create({ dimensions: 6, keyType: 'string', onDuplicate: 'replace' });
  const some = () => keyOf('string', random.below(120));
  const vector = () => row(pool, random.below(pool.count));
  const actions: (() => void | Promise<void>)[] = [
    () => {
      const [key, value] = [some(), vector()];
      index.add(key, value);
      oracle.set(key, value);
    },
    () => {
      const key = some();
      if (!oracle.rows.has(key)) return;
      index.remove(key);
      oracle.delete(key);
    },
    () => {
      const [key, value] = [some(), vector()];
      if (!oracle.rows.has(key)) return;
      index.update(key, value);
      oracle.set(key, value);
    },
    async () => {
      const keys = Array.from({ length: random.below(12) }, some);
      const numbered = keys.map(() => random.below(pool.count));
      await index.addMany(keys, rowsAt(pool, numbered));
      keys.forEach((key, i) => {
        oracle.set(key, row(pool, numbered[i]));
      });
    },
    async () => {
      const keys = Array.from({ length: random.below(9) }, some);
      await index.removeMany(keys, { onMissing: 'ignore' });
      for (const key of keys) oracle.delete(key);
    },
    () => {
      const k = 1 + random.below(20);
      const query = vector();
      oracle.judge(index.search(query, k), query, k);
    },
    () => {
      const [query, key] = [vector(), some()];
      const passes = (id: KeyOf['string']) => id.length <= key.length;
      oracle.judge(index.search(query, 10, { filter: passes }), query, 10, passes);
    },
    () => {
      const key = some();
      same(index.has(key), oracle.rows.has(key), `has ${key}`);
      same(index.get(key), oracle.rows.get(key), `row of ${key}`);
    },
    () => same([...index.iterate(vector())].length, oracle.rows.size, 'rows of an iteration'),
  ];
  for (let step = 0; step < 500; step++) {
    await actions[random.below(actions.length)]();
    same(index.size, oracle.rows.size, 'size');
    if (step % 50 === 49) await checkState(index, oracle.rows.size);
    if (step % 170 === 169) await index.compact();
  }
  same([...index.keys()].sort(), [...oracle.rows.keys()].sort(), 'keys');
  const query = vector();
  same(oracle.judge(index.search(query, 200), query, 200), 1, 'all rows');
  index.close();
}
