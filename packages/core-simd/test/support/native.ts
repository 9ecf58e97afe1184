/** Compiles the kernels and the programs of native/test. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, kernels, nativeDir, run } from '../../native/toolchain.mjs';

const temporary: string[] = [];
const warnings = ['-Wall', '-Wextra', '-Werror'];
const include = kernels.includeDirs.map((path: string) => `-I${join(nativeDir, path)}`);

/** A compile of one unit, on a machine that has much else to do, takes a minute. */
export const compileTimeout = 600_000;

/** The programs that test the kernels, each of one family, by their names without the suffix. */
export const programs: readonly string[] = readdirSync(join(nativeDir, 'test'))
  .filter((file) => file.endsWith('_test.cpp'))
  .map((file) => file.replace(/\.cpp$/, ''))
  .sort();

export function removeTemporary(): void {
  for (const dir of temporary.splice(0)) rmSync(dir, { recursive: true, force: true });
}

export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'core-simd-native-'));
  temporary.push(dir);
  return dir;
}

/** The kernels, compiled. */
export interface Library {
  readonly cxx: readonly string[];
  /** What the library was compiled with beside the flags of sources.json; the programs are, too. */
  readonly flags: readonly string[];
  readonly objects: readonly string[];
}

/**
 * Compiles every unit of the library as build.mjs does, with more flags; the object files.
 *
 * @param flagsOf the additional flags of a unit, by its path
 */
export async function compileLibrary(
  cxx: readonly string[],
  flagsOf: (path: string) => readonly string[],
  dir: string,
): Promise<string[]> {
  const units = kernels.sources.map((unit: { path: string; flags: string[] }, i: number) => ({
    ...unit,
    object: join(dir, `${i}.o`),
  }));
  const queue = units.values();
  const worker = async () => {
    for (const { path, flags: own, object } of queue) {
      const options = [...kernels.cxxflags, ...warnings, ...flagsOf(path), ...own, ...include];
      await compile([...cxx, ...options, '-c', join(nativeDir, path), '-o', object]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return units.map(({ object }: { object: string }) => object);
}

/**
 * A library of its own, in a temporary folder.
 *
 * @param flags of the programs, and of the units that `flagsOf` says nothing else of
 */
export async function makeLibrary(
  cxx: readonly string[],
  flags: readonly string[],
  flagsOf: (path: string) => readonly string[] = () => flags,
): Promise<Library> {
  return { cxx, flags, objects: await compileLibrary(cxx, flagsOf, temporaryDir()) };
}

/** Builds a program of native/test with the library and runs it, under `runner` if given. */
export async function runProgram(
  { cxx, flags, objects }: Library,
  name: string,
  runner: readonly string[] = [],
): Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }> {
  const program = join(temporaryDir(), name);
  const source = join(nativeDir, 'test', `${name}.cpp`);
  const options = ['-std=c++17', '-O2', ...warnings, ...flags, ...include];
  await compile([...cxx, ...options, source, ...objects, '-o', program]);
  return run([...runner, program]);
}

/** The lines `<variant> <checks> checks, 0 failed`, as the names of the variants; anything else as it is. */
export function passed(stdout: string): string[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => /^(\w+) [1-9]\d* checks, 0 failed$/.exec(line)?.[1] ?? line);
}

/** What a program says where every variant passes; kernels_test has a line more. */
export function passes(name: string, variants: readonly string[]): string[] {
  return name === 'kernels_test' ? ['dispatch', ...variants] : [...variants];
}
