import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { abortOnSignals, type CliHost, runCli } from '../src/cli.js';
import type { Suite } from '../src/suite.js';
import { validateReport } from '../src/validate.js';
import { type FakeSuite, fakeSuite, temporaryDirectory } from './fake-suite.js';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  argv: string,
  suite: FakeSuite = { cases: [{ name: 'a' }, { name: 'b' }] },
  host: Partial<CliHost> = {},
): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  const second: Suite = { ...fakeSuite({ cases: [{ name: 'z' }] }), name: 'other', summary: 'another one' };
  const code = await runCli(argv.split(' ').filter(Boolean), {
    suites: [fakeSuite(suite), second],
    cacheDirectory: temporaryDirectory(),
    env: {},
    signal: new AbortController().signal,
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    ...host,
  });
  return { code, stdout, stderr };
}

describe('the command line', () => {
  it('lists the suites when none is named', async () => {
    const { code, stdout } = await run('');
    expect(code).toBe(0);
    expect(stdout).toContain('fake   for tests\n');
    expect(stdout).toContain('other  another one\n');
  });

  it('lists them as one JSON object, too', async () => {
    const { stdout } = await run('--json');
    expect(JSON.parse(stdout)).toEqual({
      suites: [
        { name: 'fake', summary: 'for tests' },
        { name: 'other', summary: 'another one' },
      ],
    });
  });

  it('prints exactly one JSON object that keeps the contract, progress on stderr', async () => {
    const { code, stdout, stderr } = await run('fake --quick --json');
    expect(code).toBe(0);
    const report: unknown = JSON.parse(stdout);
    expect(validateReport(report)).toEqual([]);
    expect(report).toMatchObject({ suite: 'fake', mode: 'quick' });
    expect(stderr).toContain('[1/2] a: time 2.00x (2.00-2.00)\n[2/2] b: ');
  });

  it('prints a table with the ratio beside both values', async () => {
    const { stdout } = await run('fake');
    expect(stdout).toMatch(/^case +metric +unit +ours +rival +ratio +spread$/m);
    expect(stdout).toMatch(/^a +time +ns\/call +1 +2 +2\.00x +2\.00-2\.00$/m);
    expect(stdout).toContain('suite fake (full)');
    expect(stdout).toMatch(/^Load average when the cases began: \d+\.\d, at most \d+\.\d, on \d+ cores/m);
  });

  it('names absent peers in the table, with the cure', async () => {
    const absent = [{ name: 'pgvector', reason: 'PGVECTOR_STAGE is not set', cure: 'set PGVECTOR_STAGE' }];
    const { stdout } = await run('fake', {
      absent,
      cases: [{ name: 'a', absent: { rival: 'has no l1' } }],
    });
    expect(stdout).toContain('pgvector: absent: PGVECTOR_STAGE is not set; set PGVECTOR_STAGE\n');
    expect(stdout).toContain('rival is absent: has no l1 (a)\n');
    expect(stdout).toMatch(/^a .* 1 +absent +absent +- +-$/m);
  });

  it('runs the cases that --only selects', async () => {
    const { stdout } = await run('fake --json --only b');
    expect(
      (JSON.parse(stdout) as { results: { case: string }[] }).results.map((result) => result.case),
    ).toEqual(['b']);
  });

  it('answers a second run from the cache, and measures again with --fresh', async () => {
    const cacheDirectory = temporaryDirectory();
    const cases = [{ name: 'a' }];
    await run('fake', { cases }, { cacheDirectory });
    const second = await run('fake', { cases }, { cacheDirectory });
    expect(second.stderr).toContain('measured earlier');
    expect(second.stdout).toContain('1 of 1 figures come from earlier runs');
    const fresh = await run('fake --fresh', { cases }, { cacheDirectory });
    expect(fresh.stderr).not.toContain('measured earlier');
  });

  it.each([
    ['an unknown suite', 'nothing', 'no suite is called nothing; there are fake, other'],
    ['an unknown flag', 'fake --fast', '--fast'],
    ['two suites', 'fake other', 'one suite at a time'],
    ['a flag without its value', 'fake --only', '--only'],
    ['a filter that matches nothing', 'fake --only zzz', 'no case of suite fake matches'],
  ])('exits with 2 on %s, and prints nothing on stdout', async (_what, argv, message) => {
    const { code, stdout, stderr } = await run(argv);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).toContain('usage: npm run bench');
  });

  it('exits with 1 when a case failed, with the report of the others', async () => {
    const verify = (): void => {
      throw new Error('ours 1, rival 2');
    };
    const { code, stdout } = await run('fake --json', { cases: [{ name: 'a', verify }, { name: 'b' }] });
    expect(code).toBe(1);
    const report = JSON.parse(stdout) as { failures: unknown[]; results: unknown[] };
    expect(report.failures).toEqual([{ case: 'a', code: 'BENCH_CASE_FAILED', message: 'ours 1, rival 2' }]);
    expect(report.results).toHaveLength(1);
  });

  it('exits with 130 when interrupted, says that the finished cases are kept, and keeps them', async () => {
    const controller = new AbortController();
    const cacheDirectory = temporaryDirectory();
    const sample = (): { time: number } => {
      controller.abort();
      return { time: 1 };
    };
    const first = await run(
      'fake --json',
      { cases: [{ name: 'a' }, { name: 'b', sample }] },
      { cacheDirectory, signal: controller.signal },
    );
    expect(first.code).toBe(130);
    expect(first.stdout).toBe('');
    expect(first.stderr).toContain('the finished cases are kept');
    const second = await run('fake', { cases: [{ name: 'a' }, { name: 'b' }] }, { cacheDirectory });
    expect(second.stderr).toMatch(/\[1\/2\] a: .*measured earlier\n\[2\/2\] b: time 2\.00x/);
  });
});

describe('abortOnSignals', () => {
  it.each(['SIGINT', 'SIGTERM'])('lets the run end on the first %s and exits on the second', (name) => {
    const exits: number[] = [];
    const source = Object.assign(new EventEmitter(), { exit: (code: number) => exits.push(code) });
    const signal = abortOnSignals(source);
    expect(signal.aborted).toBe(false);
    source.emit(name);
    expect(signal.aborted).toBe(true);
    expect(exits).toEqual([]);
    source.emit(name);
    expect(exits).toEqual([130]);
  });
});
