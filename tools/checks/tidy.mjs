// @ts-check
/** Files stay readable, and say nothing about the machine that they were written on. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { writtenFiles } from './files.mjs';

/** A file has one responsibility; at this length it has two. */
export const longest = 600;

const sources = /\.(c|cc|cpp|h|hpp|inc|[cm]?[jt]sx?|sh|sql)$/;
const binary = /\.(png|jpe?g|gif|ico|woff2?|wasm|zip|gz|tgz|bin)$/;

/**
 * Source files that are too long. Expected outputs of tests are data.
 *
 * @param {string} root
 * @returns {string[]}
 */
export function longFiles(root) {
  return writtenFiles(root)
    .filter((file) => sources.test(file) && !/(^|\/)(expected|fixtures)\//.test(file))
    .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > longest)
    .map(({ file, lines }) => `${file}: ${lines} lines, ${longest} are allowed`);
}

/**
 * Lines that name a place on somebody's machine: the checkout itself, a home directory, a registry's address in a lock.
 *
 * @param {string} root
 * @param {readonly string[]} [places] absolute directories of this machine
 * @returns {string[]}
 */
export function machinePaths(root, places = [root, homedir()]) {
  const own = places
    .filter((place) => place.split('/').length > 2)
    .map((place) => place.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const home = String.raw`/(?:home|Users)/[A-Za-z][\w.-]*|/root/\w`;
  const path = new RegExp(`(?<![\\w./])(?:${[...own, home].join('|')})(?![\\w-])|[A-Z]:\\\\Users\\\\`);
  return writtenFiles(root, { emitted: true })
    .filter((file) => !binary.test(file))
    .flatMap((file) => {
      const isLock = file.endsWith('package-lock.json');
      return readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => {
          const found =
            path.exec(line)?.[0] ?? (isLock ? /"resolved": "(https?:[^"]*)"/.exec(line)?.[1] : undefined);
          return found === undefined ? [] : [`${file}:${index + 1}: ${found}`];
        });
    });
}
