// @ts-check
/**
 * PostgreSQL's headers without rights on the system: Debian's packages, fetched by apt as this user and unpacked into
 * `.cache`. pg_config finds its directories relative to itself, so PGXS works from there. Packages are checked by apt
 * against the distribution's signature as ever.
 */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { aptFirstAvailable } from './packages.mjs';
import { cache, ensureDirectory } from './paths.mjs';
import { attempt, run, SetupError, say } from './process.mjs';

const place = join(cache, 'postgresql');

/** @param {number} major */
function pgConfigOf(major) {
  return join(place, String(major), 'usr', 'lib', 'postgresql', String(major), 'bin', 'pg_config');
}

/**
 * Options that let apt work beside the system's state instead of in it: lists of our own, the system's list of
 * installed packages, no locks and no change of user.
 */
function privateState() {
  const state = ensureDirectory(join(place, 'apt', 'state'));
  ensureDirectory(join(state, 'lists', 'partial'));
  const archives = ensureDirectory(join(place, 'apt', 'cache', 'archives', 'partial'));
  return [
    `Dir::State=${state}`,
    `Dir::State::lists=${join(state, 'lists')}`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::Cache=${join(archives, '..', '..')}`,
    `Dir::Cache::archives=${join(archives, '..')}`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=',
  ].flatMap((option) => ['-o', option]);
}

/**
 * @param {readonly number[]} majors best first
 * @param {string} otherwise what a person can do when this fails
 * @returns {Promise<string>} pg_config
 */
export async function unpackHeaders(majors, otherwise) {
  const present = majors.map(pgConfigOf).find((file) => existsSync(file));
  if (present !== undefined) return present;
  const candidates = majors.map((major) => `postgresql-server-dev-${major}`);
  /** @type {string[]} */
  let options = [];
  let name = await aptFirstAvailable(candidates);
  if (name === undefined) {
    options = await privateLists(otherwise);
    name = await aptFirstAvailable(candidates, options);
  }
  if (name === undefined) throw new SetupError(`apt knows no PostgreSQL that is supported. ${otherwise}`);
  const major = Number(name.split('-').at(-1));
  const fetched = mkdtempSync(join(ensureDirectory(place), 'fetch-'));
  try {
    await download(fetched, [name, `postgresql-client-${major}`, 'libpq-dev'], options, otherwise);
    const tree = join(fetched, 'tree');
    for (const file of readdirSync(fetched).filter((each) => each.endsWith('.deb'))) {
      await run(`Unpacking ${file}`, 'dpkg-deb', ['-x', join(fetched, file), tree], { cure: otherwise });
    }
    const target = join(place, String(major));
    rmSync(target, { recursive: true, force: true });
    renameSync(tree, target);
  } finally {
    rmSync(fetched, { recursive: true, force: true });
  }
  return pgConfigOf(major);
}

/** Fetches package lists of our own. @param {string} otherwise */
async function privateLists(otherwise) {
  const options = privateState();
  say("apt-get update, into .cache, not into the system's lists");
  const { status, output } = await attempt('apt-get', ['update', '-q', ...options]);
  if (status !== 0) throw new SetupError(`The package lists could not be fetched. ${otherwise}`, { output });
  return options;
}

/** @param {string} into @param {string[]} names @param {string[]} options @param {string} otherwise */
async function download(into, names, options, otherwise) {
  say(`apt-get download ${names.join(' ')}`);
  let result = await attempt('apt-get', ['download', '-q', ...options, ...names], { cwd: into });
  if (result.status !== 0 && options.length === 0) {
    // The system's lists are of an older day.
    const fresh = await privateLists(otherwise);
    result = await attempt('apt-get', ['download', '-q', ...fresh, ...names], { cwd: into });
  }
  if (result.status !== 0) {
    throw new SetupError(`PostgreSQL's headers could not be fetched. ${otherwise}`, {
      output: result.output,
    });
  }
}
