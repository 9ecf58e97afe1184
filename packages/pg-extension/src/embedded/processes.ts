import { readFile, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';

/**
 * A process id is reused; the pair of id and start time is not (until the next boot, which empties no directory
 * but ends every process). On Linux the start time is field 22 of `/proc/<pid>/stat`, in clock ticks since boot
 * (proc(5)). Elsewhere there is none, and every process with that id counts as the one we mean: that way a
 * directory may stay longer than needed, but none is taken from a living server.
 *
 * @returns the start time, `''` where the system does not tell, `undefined` when there is no such process
 */
export async function processStartTime(pid: number): Promise<string | undefined> {
  if (!processExists(pid)) return undefined;
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The command name is in parentheses and may hold spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[22 - 3] ?? '';
  } catch {
    return processExists(pid) ? '' : undefined;
  }
}

/** Where the system's own programs are (sh, rm, id, mkfifo), also when the caller's PATH does not say. */
export function programPath(): string {
  return [process.env.PATH, '/usr/local/bin', '/usr/bin', '/bin'].filter(Boolean).join(':');
}

/** Whether there is a process with this id, a zombie included. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The lines of `postmaster.pid` that we use (PostgreSQL, src/include/utils/pidfile.h). */
export interface PostmasterFile {
  readonly pid: number;
  readonly dataDir: string;
  /** `ready` once the server takes connections; empty before. */
  readonly status: string;
}

/** Reads `postmaster.pid`; `undefined` when there is none or it is not written to the end yet. */
export async function readPostmasterFile(dataDir: string): Promise<PostmasterFile | undefined> {
  let text: string;
  try {
    text = await readFile(path.join(dataDir, 'postmaster.pid'), 'utf8');
  } catch {
    return undefined;
  }
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, dataDir: lines[1] ?? '', status: (lines[7] ?? '').trim() };
}

/**
 * Whether the postmaster that `postmaster.pid` names is running, and is a postmaster of this very directory: every
 * PostgreSQL process has its data directory as working directory, so a reused process id does not deceive us.
 * When the system does not let us look, the answer is yes.
 */
export async function postmasterAlive(dataDir: string): Promise<boolean> {
  const file = await readPostmasterFile(dataDir);
  if (file === undefined || !processExists(file.pid)) return false;
  try {
    return (await readlink(`/proc/${file.pid}/cwd`)) === (await realpath(dataDir));
  } catch {
    return processExists(file.pid);
  }
}
