import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildPage } from '../../page/build.mjs';
import type { ServedView } from '../../src/adapters/source.js';
import { joinRecords } from '../../src/audit/frames.js';
import { createSigner } from '../../src/audit/keys.js';
import { AuditLog } from '../../src/audit/log.js';
import { memoryStore } from '../../src/audit/memory-store.js';
import { createDemo } from '../../src/cli/demo.js';
import type { CliIo } from '../../src/cli/io.js';
import { run } from '../../src/cli/run.js';
import { type ServeCommandOptions, serve } from '../../src/cli/serve.js';
import { toHex } from '../../src/crypto/bytes.js';
import { LogFileView } from '../../src/node/serve/log-view.js';
import { Random } from '../support/random.js';

const begin = Date.UTC(2026, 0, 15, 9);
const signer = createSigner(new Uint8Array(32).fill(9));
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'integrity-serve-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A log of the demonstration, its lines, and the view of the system itself. */
async function demoLog(
  seconds: number,
): Promise<{ lines: readonly string[]; view: ServedView; root: string }> {
  let now = begin;
  const random = new Random(7);
  const log = await AuditLog.open(memoryStore(), { clock: () => now, signer, origin: 'demo.example/jobs' });
  const demo = createDemo({ clock: () => now, random: () => random.float(), log });
  for (let i = 0; i < seconds; i++) {
    demo.step();
    now += 1000;
  }
  const records: Uint8Array[] = [];
  for await (const { bytes } of log.entries()) records.push(bytes);
  const text = Buffer.from(joinRecords(records)).toString('utf8');
  return { lines: text.match(/.*\n/g) ?? [], view: demo.integrity.view(), root: toHex(log.root) };
}

function write(lines: readonly string[]): string {
  const path = join(directory, 'audit.log');
  writeFileSync(path, lines.join(''));
  return path;
}

const clock = (): number => begin;

describe('LogFileView', () => {
  it('shows state, lambda, signals, the cut and the root as the system that wrote the log had them', async () => {
    const { lines, view, root } = await demoLog(97);
    const log = await LogFileView.open(write(lines), { clock, trustedKeys: [signer.fingerprint] });
    const shown = log.view();
    expect(log.problem).toBeUndefined();
    expect(shown.state.state).toBe(view.state.state);
    expect(shown.state.since).toBe(view.state.since);
    expect(shown.sample?.lambdaPpm).toBe(view.sample?.lambdaPpm);
    expect(shown.sample?.signals).toEqual(view.sample?.signals);
    expect(shown.sample?.minCut).toBe(view.sample?.minCut);
    expect(shown.sample?.side).toEqual(view.sample?.side);
    expect(new Set(shown.sample?.witness.map(({ target }) => target))).toEqual(
      new Set(view.sample?.witness.map(({ target }) => target)),
    );
    expect(shown.history.map(({ at, lambdaPpm, state }) => [at, lambdaPpm, state])).toEqual(
      view.history.map(({ at, lambdaPpm, state }) => [at, lambdaPpm, state]),
    );
    expect([shown.log?.size, shown.log?.root, shown.log?.health]).toEqual([lines.length, root, 'ok']);
    expect(shown.log?.entries.every(({ verified }) => verified === true)).toBe(true);
    await log.close();
  });

  it('follows the file as it grows, a half of a line at a time', async () => {
    const { lines, root } = await demoLog(10);
    const path = write(lines.slice(0, 3));
    const log = await LogFileView.open(path, { clock });
    let told = 0;
    const end = log.onEntry(() => told++);
    expect([log.size, await log.refresh()]).toEqual([3, 0]);
    const rest = lines.slice(3).join('');
    appendFileSync(path, rest.slice(0, 50));
    expect(await log.refresh()).toBe(0);
    appendFileSync(path, rest.slice(50));
    expect(await log.refresh()).toBe(lines.length - 3);
    expect([told, log.view().log?.root, log.problem]).toEqual([1, root, undefined]);
    end();
    await log.close();
  });

  for (const [what, change, expected] of [
    [
      'a changed body',
      (lines) => lines.map((line, i) => (i === 4 ? line.replace('"flow"', '"flaw"') : line)),
      /record 4: its signature/,
    ],
    [
      'a record taken out',
      (lines) => lines.filter((_, i) => i !== 4),
      /record 4: it says that it is number 5/,
    ],
    [
      'two records that changed places',
      (lines) => [...lines.slice(0, 4), lines[5], lines[4], ...lines.slice(6)],
      /record 4: it says/,
    ],
    [
      'a line that is no record',
      (lines) => [...lines.slice(0, 4), 'nonsense\n', ...lines.slice(4)],
      /line 5 is not a record/,
    ],
    ['no genesis record', (lines) => lines.slice(1), /record 0: it says that it is number 1/],
  ] as readonly (readonly [string, (lines: readonly string[]) => readonly (string | undefined)[], RegExp])[])
    it(`says that the log does not hold: ${what}`, async () => {
      const { lines } = await demoLog(8);
      const log = await LogFileView.open(write(change(lines) as string[]), { clock });
      expect(log.problem).toMatch(expected);
      expect(log.view().log?.health).toBe(log.problem);
      await log.close();
    });

  it('says so when another key began the log than those that are trusted', async () => {
    const { lines } = await demoLog(2);
    const log = await LogFileView.open(write(lines), { clock, trustedKeys: ['ab'.repeat(32)] });
    expect(log.problem).toMatch(/record 0: the log begins with key/);
    await log.close();
  });

  it('says so when the file became shorter', async () => {
    const { lines } = await demoLog(4);
    const path = write(lines);
    const log = await LogFileView.open(path, { clock });
    truncateSync(path, 100);
    await log.refresh();
    expect(log.problem).toMatch(/became shorter/);
    await log.close();
  });

  it('shows records of other programs in the chain and takes nothing else from them', async () => {
    const log = await AuditLog.open(memoryStore(), { clock, signer, origin: 'other.example/log' });
    log.append({ type: 'transition', body: { to: 'nowhere', witness: 'no', side: 7 } });
    log.append({ type: 'sample', body: { signals: [3, null], input: [], minCut: {} } });
    log.append({ type: 'x', body: { ['__proto__']: 1 } });
    const records: Uint8Array[] = [];
    for await (const { bytes } of log.entries()) records.push(bytes);
    const path = join(directory, 'other.log');
    writeFileSync(path, joinRecords(records));
    const view = await LogFileView.open(path, { clock });
    expect([view.problem, view.view().state.state]).toEqual([undefined, 'unknown']);
    expect(view.view().log?.entries.map(({ type }) => type)).toEqual([
      'genesis',
      'transition',
      'sample',
      'x',
    ]);
    expect(() => JSON.stringify(view.view())).not.toThrow();
    await view.close();
  });

  it('does not open what is not there', async () => {
    await expect(LogFileView.open(join(directory, 'none.log'), { clock })).rejects.toMatchObject({
      code: 'ERR_INTEGRITY_STORE',
    });
  });
});

