import { describe, expect, it } from 'vitest';
import {
  AuditLog,
  type AuditStore,
  defaultCrypto,
  hashLeaf,
  type LogHealth,
  memoryStore,
  noteKey,
  parseCheckpoint,
  parseNote,
  verifyConsistency,
  verifyInclusion,
  verifyLog,
  verifyNote,
} from '../../src/index.js';
import {
  allRecords,
  codeOf,
  failure,
  openLog,
  testClock,
  testOrigin,
  testSigner,
} from '../support/audit-fixture.js';
import { FlakyStore } from '../support/audit-flaky-store.js';
import { scale } from '../support/scale.js';

const crypto = defaultCrypto();
const trustedKeys = [testSigner(1).fingerprint];
const event = (i: number) => ({ type: 'transition', body: { i } });

async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

describe('appending', () => {
  it('fixes place, hash and order at the call, before anything is stored', async () => {
    const store = new FlakyStore();
    const log = await openLog(store);
    store.hold();
    const appended = Array.from({ length: 5 }, (_, i) => log.append(event(i)));
    expect(appended.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(log.head).toEqual({ size: 6, hash: appended[4]?.hash });
    expect(store.size).toBe(1);
    store.release();
    await Promise.all(appended.map(({ durable }) => durable));
    expect((await allRecords(store)).slice(1)).toEqual(appended.map(({ bytes }) => bytes));
  });

  it('fulfils durable only when the store has the record', async () => {
    const store = new FlakyStore();
    const log = await openLog(store);
    store.hold();
    let stored = false;
    const { durable } = log.append(event(1));
    const watched = durable.then(() => {
      stored = true;
    });
    await settle();
    expect(stored).toBe(false);
    store.release();
    await watched;
    expect(store.size).toBe(2);
  });

  it('gives what comes in one run, or during a write, to one write', async () => {
    const store = new FlakyStore();
    const log = await openLog(store);
    store.writes.length = 0;
    for (let i = 0; i < 10; i++) log.append(event(i));
    await log.flush();
    expect(store.writes).toEqual([10]);
    store.hold();
    log.append(event(10));
    await settle();
    for (let i = 11; i < 20; i++) log.append(event(i));
    store.release();
    await log.flush();
    expect(store.writes).toEqual([10, 1, 9]);
  });

  it('goes on for a caller that waits for each record before the next', async () => {
    const store = memoryStore();
    const log = await openLog(store);
    for (let i = 0; i < 20; i++) await log.append(event(i)).durable;
    for (let i = 0; i < 5; i++) {
      await log.flush();
      await log.append(event(i)).durable;
    }
    expect(store.size).toBe(26);
  });

  it('records the time that the clock or the caller gives, backwards or not, in the order of the calls', async () => {
    const store = memoryStore();
    const times = [5000, 4000, 4000, 6000];
    const log = await openLog(store, { clock: () => times.shift() as number });
    log.append(event(1));
    log.append({ ...event(2), at: 3000 });
    log.append(event(3));
    await log.flush();
    const at: number[] = [];
    for await (const entry of log.entries()) at.push(entry.at);
    expect(at).toEqual([5000, 4000, 3000, 4000]);
    const report = await verifyLog(await allRecords(store), { trustedKeys });
    expect(report.ok).toBe(true);
    expect(report.warnings.filter(({ code }) => code === 'clock').map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('refuses a bad event and seals nothing', async () => {
    const log = await openLog();
    const before = log.head;
    for (const [bad, code] of [
      [{ type: 'Bad Type', body: {} }, 'ERR_INTEGRITY_ARGUMENT'],
      [{ type: 'genesis', body: {} }, 'ERR_INTEGRITY_ARGUMENT'],
      [{ type: 'key-rotation', body: {} }, 'ERR_INTEGRITY_ARGUMENT'],
      [{ type: 'x', body: { a: 0.5 } }, 'ERR_INTEGRITY_CANONICAL'],
      [{ type: 'x', body: [] as never }, 'ERR_INTEGRITY_ARGUMENT'],
      [{ type: 'x', body: {}, at: -1 }, 'ERR_INTEGRITY_CLOCK'],
      [{ type: 'x', body: { a: 'y'.repeat(300_000) } }, 'ERR_INTEGRITY_LIMIT'],
    ] as const)
      expect(await codeOf(() => log.append(bad))).toBe(code);
    expect(log.head).toBe(before);
    log.append(event(1));
    await log.flush();
  });
});

describe('a store that fails', () => {
  it('leaves the records waiting, in order, and says so; the next append tries again', async () => {
    const store = new FlakyStore();
    const seen: LogHealth[] = [];
    const log = await openLog(store, { onHealth: (health) => seen.push(health) });
    store.fail(2);
    const first = log.append(event(1));
    await settle();
    expect(log.health).toMatchObject({ state: 'degraded', stored: 1, pending: 1, failures: 1 });
    expect(log.health.cause).toMatchObject({ message: 'no space left (a test)' });
    log.append(event(2));
    await settle();
    expect(log.health).toMatchObject({ state: 'degraded', pending: 2, failures: 2 });
    const third = log.append(event(3));
    await third.durable;
    await first.durable;
    expect(log.health).toMatchObject({ state: 'ok', stored: 4, pending: 0, failures: 0, cause: undefined });
    await settle();
    expect(seen.map(({ state }) => state)).toEqual(['degraded', 'degraded', 'ok']);
    const report = await verifyLog(await allRecords(store), { trustedKeys });
    expect(report).toMatchObject({ ok: true, size: 4 });
  });

  it('does not get a record twice when it failed after it had stored some', async () => {
    for (const kept of [0, 1, 2, 3]) {
      const store = new FlakyStore();
      const log = await openLog(store);
      // Twice: flush tries again when the write that was under way fails.
      store.fail(2, kept);
      for (let i = 0; i < 3; i++) log.append(event(i));
      expect(await codeOf(log.flush())).toBe('ERR_INTEGRITY_STORE');
      log.append(event(3));
      await log.flush();
      const report = await verifyLog(await allRecords(store), { trustedKeys });
      expect(report).toMatchObject({ ok: true, size: 5 });
    }
  });

  it('is tried again by flush, which says what is wrong as long as it is', async () => {
    const store = new FlakyStore();
    const log = await openLog(store);
    store.fail(4);
    log.append(event(1));
    const error = await failure(log.flush());
    expect(error?.code).toBe('ERR_INTEGRITY_STORE');
    expect(error?.cause).toMatchObject({ message: 'no space left (a test)' });
    expect(await codeOf(log.flush())).toBe('ERR_INTEGRITY_STORE');
    expect(await codeOf(log.flush())).toBe('ERR_INTEGRITY_STORE');
    await log.flush();
    expect(log.health.state).toBe('ok');
  });

  it('fills the queue to its bound; then append throws, before it seals', async () => {
    const store = new FlakyStore();
    const log = await openLog(store, { maxPending: 3 });
    store.fail(1000);
    for (let i = 0; i < 3; i++) log.append(event(i));
    await settle();
    const before = log.head;
    const error = await failure(() => log.append(event(3)));
    expect(error?.code).toBe('ERR_INTEGRITY_STORE');
    expect(error?.message).toMatch(/3 records wait/);
    expect(log.head).toBe(before);
    store.fail(0);
    await log.flush();
    log.append(event(4));
    await log.flush();
    expect(await verifyLog(await allRecords(store), { trustedKeys })).toMatchObject({ ok: true, size: 5 });
  });

  it('bounds the bytes that wait, too, and a healthy store that is slow', async () => {
    const store = new FlakyStore();
    const log = await openLog(store, { maxPendingBytes: 2000 });
    store.hold();
    log.append({ type: 'x', body: { a: 'y'.repeat(1200) } });
    const error = await failure(() => log.append({ type: 'x', body: { a: 'y'.repeat(1200) } }));
    expect(error?.code).toBe('ERR_INTEGRITY_STORE');
    expect(error?.message).toMatch(/await their durable promises/);
    store.release();
    await log.flush();
    log.append({ type: 'x', body: { a: 'y'.repeat(1200) } });
    await log.flush();
  });

  it('that has other records ends the log: nothing is written over them', async () => {
    const shared = memoryStore();
    const mine = await openLog(shared);
    const stranger = await AuditLog.open(shared, { signer: testSigner(1), clock: testClock() });
    stranger.append({ type: 'x', body: { by: 'another writer' } });
    await stranger.flush();
    mine.append(event(1));
    await settle();
    expect(mine.health.state).toBe('failed');
    expect(await codeOf(() => mine.append(event(2)))).toBe('ERR_INTEGRITY_STORE');
    expect(await codeOf(mine.flush())).toBe('ERR_INTEGRITY_STORE');
    expect(shared.size).toBe(2);
    expect(mine.unstored).toHaveLength(1);
  });

  it('is not stopped by a listener that throws', async () => {
    const store = new FlakyStore();
    let told = 0;
    const log = await openLog(store, {
      onHealth: () => {
        told++;
        throw new Error('a listener that fails as the disk does');
      },
    });
    store.fail(1);
    log.append(event(1));
    await settle();
    log.append(event(2));
    await log.flush();
    await settle();
    expect(told).toBe(2);
  });
});

describe('closing', () => {
  it('stores what waits, and then refuses', async () => {
    const store = new FlakyStore();
    const log = await openLog(store);
    store.hold();
    const { durable } = log.append(event(1));
    const closing = log.close();
    store.release();
    await closing;
    await durable;
    expect(store.closed).toBe(true);
    expect(log.health.state).toBe('closed');
    expect(await codeOf(() => log.append(event(2)))).toBe('ERR_INTEGRITY_CLOSED');
    await log.close();
  });

  it('says when records could not be stored, and gives them out', async () => {
    const store = new FlakyStore();
    const log = await openLog(store);
    store.fail(1000);
    const { durable, bytes } = log.append(event(1));
    expect(await codeOf(log.close())).toBe('ERR_INTEGRITY_STORE');
    expect(await codeOf(durable)).toBe('ERR_INTEGRITY_STORE');
    expect(store.closed).toBe(true);
    expect(log.unstored.map((record) => record.bytes)).toEqual([bytes]);
  });
});

describe('opening', () => {
  async function written(events: number): Promise<readonly Uint8Array[]> {
    const store = memoryStore();
    const log = await openLog(store);
    for (let i = 0; i < events; i++) log.append(event(i));
    await log.flush();
    return allRecords(store);
  }

  it('goes on where the log ended', async () => {
    const records = await written(4);
    const store = memoryStore(records);
    const log = await openLog(store);
    expect(log.head.size).toBe(5);
    expect(log.append(event(9)).seq).toBe(5);
    await log.flush();
    expect(await verifyLog(await allRecords(store), { trustedKeys })).toMatchObject({ ok: true, size: 6 });
  });

  it('refuses a log that does not verify, and says where', async () => {
    const records = await written(6);
    for (const verify of ['chain', 'full'] as const)
      for (let at = 0; at < records.length; at += scale(20) === 20 ? 1 : 3) {
        const changed = records.map((record) => Uint8Array.from(record));
        const target = changed[at] as Uint8Array;
        target[20] = (target[20] as number) ^ 1;
        const error = await failure(openLog(memoryStore(changed), { verify }));
        expect(error?.code).toBe('ERR_INTEGRITY_LOG');
        expect(error?.message).toMatch(/record \d+/);
        expect(error?.cause).toMatchObject({ ok: false });
      }
  });

  it('verifies every signature on demand, and otherwise those that vouch for the rest', async () => {
    const records = await written(6);
    let verified = 0;
    const counting = {
      ...crypto,
      ed25519Verify: (...args: Parameters<typeof crypto.ed25519Verify>) => {
        verified++;
        return crypto.ed25519Verify(...args);
      },
    };
    await openLog(memoryStore(records), { verify: 'full', crypto: counting });
    expect(verified).toBe(7);
    verified = 0;
    await openLog(memoryStore(records), { crypto: counting });
    expect(verified).toBe(2);
  });

  it('refuses a log that has less, or other records, than a checkpoint says', async () => {
    const records = await written(6);
    const log = await openLog(memoryStore(records));
    const checkpoints = [await log.checkpoint()];
    await openLog(memoryStore(records), { checkpoints });
    expect(await codeOf(openLog(memoryStore(records.slice(0, 5)), { checkpoints }))).toBe(
      'ERR_INTEGRITY_LOG',
    );
    expect(await codeOf(openLog(memoryStore(), { checkpoints }))).toBe('ERR_INTEGRITY_LOG');
    expect(
      await codeOf(
        openLog(memoryStore(await written(9).then((r) => [...records.slice(0, 6), r[6] as Uint8Array])), {
          checkpoints,
        }),
      ),
    ).toBeUndefined();
  });

  it('refuses another key, another name, a missing clock, and a new log without a key or a name', async () => {
    const records = await written(1);
    const open = (options: object) => codeOf(openLog(memoryStore(records), options));
    expect(await open({ signer: testSigner(2) })).toBe('ERR_INTEGRITY_KEY');
    expect(await open({ trustedKeys: [testSigner(2).fingerprint] })).toBe('ERR_INTEGRITY_LOG');
    expect(await open({ origin: 'example.com/other' })).toBe('ERR_INTEGRITY_LOG');
    expect(await open({ clock: undefined })).toBe('ERR_INTEGRITY_ARGUMENT');
    expect(await open({ maxPending: 0 })).toBe('ERR_INTEGRITY_ARGUMENT');
    expect(await codeOf(AuditLog.open(memoryStore(), { clock: testClock(), origin: testOrigin }))).toBe(
      'ERR_INTEGRITY_KEY',
    );
    expect(await codeOf(AuditLog.open(memoryStore(), { clock: testClock(), signer: testSigner(1) }))).toBe(
      'ERR_INTEGRITY_ARGUMENT',
    );
    expect(await codeOf(AuditLog.open(memoryStore(records), { clock: testClock() }))).toBe(
      'ERR_INTEGRITY_KEY',
    );
  });

  it('reports a store that does not take the first record', async () => {
    const store = new FlakyStore();
    store.fail(2);
    expect(await codeOf(openLog(store))).toBe('ERR_INTEGRITY_STORE');
  });

  it('without a signer reads and proves, and does not write', async () => {
    const log = await openLog(memoryStore(await written(3)), { signer: undefined as never });
    expect(await codeOf(() => log.append(event(1)))).toBe('ERR_INTEGRITY_KEY');
    expect(await codeOf(log.checkpoint())).toBe('ERR_INTEGRITY_KEY');
    expect(await log.proveInclusion(2)).toHaveLength(2);
  });

  it('writes down what the store had to repair', async () => {
    const recovery = { kind: 'torn' as const, bytes: 17, sha256: 'ab'.repeat(32), place: '/somewhere' };
    const repaired = (records: readonly Uint8Array[]): AuditStore => {
      const store = memoryStore(records);
      return Object.defineProperty(store, 'recovery', { value: recovery });
    };
    for (const records of [[], await written(2)]) {
      const log = await openLog(repaired(records));
      const [last] = await allEntries(log, log.head.size - 1);
      expect(last).toMatchObject({
        type: 'recovery',
        body: { kind: 'torn', bytes: 17, sha256: 'ab'.repeat(32) },
      });
    }
  });

  it('can be called off, and tells how far it is', async () => {
    const records = await written(3);
    expect(await codeOf(openLog(memoryStore(records), { signal: { aborted: true } }))).toBe(
      'ERR_INTEGRITY_ABORTED',
    );
  });
});

async function allEntries(log: AuditLog, from = 0) {
  const entries = [];
  for await (const entry of log.entries(from)) entries.push(entry);
  return entries;
}

describe('reading back', () => {
  it('gives entries that are stored and entries that wait alike', async () => {
    const store = new FlakyStore();
    const log = await openLog(store);
    for (let i = 1; i < 4; i++) log.append(event(i));
    await log.flush();
    store.fail(1000);
    for (let i = 4; i < 7; i++) log.append(event(i));
    await settle();
    const entries = await allEntries(log);
    expect(entries.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    for (const [i, entry] of entries.entries()) if (i > 0) expect(entry.prev).toBe(entries[i - 1]?.hash);
    const part = [];
    for await (const { seq } of log.entries(2, 5)) part.push(seq);
    expect(part).toEqual([2, 3, 4]);
    expect(await codeOf(allEntries(log, 8))).toBe('ERR_INTEGRITY_ARGUMENT');
  });
});

describe('a checkpoint of a log', () => {
  it('is signed for what is stored and synced, and proofs lead to it', async () => {
    const store = new FlakyStore();
    const log = await openLog(store);
    for (let i = 1; i < 20; i++) log.append(event(i));
    const note = await log.checkpoint();
    expect(store.syncs).toBe(1);
    const { size, root, origin } = parseCheckpoint(note);
    expect([origin, size]).toEqual([testOrigin, 20]);
    const key = noteKey(testOrigin, testSigner(1).publicKey, crypto);
    expect(verifyNote(parseNote(note), [key], crypto)).toHaveLength(1);
    for (let i = 0; i < 30; i++) log.append(event(i));
    const [entry] = await allEntries(log, 7);
    const leafHash = hashLeaf(entry?.bytes as Uint8Array, crypto);
    verifyInclusion({ index: 7, size, leafHash, root, proof: await log.proveInclusion(7, size) }, crypto);
    const proof = await log.proveConsistency(size);
    const { size: second } = log.head;
    verifyConsistency({ first: size, second, firstRoot: root, secondRoot: log.root, proof }, crypto);
    expect(await log.rootAt(size)).toEqual(root);
  });

  it('is refused while records wait for a store that fails', async () => {
    const store = new FlakyStore();
    const log = await openLog(store);
    store.fail(1000);
    log.append(event(1));
    expect(await codeOf(log.checkpoint())).toBe('ERR_INTEGRITY_STORE');
    store.fail(0);
    store.failSync = true;
    expect(await codeOf(log.checkpoint())).toBe('ERR_INTEGRITY_STORE');
  });

  it('after a rotation is signed by the new key, also while the rotation is stored', async () => {
    const store = new FlakyStore();
    const log = await openLog(store);
    log.append(event(1));
    const asked = log.checkpoint();
    log.rotate(testSigner(2), { reason: 'test' });
    const note = await asked;
    const report = await verifyLog(await allRecords(store), { trustedKeys, checkpoints: [note] });
    expect(report.problems).toEqual([]);
    expect(report.checkpoints[0]?.key).toBe(testSigner(2).fingerprint);
  });
});
