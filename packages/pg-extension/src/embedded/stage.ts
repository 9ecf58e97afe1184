/**
 * Extensions that are not installed: trees made by `make install DESTDIR=...`, our own among them. Their files are
 * copied into the server's private directory, laid out for that server. So a rebuild never changes a library under
 * a running server, the server's account need not reach the source, and a tree may have been staged with another
 * installation of the same major (Debian's headers, the npm package's server).
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmbeddedError } from './errors.js';
import { copyOne, copyTree } from './files.js';
import type { Server } from './server.js';

/** An extension by name, or every extension of a staged tree. */
export type ExtensionSource = string | { readonly stage: string };

/** What is built here by default. */
export const ownExtensions: readonly string[] = ['vector'];

/** The root of this package, both from `src/` and from `dist/src/`. */
function packageRoot(): string {
  let directory = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(directory, 'package.json'))) directory = path.dirname(directory);
  return directory;
}

/** Where our own build stages its extensions for a major. */
export function ownStage(major: number): string {
  return path.join(packageRoot(), 'build', 'stage', `pg${major}`);
}

/** One staged tree: its `extension` directories' parents, and its libraries. */
interface Staged {
  readonly shareDirs: readonly string[];
  readonly libraries: readonly string[];
  readonly names: ReadonlySet<string>;
}

const controlFile = /^([^.].*)\.control$/;

async function readStage(root: string): Promise<Staged> {
  const shareDirs: string[] = [];
  const libraries: string[] = [];
  const names = new Set<string>();
  const walk = async (directory: string): Promise<void> => {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      const file = path.join(directory, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== 'bitcode') await walk(file);
        continue;
      }
      if (/\.(so|dylib)$/.test(entry.name)) libraries.push(file);
      const name = controlFile.exec(entry.name)?.[1];
      if (name !== undefined && path.basename(directory) === 'extension') {
        names.add(name);
        const shareDir = path.dirname(directory);
        if (!shareDirs.includes(shareDir)) shareDirs.push(shareDir);
      }
    }
  };
  await walk(root);
  return { shareDirs, libraries, names };
}

/** Whether our build for a major has all of these extensions. Names that the server itself may have do not count. */
export function stagedFor(major: number, extensions: readonly ExtensionSource[]): boolean {
  const wanted = extensions.filter((each) => typeof each === 'string' && ownExtensions.includes(each));
  return wanted.length === 0 || existsSync(ownStage(major));
}

/** @throws {EmbeddedError} `ERR_EMBEDDED_OPTION` */
export function checkExtensions(
  extensions: readonly ExtensionSource[] | undefined,
): readonly ExtensionSource[] {
  if (extensions === undefined) return ownExtensions;
  const valid =
    Array.isArray(extensions) &&
    extensions.every((each: unknown) =>
      typeof each === 'string'
        ? /^[^./\\\0]+$/.test(each)
        : typeof each === 'object' &&
          each !== null &&
          typeof (each as { stage?: unknown }).stage === 'string',
    );
  if (!valid) {
    throw new EmbeddedError(
      'ERR_EMBEDDED_OPTION',
      'extensions must be a list of extension names and of { stage: directory }',
    );
  }
  return extensions;
}

/**
 * The staged trees that a server of this major needs for these extensions, each with something in it.
 *
 * @throws {EmbeddedError} `ERR_EMBEDDED_EXTENSION`
 */
export async function findStages(server: Server, extensions: readonly ExtensionSource[]): Promise<Staged[]> {
  const roots = new Set<string>();
  for (const extension of extensions) {
    if (typeof extension !== 'string') {
      roots.add(path.resolve(extension.stage));
      continue;
    }
    const own = ownStage(server.majorVersion);
    if (existsSync(own) && (await readStage(own)).names.has(extension)) roots.add(own);
    else if (!existsSync(path.join(server.sharedir, 'extension', `${extension}.control`))) {
      throw new EmbeddedError('ERR_EMBEDDED_EXTENSION', missing(server, extension));
    }
  }
  const stages: Staged[] = [];
  for (const root of roots) {
    let staged: Staged;
    try {
      staged = await readStage(root);
    } catch (error) {
      throw new EmbeddedError('ERR_EMBEDDED_EXTENSION', `the stage ${root} cannot be read`, { cause: error });
    }
    if (staged.names.size === 0) {
      throw new EmbeddedError(
        'ERR_EMBEDDED_EXTENSION',
        `there is no extension/*.control below ${root}; make such a tree with: make install DESTDIR=${root}`,
      );
    }
    stages.push(staged);
  }
  return stages;
}

function missing(server: Server, extension: string): string {
  const what = `extension "${extension}" is neither built for PostgreSQL ${server.majorVersion} nor part of the server`;
  if (!ownExtensions.includes(extension)) return `${what}; give its stage: { stage: '/path/of/DESTDIR' }`;
  const config = path.join(server.bindir, 'pg_config');
  const headers = existsSync(config) ? config : `/usr/lib/postgresql/${server.majorVersion}/bin/pg_config`;
  return `${what}; build it: RUVECTOR_PG_CONFIG=${headers} node ${path.join(packageRoot(), 'native', 'build.mjs')}`;
}

/** How a server is told about extensions that lie elsewhere. */
export interface StagePlan {
  /** Where libraries are put. */
  readonly pkglibdir: string;
  /** What `extension/` is put into. */
  readonly sharedir: string;
  /** Settings that make the server look there. */
  readonly settings: ReadonlyMap<string, string>;
}

/**
 * Plans for a server, by the settings that it has:
 *
 * - `extension_control_path` (18 and later): a list of directories, searched for `extension/<name>.control`.
 * - `extension_destdir` (Debian's patch, until 17): a prefix of the server's own paths. It counts for control files,
 *   scripts and `$libdir/name`, but not for a bare library name.
 * - neither: files go into the server's own directories. `undefined` unless those are a private copy.
 *
 * Both ways need `dynamic_library_path` as well, for names without a directory.
 */
export function planStage(
  server: Server,
  known: ReadonlySet<string>,
  stageDir: string,
  copied: boolean,
): StagePlan | undefined {
  if (known.has('extension_control_path')) {
    const pkglibdir = path.join(stageDir, 'lib');
    const sharedir = path.join(stageDir, 'share');
    const settings = new Map([
      ['extension_control_path', `${sharedir}:$system`],
      ['dynamic_library_path', `${pkglibdir}:$libdir`],
    ]);
    return { pkglibdir, sharedir, settings };
  }
  if (known.has('extension_destdir')) {
    const pkglibdir = path.join(stageDir, server.pkglibdir);
    const settings = new Map([
      ['extension_destdir', stageDir],
      ['dynamic_library_path', `${pkglibdir}:$libdir`],
    ]);
    return { pkglibdir, sharedir: path.join(stageDir, server.sharedir), settings };
  }
  if (copied) return { pkglibdir: server.pkglibdir, sharedir: server.sharedir, settings: new Map() };
  return undefined;
}

/** Copies staged files to where the plan wants them. Later trees win over earlier ones. */
export async function layOut(stages: readonly Staged[], plan: StagePlan): Promise<void> {
  await mkdir(plan.pkglibdir, { recursive: true, mode: 0o755 });
  for (const staged of stages) {
    for (const shareDir of staged.shareDirs) await copyTree(shareDir, plan.sharedir);
    for (const library of staged.libraries) {
      await copyOne(library, path.join(plan.pkglibdir, path.basename(library)), true);
    }
  }
}
