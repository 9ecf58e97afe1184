/** Logs in files, for tests in Node. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createSigner, type Signer } from '../../src/audit/keys.js';
import { AuditLog } from '../../src/audit/log.js';
import { memoryStore } from '../../src/audit/memory-store.js';
import type { AuditStore } from '../../src/audit/store.js';

/** A directory that goes when the test file is done. */
export async function scratchDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'integrity-'));
  afterAll(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A key that is the same in every run. */
export function testSigner(seed: number): Signer {
  return createSigner(new Uint8Array(32).fill(seed));
}

/** Opens or begins a log with the key of seed 1. Time: one millisecond a record. */
export function openTestLog(store: AuditStore): Promise<AuditLog> {
  let now = 1_700_000_000_000;
  return AuditLog.open(store, { origin: 'example.com/test', signer: testSigner(1), clock: () => now++ });
}

/** The records of a log with a genesis record and `events` events. */
export async function testRecords(events: number): Promise<readonly Uint8Array[]> {
  const store = memoryStore();
  const log = await openTestLog(store);
  for (let i = 0; i < events; i++) log.append({ type: 'sample', body: { i, text: 'ä\n"'.repeat(i % 5) } });
  await log.flush();
  return store.read(0, events + 1);
}
