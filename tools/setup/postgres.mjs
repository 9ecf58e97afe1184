// @ts-check
/**
 * A PostgreSQL to build against (pg_config, headers, PGXS) and one to run. They may be two: without rights on the
 * system the headers come out of Debian's packages, unpacked into `.cache`, and the server from npm.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { unpackHeaders } from './headers.mjs';
import { withoutMainCluster } from './maincluster.mjs';
import {
  aptFirstAvailable,
  aptInstall,
  aptRefresh,
  hasApt,
  installCommand,
  mayInstall,
} from './packages.mjs';
import { attempt, SetupError, which } from './process.mjs';
import { ensureServerPackage } from './servers.mjs';

/** Majors that the extensions support, best first. */
export const majors = [18, 17, 16, 15, 14];

/**
 * @typedef {object} Installation
 * @property {string} pgConfig
 * @property {number} major
 * @property {boolean} headers there is enough to build extensions
 * @property {boolean} server there is a server to run
 */

/**
 * @typedef {object} Postgres
 * @property {string} pgConfig what to build with
 * @property {string | undefined} serverPackage the npm package's directory, when that is what to run
 */

/** @param {string} pgConfig @returns {Promise<Installation | undefined>} */
export async function inspect(pgConfig) {
  const asked = ['--version', '--bindir', '--includedir-server', '--pgxs'];
  const { status, stdout } = await attempt(pgConfig, asked);
  const [version = '', bindir = '', include = '', pgxs = ''] = stdout.split('\n');
  const major = Number(/PostgreSQL (\d+)/.exec(version)?.[1]);
  if (status !== 0 || !majors.includes(major)) return undefined;
  const headers = existsSync(join(include, 'postgres.h')) && existsSync(pgxs);
  const server = existsSync(join(bindir, 'postgres')) && existsSync(join(bindir, 'initdb'));
  return { pgConfig, major, headers, server };
}

/** What is installed, best first: with headers and a server, then newest. @returns {Promise<Installation[]>} */
async function installed() {
  const files = [which('pg_config')];
  const debian = '/usr/lib/postgresql';
  for (const major of existsSync(debian) ? readdirSync(debian) : []) {
    files.push(join(debian, major, 'bin', 'pg_config'));
  }
  const found = await Promise.all(
    [...new Set(files)].map((file) => (file && existsSync(file) ? inspect(file) : undefined)),
  );
  /** @param {Installation} each */
  const worth = (each) =>
    Number(each.headers && each.server) * 1000 + Number(each.headers) * 100 + each.major;
  return found.filter((each) => each !== undefined).sort((a, b) => worth(b) - worth(a));
}

/**
 * Makes sure that there is a PostgreSQL to build with and to run.
 *
 * @returns {Promise<Postgres>}
 */
export async function ensurePostgres() {
  const named = process.env.RUVECTOR_PG_CONFIG;
  if (named) return withServer(await readNamed(named));
  let [best] = await installed();
  if (best?.headers && best.server) return { pgConfig: best.pgConfig, serverPackage: undefined };
  if (await mayInstall()) {
    await installPackages(best);
    [best] = await installed();
    if (best?.headers && best.server) return { pgConfig: best.pgConfig, serverPackage: undefined };
    throw new SetupError(`PostgreSQL was installed and is not found. ${howToInstall(best)}`);
  }
  if (best?.headers) return withServer(best);
  if (hasApt()) {
    const unpacked = await inspect(
      await unpackHeaders(best?.server ? [best.major] : majors, howToInstall(best)),
    );
    if (unpacked?.headers) {
      return best?.server && best.major === unpacked.major
        ? { pgConfig: unpacked.pgConfig, serverPackage: undefined }
        : withServer(unpacked);
    }
  }
  throw new SetupError(`PostgreSQL's server and headers are needed. ${howToInstall(best)}`);
}

/** @param {string} pgConfig */
async function readNamed(pgConfig) {
  const found = await inspect(pgConfig);
  if (found?.headers) return found;
  const what =
    found === undefined
      ? `is not the pg_config of PostgreSQL ${majors.at(-1)} to ${majors[0]}`
      : 'has no server headers';
  throw new SetupError(
    `RUVECTOR_PG_CONFIG=${pgConfig} ${what}. Unset it, or: ${installPostgres(found?.major)}`,
  );
}

/** @param {Installation} build @returns {Promise<Postgres>} */
async function withServer(build) {
  if (build.server) return { pgConfig: build.pgConfig, serverPackage: undefined };
  const serverPackage = await ensureServerPackage(build.major);
  return { pgConfig: build.pgConfig, serverPackage };
}

/** @param {Installation | undefined} best */
async function installPackages(best) {
  await aptRefresh();
  const wanted = best?.server ? [best.major] : majors;
  const name = await aptFirstAvailable(wanted.map((major) => `postgresql-server-dev-${major}`));
  if (name === undefined)
    throw new SetupError(`apt knows no PostgreSQL that is supported. ${howToInstall(best)}`);
  const major = Number(name.split('-').at(-1));
  const names = [`postgresql-${major}`, name];
  await withoutMainCluster(() => aptInstall(best?.server ? [name] : names));
}

/** @param {Installation | undefined} best */
function howToInstall(best) {
  return `Install them with: ${installPostgres(best?.major)}`;
}

/** @param {number | undefined} major */
function installPostgres(major) {
  const dev = major === undefined ? 'postgresql-server-dev-all' : `postgresql-server-dev-${major}`;
  return installCommand({
    apt: `postgresql ${dev}`,
    dnf: 'postgresql-server postgresql-server-devel',
    apk: 'postgresql postgresql-dev',
    pacman: 'postgresql postgresql-libs',
    brew: 'postgresql@17',
  });
}
