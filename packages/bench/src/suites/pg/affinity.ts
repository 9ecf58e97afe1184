import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Numbers of a kernel list such as `0-3,8`. */
export function parseProcessorList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .filter((range) => range !== '')
    .flatMap((range) => {
      const [first = Number.NaN, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

/**
 * The processor that all backends of a run are to share, or undefined where they cannot be bound: not Linux, one
 * processor only, or no `taskset`. On a shared machine two processors are never equally busy; two backends that take
 * turns on one see the same clock, the same neighbours and the same caches.
 */
export async function sharedProcessor(): Promise<number | undefined> {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    const allowed = parseProcessorList(/^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? '');
    await run('taskset', ['--version']);
    // The last: interrupts and whatever else is bound tend to the first.
    return allowed.length > 1 ? allowed.at(-1) : undefined;
  } catch {
    return undefined;
  }
}

/** Binds a process to one processor. */
export async function bindProcess(pid: number, processor: number): Promise<void> {
  await run('taskset', ['--cpu-list', '--pid', String(processor), String(pid)]);
}
