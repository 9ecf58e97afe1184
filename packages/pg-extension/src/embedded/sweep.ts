/**
 * Removes what servers of ours left behind: when the starter and the supervisor were killed together, or the
 * machine stopped. Only directories whose starter, processes and postmaster are dead are touched.
 *
 * Order matters: the starter is looked at first. A supervisor starts nothing before its starter, having heard that
 * the FIFO is open, tells it to. So with the starter dead and the FIFO then found closed, nothing can start there.
 *
 * Two sweeps may meet: each first renames the directory to a name that names the sweeping process as its starter.
 * A rename succeeds for one of them only, and if that one dies, the name tells the next sweep.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { unprivilegedAccounts } from './account.js';
import {
  held,
  instanceAt,
  instancePrefix,
  ownName,
  parseOwner,
  starterAlive,
  temporaryDirectories,
} from './instance.js';
import { postmasterAlive, programPath } from './processes.js';

/** A directory without a FIFO may be in preparation by a process that we cannot see, in another container. */
const preparationMs = 60_000;

/**
 * Removes stale directories.
 *
 * @param directories where to look; by default where `startEmbedded` puts its directories
 * @returns the directories that were removed, by the names they had
 */
export async function sweepStale(directories?: readonly string[]): Promise<string[]> {
  const owners = new Set([process.getuid?.() ?? -1]);
  if (owners.has(0)) for (const account of unprivilegedAccounts()) owners.add(account.uid);
  const removed: string[] = [];
  for (const directory of directories ?? (await temporaryDirectories())) {
    const names = await readdir(directory).catch(() => []);
    for (const name of names) {
      if (!name.startsWith(instancePrefix)) continue;
      const base = path.join(directory, name);
      if (await sweepOne(base, owners)) removed.push(base);
    }
  }
  return removed;
}

async function sweepOne(base: string, owners: ReadonlySet<number>): Promise<boolean> {
  const owner = parseOwner(path.basename(base));
  if (owner === undefined) return false;
  try {
    const info = await lstat(base);
    if (!info.isDirectory() || !owners.has(info.uid)) return false;
    if (await starterAlive(owner)) return false;
    const state = await held(base);
    if (state === 'yes') return false;
    if (state === 'unborn' && Date.now() - info.mtimeMs < preparationMs) return false;
    if (await postmasterAlive(instanceAt(base).data)) return false;
    const ours = path.join(path.dirname(base), await ownName());
    await rename(base, ours);
    return await removeTree(ours, info.uid, info.gid);
  } catch {
    // Another sweep was faster, or the directory is not ours to remove. Neither concerns the caller.
    return false;
  }
}

/**
 * Removes a directory as the account that owns it: as root, a tree in which others can write must not be walked by
 * name, or a link put in at the right moment leads elsewhere.
 */
export async function removeTree(directory: string, uid: number, gid: number): Promise<boolean> {
  const drop = process.getuid?.() === 0 && uid !== 0 ? { uid, gid } : {};
  const child = spawn('rm', ['-rf', '--', directory], {
    cwd: '/',
    env: { PATH: programPath() },
    stdio: 'ignore',
    ...drop,
  });
  const [status] = (await once(child, 'exit')) as [number | null];
  return status === 0;
}
