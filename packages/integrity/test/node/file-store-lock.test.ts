import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { IntegrityError } from '../../src/errors.js';
import { acquireLock, type FileLock } from '../../src/node/lock.js';
import { scratchDirectory } from '../support/node-log.js';

const directory = await scratchDirectory();
let locks = 0;
const newPath = (): string => join(directory, `${++locks}.lock`);

async function lockedBy(path: string): Promise<IntegrityError> {
  const error = await acquireLock(path).catch((reason: unknown) => reason);
  expect((error as IntegrityError).code).toBe('ERR_INTEGRITY_LOCKED');
  return error as IntegrityError;
}

/** The content of a lock that this process would take, changed. */
async function holder(change: Readonly<Record<string, unknown>>): Promise<string> {
  const path = newPath();
  const lock = await acquireLock(path);
  const content = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  await lock.release();
  return JSON.stringify({ ...content, nonce: 'other', ...change });
}

/** The PID of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'close');
  return child.pid as number;
}

describe('a lock', () => {
  it('is held by one, says by whom and what to do, and leaves nothing behind', async () => {
    const path = newPath();
    const lock = await acquireLock(path);
    const { message } = await lockedBy(path);
    expect(message).toContain(`process ${process.pid} on ${hostname()}`);
    expect(message).toContain(`delete ${path}`);
    await lock.release();
    await (await acquireLock(path)).release();
    expect((await readdir(directory)).filter((name) => path.endsWith(name.split('.')[0] as string))).toEqual(
      [],
    );
  });

  it('is taken over from a process that died', async () => {
    for (const change of [
      { pid: await deadPid() },
      // The PID lives, and came to it later.
      { pid: process.pid, started: '1' },
      { boot: 'an earlier boot of this machine' },
    ]) {
      const path = newPath();
      await writeFile(path, await holder(change));
      const lock = await acquireLock(path);
      expect(lock.takenOver).toBe(true);
      await lock.release();
    }
  });

  it('is not taken over where nobody can tell whether the holder lives', async () => {
    const dead = await deadPid();
    for (const content of [
      await holder({ pid: dead, host: 'another.example' }),
      await holder({ pid: dead, namespace: 'pid:[1]' }),
      await holder({ pid: 1, started: '' }),
      '',
      'null',
      '{"pid":"1"}',
    ]) {
      const path = newPath();
      await writeFile(path, content);
      await lockedBy(path);
      expect(await readFile(path, 'utf8')).toBe(content);
    }
  });

  it('of a dead process comes to exactly one of many that want it, every time', async () => {
    const dead = await holder({ pid: await deadPid() });
    for (let round = 0; round < 30; round++) {
      const path = newPath();
      await writeFile(path, dead);
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => acquireLock(path)));
      const held = results.filter((result) => result.status === 'fulfilled');
      expect(held).toHaveLength(1);
      for (const { value } of held) await (value as FileLock).release();
      // Whoever lost may try again.
      await (await acquireLock(path)).release();
    }
  });

  it('is taken over also when a process died while it took one over', async () => {
    const path = newPath();
    const dead = await holder({ pid: await deadPid() });
    await writeFile(path, dead);
    await writeFile(`${path}.break`, dead);
    const lock = await acquireLock(path);
    await lock.release();
    expect((await readdir(directory)).filter((name) => path.endsWith(name.split('.')[0] as string))).toEqual(
      [],
    );
  });

  it('is not removed by who no longer has it', async () => {
    const path = newPath();
    const lock = await acquireLock(path);
    const other = await holder({ pid: process.pid });
    await writeFile(path, other);
    await lock.release();
    expect(await readFile(path, 'utf8')).toBe(other);
  });
});
