import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { EmbeddedErrorCode } from '@ruvector/pg-extension/embedded';
import pg from 'pg';
import { expect } from 'vitest';

/** The built door of the package, for child programs that node runs as they are. */
export const embeddedModule = fileURLToPath(import.meta.resolve('@ruvector/pg-extension/embedded'));

export const isRoot = process.getuid?.() === 0;

/** Runs one query on a server of its own connection. */
export async function query(connectionString: string, text: string, values: unknown[] = []) {
  const client = new pg.Client(connectionString);
  // A server that ends says so to its clients a second time, after the query's own error.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text, values)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

/** Expects a promise to reject with an EmbeddedError of a code, and gives the error. */
export async function rejection(promise: Promise<unknown>, code: EmbeddedErrorCode) {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome).toMatchObject({ name: 'EmbeddedError', code });
  return outcome as Error & { code: string; log: string | undefined };
}

/** The directory of a server's instance. */
export function baseOf(server: { socketDir: string }): string {
  return path.dirname(server.socketDir);
}

/** Whether a process runs; a zombie does not. */
export function running(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
  } catch {
    return !existsSync('/proc/self/stat');
  }
}

/** Waits until something is so; the test's own time limit is the only one. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 25));
}

export interface ChildServer {
  readonly connectionString: string;
  readonly dataDir: string;
  readonly socketDir: string;
  readonly pid: number;
}

export interface ChildError {
  readonly code: string;
  readonly message: string;
  readonly log?: string;
}

export interface ChildOptions {
  readonly mode?: 'wait' | 'leave' | 'exit' | 'throw';
  readonly embedded?: Record<string, unknown>;
  readonly module?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly script?: string;
}

/** Starts `embedded-child.mjs`; lines of its output are events. */
export function startChild(options: ChildOptions = {}) {
  const {
    mode = 'wait',
    embedded = { extensions: [] },
    module = embeddedModule,
    uid,
    gid,
    env,
    script,
  } = options;
  const program = script ?? fileURLToPath(new URL('embedded-child.mjs', import.meta.url));
  const child = spawn(process.execPath, [program, module, mode, JSON.stringify(embedded)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: '/',
    env: env ?? process.env,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  const phases = new Set<string>();
  const waiting: { phase: string; resolve: () => void }[] = [];
  let settle: (outcome: { server?: ChildServer; error?: ChildError }) => void;
  const outcome = new Promise<{ server?: ChildServer; error?: ChildError }>((resolve) => {
    settle = resolve;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as { phase?: string; error?: ChildError } & ChildServer;
    if (said.phase !== undefined) {
      phases.add(said.phase);
      for (const each of waiting.filter(({ phase }) => phase === said.phase)) each.resolve();
    } else if (said.error !== undefined) settle({ error: said.error });
    else settle({ server: said });
  });
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  void exited.then(() => settle({}));
  return {
    process: child as ChildProcess & { pid: number },
    exited,
    outcome,
    /** Resolves when the child has come to a phase of the start. */
    reached: (phase: string) =>
      phases.has(phase)
        ? Promise.resolve()
        : new Promise<void>((resolve) => waiting.push({ phase, resolve })),
    async server(): Promise<ChildServer> {
      const { server, error } = await outcome;
      if (server === undefined) throw new Error(`the child has no server: ${JSON.stringify(error)}`);
      return server;
    },
  };
}

/** Directories of instances that a starter with this process id made. */
export function instancesOf(pid: number, directory = '/tmp'): string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith(`ruvector-pg-${pid}-`))
    .map((name) => path.join(directory, name));
}

/** Process ids whose command line holds a text. */
export function processesIn(text: string): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1');
      if (command.includes(text)) found.push(Number(name));
    } catch {
      // It has ended.
    }
  }
  return found;
}
