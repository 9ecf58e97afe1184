import { describe, expect, it } from 'vitest';
import { joinRecords } from '../../src/audit/frames.js';
import { readStore } from '../../src/audit/store.js';
import { verifyLog } from '../../src/audit/verify.js';
import type { IntegrityError } from '../../src/errors.js';
import type { FsyncPolicy } from '../../src/node/file-store.js';
import { FakeFile, openFake } from '../support/node-fake-disk.js';
import { openTestLog, testRecords, testSigner } from '../support/node-log.js';
import { Random } from '../support/random.js';

const records = await testRecords(40);

function bytesOf(to: number): Buffer {
  return Buffer.from(joinRecords(records.slice(0, to)));
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => undefined,
    (error: IntegrityError) => error.code,
  );
}

describe('a file store whose disk is full', () => {
  it('keeps what it acknowledged, cuts off what it could not finish, and goes on when there is room', async () => {
    for (const written of [0, 1, 100, 500]) {
      const file = new FakeFile();
      const store = await openFake(file);
      await store.append(0, records.slice(0, 2));
      file.fault = (call) => (call === 'write' ? { code: 'ENOSPC', written } : undefined);
      const error = await store.append(2, records.slice(2, 5)).catch((reason: unknown) => reason);
      expect((error as IntegrityError).code).toBe('ERR_INTEGRITY_STORE');
      expect((error as { cause?: { code?: string } }).cause?.code).toBe('ENOSPC');
      expect(store.size).toBe(2);
      file.fault = () => undefined;
      await store.append(2, records.slice(2, 6));
      expect(file.disk).toEqual(bytesOf(6));
    }
  });

  it('leaves at a crash no more than a tail that the next opening removes', async () => {
    const file = new FakeFile();
    const store = await openFake(file);
    await store.append(0, records.slice(0, 2));
    file.fault = (call) =>
      call === 'write' ? { code: 'ENOSPC', written: 333 } : call === 'truncate' ? { code: 'EIO' } : undefined;
    expect(await codeOf(store.append(2, records.slice(2, 4)))).toBe('ERR_INTEGRITY_STORE');
    const after = new FakeFile(file.cache);
    const again = await openFake(after);
    expect(again.recovery?.kind).toBe('torn');
    expect(again.size).toBe(2);
    expect(after.disk).toEqual(bytesOf(2));
  });
});

describe('a file store whose fsync fails', () => {
  for (const code of ['EIO', 'EIO-KEEPS'])
    it(`does not trust what the kernel has left (${code}): it writes again before it acknowledges`, async () => {
      const file = new FakeFile();
      const store = await openFake(file);
      await store.append(0, records.slice(0, 1));
      let left = 1;
      file.fault = (call) => (call === 'sync' && left-- > 0 ? { code } : undefined);
      expect(await codeOf(store.append(1, records.slice(1, 3)))).toBe('ERR_INTEGRITY_STORE');
      expect(store.size).toBe(1);
      await store.append(1, records.slice(1, 3));
      expect(file.disk).toEqual(bytesOf(3));
    });

  for (const code of ['EIO', 'EIO-KEEPS'])
    it(`writes again what was acknowledged before its interval (${code})`, async () => {
      const file = new FakeFile();
      const store = await openFake(file, 'interval');
      await store.append(0, records.slice(0, 3));
      expect(file.disk).toHaveLength(0);
      file.fault = (call) => (call === 'sync' ? { code } : undefined);
      expect(await codeOf(store.sync())).toBe('ERR_INTEGRITY_STORE');
      expect(await codeOf(store.append(3, records.slice(3, 4)))).toBe('ERR_INTEGRITY_STORE');
      file.fault = () => undefined;
      await store.append(3, records.slice(3, 4));
      await store.sync();
      expect(file.disk).toEqual(bytesOf(4));
    });

  it('refuses to go on with fsync never, where nothing is kept to write again', async () => {
    const file = new FakeFile();
    const store = await openFake(file, 'never');
    await store.append(0, records.slice(0, 3));
    file.fault = (call) => (call === 'sync' ? { code: 'EIO' } : undefined);
    expect(await codeOf(store.sync())).toBe('ERR_INTEGRITY_STORE');
    file.fault = () => undefined;
    const error = await store.append(3, records.slice(3, 4)).catch((reason: unknown) => reason);
    expect((error as IntegrityError).message).toMatch(/close the store and open it/);
    expect(await codeOf(store.sync())).toBe('ERR_INTEGRITY_STORE');
  });

  it('lets go of the file when it closes, and says that it could not sync', async () => {
    const file = new FakeFile();
    const store = await openFake(file, 'never');
    await store.append(0, records.slice(0, 3));
    file.fault = (call) => (call === 'sync' ? { code: 'EIO' } : undefined);
    expect(await codeOf(store.close())).toBe('ERR_INTEGRITY_STORE');
    expect(file.closed).toBe(true);
    expect(await codeOf(store.append(3, records.slice(3, 4)))).toBe('ERR_INTEGRITY_CLOSED');
  });
});

