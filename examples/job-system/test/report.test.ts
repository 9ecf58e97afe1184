import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { HELP, parseArguments, UsageError } from '../src/args.js';
import { reportText } from '../src/report.js';
import { type RunResult, runVirtual } from '../src/run.js';
import { chartSvg } from '../src/svg.js';

const folder = join(import.meta.dirname, '..');

describe('what is shown of two runs', () => {
  let without: RunResult;
  let withGate: RunResult;

  beforeAll(async () => {
    without = await runVirtual({ mode: 'off', seed: 1 });
    withGate = await runVirtual({ mode: 'enforce', seed: 1 });
  });

  it('is what the README shows', () => {
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(/<!-- run -->\n```\n([\s\S]*?)```\n<!-- \/run -->/.exec(readme)?.[1]).toBe(
      reportText(without, withGate),
    );
    expect(readFileSync(join(folder, 'doc', 'timeline.svg'), 'utf8')).toBe(chartSvg(without, withGate));
  });

  it('has a line for each ten seconds, and marks the fault', () => {
    const lines = reportText(without, withGate).split('\n');
    expect(lines.filter((line) => /^ *\d+ +\d+\.\d \|/.test(line))).toHaveLength(60);
    expect(lines.indexOf('---- w3 and w4 die')).toBe(2 + 6);
    expect(lines.includes('---- w3 and w4 are back')).toBe(true);
  });

  it('says so when a log does not verify or replay', () => {
    const forged = { ...withGate, log: { ...withGate.log, verified: false, replayed: false } };
    expect(reportText(without, forged)).toMatch(/DOES NOT VERIFY; A REPLAY GIVES OTHER STATES/);
  });

  it('is a chart that stays within its frame and names no number that is none', () => {
    const svg = chartSvg(without, withGate);
    expect(svg).not.toMatch(/NaN|Infinity|undefined|null/);
    expect(svg).not.toMatch(/<script|href|url\(/);
    expect(svg.length).toBeLessThan(100_000);
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) as unknown as [string, string, string];
    for (const [, x, y] of svg.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(0);
      expect(Number(x)).toBeLessThanOrEqual(Number(width));
      expect(Number(y)).toBeGreaterThanOrEqual(0);
      expect(Number(y)).toBeLessThanOrEqual(Number(height));
    }
  });

  it('breaks a line where no interactive job was answered rather than call the latency 0', () => {
    expect(without.intervals.some(({ p99Ms }) => p99Ms === null)).toBe(true);
    expect(reportText(without, withGate)).toMatch(/ 0\.0 +\d+\.\d +\d+ +- /);
  });
});

describe('the command line', () => {
  it('has defaults', () => {
    expect(parseArguments([])).toEqual({ seed: 1, json: false, real: false, help: false });
    expect(parseArguments(['--seed', '4294967295', '--json', '--svg', 'a.svg', '--real'])).toEqual({
      seed: 4294967295,
      json: true,
      svg: 'a.svg',
      real: true,
      help: false,
    });
  });

  it('refuses what makes no sense', () => {
    for (const argv of [
      ['--seed', '-1'],
      ['--seed=1.5'],
      ['--seed', '4294967296'],
      ['--seed'],
      ['--svg='],
      ['--x'],
      ['y'],
    ])
      expect(() => parseArguments(argv), argv.join(' ')).toThrow(UsageError);
  });

  it('ends with 2 for that, and with 0 and help for --help', () => {
    const main = (...argv: string[]) =>
      spawnSync(process.execPath, [join(folder, 'dist', 'main.js'), ...argv], { encoding: 'utf8' });
    const wrong = main('--seed', 'x');
    expect([wrong.status, wrong.stdout]).toEqual([2, '']);
    expect(wrong.stderr).toMatch(/--seed needs a whole number/);
    const help = main('--help');
    expect([help.status, help.stdout, help.stderr]).toEqual([0, HELP, '']);
  });

  it('prints one JSON object with --json, and nothing else', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(folder, 'dist', 'main.js'), '--json', '--seed', '3'],
      { encoding: 'utf8' },
    );
    expect([status, stderr]).toEqual([0, '']);
    const result = JSON.parse(stdout) as { readonly without: RunResult; readonly with: RunResult };
    expect([result.without.mode, result.with.mode, result.with.seed]).toEqual(['off', 'enforce', 3]);
    expect(result.with.intervals).toHaveLength(60);
    expect(result.with.log.verified).toBe(true);
  });
});
