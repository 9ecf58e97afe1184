import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCache, writeCache } from '../src/dataset/cache.js';
import { inTemporaryDirectory, syntheticVectors } from './synthetic.js';

const SOURCE = 'made-up@1 sha512-x';

describe('the binary cache', () => {
  it('gives back what was written', async () => {
    await inTemporaryDirectory(async (directory) => {
      const file = join(directory, 'words.bin');
      const word = fc.string({ minLength: 1, unit: 'grapheme' });
      const input = fc.tuple(
        fc.uniqueArray(word, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
      );
      await fc.assert(
        fc.asyncProperty(input, async ([words, dimensions]) => {
          const data = syntheticVectors(words.length, dimensions, words);
          await writeCache(file, SOURCE, data);
          expect(await readCache(file, SOURCE)).toEqual(data);
        }),
        { numRuns: 50 },
      );
      expect(await readdir(directory)).toEqual(['words.bin']);
    });
  });

  it('is absent when there is no file, or one of another source', async () => {
    await inTemporaryDirectory(async (directory) => {
      const file = join(directory, 'words.bin');
      expect(await readCache(file, SOURCE)).toBeUndefined();
      await writeCache(file, SOURCE, syntheticVectors(3, 2));
      expect(await readCache(file, 'made-up@2 sha512-x')).toBeUndefined();
    });
  });

  it('never gives data after any one bit has changed, or the length', async () => {
    await inTemporaryDirectory(async (directory) => {
      const file = join(directory, 'words.bin');
      await writeCache(file, SOURCE, syntheticVectors(3, 2, ['a', 'bc', 'ü']));
      const good = await readFile(file);
      const outcome = async (bytes: Uint8Array): Promise<string> => {
        await writeFile(file, bytes);
        return readCache(file, SOURCE).then(
          (data) => (data === undefined ? 'absent' : 'data'),
          (error: { code?: string }) => error.code ?? String(error),
        );
      };
      expect(await outcome(good)).toBe('data');
      for (let at = 0; at < good.length; at++) {
        const damaged = Buffer.from(good);
        damaged[at]! ^= 1 << (at % 8);
        const isIdentity = (at >= 8 && at < 16) || (at >= 32 && at < 96);
        expect(await outcome(damaged), `byte ${at}`).toBe(isIdentity ? 'absent' : 'DATASET_CACHE');
      }
      for (let length = 0; length < good.length; length += 3)
        expect(await outcome(good.subarray(0, length)), `${length} bytes`).toBe('DATASET_CACHE');
      expect(await outcome(Buffer.concat([good, Buffer.alloc(4)]))).toBe('DATASET_CACHE');
    });
  });

  it('asks for no memory that the file does not hold', async () => {
    await inTemporaryDirectory(async (directory) => {
      const file = join(directory, 'words.bin');
      await writeCache(file, SOURCE, syntheticVectors(3, 2));
      const huge = await readFile(file);
      huge.writeUInt32LE(0xffff_ffff, 16);
      huge.writeUInt32LE(0xffff_ffff, 20);
      await writeFile(file, huge);
      await expect(readCache(file, SOURCE)).rejects.toThrow(/its header announces/);
    });
  });
});
