/** Kills a process that writes a log, and looks at what it left. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { AuditLog } from '../../src/audit/log.js';
import { verifyLog } from '../../src/audit/verify.js';
import { fileStore } from '../../src/node/file-store.js';
import { readLogFile } from '../../src/node/lines.js';
import { testSigner } from './node-log.js';
import type { Random } from './random.js';

/** The writer; needs a build. */
export const writerScript = fileURLToPath(new URL('./node-writer.mjs', import.meta.url));

/** What a round found. */
export interface CrashRound {
  /** The largest number that the writer reported as durable; -1 if it was killed before any. */
  readonly acknowledged: number;
  /** Whether the killed writer left the beginning of a record. */
  readonly torn: boolean;
}

/** Starts the writer, kills it at a random moment, and checks that everything it acknowledged is there and verifies. */
export async function crashRound(path: string, random: Random, atLeast: number): Promise<CrashRound> {
  const child = spawn(process.execPath, [writerScript, path, String(1 + random.below(20))], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let errors = '';
  let first: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    first = resolve;
  });
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    printed += text;
    first();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const closed = once(child, 'close');
  // One round in four may die while it opens the log, the others while they write.
  if (random.below(4) > 0) await Promise.race([begun, closed]);
  await new Promise((resolve) => setTimeout(resolve, random.float() * 80));
  child.kill('SIGKILL');
  const [, signal] = await closed;
  expect([signal, errors]).toEqual(['SIGKILL', '']);

  // A line that was cut off was not reported.
  const lines = printed
    .slice(0, printed.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map(Number);
  const acknowledged = Math.max(-1, ...lines);
  const store = await fileStore(path);
  const torn = store.recovery?.kind === 'torn';
  expect(store.size).toBeGreaterThan(Math.max(acknowledged, atLeast));
  const log = await AuditLog.open(store, {
    origin: 'example.com/test',
    signer: testSigner(1),
    clock: Date.now,
    verify: 'full',
  });
  await log.close();
  const report = await verifyLog(readLogFile(path), { trustedKeys: [testSigner(1).fingerprint] });
  expect(report.problems).toEqual([]);
  return { acknowledged, torn };
}
