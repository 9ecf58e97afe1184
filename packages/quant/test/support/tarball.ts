/** The package as npm would publish it, with core-simd, and a project that has installed them, without a registry. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { addon, prebuilds } from '../../native/prebuild.mjs';
import { buildAddon, packageDir } from './backend.js';

const require = createRequire(import.meta.url);

/** The folder of a package that this one depends on. */
function folderOf(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}

/** Quiet, and no question to a registry. */
const env = {
  ...process.env,
  npm_config_offline: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
  npm_config_loglevel: 'error',
};

function npm(args: string[], cwd: string): string {
  return execFileSync('npm', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const temporary: string[] = [];

export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `quant-${name}-`));
  temporary.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of temporary.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Packs a folder; the tarball. */
function pack(folder: string): string {
  const destination = temporaryFolder('tarball');
  npm(['pack', '--ignore-scripts', '--pack-destination', destination, folder], destination);
  const tarball = readdirSync(destination).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack wrote no tarball');
  return join(destination, tarball);
}

/**
 * Packs the package with dist/ made from src/ anew.
 *
 * @param place puts what shall be below prebuilds/ into the folder it is given
 * @returns the tarball
 */
export function packPackage(place: (packageFolder: string) => void): string {
  const stage = join(temporaryFolder('pack'), 'package');
  mkdirSync(stage);
  const absent = new Set(
    ['node_modules', 'dist', 'prebuilds', join('native', 'build')].map((name) => join(packageDir, name)),
  );
  cpSync(packageDir, stage, { recursive: true, filter: (path) => !absent.has(path) });
  const tsc = join(folderOf('typescript'), 'bin', 'tsc');
  const emit = ['--outDir', join(stage, 'dist'), '--tsBuildInfoFile', join(stage, '..', 'tsbuildinfo')];
  execFileSync(process.execPath, [tsc, '-p', packageDir, ...emit], { stdio: ['ignore', 'pipe', 'pipe'] });
  place(stage);
  return pack(stage);
}

/** Where a prebuild for this machine lies in the package. */
export function prebuiltAddon(): string {
  const target = prebuilds.hostTarget();
  if (target === undefined) throw new Error('no prebuild is made for this machine');
  return prebuilds.prebuildPath(addon.name, target);
}

/** What stands in for a prebuild in fast tests: the addon that build.mjs makes, where prebuild.mjs would put it. */
export function placeBuiltAddon(packageFolder: string): void {
  buildAddon();
  const path = join(packageFolder, prebuiltAddon());
  mkdirSync(dirname(path), { recursive: true });
  cpSync(join(packageDir, 'native/build/Release/quant.node'), path);
}

/** A project of its own that has installed tarballs, with nothing but what is in them. */
export interface Project {
  readonly dir: string;
  /** The installed package. */
  readonly installed: string;
  /** Runs a script in the project; what it prints, as JSON. */
  run(
    script: string,
    options?: { readonly commonjs?: boolean; readonly env?: Readonly<Record<string, string>> },
  ): unknown;
}

/** core-simd's tarball, of what its build has left in the repository, and that of node-gyp-build. */
function dependencies(): string[] {
  const simd = folderOf('@ruvector/core-simd');
  const stage = join(temporaryFolder('pack'), 'package');
  const absent = new Set(['node_modules', join('native', 'build')].map((name) => join(simd, name)));
  cpSync(simd, stage, { recursive: true, filter: (path) => !absent.has(path) });
  return [pack(stage), pack(folderOf('node-gyp-build'))];
}

/** Installs a tarball of the package, and of what it depends on, into an empty folder. */
export function installTarball(tarball: string): Project {
  const dir = temporaryFolder('project');
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'project', private: true }));
  npm(['install', tarball, ...dependencies()], dir);
  return {
    dir,
    installed: join(dir, 'node_modules', '@ruvector', 'quant'),
    run(script, { commonjs = false, env: more = {} } = {}) {
      const args = [`--input-type=${commonjs ? 'commonjs' : 'module'}`, '-e', script];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, {
        cwd: dir,
        encoding: 'utf8',
        env: { ...process.env, RUVECTOR_SIMD: '', NODE_OPTIONS: '', ...more },
      });
      if (status !== 0) throw new Error(stderr);
      return JSON.parse(stdout);
    },
  };
}
