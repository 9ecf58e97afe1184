import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { longest, longFiles, machinePaths } from '../checks/tidy.mjs';
import { root } from '../setup/paths.mjs';

describe('this repository', () => {
  it('has no source file that is too long', () => {
    expect(longFiles(root)).toEqual([]);
  });

  it('names no place on the machine that it is written on', () => {
    expect(machinePaths(root)).toEqual([]);
  });
});

describe('a tree', () => {
  let tree: string;

  beforeEach(() => {
    tree = mkdtempSync(path.join(tmpdir(), 'tidy-test-'));
  });

  afterEach(() => rmSync(tree, { recursive: true, force: true }));

  function write(file: string, text: string): void {
    mkdirSync(path.join(tree, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(tree, file), text);
  }

  it('with a long file is found out, and what is emitted, built or data is not', () => {
    const long = 'line\n'.repeat(longest + 1);
    for (const file of [
      'src/long.ts',
      'emitted/a.sql',
      'dist/a.js',
      'node_modules/a/a.js',
      'test/expected/a.sql',
    ]) {
      write(file, long);
    }
    write('README.md', long);
    write('src/right.c', 'line\n'.repeat(longest));
    expect(longFiles(tree)).toEqual([`src/long.ts: ${longest + 1} lines, ${longest} are allowed`]);
  });

  it('that names a place of a machine is found out', () => {
    const somebody = ['', 'home', 'ada'].join('/');
    write('a.md', `one\ncd ${somebody}/project\n`);
    write('emitted/b.sql', `-- ${tree}/b.sql\n`);
    write('c.ts', `const place = '${['', 'root', 'x'].join('/')}';\n`);
    write('package-lock.json', '"resolved": "https://registry.example/a.tgz"\n"resolved": "packages/a"\n');
    expect(machinePaths(tree, [tree])).toEqual([
      `a.md:2: ${somebody}`,
      `c.ts:1: ${['', 'root', 'x'].join('/')}`,
      `emitted/b.sql:1: ${tree}`,
      'package-lock.json:1: https://registry.example/a.tgz',
    ]);
  });

  it('may speak of directories that every machine has', () => {
    write('a.md', 'in /usr/lib, /tmp and /root, ../home/page, https://example.org/home/page\n');
    expect(machinePaths(tree, [tree, '/'])).toEqual([]);
  });
});
