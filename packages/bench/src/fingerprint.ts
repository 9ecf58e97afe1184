import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** Files below `directory`, absolute, in a stable order; `node_modules` and hidden folders are left out. */
export function listFiles(directory: string, accept: (path: string) => boolean): string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules' && !entry.name.startsWith('.')) visit(path);
      } else if (accept(path)) {
        found.push(path);
      }
    }
  };
  visit(directory);
  return found.sort();
}

/**
 * SHA-256 (hexadecimal) over the files' names relative to `base` and their content. Sizes are hashed too, so that no
 * two different sets of files feed the hash the same bytes.
 */
export function hashFiles(base: string, files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = readFileSync(file);
    hash.update(`${relative(base, file).split(sep).join('/')}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** True for the code of a built or a source package: no declarations, no source maps. */
export function isCode(path: string): boolean {
  return /\.(js|mjs|cjs|ts|node)$/.test(path) && !path.endsWith('.d.ts');
}

/**
 * The folder at or above `path` whose package.json has this name, and its version. Folders inside a package may hold a
 * package.json of their own, for instance to set the module type.
 */
export function findPackage(path: string, name: string): { root: string; version: string } {
  for (let folder = path; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const found = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
      if (found.name === name) return { root: folder, version: found.version ?? 'unknown' };
    }
    if (folder === dirname(folder)) throw new Error(`no package.json of ${name} at or above ${path}`);
  }
}
