import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  compile,
  findCompiler,
  nativeDir,
  packageDir,
  removeTemporary,
  run,
  sources,
  temporaryDir,
} from './support/native.js';

afterAll(removeTemporary);

const readme = readFileSync(join(packageDir, 'README.md'), 'utf8');
const folder = join(nativeDir, 'include/ruvector/hnsw');
const cxx = findCompiler('CXX');
const cc = findCompiler('CC');

describe('the headers', () => {
  it('are all in sources.json, and in README.md', () => {
    const names = readdirSync(folder).sort();
    expect(sources.headers.toSorted()).toEqual(names.map((name) => `include/ruvector/hnsw/${name}`));
    expect(sources.sources).toEqual([]);
    expect([...readme.matchAll(/^\| `(\w+\.h)` \|/gm)].map((match) => match[1]).sort()).toEqual(names);
  });

  it('need no other header before them', async ({ skip }) => {
    if (cxx === undefined) return skip('no C++ compiler');
    const dir = temporaryDir();
    const units = readdirSync(folder).map((name) => {
      const unit = join(dir, name.replace(/\.h$/, '.cpp'));
      writeFileSync(unit, `#include <ruvector/hnsw/${name}>\n`);
      return unit;
    });
    await compile(cxx, ['-Wpedantic', '-fsyntax-only', ...units]);
  });
});

describe('README.md', () => {
  const [, program = '', promised] =
    /^```cpp\n(.*?)^```\n\nIt prints\n\n```text\n(.*?)^```/ms.exec(readme) ?? [];

  it('has an example that does what it says, and links with the C library alone', async ({ skip }) => {
    if (cxx === undefined || cc === undefined) return skip('no C++ or no C compiler');
    const dir = temporaryDir();
    const source = join(dir, 'example.cpp');
    writeFileSync(source, program);
    await compile(cxx, ['-O2', '-fno-threadsafe-statics', '-c', source, '-o', join(dir, 'example.o')]);
    const linked = await run([...cc, join(dir, 'example.o'), '-lm', '-o', join(dir, 'example')]);
    expect(linked).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await run([join(dir, 'example')])).toEqual({ code: 0, stdout: promised, stderr: '' });
  });

  it('names the limits of graph.h', () => {
    const header = readFileSync(join(folder, 'graph.h'), 'utf8');
    const [least, most] = ['min_m', 'max_m'].map((name) => header.match(`int ${name} = (\\d+);`)?.[1]);
    expect(readme).toContain(`- m from ${least} to ${most};`);
  });
});
