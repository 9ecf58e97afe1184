import { execFile } from 'node:child_process';
import { mkdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { joinRecords, type UnfinishedRecord } from '../../src/audit/frames.js';
import { readStore } from '../../src/audit/store.js';
import { auditStoreContract } from '../../src/audit/store-contract.js';
import { verifyLog } from '../../src/audit/verify.js';
import { IntegrityError } from '../../src/errors.js';
import { type FileStore, type FsyncPolicy, fileStore } from '../../src/node/file-store.js';
import { readLogFile } from '../../src/node/lines.js';
import { FakeFile, openFake } from '../support/node-fake-disk.js';
import { openTestLog, scratchDirectory, testRecords, testSigner } from '../support/node-log.js';

const directory = await scratchDirectory();
let files = 0;
const newPath = (): string => join(directory, `${++files}.log`);

async function failure(promise: Promise<unknown>): Promise<IntegrityError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(IntegrityError);
  return error as IntegrityError;
}

async function all(store: FileStore): Promise<Uint8Array[]> {
  const records: Uint8Array[] = [];
  for await (const record of readStore(store)) records.push(record);
  return records;
}

/** Whether two lists hold the same records; `toEqual` is slow on many bytes. */
function same(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((record, i) => Buffer.compare(record, b[i] as Uint8Array) === 0);
}

/** Opens a file of these bytes, and gives what the store had in it and what is in the file afterwards. */
async function reopened(
  bytes: Uint8Array,
): Promise<{ store: FileStore | undefined; error: unknown; records: Uint8Array[]; after: Buffer }> {
  const file = new FakeFile(bytes);
  let store: FileStore | undefined;
  let error: unknown;
  let records: Uint8Array[] = [];
  try {
    store = await openFake(file);
    records = await all(store);
  } catch (reason) {
    error = reason;
  }
  // What counts is what the next crash would leave.
  if (error === undefined) expect(file.disk.equals(file.cache)).toBe(true);
  return { store, error, records, after: file.disk };
}

for (const fsync of ['always', 'interval', 'never'] satisfies FsyncPolicy[])
  describe(`a file store with fsync ${fsync}`, () => {
    const contract = auditStoreContract({
      create: () => fileStore(newPath(), { fsync }),
      reopen: (closed) => fileStore((closed as FileStore).path, { fsync }),
    });
    for (const { name, run } of contract) it(name, run);
  });

