// @ts-check
/** The npm packages that package-lock.json names. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, root, usableHome } from './paths.mjs';
import { run, say } from './process.mjs';

/**
 * @typedef {{ version?: string, link?: boolean, optional?: boolean, resolved?: string }} LockedPackage
 * @typedef {{ packages?: Record<string, LockedPackage> }} Lockfile
 */

/** @param {string} file @returns {Lockfile | undefined} */
function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Whether `node_modules` holds what the lock asks for. npm writes what it has installed into
 * `node_modules/.package-lock.json`, last of all, so an installation that was broken off does not have it.
 *
 * @param {string} directory
 */
export function dependenciesInstalled(directory) {
  const wanted = readLock(join(directory, 'package-lock.json'))?.packages;
  const present = readLock(join(directory, 'node_modules', '.package-lock.json'))?.packages;
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, locked]) => {
    if (!path.includes('node_modules/')) return true;
    const installed = present[path];
    // Optional packages of other systems are in the lock and not on this machine.
    if (installed === undefined) return locked.optional === true;
    return installed.version === locked.version && Boolean(installed.link) === Boolean(locked.link);
  });
}

/** npm as npm itself runs it, so that a nested npm is the one that was called. */
function npmCommand() {
  const script = process.env.npm_execpath;
  return script !== undefined && /npm-cli\.[cm]?js$/.test(script) ? [process.execPath, script] : ['npm'];
}

/** The environment for a nested npm: quiet, and with a cache that it can write. */
export function npmEnvironment() {
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env };
  // What the outer `npm run` knows about the package that it runs in would be taken for the nested one's.
  for (const name of Object.keys(env)) {
    if (
      /^npm_(package|lifecycle)_|^npm_config_(local_prefix|workspaces?|include_workspace_root)$/i.test(name)
    )
      delete env[name];
  }
  env.npm_config_audit = 'false';
  env.npm_config_fund = 'false';
  env.npm_config_update_notifier = 'false';
  if (env.npm_config_cache === undefined || usableHome() === undefined) {
    if (usableHome() === undefined) env.npm_config_cache = join(cache, 'npm');
  }
  return env;
}

/**
 * `npm ci` in a directory, without install scripts.
 *
 * @param {string} directory
 * @param {string} what
 */
export async function npmCi(directory, what) {
  const [program, ...args] = [...npmCommand(), 'ci', '--ignore-scripts', '--loglevel=error'];
  await run(what, program, args, {
    cwd: directory,
    env: npmEnvironment(),
    cure: `To see it again, run: cd ${directory} && npm ci --ignore-scripts`,
  });
}

/** Makes sure that the packages of this repository are installed. */
export async function ensureDependencies() {
  if (dependenciesInstalled(root)) return;
  say('npm ci');
  await npmCi(root, 'The installation of npm packages');
}
