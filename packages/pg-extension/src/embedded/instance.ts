/**
 * The directory of one running server, and who may remove it.
 *
 * ```
 * <tmp>/ruvector-pg-<pid>-<start>-XXXXXX/   0700, owned by the server's account
 *   alive     FIFO that the supervisor and every server process hold open
 *   conf/     postgresql.conf, pg_hba.conf, pg_ident.conf
 *   data/     the cluster, unless a data directory was given
 *   s/        the socket
 *   server/   private copy of the server's programs, where one is needed
 *   stage/    extensions
 *   pid       the postmaster's process id, as the server writes it
 *   log       what initdb and the server print
 * ```
 *
 * A directory is in use as long as its starter lives, or a process of it lives:
 * - The starter is named in the directory's own name, by process id and start time, so there is no moment at which
 *   the directory exists and its starter is unknown.
 * - Processes hold `alive` open. Opening a FIFO for writing without waiting fails with ENXIO exactly when nobody has
 *   it open for reading (fifo(7)): the kernel tells, across containers too, and no process id can be mistaken.
 */
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, open, realpath, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Account, accountCan } from './account.js';
import { EmbeddedError } from './errors.js';
import { processStartTime } from './processes.js';

export const instancePrefix = 'ruvector-pg-';

/** `sun_path` holds 108 bytes on Linux and 104 on BSD and macOS, the ending NUL included (unix(7)). */
const longestSocketPath = process.platform === 'linux' ? 107 : 103;

/** Absolute paths in an instance's directory. */
export interface Instance {
  readonly base: string;
  readonly conf: string;
  readonly data: string;
  readonly socketDir: string;
  readonly server: string;
  readonly stage: string;
  readonly log: string;
}

/** The instance that lies in `base`. */
export function instanceAt(base: string): Instance {
  return {
    base,
    conf: path.join(base, 'conf'),
    data: path.join(base, 'data'),
    socketDir: path.join(base, 's'),
    server: path.join(base, 'server'),
    stage: path.join(base, 'stage'),
    log: path.join(base, 'log'),
  };
}

/** Directories that instances may lie in, preferred first. */
export async function temporaryDirectories(): Promise<string[]> {
  const directories: string[] = [];
  for (const directory of [os.tmpdir(), '/tmp']) {
    const real = await realpath(directory).catch(() => undefined);
    if (real !== undefined && !directories.includes(real)) directories.push(real);
  }
  return directories;
}

/** The part of an instance's name that says whose it is. */
async function ownerTag(): Promise<string> {
  const start = await processStartTime(process.pid);
  return `${process.pid}-${start === undefined || start === '' ? '0' : Number(start).toString(36)}`;
}

/**
 * Makes an instance's directory, 0700 and owned by this process.
 *
 * @throws {EmbeddedError} `ERR_EMBEDDED_TEMPORARY` when neither the system's temporary directory nor /tmp is usable
 */
export async function createInstance(account: Account | undefined, port: number): Promise<Instance> {
  const prefix = `${instancePrefix}${await ownerTag()}-`;
  const refused: string[] = [];
  for (const directory of await temporaryDirectories()) {
    const reason = await refusal(directory, path.join(directory, `${prefix}XXXXXX`), account, port);
    if (reason !== undefined) {
      refused.push(`${directory}: ${reason}`);
      continue;
    }
    const instance = instanceAt(await mkdtemp(path.join(directory, prefix)));
    try {
      await mkdir(instance.conf, { mode: 0o700 });
      await mkdir(instance.socketDir, { mode: 0o700 });
      await writeFile(instance.log, '', { mode: 0o600, flag: 'wx' });
    } catch (cause) {
      await rm(instance.base, { recursive: true, force: true });
      throw new EmbeddedError('ERR_EMBEDDED_TEMPORARY', `${directory} cannot be written to`, { cause });
    }
    return instance;
  }
  throw new EmbeddedError(
    'ERR_EMBEDDED_TEMPORARY',
    `No temporary directory is usable (${refused.join('; ')}). Set TMPDIR to one that is.`,
  );
}

async function refusal(
  directory: string,
  base: string,
  account: Account | undefined,
  port: number,
): Promise<string | undefined> {
  const bytes = Buffer.byteLength(path.join(base, 's', `.s.PGSQL.${port}`));
  if (bytes > longestSocketPath)
    return `a socket's path would have ${bytes} bytes; ${longestSocketPath} is the limit`;
  // Lists of library directories are separated by colons and know no quoting.
  if (/[:\p{Cc}]/u.test(directory)) return 'its name has a colon or a control character';
  const usable = await access(directory, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!usable) return 'it is not writable';
  if (account !== undefined && !accountCan(account, 'wx', directory)) {
    return `account ${account.name}, which the server runs as, cannot write to it`;
  }
  return undefined;
}

/** What the name of an instance's directory says about its starter; `undefined` for other names. */
export function parseOwner(name: string): { pid: number; start: string } | undefined {
  const match = new RegExp(`^${instancePrefix}(\\d+)-([0-9a-z]+)-[0-9A-Za-z]{6}$`).exec(name);
  return match === null ? undefined : { pid: Number(match[1]), start: match[2]! };
}

/** A new name for a directory that this process takes over. */
export async function ownName(): Promise<string> {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const random = Array.from(
    crypto.getRandomValues(new Uint8Array(6)),
    (byte) => alphabet[byte % alphabet.length],
  );
  return `${instancePrefix}${await ownerTag()}-${random.join('')}`;
}

/** Whether the process that made the directory lives. */
export async function starterAlive(owner: { pid: number; start: string }): Promise<boolean> {
  const start = await processStartTime(owner.pid);
  if (start === undefined) return false;
  return start === '' || owner.start === '0' || Number(start).toString(36) === owner.start;
}

/** Whether any process holds the instance's FIFO open: `unborn` when the instance has no FIFO (yet). */
export async function held(base: string): Promise<'yes' | 'no' | 'unborn'> {
  const file = path.join(base, 'alive');
  try {
    if (!(await stat(file)).isFIFO()) return 'no';
    const handle = await open(file, constants.O_WRONLY | constants.O_NONBLOCK);
    await handle.close();
    return 'yes';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENXIO') return 'no';
    if (code === 'ENOENT') return 'unborn';
    return 'yes';
  }
}