describe('fsync policies', () => {
  it('always syncs before it acknowledges; interval and never do not', async () => {
    for (const [fsync, onDisk] of [
      ['always', 2],
      ['interval', 0],
      ['never', 0],
    ] as const) {
      const file = new FakeFile();
      const store = await openFake(file, fsync);
      await store.append(0, records.slice(0, 2));
      expect(file.disk).toEqual(bytesOf(onDisk));
      await store.sync();
      expect(file.disk).toEqual(bytesOf(2));
      await store.append(2, records.slice(2, 4));
      await store.close();
      expect(file.disk).toEqual(bytesOf(4));
    }
  });

  it('syncs by itself within the interval, once for many appends', async () => {
    const file = new FakeFile();
    const store = await openFake(file, 'interval', 5);
    const before = file.calls.filter((call) => call === 'sync').length;
    let synced: () => void = () => undefined;
    const done = new Promise<void>((resolve) => {
      synced = resolve;
    });
    file.fault = (call) => {
      if (call === 'sync') synced();
      return undefined;
    };
    await store.append(0, records.slice(0, 1));
    await store.append(1, records.slice(1, 2));
    await done;
    await store.append(2, []);
    expect(file.disk).toEqual(bytesOf(2));
    expect(file.calls.filter((call) => call === 'sync').length - before).toBeLessThanOrEqual(2);
    await store.close();
  });
});

/** Appends with faults at random places until all is acknowledged or the power goes; then opens what the disk has. */
async function ride(seed: number, fsync: FsyncPolicy): Promise<void> {
  const random = new Random(seed);
  const file = new FakeFile();
  const store = await openFake(file, fsync);
  file.fault = (call, bytes) => {
    if (random.float() >= 0.2) return undefined;
    if (call === 'write') return { code: 'ENOSPC', written: Math.floor(random.float() * bytes) };
    if (call === 'sync') return { code: random.float() < 0.5 ? 'EIO' : 'EIO-KEEPS' };
    return { code: 'EIO' };
  };
  let acknowledged = 0;
  let synced = 0;
  for (let step = 0; step < 40 && acknowledged < records.length; step++) {
    const to = Math.min(records.length, acknowledged + 1 + Math.floor(random.float() * 4));
    const failed = await codeOf(store.append(acknowledged, records.slice(acknowledged, to)));
    if (failed === undefined) acknowledged = to;
    else expect(failed).toBe('ERR_INTEGRITY_STORE');
    expect(store.size).toBe(acknowledged);
    if (random.float() < 0.1 && (await codeOf(store.sync())) === undefined) synced = acknowledged;
  }
  file.fault = () => undefined;
  const promised = fsync === 'always' ? acknowledged : synced;
  // The power goes: the disk has what was synced, and any part of what was written behind it.
  const length = file.disk.length + Math.floor(random.float() * (file.cache.length - file.disk.length + 1));
  const left =
    file.cache.length > file.disk.length
      ? Buffer.concat([file.disk, file.cache.subarray(file.disk.length, length)])
      : file.disk;
  const again = await openFake(new FakeFile(left), fsync);
  const found: Uint8Array[] = [];
  for await (const record of readStore(again)) found.push(record);
  expect(found.length).toBeGreaterThanOrEqual(promised);
  expect(Buffer.from(joinRecords(found)).equals(bytesOf(found.length))).toBe(true);
}

describe('a file store under random faults and a power cut', () => {
  for (const fsync of ['always', 'interval', 'never'] satisfies FsyncPolicy[])
    it(`has every record that it promised to keep, in order, once (fsync ${fsync})`, async () => {
      for (let seed = 1; seed <= 300; seed++) await ride(seed, fsync);
    });
});

describe('a log over a failing file', () => {
  it('loses nothing, writes nothing twice and verifies when the disk has room again', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = new Random(seed);
      const file = new FakeFile();
      const log = await openTestLog(await openFake(file));
      await log.flush();
      file.fault = (call, bytes) =>
        (call === 'write' || call === 'sync') && random.float() < 0.5
          ? { code: 'ENOSPC', written: Math.floor(random.float() * bytes) }
          : undefined;
      for (let i = 0; i < 30; i++) {
        log.append({ type: 'sample', body: { i } });
        if (random.float() < 0.3) await log.flush().catch(() => undefined);
      }
      file.fault = () => undefined;
      await log.close();
      const again = await openFake(new FakeFile(file.disk));
      expect(again.recovery).toBeUndefined();
      const report = await verifyLog(readStore(again), { trustedKeys: [testSigner(1).fingerprint] });
      expect([report.ok, report.size, report.hash]).toEqual([true, 31, log.head.hash]);
    }
  });
});
