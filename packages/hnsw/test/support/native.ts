/** Compiles and runs the programs of native/test. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const packageDir = fileURLToPath(new URL('../..', import.meta.url));
export const nativeDir = join(packageDir, 'native');

/** What another package or a host compiles with. */
export const sources: { includeDirs: string[]; headers: string[]; sources: unknown[] } = JSON.parse(
  readFileSync(join(nativeDir, 'sources.json'), 'utf8'),
);

const include = sources.includeDirs.map((path) => `-I${join(nativeDir, path)}`);
const strict = ['-std=c++17', '-Wall', '-Wextra', '-Werror', '-fno-exceptions', '-fno-rtti'];

const all = readdirSync(join(nativeDir, 'test')).filter((name) => name.endsWith('_test.cpp'));

/** Whether a program is about the engine, and links it and the kernels. */
function isOfEngine(name: string): boolean {
  return /"(support\/ivf\.h|engine\/index\.h)"/.test(readFileSync(join(nativeDir, 'test', name), 'utf8'));
}

/** Programs of the headers, one for each subject. */
export const programs = all
  .filter((name) => !isOfEngine(name))
  .map((name) => name.slice(0, -'_test.cpp'.length));

/** Programs of the engine. */
export const enginePrograms = all.filter(isOfEngine).map((name) => name.slice(0, -'.cpp'.length));

/** Programs whose graphs come from support/graphs.cpp. */
function needsGraphs(program: string): boolean {
  return readFileSync(join(nativeDir, `test/${program}_test.cpp`), 'utf8').includes('"support/graphs.h"');
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export function run(command: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The C++ or C compiler as words: the environment's wish, else the first that runs; undefined when there is none. */
export function findCompiler(variable: 'CXX' | 'CC'): string[] | undefined {
  const wish = (process.env[variable] ?? '').split(/\s+/).filter((word) => word !== '');
  const names = variable === 'CXX' ? ['c++', 'g++', 'clang++'] : ['cc', 'gcc', 'clang'];
  const candidates = wish.length > 0 ? [wish] : names.map((name) => [name]);
  return candidates.find(
    ([name]) => spawnSync(name as string, ['--version'], { stdio: 'ignore' }).status === 0,
  );
}

const temporary: string[] = [];

export function removeTemporary(): void {
  for (const dir of temporary.splice(0)) rmSync(dir, { recursive: true, force: true });
}

export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'ruvector-hnsw-native-'));
  temporary.push(dir);
  return dir;
}

/** Compiles with every warning an error; throws what the compiler said. */
export async function compile(cxx: readonly string[], words: readonly string[]): Promise<void> {
  const command = [...cxx, ...strict, ...include, ...words];
  const { code, stdout, stderr } = await run(command);
  if (code !== 0) throw new Error(`${command.join(' ')}\n${stdout}${stderr}\nexit status ${code}`);
}

/** Whether a program links and runs with these flags: the sanitizers' libraries are packages of their own. */
export async function links(cxx: readonly string[], flags: readonly string[]): Promise<boolean> {
  const dir = temporaryDir();
  const source = join(dir, 'probe.cpp');
  const program = join(dir, 'probe');
  writeFileSync(source, 'int main() { return 0; }\n');
  try {
    await compile(cxx, [...flags, source, '-o', program]);
    return (await run([program])).code === 0;
  } catch {
    return false;
  }
}

/** The programs compiled with the same flags, which share what they have in common. */
export class NativeTests {
  readonly #cxx: readonly string[];
  readonly #flags: readonly string[];
  readonly #dir = temporaryDir();
  readonly #built = new Map<string, Promise<string>>();

  constructor(cxx: readonly string[], flags: readonly string[]) {
    this.#cxx = cxx;
    this.#flags = [...flags, '-pthread'];
  }

  /** Builds a program and runs it, of those that are run in turn; `scale` multiplies the sizes of what takes long. */
  async run(program: string, inTurn: readonly string[], scale = 1): Promise<Ended> {
    const output = this.#build(program);
    const next = inTurn[inTurn.indexOf(program) + 1];
    // The next one is compiled meanwhile; what goes wrong with it is its own test's failure.
    if (next !== undefined) this.#build(next).catch(() => undefined);
    return run([await output, String(scale)]);
  }

  #build(program: string): Promise<string> {
    return this.#once(program, async (output) => {
      const objects = needsGraphs(program) ? [await this.#graphs()] : [];
      const source = join(nativeDir, `test/${program}_test.cpp`);
      await compile(this.#cxx, [...this.#flags, source, ...objects, '-o', output]);
    });
  }

  #graphs(): Promise<string> {
    return this.#once('graphs.o', async (output) => {
      const source = join(nativeDir, 'test/support/graphs.cpp');
      await compile(this.#cxx, [...this.#flags, '-c', source, '-o', output]);
    });
  }

  #once(name: string, make: (output: string) => Promise<void>): Promise<string> {
    const output = join(this.#dir, name);
    const built = this.#built.get(name) ?? make(output).then(() => output);
    this.#built.set(name, built);
    return built;
  }
}

/** What is wrong with a run: everything but lines `<group> <checks> checks, 0 failed` and indented figures. */
export function complaints({ code, stdout, stderr }: Ended): string[] {
  const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('  '));
  const groups = lines.filter((line) => /^\w+ [1-9]\d* checks, 0 failed$/.test(line));
  return [
    ...lines.filter((line) => !groups.includes(line)),
    ...(groups.length === 0 ? ['no group of checks'] : []),
    ...(stderr === '' ? [] : [stderr]),
    ...(code === 0 ? [] : [`exit status ${code}`]),
  ];
}
