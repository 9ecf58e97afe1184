import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const here = import.meta.dirname;
const core = join(here, '..', 'core');

/** The files of the core's tests: those that say what every host must do. */
export function coreTests(): readonly string[] {
  return readdirSync(core)
    .filter((file) => file.endsWith('.test.ts') && !file.endsWith('.slow.test.ts'))
    .sort();
}

/**
 * One script with some of the core's tests, with `mini-vitest` in vitest's place. It sets `globalThis.__report` to a promise
 * of a `HostReport`'s JSON. Nothing of the host is assumed: an import of a Node module fails the build.
 *
 * @param interpreted whether the host has no compiler: tests do less then
 */
export async function bundle(files: readonly string[], interpreted: boolean): Promise<string> {
  const entry = [
    ...files.map((file) => `import './${file}';`),
    "import { runAll } from '../hosts/mini-vitest.ts';",
    'globalThis.__report = runAll().then((report) => JSON.stringify(report));',
  ].join('\n');
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: core, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2022',
    alias: { vitest: join(here, 'mini-vitest.ts') },
    banner: { js: `globalThis.__interpreted = ${interpreted};` },
    // The package says that its modules have no side effects; declaring tests is one.
    ignoreAnnotations: true,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
