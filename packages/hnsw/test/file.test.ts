/** The programs of native/test/file_*.cpp, with the container and what of the engine it stands on. */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  compile,
  complaints,
  findCompiler,
  links,
  nativeDir,
  removeTemporary,
  run,
  temporaryDir,
} from './support/native.js';

afterAll(removeTemporary);

const cxx = findCompiler('CXX');
const container = join(nativeDir, 'src/file');

const programs = readdirSync(join(nativeDir, 'test'))
  .filter((name) => /^file_\w+\.cpp$/.test(name))
  .map((name) => basename(name, '.cpp'))
  .sort();

const units = [
  ...readdirSync(container)
    .filter((name) => name.endsWith('.cpp'))
    .map((name) => join(container, name)),
  join(nativeDir, 'src/engine/region.cpp'),
];

/** The container throws, as the whole engine does. */
const engine = ['-fexceptions', '-frtti', '-pthread', `-I${join(nativeDir, 'src')}`];

/** Compiles the units once, and a program when it is run. */
class Programs {
  readonly #cxx: readonly string[];
  readonly #flags: readonly string[];
  readonly #dir = temporaryDir();
  #objects: Promise<string[]> | undefined;

  constructor(cxx: readonly string[], flags: readonly string[]) {
    this.#cxx = cxx;
    this.#flags = [...flags, ...engine];
  }

  async run(program: string, scale: number) {
    this.#objects ??= this.#compileUnits();
    const output = join(this.#dir, program);
    const source = join(nativeDir, `test/${program}.cpp`);
    await compile(this.#cxx, [...this.#flags, source, ...(await this.#objects), '-o', output]);
    return run([output, String(scale)]);
  }

  async #compileUnits(): Promise<string[]> {
    const objects: string[] = [];
    for (const unit of units) {
      const object = join(this.#dir, `${basename(unit, '.cpp')}.o`);
      await compile(this.#cxx, [...this.#flags, '-c', unit, '-o', object]);
      objects.push(object);
    }
    return objects;
  }
}

it('there is a program for each subject', () => {
  expect(programs).toEqual([
    'file_crc32c',
    'file_damage',
    'file_killed',
    'file_round_trip',
    'file_sections',
    'file_touch',
  ]);
});

describe.each([
  ['as the addon has it', ['-O2'], programs, 1],
  // A tenth of the size: each instruction takes several times as long.
  [
    'under the address and undefined-behaviour sanitizers',
    ['-O0', '-g1', '-fsanitize=address,undefined'],
    programs,
    0.1,
  ],
  ['under the thread sanitizer', ['-O1', '-g1', '-fsanitize=thread'], ['file_touch'], 0.1],
])('%s', (_, flags, each, scale) => {
  const sanitized = flags.length > 1;
  const all = sanitized ? [...flags, '-fno-sanitize-recover=all'] : flags;
  let compiled: Programs | undefined;

  beforeAll(async () => {
    if (cxx !== undefined && (!sanitized || (await links(cxx, all)))) compiled = new Programs(cxx, all);
  });

  // Every bit of a file takes its time.
  it.for(each)('%s passes', { timeout: 300_000 }, async (program, { skip }) => {
    if (compiled === undefined) return skip(`no compiler, or none that links with ${all.join(' ')}`);
    expect(complaints(await compiled.run(program, scale))).toEqual([]);
  });
});
