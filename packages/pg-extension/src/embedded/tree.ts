/**
 * A private copy of a server's programs, for a server that cannot be used where it lies: the npm package (npm packs
 * no symbolic links, so its libraries lack the names that they are looked up by), one that the server's account
 * cannot reach, and one that can find extensions in its own directories only.
 *
 * A server finds its libraries and shared files relative to its own program (src/port/path.c), so the copy keeps
 * the distances between the directories.
 */
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { EmbeddedError } from './errors.js';
import { copyOne, copyTree } from './files.js';
import type { Server } from './server.js';

const programs = ['postgres', 'initdb'] as const;

/** Copies `server` into the directory `to`, which must not exist. */
export async function copyServer(server: Server, to: string): Promise<Server> {
  return server.packaged ? copyPackage(server, to) : copyInstallation(server, to);
}

async function copyPackage(server: Server, to: string): Promise<Server> {
  const native = path.dirname(server.bindir);
  // Archives for linking are of no use to a server.
  await copyTree(
    path.join(native, 'lib'),
    path.join(to, 'lib'),
    (name) => !name.endsWith('.a') && name !== 'pkgconfig',
  );
  await copyTree(path.join(native, 'share'), path.join(to, 'share'));
  await copyPrograms(server.bindir, path.join(to, 'bin'));
  await restoreLinks(path.join(native, 'pg-symlinks.json'), to);
  return moved(server, native, to);
}

/** The links that the package would make at its installation: `[{"source":"native/lib/…","target":"native/lib/…"}]`. */
async function restoreLinks(list: string, to: string): Promise<void> {
  if (!existsSync(list)) return;
  const links: unknown = JSON.parse(await readFile(list, 'utf8'));
  for (const link of Array.isArray(links) ? (links as { source?: unknown; target?: unknown }[]) : []) {
    const source = inside(to, link.source);
    const target = inside(to, link.target);
    if (source === undefined || target === undefined || !existsSync(source) || existsSync(target)) continue;
    await symlink(path.relative(path.dirname(target), source), target);
  }
}

/** The place of a package's file in the copy; `undefined` when the name leads out of it. */
function inside(to: string, name: unknown): string | undefined {
  if (typeof name !== 'string' || !name.startsWith('native/')) return undefined;
  const file = path.join(to, name.slice('native/'.length));
  return file.startsWith(to + path.sep) ? file : undefined;
}

async function copyInstallation(server: Server, to: string): Promise<Server> {
  const prefix = commonAncestor([server.bindir, server.pkglibdir, server.sharedir]);
  const copy = moved(server, prefix, to);
  await copyTree(server.sharedir, copy.sharedir);
  await copyTree(server.pkglibdir, copy.pkglibdir, (name) => name !== 'pgxs' && name !== 'bitcode');
  await copyPrograms(server.bindir, copy.bindir);
  // Libraries of a self-contained installation (/opt/pg/lib). A system's own (/usr/lib) is found by the loader.
  if (
    prefix.split(path.sep).length > 2 &&
    copy.libdir.startsWith(to + path.sep) &&
    existsSync(server.libdir)
  ) {
    await mkdir(copy.libdir, { recursive: true, mode: 0o755 });
    for (const name of await readdir(server.libdir)) {
      if (/\.so(\.\d+)*$|\.dylib$/.test(name)) {
        await copyOne(path.join(server.libdir, name), path.join(copy.libdir, name), true);
      }
    }
  }
  return copy;
}

async function copyPrograms(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o755 });
  for (const name of programs) {
    try {
      await copyOne(path.join(from, name), path.join(to, name), true);
    } catch (error) {
      throw new EmbeddedError('ERR_EMBEDDED_NO_SERVER', `${path.join(from, name)} cannot be copied`, {
        cause: error,
      });
    }
  }
  await chmod(to, 0o755);
}

/** The same server with `prefix` replaced in its directories. */
function moved(server: Server, prefix: string, to: string): Server {
  const place = (directory: string): string => {
    const rest = path.relative(prefix, directory);
    return rest.startsWith('..') || path.isAbsolute(rest) ? directory : path.join(to, rest);
  };
  return {
    ...server,
    bindir: place(server.bindir),
    pkglibdir: place(server.pkglibdir),
    sharedir: place(server.sharedir),
    libdir: place(server.libdir),
  };
}

function commonAncestor(directories: readonly string[]): string {
  const [first = [], ...rest] = directories.map((directory) => path.resolve(directory).split(path.sep));
  let length = first.length;
  for (const other of rest) {
    let same = 0;
    while (same < length && first[same] === other[same]) same++;
    length = same;
  }
  return first.slice(0, length).join(path.sep) || path.sep;
}
