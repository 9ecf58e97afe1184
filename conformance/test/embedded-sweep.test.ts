/** What killed servers left behind is removed, and nothing else is. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { startEmbedded, sweepStale } from '@ruvector/pg-extension/embedded';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { baseOf, isRoot, query } from './embedded-helpers.js';

let outer: string;

beforeEach(() => {
  outer = mkdtempSync('/tmp/embedded-test-');
});

afterEach(() => rmSync(outer, { recursive: true, force: true }));

/** The start time of a process as instance names have it. */
function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]).toString(36);
}

/** A process id that was in use a moment ago. */
async function deadPid(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid!;
}

async function leave(options: { owner?: string; fifo?: boolean; ageMs?: number } = {}): Promise<string> {
  const owner = options.owner ?? `${await deadPid()}-abc`;
  const base = path.join(outer, `ruvector-pg-${owner}-Abc123`);
  mkdirSync(path.join(base, 'data'), { recursive: true });
  writeFileSync(path.join(base, 'log'), 'text');
  if (options.fifo ?? true) spawnSync('mkfifo', [path.join(base, 'alive')]);
  const then = (Date.now() - (options.ageMs ?? 0)) / 1000;
  utimesSync(base, then, then);
  return base;
}

describe('a sweep', () => {
  it('removes a directory whose starter and processes are dead', async () => {
    const base = await leave();
    expect(await sweepStale([outer])).toEqual([base]);
    expect(existsSync(base)).toBe(false);
    expect(spawnSync('ls', ['-A', outer], { encoding: 'utf8' }).stdout).toBe('');
  });

  it('removes one whose starter has died and whose process id is in use again', async () => {
    const base = await leave({ owner: `${process.pid}-${Number.parseInt(startOf(process.pid), 36) - 1}` });
    expect(await sweepStale([outer])).toEqual([base]);
  });

  it('leaves one whose starter lives', async () => {
    await leave({ owner: `${process.pid}-${startOf(process.pid)}` });
    expect(await sweepStale([outer])).toEqual([]);
  });

  it('leaves one that a process holds, although its starter is dead', async () => {
    const base = await leave();
    const holder = spawn('sh', ['-c', 'exec 8<>"$1/alive"; echo; exec sleep 3600', 'sh', base], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(holder.stdout, 'data');
      expect(await sweepStale([outer])).toEqual([]);
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    expect(await sweepStale([outer])).toEqual([base]);
  });

  it('leaves one that may still be in preparation, for a minute', async () => {
    const young = await leave({ fifo: false });
    expect(await sweepStale([outer])).toEqual([]);
    const then = Date.now() / 1000 - 3600;
    utimesSync(young, then, then);
    expect(await sweepStale([outer])).toEqual([young]);
  });

  it('leaves a postmaster of that very directory alone, and is not deceived by another process', async () => {
    const base = await leave();
    const data = path.join(base, 'data');
    const pidFile = path.join(data, 'postmaster.pid');
    const holder = spawn('sleep', ['3600'], { cwd: data });
    try {
      writeFileSync(pidFile, `${holder.pid}\n${data}\n`);
      expect(await sweepStale([outer])).toEqual([]);
      writeFileSync(pidFile, `${process.pid}\n${data}\n`);
      expect(await sweepStale([outer])).toEqual([base]);
    } finally {
      holder.kill('SIGKILL');
    }
  });

  it('leaves other names, files and links', async () => {
    mkdirSync(path.join(outer, 'kept'));
    mkdirSync(path.join(outer, 'ruvector-pg-1-abc'));
    mkdirSync(path.join(outer, `ruvector-pg-x-abc-Abc123`));
    writeFileSync(path.join(outer, `ruvector-pg-${await deadPid()}-abc-Abc124`), '');
    symlinkSync(path.join(outer, 'kept'), path.join(outer, `ruvector-pg-${await deadPid()}-abc-Abc125`));
    expect(await sweepStale([outer])).toEqual([]);
    expect(existsSync(path.join(outer, 'kept'))).toBe(true);
  });

  it.runIf(isRoot)('leaves directories of other people', async () => {
    const base = await leave();
    chownSync(base, 12345, 12345);
    expect(await sweepStale([outer])).toEqual([]);
  });

  it('beside others removes each directory once', async () => {
    const bases = await Promise.all(
      Array.from({ length: 8 }, (_, index) => leave({ owner: `99999999-${index}` })),
    );
    const removed = await Promise.all(Array.from({ length: 4 }, () => sweepStale([outer])));
    expect(removed.flat().sort()).toEqual(bases.sort());
  });

  it('leaves running servers alone', async () => {
    const server = await startEmbedded({ extensions: [] });
    try {
      expect(await sweepStale()).not.toContain(baseOf(server));
      expect(await query(server.connectionString, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      await server.stop();
    }
  });
});
