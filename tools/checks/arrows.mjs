// @ts-check
/**
 * The arrows between packages: who may use whom. Looks at every way to reach another package: the four kinds of
 * dependencies, imports, paths, C includes and the lists of C sources.
 *
 * Besides the arrows themselves: what is imported is declared (a published package stands alone), nothing is imported
 * past another package's `exports`, and no path leads from one package into another.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { writtenFiles } from './files.mjs';
import { includesOf, reachesOf } from './imports.mjs';
import { readManifest, readWorkspaces } from './workspaces.mjs';

/** Libraries, each with those that it may use. */
const libraries = /** @type {Record<string, readonly string[]>} */ ({
  'core-simd': [],
  quant: ['core-simd'],
  hnsw: ['core-simd', 'quant'],
  'graph-cypher': [],
  integrity: [],
});
const composed = Object.keys(libraries);
const published = [...composed, 'pg-extension'];

/**
 * The packages that a workspace may use, by directory name; `undefined` for one that has no place in the architecture.
 *
 * @param {string} path of the workspace: `packages/quant`
 * @returns {readonly string[] | undefined}
 */
export function allowedFrom(path) {
  const [parent, name = ''] = path.split('/');
  if (parent === 'packages') {
    if (name === 'pg-extension') return composed;
    if (name === 'bench') return published;
    return Object.hasOwn(libraries, name) ? libraries[name] : undefined;
  }
  return ['conformance', 'examples', 'tools'].includes(parent) ? published : undefined;
}

const dependencyKinds = /** @type {const} */ ([
  'dependencies',
  'devDependencies',
  'peerDependencies',
  'optionalDependencies',
]);

/**
 * @typedef {import('./workspaces.mjs').Workspace} Workspace
 * @typedef {import('./workspaces.mjs').Manifest} Manifest
 */

/**
 * Everything in a repository that goes against the arrows, one line each: `path:line: what`.
 *
 * @param {string} root
 * @returns {string[]}
 */
export function brokenArrows(root) {
  const workspaces = readWorkspaces(root);
  const rootManifest = readManifest(join(root, 'package.json'));
  return workspaces.flatMap((workspace) => {
    const allowed = allowedFrom(workspace.path);
    const manifest = `${workspace.path}/package.json`;
    if (allowed === undefined) return [`${manifest}: this package has no place in the architecture`];
    const check = new WorkspaceCheck(root, workspace, workspaces, allowed, rootManifest);
    check.manifest(manifest);
    for (const file of writtenFiles(join(root, workspace.path))) {
      const path = `${workspace.path}/${file}`;
      if (/\.[cm]?[jt]sx?$/.test(file)) check.script(path);
      else if (/\.(c|cc|cpp|h|hpp|inc)$/.test(file)) check.native(path);
      else if (posix.basename(file) === 'sources.json') check.sources(path);
    }
    return check.broken;
  });
}

