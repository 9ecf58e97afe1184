/** `npm run emit`: writes every catalog's files to `emitted/` and names those that changed. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extensions } from '../catalog/index.js';
import { emittedFiles } from './files.js';

// dist/emit/main.js -> the package's root
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

let changed = 0;
for (const catalog of extensions) {
  for (const [relative, text] of emittedFiles(catalog)) {
    const path = join(root, 'emitted', relative);
    if (read(path) === text) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    process.stdout.write(`emitted/${relative}\n`);
    changed++;
  }
}
process.stdout.write(
  changed === 0 ? 'nothing to emit: all files are up to date\n' : `${changed} files written\n`,
);
