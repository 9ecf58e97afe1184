/** The contract's tests can fail: indexes with a fault each are found out, and the runner may be another. */
import { describe, expect, it } from 'vitest';
import { readSettings } from '../src/create.js';
import { FallbackIndex } from '../src/fallback/index.js';
import { contract, type Runner, type Subject } from '../src/testing/index.js';
import type {
  IndexOptions,
  KeyType,
  SearchOptions,
  SearchResult,
  VectorsOf,
  VectorType,
} from '../src/types.js';

type Test = readonly [string, () => void | Promise<void>];

/** A runner that only collects. */
function collect(subject: Subject): Test[] {
  const tests: Test[] = [];
  const runner: Runner = {
    describe: (_, body) => body(),
    it: (name, body) => tests.push([name, body]),
  };
  contract(subject, runner);
  return tests;
}

type Vector<T extends VectorType> = VectorsOf[T] | readonly number[];

/** One fault each. */
const faults = {
  'loses the last result': class<K extends KeyType, T extends VectorType> extends FallbackIndex<K, T> {
    override search(query: Vector<T>, k: number, options?: SearchOptions<K>): SearchResult<K> {
      const { ids, distances, counters } = super.search(query, k, options);
      return { ids: ids.slice(0, -1) as typeof ids, distances: distances.slice(0, -1), counters };
    }
  },
  'gives squared distances': class<K extends KeyType, T extends VectorType> extends FallbackIndex<K, T> {
    override search(query: Vector<T>, k: number, options?: SearchOptions<K>): SearchResult<K> {
      const result = super.search(query, k, options);
      return { ...result, distances: result.distances.map((each) => each * each) };
    }
  },
  'does not look at filters': class<K extends KeyType, T extends VectorType> extends FallbackIndex<K, T> {
    override search(
      query: Vector<T>,
      k: number,
      { filter: _, ...options }: SearchOptions<K> = {},
    ): SearchResult<K> {
      return super.search(query, k, options);
    }
  },
  'does not remove': class<K extends KeyType, T extends VectorType> extends FallbackIndex<K, T> {
    override remove(): void {}
  },
  'adds half a batch before it fails': class<K extends KeyType, T extends VectorType> extends FallbackIndex<
    K,
    T
  > {
    override async addMany(
      ...[keys, vectors, options]: Parameters<FallbackIndex<K, T>['addMany']>
    ): Promise<void> {
      const list = [...keys] as Parameters<FallbackIndex<K, T>['add']>[0][];
      const width = vectors.length / Math.max(1, list.length);
      for (let i = 0; i < list.length; i++) {
        this.add(list[i], vectors.slice(i * width, (i + 1) * width) as VectorsOf[T]);
      }
      await super.addMany([], vectors.slice(0, 0) as VectorsOf[T], options);
    }
  },
  'iterates over the first hundred': class<K extends KeyType, T extends VectorType> extends FallbackIndex<
    K,
    T
  > {
    override *iterate(...[query]: Parameters<FallbackIndex<K, T>['iterate']>) {
      let count = 0;
      for (const each of super.iterate(query)) if (count++ < 100) yield each;
      return undefined;
    }
  },
  'never closes': class<K extends KeyType, T extends VectorType> extends FallbackIndex<K, T> {
    override close(): void {}
  },
  'always says that it is sound, and counts wrongly': class<
    K extends KeyType,
    T extends VectorType,
  > extends FallbackIndex<K, T> {
    override stats() {
      return { ...super.stats(), size: 0 };
    }
  },
} as const;

function subjectOf(Index: typeof FallbackIndex): Subject {
  return {
    name: 'flat',
    create: <K extends KeyType = 'number', T extends VectorType = 'float32'>(options: IndexOptions<K, T>) =>
      new Index(readSettings(options === undefined ? options : { ...options, kind: 'flat' })),
    supports: {
      types: ['float32'],
      metrics: ['l2'],
      keyTypes: ['number', 'string'],
      exact: true,
      recall: 1,
      filteredRecall: 1,
      graph: false,
      share: false,
    },
  };
}

/** Tests that fail, up to the first `most`. */
async function failures(tests: readonly Test[], most = tests.length): Promise<string[]> {
  const failed: string[] = [];
  for (const [name, body] of tests) {
    if (failed.length === most) break;
    try {
      await body();
    } catch {
      failed.push(name);
    }
  }
  return failed;
}

describe('the contract', () => {
  it('passes an index without a fault, by any runner', async () => {
    const tests = collect(subjectOf(FallbackIndex));
    expect(tests.length).toBeGreaterThan(50);
    expect(await failures(tests)).toEqual([]);
  });

  for (const [fault, Index] of Object.entries(faults)) {
    it(`finds out an index that ${fault}`, async () => {
      const tests = collect(subjectOf(Index as typeof FallbackIndex));
      expect(await failures(tests, 1)).toHaveLength(1);
    });
  }
});
