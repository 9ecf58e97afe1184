import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { verifyLog } from '../../src/audit/verify.js';
import { fileStore } from '../../src/node/file-store.js';
import { readLogFile } from '../../src/node/lines.js';
import { crashRound, writerScript } from '../support/node-crash.js';
import { openTestLog, scratchDirectory, testSigner } from '../support/node-log.js';
import { Random } from '../support/random.js';

const directory = await scratchDirectory();
const trustedKeys = [testSigner(1).fingerprint];

describe('a writer that is killed', () => {
  it('leaves every record that it acknowledged, and the next writer takes over its lock', async () => {
    const random = new Random(42);
    const path = join(directory, 'killed.log');
    let acknowledged = -1;
    for (let round = 0; round < 6; round++)
      acknowledged = Math.max(acknowledged, (await crashRound(path, random, acknowledged)).acknowledged);
    expect(acknowledged).toBeGreaterThan(0);
  });
});

describe('a disk that is full', () => {
  it('stops a real writer in a known state; what it acknowledged is there, and the log goes on when there is room', async () => {
    const path = join(directory, 'full.log');
    // A limit of 64 KiB on the length of files; with SIGXFSZ ignored, write(2) fails with EFBIG (setrlimit(2)).
    const script = `trap '' XFSZ; ulimit -f 64; exec "$0" "$@"`;
    const { stdout } = await promisify(execFile)('bash', [
      '-c',
      script,
      process.execPath,
      writerScript,
      path,
      '7',
      'full',
    ]);
    const lines = stdout.trim().split('\n');
    const last = JSON.parse(lines.pop() as string) as Record<string, unknown>;
    expect(last).toMatchObject({ state: 'degraded', code: 'EFBIG' });
    expect(last.pending).toBeGreaterThan(0);
    expect(Math.max(...lines.map(Number))).toBe((last.stored as number) - 1);

    const store = await fileStore(path);
    expect(store.recovery).toBeUndefined();
    expect(store.size).toBe(last.stored);
    const log = await openTestLog(store);
    await log.append({ type: 'sample', body: {} }).durable;
    await log.close();
    const report = await verifyLog(readLogFile(path), { trustedKeys });
    expect([report.ok, report.size]).toEqual([true, (last.stored as number) + 1]);
  });
});
