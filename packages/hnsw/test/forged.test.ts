/** Files that were altered by somebody who makes checksums right again, and files whose writer was killed. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { loadIndex } from '../src/index.js';

const slow = process.env.RUVECTOR_SLOW === '1';
const support = join(import.meta.dirname, 'support');
const folder = mkdtempSync(join(tmpdir(), 'hnsw-killed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('of a forged file the process survives', () => {
  it.each([['flat'], ['flat', 'true'], ['hnsw'], ['qg'], ['ivf'], ['ivf', 'false']])(
    'whatever is done with it: %s %s',
    { timeout: 1_800_000 },
    async (kind, ...more) => {
      const [rounds, seeds] = slow ? ['1000', [1, 2, 3, 4, 5, 6]] : ['30', [1, 2]];
      for (const seed of seeds) {
        const args = [join(support, 'forged.mjs'), kind, rounds, String(seed), ...more];
        const { stdout } = await promisify(execFile)(process.execPath, args);
        const { tried, refused, used } = JSON.parse(stdout) as Record<string, number>;
        expect(tried).toBe(2 * Number(rounds));
        // Some of what is altered has no meaning, or could have come from a writer.
        expect(refused).toBeGreaterThan(tried / 10);
        expect(used).toBeGreaterThan(tried / 10);
      }
    },
  );
});

describe('of a writer that is killed', () => {
  it.each(['flat', 'hnsw', 'qg', 'ivf'])('a whole index is left: %s', { timeout: 300_000 }, async (kind) => {
    const path = join(folder, kind);
    const rounds = slow ? 40 : 6;
    let cutOff = 0;
    for (let round = 0; round < rounds; round++) {
      const child = spawn(process.execPath, [join(support, 'saving.mjs'), kind, path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise<void>((resolve, reject) => {
        child.stdout.once('data', () => resolve());
        child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
      });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await new Promise((resolve) => setTimeout(resolve, (17 * round) % 60));
      child.kill('SIGKILL');
      await ended;
      const index = await loadIndex(path);
      expect(index.size).toBeGreaterThanOrEqual(2000);
      expect((await index.check()).problems).toEqual([]);
      const last = index.size - 1;
      if (last >= 2000) expect(index.get(last)).toEqual(new Float32Array(16).fill(last));
      index.close();
      const left = readdirSync(folder).filter((name) => name !== kind && name.includes(kind));
      cutOff += left.length;
      for (const name of left) rmSync(join(folder, name));
    }
    expect(existsSync(path)).toBe(true);
    // Most of the time goes into writing.
    if (slow) expect(cutOff).toBeGreaterThan(0);
  });
});

describe.skipIf(!slow)('of a million searches', () => {
  it.each(['flat', 'hnsw', 'qg', 'ivf'])('no memory is left: %s', { timeout: 1_800_000 }, async (kind) => {
    const args = ['--expose-gc', join(support, 'searching.mjs'), kind, '1000000'];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { before, after } = JSON.parse(stdout) as { before: number; after: number };
    // 40 bytes a search would be 36 MB.
    expect(after - before).toBeLessThan(16 << 20);
  });
});
