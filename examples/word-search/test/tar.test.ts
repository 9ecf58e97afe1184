import { describe, expect, it } from 'vitest';
import { readTarEntry } from '../src/dataset/tar.js';
import { chunksOf, tarEntry } from './synthetic.js';

const content = Buffer.from('x'.repeat(700) + 'y'.repeat(700));
const archive = Buffer.concat([
  tarEntry('package/empty', Buffer.alloc(0)),
  tarEntry('package/other', Buffer.from('other')),
  tarEntry('package/wanted', content),
  tarEntry('package/last', Buffer.from('last')),
  Buffer.alloc(1024),
]);

async function entry(bytes: Uint8Array, path: string, size = 100): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of readTarEntry(chunksOf(bytes, size), path)) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('readTarEntry', () => {
  it.each([1, 7, 511, 512, 513, 5000])('finds the file in pieces of %i bytes', async (size) => {
    expect(await entry(archive, 'package/wanted', size)).toBe(content.toString());
    expect(await entry(archive, 'package/last', size)).toBe('last');
    expect(await entry(archive, 'package/empty', size)).toBe('');
  });

  it('refuses an archive without the file, cut short or damaged', async () => {
    await expect(entry(archive, 'package/absent')).rejects.toThrow('it has no file package/absent');
    await expect(entry(archive.subarray(0, 2600), 'package/wanted')).rejects.toThrow('it ends in the middle');
    await expect(entry(archive.subarray(0, 2500), 'package/other')).rejects.toThrow('it ends in the middle');
    const damaged = Buffer.from(archive);
    damaged[0]! ^= 1;
    await expect(entry(damaged, 'package/wanted')).rejects.toMatchObject({ code: 'DATASET_FORMAT' });
  });
});
