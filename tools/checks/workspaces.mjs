// @ts-check
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {boolean} [private]
 * @property {Record<string, unknown>} [exports]
 * @property {Record<string, unknown>} [imports]
 * @property {string[]} [workspaces]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, string>} [optionalDependencies]
 */

/**
 * @typedef {object} Workspace
 * @property {string} path relative to the repository: `packages/quant`, `conformance`
 * @property {Manifest} manifest
 */

/** @param {string} file @returns {Manifest} */
export function readManifest(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * The workspaces that the root's package.json names; a pattern may end in `/*`.
 *
 * @param {string} root
 * @returns {Workspace[]}
 */
export function readWorkspaces(root) {
  const { workspaces = [] } = readManifest(join(root, 'package.json'));
  const paths = workspaces.flatMap((pattern) => {
    if (!pattern.endsWith('/*')) return [pattern];
    const parent = pattern.slice(0, -2);
    const place = join(root, parent);
    return existsSync(place) ? readdirSync(place).map((name) => `${parent}/${name}`) : [];
  });
  return paths
    .filter((path) => existsSync(join(root, path, 'package.json')))
    .map((path) => ({ path, manifest: readManifest(join(root, path, 'package.json')) }));
}
