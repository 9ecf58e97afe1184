/** Compiles the programs of native/test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, kernels, nativeDir, run } from '../../native/toolchain.mjs';

const temporary: string[] = [];

export function removeTemporary(): void {
  for (const dir of temporary.splice(0)) rmSync(dir, { recursive: true, force: true });
}

export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'core-simd-native-'));
  temporary.push(dir);
  return dir;
}

/** Compiles every unit of the library as build.mjs does, with more flags; the object files. */
export async function compileLibrary(cxx: string[], flags: string[], dir: string): Promise<string[]> {
  const include = kernels.includeDirs.map((path: string) => `-I${join(nativeDir, path)}`);
  return Promise.all(
    kernels.sources.map(async (unit: { path: string; flags: string[] }, i: number) => {
      const object = join(dir, `${i}.o`);
      const warnings = ['-Wall', '-Wextra', '-Werror'];
      await compile([
        ...cxx,
        ...kernels.cxxflags,
        ...warnings,
        ...flags,
        ...unit.flags,
        ...include,
        '-c',
        join(nativeDir, unit.path),
        '-o',
        object,
      ]);
      return object;
    }),
  );
}

/** Builds kernels_test with these flags and runs it, under `runner` if given. */
export async function runKernelsTest(
  cxx: string[],
  flags: string[],
  runner: string[] = [],
): Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }> {
  const dir = temporaryDir();
  const objects = await compileLibrary(cxx, flags, dir);
  const program = join(dir, 'kernels_test');
  const include = kernels.includeDirs.map((path: string) => `-I${join(nativeDir, path)}`);
  const source = join(nativeDir, 'test/kernels_test.cpp');
  await compile([
    ...cxx,
    '-std=c++17',
    '-O2',
    '-Wall',
    '-Wextra',
    '-Werror',
    ...flags,
    ...include,
    source,
    ...objects,
    '-o',
    program,
  ]);
  return run([...runner, program]);
}

/** The lines `<variant> <checks> checks, 0 failed`, as the names of the variants; anything else as it is. */
export function passed(stdout: string): string[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => /^(\w+) [1-9]\d* checks, 0 failed$/.exec(line)?.[1] ?? line);
}
