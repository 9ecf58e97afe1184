// @ts-check
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cache, ensureDirectory } from './paths.mjs';
import { say } from './process.mjs';

/** Whether a process lives. @param {number} pid */
function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * One set-up at a time in a checkout: others wait. A lock whose owner has died is taken over; the lock is moved away
 * by name before it is removed, so that of two that find it dead only one goes on.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @param {string} [directory] where the lock is
 * @returns {Promise<T>}
 */
export async function exclusively(work, directory = cache) {
  const lock = join(ensureDirectory(directory), 'set-up.lock');
  let said = false;
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    const owner = readOwner(lock);
    if (owner !== undefined && !alive(owner)) {
      try {
        const away = `${lock}.${process.pid}`;
        renameSync(lock, away);
        // Between the look and the move another may have taken the lock: then it gets it back.
        if (readOwner(away) === owner) rmSync(away);
        else renameSync(away, lock);
      } catch {
        // Somebody else moved it.
      }
      continue;
    }
    if (!said && owner !== undefined) say(`waiting for another set-up in this checkout (process ${owner})`);
    said = true;
    await sleep(250);
  }
  const release = () => rmSync(lock, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

/** @param {string} lock */
function readOwner(lock) {
  try {
    const owner = Number(readFileSync(lock, 'utf8'));
    return Number.isInteger(owner) && owner > 0 ? owner : undefined;
  } catch {
    return undefined;
  }
}
