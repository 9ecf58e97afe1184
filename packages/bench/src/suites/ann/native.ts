/** Peers in C++: drivers of ours in `native/`, compiled for this machine against the headers that a variable names. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheKey } from '../../cache.js';
import { throwIfAborted } from '../../errors.js';
import { findPackage, hashFiles, listFiles } from '../../fingerprint.js';
import type { AbsentPeer, PlanContext } from '../../suite.js';
import { type Contender, gridOf } from './contender.js';

interface Recipe {
  readonly name: string;
  readonly source: string;
  /** Names the folder of headers. */
  readonly variable: string;
  readonly repository: string;
  /** Of the checkout: where headers are included from, what must be there, and a file that tells the version. */
  readonly include: string;
  readonly header: string;
  readonly version: { readonly file: string; readonly pattern: RegExp };
  readonly flags: readonly string[];
  readonly contender: Pick<Contender, 'standard' | 'grid'>;
}

/** Flags are those that each project builds itself with. */
const recipes: readonly Recipe[] = [
  {
    name: 'hnswlib',
    source: 'hnswlib.cpp',
    variable: 'HNSWLIB_DIR',
    repository: 'https://github.com/nmslib/hnswlib',
    include: '.',
    header: 'hnswlib/hnswlib.h',
    version: { file: 'setup.py', pattern: /__version__ = '([^']+)'/ },
    flags: ['-std=c++17', '-O3', '-march=native', '-pthread'],
    contender: {
      standard: { m: 16, efConstruction: 200 },
      grid: gridOf('m', [12, 16, 24, 32], [100, 200, 400]),
    },
  },
  {
    name: 'SymphonyQG',
    source: 'symphonyqg.cpp',
    variable: 'RABITQ_LIBRARY_DIR',
    repository: 'https://github.com/VectorDB-NTU/RaBitQ-Library',
    include: 'include',
    header: 'include/rabitqlib/index/symqg/qg.hpp',
    version: { file: 'pyproject.toml', pattern: /^version = "([^"]+)"/m },
    flags: ['-std=c++17', '-Ofast', '-march=native', '-fopenmp', '-pthread'],
    contender: {
      standard: { degree: 32, efConstruction: 200 },
      grid: gridOf('degree', [32, 64], [200, 400]),
    },
  },
];

const run = promisify(execFile);

/** The first line of a compiler's output that says what is wrong. */
function complaint(error: unknown): string {
  const { stderr = '', message } = error as { stderr?: string; message: string };
  const lines = `${stderr}\n${message}`.split('\n').filter(Boolean);
  return (lines.find((line) => /error|undefined reference/.test(line)) ?? lines[0] ?? '')
    .trim()
    .slice(0, 300);
}

export interface CompileContext extends Pick<PlanContext, 'signal' | 'env'> {
  /** Where binaries are kept. */
  readonly directory: string;
}

/** Not copied by the build, so found from the package's root. */
function sources(): string {
  const { root } = findPackage(import.meta.dirname, '@ruvector/bench');
  return join(root, 'src', 'suites', 'ann', 'native');
}

function versionOf(folder: string, { version: { file, pattern } }: Recipe): string {
  const path = join(folder, file);
  return (existsSync(path) && pattern.exec(readFileSync(path, 'utf8'))?.[1]) || 'unknown';
}

async function compile(recipe: Recipe, context: CompileContext): Promise<Contender | AbsentPeer> {
  const { name, variable, repository, header, source, flags } = recipe;
  const { signal, env, directory } = context;
  const cure = `git clone ${repository} and set ${variable} to the folder; g++ must be there, or another compiler in CXX`;
  const folder = env[variable] ?? '';
  if (folder === '') return { name, reason: `${variable} is not set`, cure };
  if (!existsSync(join(folder, header)))
    return { name, reason: `there is no ${header} in ${variable}`, cure };
  const compiler = env.CXX || 'g++';
  const include = join(folder, recipe.include);
  try {
    const { stdout } = await run(compiler, ['--version'], { signal });
    const [compilerVersion = ''] = stdout.split('\n');
    const used = listFiles(include, (path) => /\.(h|hpp|hh)$/.test(path));
    // Our driver is not in it: a graph that took hours is still theirs when a timing loop of ours changes.
    const fingerprint = cacheKey({
      headers: hashFiles(include, used),
      compiler: compilerVersion,
      flags,
      processor: cpus()[0]?.model ?? '',
    });
    const driver = hashFiles(sources(), [join(sources(), source), join(sources(), 'driver.h')]).slice(0, 16);
    const binary = join(directory, `${fingerprint.slice(0, 16)}-${driver}`, name);
    if (!existsSync(binary)) {
      await mkdir(join(binary, '..'), { recursive: true });
      const temporary = `${binary}.${process.pid}.tmp`;
      try {
        const files = [join(sources(), source), '-o', temporary];
        await run(compiler, [...flags, '-w', '-isystem', include, ...files], { signal });
        await rename(temporary, binary);
      } finally {
        await rm(temporary, { force: true });
      }
    }
    return {
      subject: {
        name,
        version: versionOf(folder, recipe),
        fingerprint,
        details: { compiled: `${compilerVersion}, ${flags.join(' ')}`, driver },
      },
      command: { program: binary, args: [] },
      effort: 'candidates',
      ...recipe.contender,
    };
  } catch (error) {
    throwIfAborted(signal);
    return { name, reason: `${compiler} does not make its program: ${complaint(error)}`, cure };
  }
}

/** All peers in C++, each present or absent. */
export async function nativePeers(context: CompileContext): Promise<readonly (Contender | AbsentPeer)[]> {
  const found: (Contender | AbsentPeer)[] = [];
  for (const recipe of recipes) found.push(await compile(recipe, context));
  return found;
}
