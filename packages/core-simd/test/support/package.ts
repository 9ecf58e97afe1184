/**
 * The package as it is installed, in a temporary folder: dist/ made from src/, and the addon where
 * the test wants it. For what needs a process or a thread of its own.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { addon } from '../../native/prebuild.mjs';
import { hostTarget, prebuildPath } from '../../native/prebuild-addon.mjs';
import { buildAddon, packageDir } from './backend.js';

export const builtAddon = 'native/build/Release/core_simd.node';

/** Where a prebuild for this machine lies; undefined where none is made for it. */
export const prebuiltAddon = hostTarget() && prebuildPath(addon.name, hostTarget()!);

export interface InstalledPackage {
  readonly dir: string;
  /** The URL of the door, for `import()`. */
  readonly door: string;
  remove(): void;
}

/** `addons` maps a path in the package to 'built', the addon as it was built here, or to bytes that shall lie there. */
export function installPackage(
  addons: Record<string, 'built' | Uint8Array> = { [builtAddon]: 'built' },
): InstalledPackage {
  const dir = mkdtempSync(join(tmpdir(), 'core-simd-'));
  copyFileSync(join(packageDir, 'package.json'), join(dir, 'package.json'));
  mkdirSync(join(dir, 'dist'));
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  for (const file of readdirSync(join(packageDir, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.endsWith('.d.ts')) continue;
    const source = readFileSync(join(packageDir, 'src', file), 'utf8');
    const { outputText } = ts.transpileModule(source, { compilerOptions: options });
    const target = join(dir, 'dist', file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
  // As npm would install it.
  const dependency = dirname(createRequire(import.meta.url).resolve('node-gyp-build/package.json'));
  cpSync(dependency, join(dir, 'node_modules', 'node-gyp-build'), { recursive: true });
  for (const [path, content] of Object.entries(addons)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    if (content === 'built') {
      buildAddon();
      copyFileSync(join(packageDir, builtAddon), join(dir, path));
    } else {
      writeFileSync(join(dir, path), content);
    }
  }
  return {
    dir,
    door: `file://${dir}/dist/index.js`,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Runs a module's text in a process of its own, where `simd` is the package; its output as JSON. */
export function runScript(
  installed: InstalledPackage,
  body: string,
  env: Record<string, string> = {},
  flags: string[] = [],
): { status: number | null; json: unknown; stderr: string } {
  const script = `const simd = await import(${JSON.stringify(installed.door)});\n${body}`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, '--input-type=module', '-e', script],
    {
      encoding: 'utf8',
      env: { ...process.env, RUVECTOR_SIMD: '', ...env },
    },
  );
  return { status, json: stdout === '' ? undefined : JSON.parse(stdout), stderr };
}
