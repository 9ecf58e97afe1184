/** Files become visible complete or not at all: they are made in a private directory and renamed out of it. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = /^\.partial-(\d+)-/;

/**
 * Runs `make` with an empty directory inside `directory` (made if absent), on the same file system, and removes
 * it afterwards. Also removes those that killed processes left behind.
 */
export async function withPartialDirectory<T>(
  directory: string,
  make: (partial: string) => Promise<T>,
): Promise<T> {
  await mkdir(directory, { recursive: true });
  for (const name of await readdir(directory)) {
    const pid = Number(NAME.exec(name)?.[1]);
    if (pid > 0 && !isAlive(pid)) await rm(join(directory, name), { recursive: true, force: true });
  }
  const partial = await mkdtemp(join(directory, `.partial-${process.pid}-`));
  try {
    return await make(partial);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
