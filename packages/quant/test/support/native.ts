/** Compiles the kernels and the programs of native/test. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { includes, nativeDir, quantUnits, simd, simdUnits } from '../../native/toolchain.mjs';

const temporary: string[] = [];
const warnings = ['-Wall', '-Wextra', '-Werror'];
const include = includes.map((path: string) => `-I${path}`);

/** A compile of one unit, on a machine that has much else to do, takes a minute. */
export const compileTimeout = 1_800_000;

/** The programs that test the kernels, each of one family, by their names without the suffix. */
export const programs: readonly string[] = readdirSync(join(nativeDir, 'test'))
  .filter((file) => file.endsWith('_test.cpp'))
  .map((file) => file.replace(/\.cpp$/, ''))
  .sort();

export function removeTemporary(): void {
  for (const dir of temporary.splice(0)) rmSync(dir, { recursive: true, force: true });
}

export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'quant-native-'));
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

interface Unit {
  readonly nativeDir: string;
  readonly path: string;
  readonly flags: string[];
}

/** Compiles units as build.mjs does, with more flags; the object files. */
async function compileUnits(
  cxx: readonly string[],
  units: readonly Unit[],
  flags: readonly string[],
): Promise<string[]> {
  const dir = temporaryDir();
  const jobs = units.map((unit, i) => ({ unit, object: join(dir, `${i}.o`) }));
  const queue = jobs.values();
  const worker = async () => {
    for (const { unit, object } of queue) {
      const options = [...unit.flags, ...warnings, ...flags];
      await simd.compile([...cxx, ...options, '-c', join(unit.nativeDir, unit.path), '-o', object]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return jobs.map(({ object }) => object);
}

/** This package's kernels, compiled with more flags, and core-simd's, as they are in `objects`. */
export async function makeLibrary(
  cxx: readonly string[],
  flags: readonly string[],
  objects: readonly string[],
): Promise<Library> {
  return { cxx, flags, objects: [...(await compileUnits(cxx, quantUnits(), flags)), ...objects] };
}

/** Both packages' kernels, compiled with more flags. */
export async function makeWholeLibrary(cxx: readonly string[], flags: readonly string[]): Promise<Library> {
  return makeLibrary(cxx, flags, await compileUnits(cxx, simdUnits(), flags));
}

/** Builds a program of native/test with the library and runs it, under `runner` if given. */
export async function runProgram(
  { cxx, flags, objects }: Library,
  name: string,
  runner: readonly string[] = [],
): Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }> {
  const program = join(temporaryDir(), name);
  const source = join(nativeDir, 'test', `${name}.cpp`);
  const options = ['-std=c++17', '-O2', '-ffp-contract=off', ...warnings, ...flags, ...include];
  await simd.compile([...cxx, ...options, source, ...objects, '-o', program, '-lm']);
  return simd.run([...runner, program]);
}

/** The lines `<variant> <checks> checks, 0 failed`, as the names of the variants; anything else as it is. */
export function passed(stdout: string): string[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => /^(\w+) [1-9]\d* checks, 0 failed$/.exec(line)?.[1] ?? line);
}
