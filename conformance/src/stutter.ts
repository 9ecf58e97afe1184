/**
 * Processes of a server that are stopped in the middle of what they do and go on later: what takes one of them
 * microseconds becomes long enough for others to do all of theirs in between.
 */
import type pg from 'pg';
import { canKill } from './cluster.js';
import type { Random } from './random.js';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Stops one backend after another until told to end. Connections must be idle when it is called.
 *
 * @param longest milliseconds that one is stopped at most; others may have to wait for what it holds
 */
export async function stutter(
  clients: readonly pg.Client[],
  longest: number,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  if (!canKill) return;
  const pids = await Promise.all(clients.map(backendOf));
  while (!signal.aborted) {
    await sleep(random.below(10));
    await stopped(random.pick(pids), () => sleep(random.below(longest)));
  }
}

/** The process that serves a connection. */
export async function backendOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  return (rows[0] as { pid: number }).pid;
}

/** Stops a process during an action. */
export async function stopped<T>(pid: number, action: () => Promise<T>): Promise<T> {
  process.kill(pid, 'SIGSTOP');
  try {
    return await action();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}
