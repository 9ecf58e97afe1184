import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { exportsOf, vectorExtension } from '../catalog/index.js';

const stages = fileURLToPath(new URL('../build/stage/', import.meta.url));

function findLibrary(dir: string): string | undefined {
  for (const entry of readdirSync(dir)) {
    const full = path.join(dir, entry);
    if (entry === 'vector.so') return full;
    const found = statSync(full).isDirectory() ? findLibrary(full) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Every build of the library, one for each PostgreSQL major that was staged. */
const libraries = existsSync(stages)
  ? readdirSync(stages).flatMap((major) => {
      const file = findLibrary(path.join(stages, major));
      return file === undefined ? [] : [[major, file] as const];
    })
  : [];

it('vector.so is built (npm run build)', () => {
  expect(libraries.length).toBeGreaterThan(0);
});

describe.each(libraries)('vector.so for %s', (_, library) => {
  it('exports the functions and the entry points of the catalog, and nothing else', () => {
    const exported = execFileSync('nm', ['-D', '--defined-only', library], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => line.split(' ').at(-1) as string)
      .sort();
    expect(exported).toEqual(exportsOf(vectorExtension).sort());
  });

  it('needs the C library and nothing else at run time', () => {
    const needed = [
      ...execFileSync('readelf', ['-dW', library], { encoding: 'utf8' }).matchAll(/\(NEEDED\).*\[(.+)\]/g),
    ].map((match) => match[1] as string);
    expect(needed.filter((name) => !/^(libc|libm|ld-linux.*)\.so/.test(name))).toEqual([]);
  });

  it('has no unique symbols, which would outlive dlclose', () => {
    const symbols = execFileSync('readelf', ['-sW', library], { encoding: 'utf8' });
    expect(symbols).not.toMatch(/\bUNIQUE\b/);
  });
});
