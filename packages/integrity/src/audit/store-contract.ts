/**
 * The rules of `store.ts` as tests, for whoever writes a store. They need no test framework: each case is a name and a function
 * that rejects when the store breaks a rule.
 */
import { equalBytes } from '../crypto/bytes.js';
import { ascii } from '../crypto/utf8.js';
import { IntegrityError } from '../errors.js';
import { type AuditStore, readStore } from './store.js';

/** Makes stores for the tests. */
export interface StoreHarness {
  /** A new, empty store. */
  create(): Promise<AuditStore>;
  /**
   * The same records, opened again after `close`. Leave it out for a store that keeps nothing, such as one in memory.
   */
  reopen?(closed: AuditStore): Promise<AuditStore>;
}

/** One rule. */
export interface StoreContractCase {
  readonly name: string;
  run(): Promise<void>;
}

function record(i: number): Uint8Array {
  return ascii(`{"event":{"seq":${i},"text":"${'x'.repeat(i % 40)}"}}`);
}

function records(from: number, to: number): readonly Uint8Array[] {
  return Array.from({ length: to - from }, (_, i) => record(from + i));
}

function assert(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}

async function assertHolds(store: AuditStore, size: number): Promise<void> {
  assert(store.size === size, `size is ${store.size}, and ${size} records were kept`);
  let at = 0;
  for await (const found of readStore(store))
    assert(equalBytes(found, record(at++)), `record ${at - 1} is not what was given`);
  assert(at === size, `reading gave ${at} records of ${size}`);
}

async function code(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error instanceof IntegrityError ? error.code : 'not an IntegrityError';
  }
}

async function assertRejects(promise: Promise<unknown>, expected: string, what: string): Promise<void> {
  const found = await code(promise);
  assert(found === expected, `${what} gave ${found ?? 'no error'} and not ${expected}`);
}

/**
 * The rules that every store must keep, as tests.
 *
 * @example
 * for (const { name, run } of auditStoreContract({ create: () => openTable(), reopen: () => openTable() })) it(name, run);
 */
export function auditStoreContract(harness: StoreHarness): readonly StoreContractCase[] {
  const cases: StoreContractCase[] = [];
  const rule = (name: string, run: (store: AuditStore) => Promise<void>): void => {
    cases.push({
      name,
      async run() {
        const store = await harness.create();
        try {
          await run(store);
        } finally {
          await store.close();
        }
      },
    });
  };

  rule('a new store is empty', async (store) => {
    await assertHolds(store, 0);
    assert((await store.read(0, 10)).length === 0, 'reading past the end gave records');
  });
  rule('records are given back as they were given', async (store) => {
    await store.append(0, records(0, 1));
    await store.append(1, records(1, 300));
    await assertHolds(store, 300);
  });
  rule('reading gives a part, and at least one record of it', async (store) => {
    await store.append(0, records(0, 20));
    for (const [from, to] of [
      [0, 1],
      [7, 9],
      [19, 20],
    ] as const) {
      const part = await store.read(from, to);
      assert(part.length >= 1 && part.length <= to - from, `read(${from}, ${to}) gave ${part.length}`);
      assert(equalBytes(part[0] as Uint8Array, record(from)), `read(${from}, ${to}) gave another record`);
    }
    assert((await store.read(5, 5)).length === 0, 'an empty part is not empty');
    assert((await store.read(20, 25)).length === 0, 'reading past the end gave records');
  });
  rule('no records are no change', async (store) => {
    await store.append(0, []);
    await store.append(0, records(0, 2));
    await store.append(2, []);
    await assertHolds(store, 2);
  });
  rule('records that are there are not written again', async (store) => {
    await store.append(0, records(0, 5));
    await store.append(0, records(0, 5));
    await store.append(3, records(3, 8));
    await assertHolds(store, 8);
  });
  rule('another record at a place is refused, and nothing changes', async (store) => {
    await store.append(0, records(0, 5));
    await assertRejects(
      store.append(3, [record(3), ascii('{}'), record(5)]),
      'ERR_INTEGRITY_LOG',
      'another record',
    );
    await assertHolds(store, 5);
  });
  rule('a gap is refused, and nothing changes', async (store) => {
    await store.append(0, records(0, 5));
    await assertRejects(store.append(6, records(6, 7)), 'ERR_INTEGRITY_LOG', 'a gap');
    await assertHolds(store, 5);
  });
  rule('what was given may change afterwards', async (store) => {
    const given = Uint8Array.from(record(0));
    await store.append(0, [given]);
    given.fill(0);
    const [read] = await store.read(0, 1);
    assert(read !== undefined && equalBytes(read, record(0)), 'the store kept the array and not its bytes');
    read?.fill(0);
    await assertHolds(store, 1);
  });
  rule('sync and close can be repeated', async (store) => {
    await store.append(0, records(0, 3));
    await store.sync();
    await store.sync();
    await store.close();
    await store.close();
  });
  rule('a closed store refuses', async (store) => {
    await store.close();
    await assertRejects(store.append(0, records(0, 1)), 'ERR_INTEGRITY_CLOSED', 'append');
    await assertRejects(store.read(0, 1), 'ERR_INTEGRITY_CLOSED', 'read');
    await assertRejects(store.sync(), 'ERR_INTEGRITY_CLOSED', 'sync');
  });

  const { reopen } = harness;
  if (reopen !== undefined)
    rule('an opened store has what was kept, and goes on', async (store) => {
      await store.append(0, records(0, 400));
      await store.close();
      const second = await reopen.call(harness, store);
      try {
        assert(second.recovery === undefined, 'a store that was closed needed a repair');
        await assertHolds(second, 400);
        await second.append(400, records(400, 450));
        await assertHolds(second, 450);
      } finally {
        await second.close();
      }
      const third = await reopen.call(harness, second);
      try {
        await assertHolds(third, 450);
      } finally {
        await third.close();
      }
    });
  return cases;
}
