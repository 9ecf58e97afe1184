/** The PostgreSQL module of conformance/native/quant_probe.c: quant's kernels, as its addon links them, in a backend. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Its functions, and what SQL calls them with. */
export const probeFunctions: Readonly<Record<string, string>> = {
  probe_variant: '(forced text) RETURNS text LANGUAGE C',
  probe_encode: '(codec bytea, vectors bytea) RETURNS bytea LANGUAGE C STRICT',
  probe_pack: '(codec bytea, codes bytea) RETURNS bytea LANGUAGE C STRICT',
  probe_score:
    '(codec bytea, query bytea, metric int, codes bytea, count int, packed bool) RETURNS bytea LANGUAGE C STRICT',
  probe_kmeans:
    '(vectors bytea, dimensions int, k int, iterations int, seed int) RETURNS bytea LANGUAGE C STRICT',
};

/** What PostgreSQL itself looks up in a module. */
export const moduleSymbols: readonly string[] = [
  'Pg_magic_func',
  '_PG_init',
  ...Object.keys(probeFunctions).flatMap((name) => [name, `pg_finfo_${name}`]),
];

const quantNative = path.join(
  path.dirname(createRequire(import.meta.url).resolve('@ruvector/quant/package.json')),
  'native',
);

const load = (file: string): Promise<unknown> => import(pathToFileURL(path.join(quantNative, file)).href);

/**
 * Builds the module against the PostgreSQL of RUVECTOR_PG_CONFIG, else of PATH: the glue with the server's flags, the
 * kernels as quant's build compiles the units of its sources.json.
 *
 * @param folder takes the module and its version script
 * @returns the module's path
 * @throws {Error} with what a compiler said
 */
export async function buildProbe(folder: string): Promise<string> {
  execFileSync(process.execPath, [path.join(quantNative, 'build.mjs')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const { kernelObjects } = (await load('build.mjs')) as { kernelObjects(): string[] };
  const { includes } = (await load('toolchain.mjs')) as { includes: string[] };
  const pgConfig = process.env.RUVECTOR_PG_CONFIG || 'pg_config';
  const ask = (option: string) => execFileSync(pgConfig, [option], { encoding: 'utf8' }).trim();
  const source = fileURLToPath(new URL('../native/quant_probe.c', import.meta.url));
  const object = path.join(folder, 'quant_probe.o');
  const library = path.join(folder, 'quant_probe.so');
  const script = path.join(folder, 'quant_probe.map');
  const compiler = process.env.CC || 'cc';
  // The server's headers are not clean under -Wextra; the kernels' and the glue are.
  const glue = [
    ...['-std=gnu11', '-O2', '-fPIC', '-Wall', '-Wextra', '-Werror', '-ffp-contract=off', '-D_GNU_SOURCE'],
    ...includes.map((each) => `-I${each}`),
    ...['-isystem', ask('--includedir-server'), '-c', source, '-o', object],
  ];
  execFileSync(compiler, glue, { stdio: 'pipe' });
  writeFileSync(script, `{ global: ${moduleSymbols.join('; ')}; local: *; };\n`);
  // Bound to its own kernels, also where another library with the same names was loaded before; and complete without
  // a C++ run-time library.
  const bind = ['-Wl,-Bsymbolic', `-Wl,--version-script=${script}`];
  execFileSync(compiler, ['-shared', ...bind, object, ...kernelObjects(), '-lm', '-o', library], {
    stdio: 'pipe',
  });
  return library;
}
