import { describe, expect, it } from 'vitest';
import { ascii } from '../../src/crypto/utf8.js';
import { type AuditStore, auditStoreContract, memoryStore, readStore } from '../../src/index.js';
import { codeOf } from '../support/audit-fixture.js';

describe('the store in memory', () => {
  for (const { name, run } of auditStoreContract({ create: async () => memoryStore() })) it(name, run);

  it('begins with records that it is given', async () => {
    const store = memoryStore([ascii('a'), ascii('b')]);
    const records: Uint8Array[] = [];
    for await (const record of readStore(store)) records.push(record);
    expect(records).toEqual([ascii('a'), ascii('b')]);
  });
});

/** A store over memory with one of its functions replaced. */
function broken(change: (good: AuditStore) => Partial<AuditStore>): AuditStore {
  const good = memoryStore();
  const bound: AuditStore = {
    get size() {
      return good.size;
    },
    append: (from, records) => good.append(from, records),
    read: (from, to) => good.read(from, to),
    sync: () => good.sync(),
    close: () => good.close(),
  };
  return Object.defineProperties(bound, Object.getOwnPropertyDescriptors(change(good)));
}

/** The rules that a store breaks. */
async function brokenRules(make: () => AuditStore, reopen?: (closed: AuditStore) => AuditStore) {
  const names: string[] = [];
  const harness = {
    create: async () => make(),
    ...(reopen === undefined ? {} : { reopen: async (closed: AuditStore) => reopen(closed) }),
  };
  for (const { name, run } of auditStoreContract(harness)) {
    try {
      await run();
    } catch {
      names.push(name);
    }
  }
  return names;
}

describe('the contract of stores', () => {
  it('finds a store that writes a repeated record twice', async () => {
    const rules = await brokenRules(() =>
      broken((good) => ({ append: (_, records) => good.append(good.size, records) })),
    );
    expect(rules).toContain('records that are there are not written again');
    expect(rules).toContain('a gap is refused, and nothing changes');
  });

  it('finds a store that takes another record for the one that it has', async () => {
    const rules = await brokenRules(() =>
      broken((good) => ({
        append: (from, records) => good.append(good.size, records.slice(good.size - from)),
      })),
    );
    expect(rules).toContain('another record at a place is refused, and nothing changes');
  });

  it('finds a store that keeps a part of what it refuses', async () => {
    const rules = await brokenRules(() =>
      broken((good) => ({
        append: async (from, records) => {
          for (const [i, record] of records.entries()) await good.append(from + i, [record]);
        },
      })),
    );
    expect(rules).toEqual([]); // one by one is allowed: what is there is what was given
    const eager = await brokenRules(() =>
      broken((good) => ({
        append: async (from, records) => {
          const last = records[records.length - 1];
          if (from < good.size && last !== undefined) await good.append(good.size, [last]);
          await good.append(from, records);
        },
      })),
    );
    expect(eager).toContain('another record at a place is refused, and nothing changes');
  });

  it('finds a store that keeps arrays instead of bytes, gives its own away, or loses order', async () => {
    const kept = (): AuditStore => {
      const records: Uint8Array[] = [];
      return broken(() => ({
        get size() {
          return records.length;
        },
        append: async (from, given) => {
          records.length = Math.max(from, records.length);
          records.push(...given.slice(records.length - from));
        },
        read: async (from, to) => records.slice(from, to),
      }));
    };
    expect(await brokenRules(kept)).toContain('what was given may change afterwards');
    const reversed = await brokenRules(() =>
      broken((good) => ({ read: async (from, to) => [...(await good.read(from, to))].reverse() })),
    );
    expect(reversed).toContain('records are given back as they were given');
  });

  it('finds a store that works after it was closed, and one that forgets', async () => {
    expect(await brokenRules(() => broken(() => ({ close: async () => undefined })))).toContain(
      'a closed store refuses',
    );
    const rules = await brokenRules(memoryStore, () => memoryStore());
    expect(rules).toContain('an opened store has what was kept, and goes on');
  });

  it('finds a store that gives nothing, or more than was asked for', async () => {
    expect(await brokenRules(() => broken(() => ({ read: async () => [] })))).toContain(
      'records are given back as they were given',
    );
    expect(await brokenRules(() => broken((good) => ({ read: (from) => good.read(from, 1000) })))).toContain(
      'reading gives a part, and at least one record of it',
    );
  });
});

describe('reading a whole store', () => {
  it('stops at a store that has less than it says, instead of asking for ever', async () => {
    const store = { size: 3, read: async () => [] };
    expect(
      await codeOf(async () => {
        for await (const _ of readStore(store));
      }),
    ).toBe('ERR_INTEGRITY_STORE');
  });
});
