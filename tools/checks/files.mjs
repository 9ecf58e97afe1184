// @ts-check
/** The files of the repository that people write: what is built, fetched or emitted is left out. */
import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

const notWritten = new Set([
  'node_modules',
  'dist',
  'build',
  'coverage',
  'prebuilds',
  '.git',
  '.turbo',
  '.cache',
]);

/**
 * Paths of files below a directory, relative to it, with `/` between their parts, sorted.
 *
 * @param {string} root
 * @param {{ emitted?: boolean }} [options] with files that our own emitter wrote
 */
export function writtenFiles(root, options = {}) {
  /** @type {string[]} */
  const files = [];
  /** @param {string} directory */
  const walk = (directory) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isDirectory()) {
        const left = notWritten.has(entry.name) || (entry.name === 'emitted' && options.emitted !== true);
        if (!left) walk(join(directory, entry.name));
      } else if (entry.isFile()) files.push(relative(root, join(directory, entry.name)).split(sep).join('/'));
    }
  };
  walk(root);
  return files.sort();
}