function cliIo(): CliIo & { out: string; err: string } {
  const io = {
    out: '',
    err: '',
    stdout: async (text: string | Uint8Array) => {
      io.out += String(text);
    },
    stderr: (text: string) => {
      io.err += text;
    },
    stdin: async function* () {},
    terminal: false,
    env: {},
    now: () => begin,
  };
  return io;
}

const defaults: ServeCommandOptions = { host: '127.0.0.1', port: 0, name: [], root: [] };

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('integrity serve', () => {
  beforeEach(async () => {
    await buildPage(directory);
  });

  it('prints the address, shows the log, tells of trouble that comes, and ends with its signal', async () => {
    const { lines } = await demoLog(20);
    const path = write(lines.slice(0, 10));
    const io = cliIo();
    const controller = new AbortController();
    const ended = serve(
      io,
      path,
      { ...defaults, pageDirectory: directory, root: [signer.fingerprint] },
      controller.signal,
    );
    await until(() => io.out.endsWith('\n'));
    expect(io.out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\n$/);
    const shown = async (): Promise<ServedView> =>
      (await fetch(`${io.out.trim()}view`)).json() as Promise<ServedView>;
    expect((await shown()).log?.size).toBe(10);
    appendFileSync(path, lines.slice(10).join('').replace('"flow"', '"flaw"'));
    await until(() => io.err.includes('the log does not hold'));
    expect((await shown()).log?.size).toBe(lines.length);
    controller.abort();
    await ended;
    await expect(fetch(io.out.trim())).rejects.toThrow();
    // It has changed nothing.
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(lines.length + 1);
  });

  it('shows the demonstration', async () => {
    const io = cliIo();
    const controller = new AbortController();
    const ended = serve(
      io,
      undefined,
      { ...defaults, pageDirectory: directory, json: true },
      controller.signal,
    );
    await until(() => io.out.endsWith('}\n'));
    const { url } = JSON.parse(io.out) as { url: string };
    const page = await fetch(url);
    expect([page.status, (await page.text()).includes('page.js')]).toEqual([200, true]);
    controller.abort();
    await ended;
  });

  it('refuses calls that make no sense, with exit code 2 and what to do', async () => {
    for (const [args, message] of [
      [['serve'], /path of a log, or --demo/],
      [['serve', 'a.log', '--demo'], /one of the two/],
      [['serve', join(directory, 'none.log')], /cannot open/],
      [['serve', '--demo', '--port', '70000'], /--port must be/],
      [['serve', '--demo', '--host', '0.0.0.0'], /token/],
      [['serve', '--demo', '--token-file', join(directory, 'none')], /cannot read the token/],
    ] as const) {
      const io = cliIo();
      expect([args, await run(args, io), io.out]).toEqual([args, 2, '']);
      expect(io.err).toMatch(message);
    }
  });
});
