// @ts-check
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Everything that the set-up downloads; may be deleted at any time. */
export const cache = join(root, '.cache');

/** Whether this user may write into a directory, or could make it. @param {string} directory */
export function writable(directory) {
  let place = directory;
  while (!existsSync(place)) {
    if (dirname(place) === place) return false;
    place = dirname(place);
  }
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} directory */
export function ensureDirectory(directory) {
  mkdirSync(directory, { recursive: true });
  return directory;
}

/** The user's home directory, if there is one to write to. */
export function usableHome() {
  try {
    const home = homedir();
    return home !== '' && home !== '/' && existsSync(home) && writable(home) ? home : undefined;
  } catch {
    return undefined;
  }
}