describe('a file store', () => {
  it('keeps one record a line and nothing else', async () => {
    const path = newPath();
    const records = await testRecords(20);
    const store = await fileStore(path);
    await store.append(0, records.slice(0, 1));
    await store.append(1, records.slice(1));
    await store.close();
    expect(await readFile(path)).toEqual(Buffer.from(joinRecords(records)));
  });

  it('creates a file that others cannot write, and refuses what is not a file', async () => {
    const path = newPath();
    await (await fileStore(path)).close();
    expect((await stat(path)).mode & 0o137).toBe(0);
    await mkdir(`${path}.d`);
    expect((await failure(fileStore(`${path}.d`))).code).toBe('ERR_INTEGRITY_STORE');
    await promisify(execFile)('mkfifo', [`${path}.fifo`]);
    expect((await failure(fileStore(`${path}.fifo`))).message).toMatch(/not a regular file/);
    const missing = await failure(fileStore(join(directory, 'none', 'x.log')));
    expect(missing.code).toBe('ERR_INTEGRITY_STORE');
    expect((missing as { cause?: { code?: string } }).cause?.code).toBe('ENOENT');
  });

  it('names the option that is wrong', async () => {
    for (const [options, field] of [
      [{ fsync: 'sometimes' }, 'fsync'],
      [{ syncIntervalMs: 0 }, 'syncIntervalMs'],
      [{ fsnyc: 'always' }, 'options.fsnyc'],
    ] as const) {
      const error = await failure(fileStore(newPath(), options as never));
      expect([error.code, error.field]).toEqual(['ERR_INTEGRITY_ARGUMENT', field]);
    }
    expect((await failure(fileStore('a\0b'))).code).toBe('ERR_INTEGRITY_ARGUMENT');
  });

  it('refuses a record that would not be one line', async () => {
    const store = await fileStore(newPath());
    for (const record of [new Uint8Array(0), Buffer.from('a\nb'), new Uint8Array(262_145).fill(65)])
      expect((await failure(store.append(0, [record]))).code).toBe('ERR_INTEGRITY_ARGUMENT');
    expect(store.size).toBe(0);
    await store.close();
  });

  it('reads records that are longer than its window, and any part of many', async () => {
    const records = Array.from({ length: 1500 }, (_, i) =>
      new Uint8Array(i % 500 === 7 ? 262_144 : 1 + (i % 97)).fill(65 + (i % 20)),
    );
    const store = await fileStore(newPath(), { fsync: 'never' });
    await store.append(0, records);
    expect((await all(store)).map((record) => record.length)).toEqual(records.map((record) => record.length));
    for (const from of [0, 1, 6, 7, 8, 255, 256, 257, 511, 512, 1006, 1007, 1499]) {
      const [first] = await store.read(from, from + 1);
      expect(same([first as Uint8Array], [records[from] as Uint8Array])).toBe(true);
    }
    await store.close();
  });

  it('keeps its order when calls are not awaited', async () => {
    const store = await fileStore(newPath());
    const records = await testRecords(50);
    await Promise.all(records.map((record, i) => store.append(i, [record])));
    expect(await all(store)).toEqual(records);
    await store.close();
  });

  it('carries a log over', async () => {
    const path = newPath();
    const log = await openTestLog(await fileStore(path));
    for (let i = 0; i < 10; i++) log.append({ type: 'sample', body: { i } });
    await log.close();
    const again = await openTestLog(await fileStore(path));
    expect(again.head).toEqual(log.head);
    await again.append({ type: 'sample', body: {} }).durable;
    await again.close();
    const report = await verifyLog(readLogFile(path), { trustedKeys: [testSigner(1).fingerprint] });
    expect([report.ok, report.size]).toEqual([true, 12]);
  });

  it('notices that another process changed the file, and writes nothing', async () => {
    const path = newPath();
    const store = await fileStore(path);
    await store.append(0, [Buffer.from('one')]);
    await writeFile(path, 'two\n', { flag: 'a' });
    expect((await failure(store.append(1, [Buffer.from('three')]))).message).toMatch(
      /another process changed it/,
    );
    expect(await readFile(path, 'latin1')).toBe('one\ntwo\n');
    await truncate(path, 2);
    expect((await failure(store.append(1, [Buffer.from('three')]))).code).toBe('ERR_INTEGRITY_LOG');
    expect(await readFile(path, 'latin1')).toBe('on');
    await store.close();
  });
});

