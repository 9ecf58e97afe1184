/** The server dies with the process that started it, however that process ends. */
import { existsSync, readFileSync } from 'node:fs';
import { startEmbedded } from '@ruvector/pg-extension/embedded';
import { afterEach, describe, expect, it } from 'vitest';
import { baseOf, instancesOf, processesIn, query, running, startChild, until } from './embedded-helpers.js';

const children: ReturnType<typeof startChild>[] = [];

function start(options: Parameters<typeof startChild>[0] = {}) {
  const child = startChild(options);
  children.push(child);
  return child;
}

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.process.kill('SIGKILL');
    await child.exited;
  }
});

describe('a server whose parent', () => {
  it.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const)('gets %s goes with it', async (signal) => {
    const child = start();
    const server = await child.server();
    expect(await query(server.connectionString, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(processesIn(baseOf(server)).length).toBeGreaterThan(1);
    child.process.kill(signal);
    expect(await child.exited).toEqual([null, signal]);
    await until(() => !running(server.pid) && !existsSync(baseOf(server)));
    await until(() => processesIn(baseOf(server)).length === 0);
  });

  it.each([
    ['exit', 0],
    ['leave', 0],
    ['throw', 1],
  ] as const)('ends by %s goes with it', async (mode, status) => {
    const child = start({ mode });
    const server = await child.server();
    expect(await child.exited).toEqual([status, null]);
    await until(() => !running(server.pid) && !existsSync(baseOf(server)));
  });

  it.each(['initdb', 'start'])('is killed in phase %s of the start never comes to be', async (phase) => {
    const child = start();
    await child.reached(phase);
    child.process.kill('SIGKILL');
    await child.exited;
    await until(() => instancesOf(child.process.pid).length === 0);
  });

  it('is killed while a client works goes with it', async () => {
    const child = start();
    const server = await child.server();
    const asleep = query(server.connectionString, 'SELECT pg_sleep(3600)').catch((error: unknown) => error);
    child.process.kill('SIGKILL');
    expect(await asleep).toBeInstanceOf(Error);
    await until(() => !running(server.pid) && !existsSync(baseOf(server)));
  });
});

describe('a server whose supervisor was killed', () => {
  /** The supervisor: a shell that has the instance's directory among its arguments. */
  const supervisorOf = (base: string, postmaster: number): number => {
    const supervisor = parentOf(postmaster);
    expect(processesIn(base)).toContain(supervisor);
    return supervisor;
  };

  it('shuts down by itself, and stop() cleans up', async () => {
    const server = await startEmbedded({ extensions: [] });
    process.kill(supervisorOf(baseOf(server), server.pid), 'SIGKILL');
    await until(() => !running(server.pid));
    await server.stop();
    expect(existsSync(baseOf(server))).toBe(false);
  });

  it('is stopped and cleaned up by stop() at once', async () => {
    const server = await startEmbedded({ extensions: [] });
    process.kill(supervisorOf(baseOf(server), server.pid), 'SIGKILL');
    await server.stop();
    expect(running(server.pid)).toBe(false);
    expect(existsSync(baseOf(server))).toBe(false);
  });

  it('together with its parent is down, and the next start clears its directory away', async () => {
    const child = start();
    const server = await child.server();
    const supervisor = supervisorOf(baseOf(server), server.pid);
    process.kill(supervisor, 'SIGSTOP');
    child.process.kill('SIGKILL');
    await child.exited;
    process.kill(supervisor, 'SIGKILL');
    await until(() => !running(server.pid));
    // Any start clears it away, also one of another test that runs at the same time.
    const next = await startEmbedded({ extensions: [] });
    try {
      await until(() => !existsSync(baseOf(server)));
      expect(existsSync(baseOf(next))).toBe(true);
    } finally {
      await next.stop();
    }
  });
});

it('a shell in its own session keeps the terminal away from the server', async () => {
  const server = await startEmbedded({ extensions: [] });
  try {
    expect(sessionOf(parentOf(server.pid))).toBe(parentOf(server.pid));
    expect(sessionOf(parentOf(server.pid))).not.toBe(sessionOf(process.pid));
  } finally {
    await server.stop();
  }
});

function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function parentOf(pid: number): number {
  return Number(statOf(pid)[1]);
}

function sessionOf(pid: number): number {
  return Number(statOf(pid)[3]);
}