/** The package that a specifier names: `@a/b/c` names `@a/b`. @param {string} specifier */
function packageOf(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

class WorkspaceCheck {
  /** @type {string[]} */
  broken = [];

  /**
   * @param {string} root
   * @param {Workspace} workspace
   * @param {readonly Workspace[]} workspaces
   * @param {readonly string[]} allowed
   * @param {Manifest} rootManifest
   */
  constructor(root, workspace, workspaces, allowed, rootManifest) {
    this.root = root;
    this.workspace = workspace;
    this.workspaces = workspaces;
    this.allowed = allowed;
    this.rootManifest = rootManifest;
  }

  /** @param {Workspace} other */
  mayUse(other) {
    const [parent, name = ''] = other.path.split('/');
    return other.path === this.workspace.path || (parent === 'packages' && this.allowed.includes(name));
  }

  /** @param {string} where @param {Workspace} other @param {string} how */
  arrow(where, other, how) {
    if (!this.mayUse(other))
      this.broken.push(`${where}: ${this.workspace.path} may not use ${other.path} (${how})`);
  }

  /** @param {string} file */
  manifest(file) {
    for (const kind of dependencyKinds) {
      for (const name of Object.keys(this.workspace.manifest[kind] ?? {})) {
        const other = this.workspaces.find(({ manifest }) => manifest.name === name);
        if (other !== undefined) this.arrow(file, other, kind);
      }
    }
  }

  /** @param {string} file */
  script(file) {
    for (const { specifier, line, kind, typeOnly, dynamic } of reachesOf(join(this.root, file))) {
      const where = `${file}:${line}`;
      if (kind === 'directory') {
        const other = this.workspaces.find(({ path }) => path === `packages/${specifier}`);
        if (other !== undefined) this.arrow(where, other, 'a path');
      } else if (/^\.{1,2}(\/|$)/.test(specifier)) this.path(where, file, specifier, kind === 'module');
      else if (kind === 'module') this.module(where, file, specifier, { typeOnly, dynamic });
    }
  }

  /** A relative path: modules stay in their package; other files may be anywhere but in a package that may not be used. */
  /** @param {string} where @param {string} file @param {string} specifier @param {boolean} isModule */
  path(where, file, specifier, isModule) {
    const target = posix.join(posix.dirname(file), specifier);
    const other = this.ownerOf(target);
    if (other?.path === this.workspace.path) return;
    if (other !== undefined) this.arrow(where, other, `the path ${specifier}`);
    if (isModule) this.broken.push(`${where}: the import ${specifier} leads out of ${this.workspace.path}`);
  }

  /** @param {string} where @param {string} file @param {string} specifier @param {{ typeOnly: boolean, dynamic: boolean }} how */
  module(where, file, specifier, how) {
    if (isBuiltin(specifier) || /^(node|data|file|https?):/.test(specifier)) return;
    if (specifier.startsWith('#')) {
      // Node lets such a name lead nowhere but into its own package, or to a package by its name.
      if (!Object.hasOwn(this.workspace.manifest.imports ?? {}, specifier)) {
        this.broken.push(`${where}: ${specifier} is not in the imports of ${this.workspace.path}`);
      }
      return;
    }
    const name = packageOf(specifier);
    const { manifest } = this.workspace;
    const other = this.workspaces.find((each) => each.manifest.name === name);
    if (other !== undefined) {
      this.arrow(where, other, `the import ${specifier}`);
      const door = `.${specifier.slice(name.length)}`;
      if (!Object.hasOwn(other.manifest.exports ?? {}, door)) {
        this.broken.push(`${where}: ${name} has no door ${JSON.stringify(door)} in its exports`);
      }
      if (other.path === this.workspace.path) return;
    }
    if (name === manifest.name) return;
    const shipped = this.shipped(file);
    // A benchmark goes on without a peer that is not there.
    if (how.dynamic && !shipped) return;
    const needed = shipped && !how.typeOnly;
    const declared = [
      manifest.dependencies,
      manifest.peerDependencies,
      manifest.optionalDependencies,
      ...(needed ? [] : [manifest.devDependencies, this.rootManifest.devDependencies]),
    ];
    if (!declared.some((names) => names !== undefined && Object.hasOwn(names, name))) {
      const kind = needed ? 'dependency' : 'dependency or devDependency';
      this.broken.push(`${where}: ${name} is not a ${kind} of ${this.workspace.path}`);
    }
  }

  /** Whether a file runs at a user's: sources of published packages, not tests and not build scripts. @param {string} file */
  shipped(file) {
    if (this.workspace.manifest.private === true) return false;
    const inside = file.slice(this.workspace.path.length + 1);
    return /^(src|catalog|emit)\//.test(inside);
  }

  /** @param {string} file */
  native(file) {
    for (const { name, line } of includesOf(readFileSync(join(this.root, file), 'utf8'))) {
      const where = `${file}:${line}`;
      const beside = posix.join(posix.dirname(file), name);
      if (existsSync(join(this.root, beside))) {
        const other = this.ownerOf(beside);
        if (other !== undefined) this.arrow(where, other, `the include ${name}`);
      } else if (
        !includeDirectories(this.root, this.workspace).some((each) => existsSync(join(each, name)))
      ) {
        const other = this.workspaces.find((each) =>
          includeDirectories(this.root, each).some((directory) => existsSync(join(directory, name))),
        );
        if (other !== undefined) this.arrow(where, other, `the include ${name}`);
      }
    }
  }

  /** @param {string} file */
  sources(file) {
    /** @param {unknown} value */
    const visit = (value) => {
      if (typeof value === 'string') {
        if (!value.startsWith('..')) return;
        const other = this.ownerOf(posix.join(posix.dirname(file), value));
        if (other !== undefined) this.arrow(file, other, `the source ${value}`);
      } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
    };
    visit(JSON.parse(readFileSync(join(this.root, file), 'utf8')));
  }

  /** The workspace that a path of the repository lies in. @param {string} target */
  ownerOf(target) {
    return this.workspaces.find(({ path }) => target === path || target.startsWith(`${path}/`));
  }
}

/**
 * Where a package's own C files and others find its headers: `includeDirs` anywhere in its `sources.json`.
 *
 * @param {string} root
 * @param {Workspace} workspace
 * @returns {string[]}
 */
function includeDirectories(root, workspace) {
  const file = join(root, workspace.path, 'native', 'sources.json');
  if (!existsSync(file)) return [];
  /** @type {string[]} */
  const directories = [];
  /** @param {unknown} value */
  const visit = (value) => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, each] of Object.entries(value)) {
      if (key === 'includeDirs' && Array.isArray(each)) {
        for (const directory of each) directories.push(join(dirname(file), String(directory)));
      } else visit(each);
    }
  };
  visit(JSON.parse(readFileSync(file, 'utf8')));
  return directories;
}
