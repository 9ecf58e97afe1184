/**
 * One writer for a file, across processes. Node has no flock(2), so the lock is a file beside the log that names its holder.
 *
 * - It appears with its content at once: written under another name, then link(2)ed, which fails if the name is taken.
 * - Its holder is alive if its process is: the same boot, PID namespace and process start, so that a PID that came to another process
 *   does not count. What cannot be told (another host or container) counts as alive: two writers are worse than none.
 * - A dead holder's lock is removed only by who holds the lock on that lock (`<path>.break`), so two processes that find the same dead
 *   lock cannot remove each other's new one. A breaker that died is dealt with in the same way, one level up.
 */
import { randomBytes } from 'node:crypto';
import { link, open, readFile, readlink, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { IntegrityError } from '../errors.js';
import { hostCode, storeError } from './log-file.js';

/** Who holds a lock. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** The boot of the machine, its PID namespace, and when the process started: empty where the host does not tell (Linux does). */
  readonly boot: string;
  readonly namespace: string;
  readonly started: string;
  readonly nonce: string;
}

/** A lock that is held. */
export interface FileLock {
  /** The path of the lock file. */
  readonly path: string;
  /** Whether the lock of a process that died was in the way. */
  readonly takenOver: boolean;
  /** Removes the lock file if it is still this holder's. */
  release(): Promise<void>;
}

/** How many locks on locks there may be. */
const deepest = 3;

/** When a process started, in clock ticks since boot: field 22 of /proc/<pid>/stat (proc_pid_stat(5)); empty if unknown. */
async function processStart(pid: number | 'self'): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in brackets and may itself hold spaces and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

async function orEmpty(text: Promise<string>): Promise<string> {
  return text.then(
    (found) => found.trim(),
    () => '',
  );
}

async function describeSelf(): Promise<Holder> {
  return {
    pid: process.pid,
    host: hostname(),
    boot: await orEmpty(readFile('/proc/sys/kernel/random/boot_id', 'latin1')),
    namespace: await orEmpty(readlink('/proc/self/ns/pid')),
    started: await processStart('self'),
    nonce: randomBytes(12).toString('hex'),
  };
}

async function readHolder(path: string): Promise<Holder | 'none' | 'unreadable'> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (hostCode(error) === 'ENOENT') return 'none';
    throw storeError(`cannot read the lock file ${path}`, error);
  }
  try {
    const holder = JSON.parse(text) as Holder;
    const texts = [holder.host, holder.boot, holder.namespace, holder.started, holder.nonce];
    if (Number.isSafeInteger(holder.pid) && holder.pid > 0 && texts.every((part) => typeof part === 'string'))
      return holder;
  } catch {
    // Not JSON, or null: as below.
  }
  return 'unreadable';
}

/** Whether the holder is certain to be dead. */
async function isDead(holder: Holder, self: Holder): Promise<boolean> {
  if (holder.host !== self.host) return false;
  if (holder.boot !== self.boot) return holder.boot !== '' && self.boot !== '';
  if (holder.namespace !== self.namespace) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives, and is another user's.
    return hostCode(error) === 'ESRCH';
  }
  const started = await processStart(holder.pid);
  return holder.started !== '' && started !== '' && started !== holder.started;
}

/** Creates a lock file with its content, if there is none. */
async function create(path: string, self: Holder): Promise<boolean> {
  const draft = `${path}.${self.nonce}`;
  try {
    const file = await open(draft, 'wx', 0o644);
    try {
      await file.writeFile(`${JSON.stringify(self)}\n`);
      // Else the lock could be there, and empty, after a power loss.
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path);
    return true;
  } catch (error) {
    if (hostCode(error) === 'EEXIST') return false;
    throw storeError(`cannot create the lock file ${path}`, error);
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

async function release(path: string, nonce: string): Promise<void> {
  const holder = await readHolder(path);
  if (typeof holder === 'object' && holder.nonce === nonce) await unlink(path);
}

function locked(path: string, holder: Holder | 'unreadable'): IntegrityError {
  const remedy = `if it is certain that no process writes to the log, delete ${path}`;
  return new IntegrityError(
    'ERR_INTEGRITY_LOCKED',
    holder === 'unreadable'
      ? `the lock file ${path} cannot be understood: ${remedy}`
      : `the log is open in process ${holder.pid} on ${holder.host} (lock file ${path}): close it there, or, ${remedy}`,
  );
}

/**
 * Takes the lock.
 *
 * @param path of the lock file
 * @throws IntegrityError `ERR_INTEGRITY_LOCKED` if another holds it, or may; `ERR_INTEGRITY_STORE` if it cannot be written
 */
export async function acquireLock(path: string, depth = 0): Promise<FileLock> {
  const self = await describeSelf();
  let takenOver = false;
  for (let round = 0; round < 8; round++) {
    if (await create(path, self)) return { path, takenOver, release: () => release(path, self.nonce) };
    const holder = await readHolder(path);
    if (holder === 'none') continue; // released in between
    if (holder === 'unreadable' || depth === deepest || !(await isDead(holder, self)))
      throw locked(path, holder);
    const breaker = await acquireLock(`${path}.break`, depth + 1);
    try {
      // It may have been broken, and taken by another, before we held the right to break it.
      const again = await readHolder(path);
      if (typeof again === 'object' && again.nonce === holder.nonce) {
        await unlink(path);
        takenOver = true;
      }
    } finally {
      await breaker.release();
    }
  }
  throw storeError(`the lock file ${path} comes and goes: try again`);
}
