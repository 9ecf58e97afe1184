/** The package as npm would publish it, and a project that has installed it, without a registry. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { addon } from '../../native/prebuild.mjs';
import { hostTarget, prebuildPath } from '../../native/prebuild-addon.mjs';
import { buildAddon, packageDir } from './backend.js';
import { builtAddon } from './package.js';

const require = createRequire(import.meta.url);

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
  const folder = mkdtempSync(join(tmpdir(), `core-simd-${name}-`));
  temporary.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of temporary.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/**
 * Packs the package with dist/ made from src/ anew.
 *
 * @param prebuilds puts what shall be below prebuilds/ into the folder it is given
 * @returns the tarball
 */
export function packPackage(prebuilds: (packageFolder: string) => void): string {
  const stage = join(temporaryFolder('pack'), 'package');
  mkdirSync(stage);
  const absent = new Set(
    ['node_modules', 'dist', 'prebuilds', 'build'].map((name) => join(packageDir, name)),
  );
  absent.add(join(packageDir, 'native', 'build'));
  cpSync(packageDir, stage, { recursive: true, filter: (path) => !absent.has(path) });
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  const emit = ['--outDir', join(stage, 'dist'), '--tsBuildInfoFile', join(stage, '..', 'tsbuildinfo')];
  execFileSync(process.execPath, [tsc, '-p', packageDir, ...emit], { stdio: ['ignore', 'pipe', 'pipe'] });
  prebuilds(stage);
  npm(['pack', '--ignore-scripts', '--pack-destination', dirname(stage)], stage);
  const tarball = readdirSync(dirname(stage)).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack wrote no tarball');
  return join(dirname(stage), tarball);
}

/** What stands in for a prebuild in fast tests: the addon that build.mjs makes, where prebuild.mjs would put it. */
export function placeBuiltAddon(packageFolder: string): void {
  buildAddon();
  const target = hostTarget();
  if (target === undefined) throw new Error('no prebuild is made for this machine');
  const path = join(packageFolder, prebuildPath(addon.name, target));
  mkdirSync(dirname(path), { recursive: true });
  cpSync(join(packageDir, builtAddon), path);
}

/** A project of its own that has installed tarballs, with nothing but what is in them. */
export interface Project {
  readonly dir: string;
  /** The installed package. */
  readonly installed: string;
  /** A copy, to take things away from. */
  copy(): Project;
  /** Runs a script in the project; what it prints, as JSON. */
  run(
    script: string,
    options?: { commonjs?: boolean; env?: Record<string, string>; flags?: string[] },
  ): unknown;
}

/** Installs a tarball of the package into an empty folder. npm gets its dependency from the tarball beside it. */
export function installTarball(tarball: string): Project {
  const dir = temporaryFolder('project');
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'project', private: true }));
  const dependency = dirname(require.resolve('node-gyp-build/package.json'));
  npm(['pack', '--ignore-scripts', '--pack-destination', dir, dependency], dir);
  const packed = readdirSync(dir).find((name) => name.endsWith('.tgz'));
  if (packed === undefined) throw new Error('npm pack wrote no tarball');
  npm(['install', tarball, join(dir, packed)], dir);
  return projectIn(dir);
}

function projectIn(dir: string): Project {
  return {
    dir,
    installed: join(dir, 'node_modules', '@ruvector', 'core-simd'),
    copy() {
      const other = temporaryFolder('project');
      cpSync(dir, other, { recursive: true });
      return projectIn(other);
    },
    run(script, { commonjs = false, env: more = {}, flags = [] } = {}) {
      const kind = commonjs ? 'commonjs' : 'module';
      const args = [...flags, `--input-type=${kind}`, '-e', script];
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
