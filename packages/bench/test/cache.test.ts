import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cacheKey, canonicalJson, FileCache, type Json } from '../src/cache.js';
import { hashFiles, listFiles } from '../src/fingerprint.js';
import { temporaryDirectory } from './fake-suite.js';

describe('canonicalJson', () => {
  it('does not depend on the order of names', () => {
    expect(canonicalJson({ b: 1, a: [{ d: null, c: 'x' }] })).toBe(
      canonicalJson({ a: [{ c: 'x', d: null }], b: 1 }),
    );
  });

  it('reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value as Json))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('refuses numbers that JSON would turn into null', () => {
    expect(() => canonicalJson({ ratio: Number.NaN })).toThrow(RangeError);
    expect(() => canonicalJson([Infinity])).toThrow(RangeError);
  });
});

describe('FileCache', () => {
  const parts = { case: 'a', dims: 3 };

  it('gives back what was kept, for these parts only', async () => {
    const cache = new FileCache(temporaryDirectory());
    await cache.put('s', parts, [1, 2]);
    expect(await cache.get('s', { dims: 3, case: 'a' })).toEqual([1, 2]);
    expect(await cache.get('s', { ...parts, dims: 4 })).toBeUndefined();
    expect(await cache.get('t', parts)).toBeUndefined();
  });

  it('treats a damaged file as absent', async () => {
    const directory = temporaryDirectory();
    const cache = new FileCache(directory);
    await cache.put('s', parts, 'value');
    const path = join(directory, 's', `${cacheKey(parts)}.json`);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.slice(0, text.length / 2));
    expect(await cache.get('s', parts)).toBeUndefined();
    writeFileSync(path, text.replace('"a"', '"b"'));
    expect(await cache.get('s', parts)).toBeUndefined();
    writeFileSync(path, text);
    expect(await cache.get('s', parts)).toBe('value');
  });

  it('leaves no temporary file, also when the value cannot be written', async () => {
    const directory = temporaryDirectory();
    const cache = new FileCache(directory);
    await cache.put('s', parts, 'value');
    await expect(cache.put('s', { other: 1 }, { huge: 1n })).rejects.toThrow(TypeError);
    expect(readdirSync(join(directory, 's'))).toEqual([`${cacheKey(parts)}.json`]);
  });
});

describe('hashFiles', () => {
  it('changes with a name, with content and with where one file ends', () => {
    const hashOf = (files: Readonly<Record<string, string>>): string => {
      const directory = temporaryDirectory();
      for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
      return hashFiles(
        directory,
        listFiles(directory, () => true),
      );
    };
    const hashes = [
      hashOf({ a: 'x', b: 'y' }),
      hashOf({ a: 'x', c: 'y' }),
      hashOf({ a: 'x', b: 'z' }),
      hashOf({ a: 'xb', b: 'y' }),
      hashOf({ a: 'x' }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashOf({ b: 'y', a: 'x' })).toBe(hashes[0]);
  });
});