describe('opening a file after a crash', () => {
  it('removes a torn last line at every place where it can be torn, says so, and loses no other', async () => {
    const records = await testRecords(3);
    const whole = Buffer.from(joinRecords(records));
    const lastLine = whole.length - (records[3] as Uint8Array).length - 1;
    for (let length = 1; length < whole.length; length++) {
      const { store, records: found, after } = await reopened(whole.subarray(0, length));
      const starts = [...whole.subarray(0, length)].filter((byte) => byte === 10).length;
      if (whole[length] === 10) {
        // Only the line feed is missing: the record is whole.
        expect(store?.recovery).toMatchObject({ kind: 'completed', bytes: 1 });
        expect(same(found, records.slice(0, starts + 1))).toBe(true);
        expect(after.equals(whole.subarray(0, length + 1))).toBe(true);
      } else {
        expect(same(found, records.slice(0, starts))).toBe(true);
        if (whole[length - 1] === 10) expect(store?.recovery).toBeUndefined();
        else expect(store?.recovery?.kind).toBe('torn');
        if (length > lastLine) expect(after.equals(whole.subarray(0, lastLine))).toBe(true);
      }
    }
  });

  it('removes zeros that a file system left where data should have come', async () => {
    const records = await testRecords(2);
    const whole = Buffer.from(joinRecords(records));
    for (const [kept, zeros] of [
      [whole.length, 4096],
      [whole.length - 40, 40],
      [whole.length - 40, 10_000],
    ] as const) {
      const { store, records: found } = await reopened(
        Buffer.concat([whole.subarray(0, kept), Buffer.alloc(zeros)]),
      );
      expect(store?.recovery?.kind).toBe('torn');
      expect(found).toEqual(records.slice(0, kept === whole.length ? 3 : 2));
    }
  });

  it('takes no change of a single byte for a torn write: no record is ever removed', async () => {
    const records = await testRecords(2);
    const whole = Buffer.from(joinRecords(records));
    const trustedKeys = [testSigner(1).fingerprint];
    expect((await verifyLog(records, { trustedKeys })).ok).toBe(true);
    for (let at = 0; at < whole.length; at++)
      for (const change of [(b: number) => b ^ 1, (b: number) => b ^ 0x80, () => 0, () => 10]) {
        const bytes = Buffer.from(whole);
        bytes[at] = change(bytes[at] as number);
        if (bytes.equals(whole)) continue;
        const { store, error, records: found, after } = await reopened(bytes);
        // The last line feed set to zero is a record without its line feed, and gets it back.
        const mended = at === whole.length - 1 && bytes[at] === 0;
        expect(store?.recovery?.kind).toBe(mended ? 'completed' : undefined);
        expect(after.equals(mended ? whole : bytes)).toBe(true);
        if (mended) continue;
        // The store looks at the end alone; what it lets pass does not verify.
        if (error === undefined) expect((await verifyLog(found, { trustedKeys })).ok).toBe(false);
        else expect((error as IntegrityError).code).toBe('ERR_INTEGRITY_LOG');
      }
  });

  it('refuses a file of another kind, and leaves it as it is', async () => {
    for (const text of ['{"a":1}', 'plain text without an end', '\x7fELF\x02\x01']) {
      const { error, after } = await reopened(Buffer.from(text, 'latin1'));
      expect((error as IntegrityError).code).toBe('ERR_INTEGRITY_LOG');
      expect(after.toString('latin1')).toBe(text);
    }
    const { error } = await reopened(Buffer.alloc(300_000, 65));
    expect((error as IntegrityError).message).toMatch(/damaged/);
    const long = await reopened(Buffer.concat([Buffer.alloc(300_000, 65), Buffer.from('\n')]));
    expect((long.error as IntegrityError).message).toMatch(/longer than a record/);
  });

  it('writes into the log what was found', async () => {
    const path = newPath();
    const log = await openTestLog(await fileStore(path));
    log.append({ type: 'sample', body: { i: 1 } });
    await log.close();
    await truncate(path, (await stat(path)).size - 10);
    const again = await openTestLog(await fileStore(path));
    await again.close();
    const found: (Uint8Array | UnfinishedRecord)[] = [];
    for await (const line of readLogFile(path)) found.push(line);
    expect(Buffer.from(found[1] as Uint8Array).toString()).toMatch(/"kind":"torn".*"type":"recovery"/);
  });
});

describe('reading a file', () => {
  it('gives what is behind the last line feed as unfinished, so that it does not verify', async () => {
    const path = newPath();
    const whole = joinRecords(await testRecords(2));
    await writeFile(path, whole.subarray(0, whole.length - 5));
    const report = await verifyLog(readLogFile(path), { trustedKeys: [testSigner(1).fingerprint] });
    expect(report.problems.map(({ code }) => code)).toEqual(['unfinished']);
  });

  it('needs no lock and changes nothing', async () => {
    const path = newPath();
    const log = await openTestLog(await fileStore(path));
    await log.append({ type: 'sample', body: {} }).durable;
    const report = await verifyLog(readLogFile(path), { trustedKeys: [testSigner(1).fingerprint] });
    expect([report.ok, report.size]).toEqual([true, 2]);
    await log.close();
  });

  it('goes through links, and one file has one lock', async () => {
    const path = newPath();
    const store = await fileStore(path);
    await symlink(path, `${path}.link`);
    expect((await failure(fileStore(`${path}.link`))).code).toBe('ERR_INTEGRITY_LOCKED');
    await store.close();
    await (await fileStore(`${path}.link`)).close();
  });
});
