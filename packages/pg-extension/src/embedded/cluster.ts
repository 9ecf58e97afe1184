/** The data directory: whose it is, how it is made, and the configuration that the server starts with. */
import { existsSync } from 'node:fs';
import { chown, mkdir, readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Account, accountCan } from './account.js';
import { EmbeddedError } from './errors.js';
import type { Instance } from './instance.js';
import { postmasterAlive } from './processes.js';
import type { Server } from './server.js';
import { settingLine } from './settings.js';

export interface DataDirectory {
  readonly path: string;
  /** Lives and dies with the server: safe to be fast instead of crash-proof. */
  readonly temporary: boolean;
  /** Still to be made by initdb. */
  readonly fresh: boolean;
}

/**
 * Checks a data directory that the caller gave, and makes it when it is not there.
 *
 * @throws {EmbeddedError} `ERR_EMBEDDED_DATA_DIR`
 */
export async function givenDataDirectory(
  given: string,
  server: Server,
  account: Account | undefined,
): Promise<DataDirectory> {
  const directory = path.resolve(given);
  if (/\p{Cc}/u.test(directory)) throw refused(directory, 'its name has a control character');
  const made: string[] = [];
  try {
    await makeMissing(directory, account, made);
    return await examine(directory, server, account);
  } catch (error) {
    for (const each of made) await rmdir(each).catch(() => undefined);
    throw error instanceof EmbeddedError ? error : refused(directory, 'it cannot be used', error);
  }
}

function refused(directory: string, reason: string, cause?: unknown): EmbeddedError {
  const options = cause === undefined ? {} : { cause };
  return new EmbeddedError('ERR_EMBEDDED_DATA_DIR', `data directory ${directory}: ${reason}`, options);
}

async function examine(
  directory: string,
  server: Server,
  account: Account | undefined,
): Promise<DataDirectory> {
  const fail = (reason: string): never => {
    throw refused(directory, reason);
  };
  const info = await stat(directory);
  if (!info.isDirectory()) fail('it is not a directory');
  const who =
    account === undefined
      ? 'this user'
      : `account ${account.name}, which the server runs as when root starts it,`;
  if (!accountCan(account, 'rwx', directory)) {
    fail(`${who} cannot use it; choose one outside closed directories, owned by that account`);
  }
  const uid = account?.uid ?? process.getuid?.() ?? info.uid;
  if (info.uid !== uid) {
    fail(`${who} does not own it; give it over with: chown -R ${account?.name ?? uid} ${quote(directory)}`);
  }
  const names = await readdir(directory);
  if (names.length === 0) return { path: directory, temporary: false, fresh: true };
  if (!names.includes('PG_VERSION')) fail('it is neither empty nor a PostgreSQL cluster');
  const major = (await readFile(path.join(directory, 'PG_VERSION'), 'utf8')).trim();
  if (major !== String(server.majorVersion)) {
    fail(`it is a cluster of PostgreSQL ${major}, and the server is ${server.version}`);
  }
  if (!existsSync(path.join(directory, 'global', 'pg_control'))) {
    fail('it is an unfinished cluster; remove it and start again');
  }
  if (await postmasterAlive(directory)) fail('another server is running in it');
  return { path: directory, temporary: false, fresh: false };
}

/**
 * Makes a directory and what is missing above it. The server's account gets those that we made, and no others.
 *
 * @param made receives what was made, innermost first
 */
async function makeMissing(directory: string, account: Account | undefined, made: string[]): Promise<void> {
  const topmost = await mkdir(directory, { recursive: true, mode: 0o700 });
  if (topmost === undefined) return;
  for (let each = directory; ; each = path.dirname(each)) {
    made.push(each);
    if (account !== undefined) await chown(each, account.uid, account.gid);
    if (each === topmost) return;
  }
}

function quote(word: string): string {
  return /^[\w/.,:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The arguments of initdb for a new cluster. */
export function initdbArguments(server: Server, data: DataDirectory, user: string): string[] {
  return [
    `--pgdata=${data.path}`,
    `--username=${user}`,
    '--auth=trust',
    '--encoding=UTF8',
    ...localeArguments(server.majorVersion),
    '--no-instructions',
    ...(data.temporary ? ['--no-sync'] : []),
  ];
}

/**
 * Byte order and Unicode character classes, the same on every machine: `C.UTF-8`, built into the server from 17 on,
 * before that a locale of the C library. A system without it (musl, macOS) gets plain `C`.
 */
function localeArguments(major: number): string[] {
  if (major >= 17) return ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const installed = ['/usr/lib/locale/C.utf8', '/usr/lib/locale/C.UTF-8'].some((each) => existsSync(each));
  return [`--locale=${installed ? 'C.UTF-8' : 'C'}`];
}

/** Everything that decides how the server runs. */
export interface Configuration {
  readonly data: DataDirectory;
  readonly port: number;
  readonly settings: ReadonlyMap<string, string>;
  /** Settings that make the server find staged extensions. */
  readonly stage: ReadonlyMap<string, string>;
}

/**
 * Writes the configuration files and returns the server's arguments.
 *
 * The cluster's own `postgresql.conf` is read first, then ours, then the caller's settings; `ALTER SYSTEM` beats them
 * all, as ever. A few settings decide where the server is and who gets in. They are arguments, which beat even that.
 */
export async function configure(instance: Instance, configuration: Configuration): Promise<string[]> {
  const { data, port, settings, stage } = configuration;
  const file = (name: string): string => path.join(instance.conf, name);
  const own = new Map<string, string>([
    ['logging_collector', 'off'],
    ['log_destination', 'stderr'],
    ['ssl', 'off'],
  ]);
  if (data.temporary) {
    // Nothing has to survive a crash of the machine: what is in the directory goes with the server.
    for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) own.set(name, 'off');
    for (const name of ['timezone', 'log_timezone']) own.set(name, 'UTC');
  }
  let text = settingLine('include_if_exists', path.join(data.path, 'postgresql.conf'));
  for (const [name, value] of [...own, ...settings]) text += settingLine(name, value);
  await writeFile(file('postgresql.conf'), text, { mode: 0o600 });
  await writeFile(file('pg_hba.conf'), hostBasedAuthentication, { mode: 0o600 });
  await writeFile(file('pg_ident.conf'), '', { mode: 0o600 });
  const fixed = new Map<string, string>([
    ['config_file', file('postgresql.conf')],
    ['data_directory', data.path],
    ['hba_file', file('pg_hba.conf')],
    ['ident_file', file('pg_ident.conf')],
    ['external_pid_file', path.join(instance.base, 'pid')],
    ['unix_socket_directories', `"${instance.socketDir.replaceAll('"', '""')}"`],
    ['unix_socket_permissions', '0700'],
    ['unix_socket_group', ''],
    ['listen_addresses', settings.get('listen_addresses') ?? ''],
    ['port', String(port)],
    ...stage,
  ]);
  return ['-D', data.path, ...[...fixed].flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/**
 * Whoever can open the socket is let in: the directory it lies in is 0700. Loopback connections, should the caller
 * ask for them with `listen_addresses`, need a password, and no role has one at first.
 */
const hostBasedAuthentication = `local all all trust
local replication all trust
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
`;
