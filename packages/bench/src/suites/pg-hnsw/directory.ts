/**
 * Directories for clusters that outlive a restart of their server. They are named after this process, so that a later run
 * can remove what one that was killed left behind.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'ruvector-bench-';

/** A name that is not taken; the embedded server makes the directory, for the account that it runs as. */
export function newDirectory(subject: string): string {
  return join(tmpdir(), `${PREFIX}${process.pid}-${subject}-${randomBytes(4).toString('hex')}`);
}

export async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Whether a server runs there: that of a killed process needs a while to stop. */
async function inUse(directory: string): Promise<boolean> {
  const file = join(directory, 'postmaster.pid');
  if (!existsSync(file)) return false;
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  return Number.isInteger(pid) && alive(pid);
}

/** Removes the directories of processes that are gone. */
export async function sweepDirectories(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]);
    if (!Number.isInteger(pid) || alive(pid)) continue;
    const directory = join(tmpdir(), name);
    // Another user's: theirs to remove.
    if (!(await inUse(directory))) await removeDirectory(directory).catch(() => {});
  }
}
