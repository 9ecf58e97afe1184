import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const nativeDir = fileURLToPath(new URL('../native/', import.meta.url));

/** The archives of PostgreSQL's own `common` and `port` code, which the server's development files bring along. */
export function postgresArchives(): string[] {
  const pgConfig = process.env.RUVECTOR_PG_CONFIG || 'pg_config';
  const ask = (option: string): string => execFileSync(pgConfig, [option], { encoding: 'utf8' }).trim();
  const dir = [ask('--pkglibdir'), ask('--libdir')].find((d) => existsSync(path.join(d, 'libpgcommon.a')));
  if (dir === undefined) {
    throw new Error(`libpgcommon.a is not with ${pgConfig}; install the server's development package`);
  }
  return [path.join(dir, 'libpgcommon.a'), path.join(dir, 'libpgport.a')];
}

/** Compiles C sources into a program that runs in a folder of its own; `remove` deletes it. */
export function compileProgram(
  sources: readonly string[],
  flags: readonly string[],
): { readonly run: (args: readonly string[]) => string; readonly remove: () => void } {
  const dir = mkdtempSync(path.join(tmpdir(), 'ruvector-native-'));
  const program = path.join(dir, 'program');
  const compiler = process.env.CC || 'cc';
  const warnings = ['-Wall', '-Wextra', '-Werror'];
  execFileSync(compiler, ['-std=gnu11', ...warnings, '-o', program, ...sources, ...flags], { stdio: 'pipe' });
  return {
    run: (args) => execFileSync(program, [...args], { encoding: 'utf8', stdio: 'pipe' }),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Sources of the float32 text program, and what links them. */
export function float32TextProgram(flags: readonly string[]): ReturnType<typeof compileProgram> {
  const sources = ['text/float32_parse.c', 'text/float32_print.c', 'test/float32_text_test.c'];
  return compileProgram(
    sources.map((source) => path.join(nativeDir, source)),
    [`-I${path.join(nativeDir, 'text')}`, ...flags, ...postgresArchives(), '-lm'],
  );
}
