import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allowedFrom, brokenArrows } from '../checks/arrows.mjs';
import { root } from '../setup/paths.mjs';

describe('this repository', () => {
  it('has no arrow but those of the architecture', () => {
    expect(brokenArrows(root)).toEqual([]);
  });
});

describe('the architecture', () => {
  const names = ['core-simd', 'quant', 'hnsw', 'graph-cypher', 'integrity', 'pg-extension', 'bench'];
  const arrows = names.flatMap((from) =>
    (allowedFrom(`packages/${from}`) ?? []).map((to) => `${from} -> ${to}`),
  );

  it('has exactly these arrows between packages', () => {
    const libraries = names.slice(0, 5);
    expect(arrows.sort()).toEqual(
      [
        'quant -> core-simd',
        'hnsw -> core-simd',
        'hnsw -> quant',
        ...libraries.map((each) => `pg-extension -> ${each}`),
        ...[...libraries, 'pg-extension'].map((each) => `bench -> ${each}`),
      ].sort(),
    );
  });

  it('has no cycle', () => {
    const reach = (from: string, seen: string[] = []): string[] =>
      (allowedFrom(`packages/${from}`) ?? []).flatMap((to) =>
        seen.includes(to) ? [to] : [to, ...reach(to, [...seen, to])],
      );
    for (const name of names) expect(reach(name)).not.toContain(name);
  });

  it('lets everything else use the packages, and nothing use it', () => {
    for (const each of ['conformance', 'examples/any', 'tools']) {
      expect(allowedFrom(each)).toEqual(allowedFrom('packages/bench'));
      expect(allowedFrom(each)).not.toContain('bench');
    }
    expect(allowedFrom('packages/other')).toBeUndefined();
  });
});

describe('a tree with', () => {
  let tree: string;

  function write(file: string, content: string | object): void {
    const place = path.join(tree, file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, typeof content === 'string' ? content : JSON.stringify(content));
  }

  const simd = '@ruvector/core-simd';

  beforeEach(() => {
    tree = mkdtempSync(path.join(tmpdir(), 'arrows-test-'));
    write('package.json', {
      name: 'root',
      workspaces: ['packages/*', 'conformance', 'examples/*', 'tools'],
      devDependencies: { vitest: '1' },
    });
    const exports = { '.': './dist/index.js', './package.json': './package.json' };
    for (const name of ['core-simd', 'quant', 'hnsw', 'integrity', 'bench']) {
      write(`packages/${name}/package.json`, { name: `@ruvector/${name}`, exports });
    }
    write('packages/quant/package.json', { name: '@ruvector/quant', exports, dependencies: { [simd]: '1' } });
    write('packages/core-simd/native/sources.json', {
      includeDirs: ['include'],
      sources: [{ path: 'src/a.c' }],
    });
    write('packages/core-simd/native/include/simd.h', '');
    write('packages/integrity/native/sources.json', { includeDirs: ['include'] });
    write('packages/integrity/native/include/cut.h', '');
    write('examples/one/package.json', { name: 'one' });
    write('tools/package.json', { name: '@ruvector/tools' });
    write(
      'packages/quant/src/index.ts',
      `import { readFileSync } from 'node:fs';
       import { dot } from '${simd}';
       import manifest from '${simd}/package.json';
       import { here } from './here.js';
       // import { solve } from '@ruvector/integrity';
       const text = "import { solve } from '@ruvector/integrity'";
       export * from '@ruvector/quant';`,
    );
    write(
      'packages/quant/test/a.test.ts',
      `import { it } from 'vitest'; import { x } from '../src/index.js';`,
    );
    write('packages/quant/native/q.c', '#include "simd.h"\n#include "postgres.h"\n/* #include "cut.h" */\n');
  });

  afterEach(() => rmSync(tree, { recursive: true, force: true }));

  it('good arrows only is fine', () => {
    expect(brokenArrows(tree)).toEqual([]);
  });

  it.each(['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'])(
    'a bad one in %s fails',
    (kind) => {
      write('packages/core-simd/package.json', {
        name: simd,
        exports: { '.': '' },
        [kind]: { '@ruvector/quant': '1' },
      });
      expect(brokenArrows(tree)).toContain(
        `packages/core-simd/package.json: packages/core-simd may not use packages/quant (${kind})`,
      );
    },
  );

  it.each([
    ["import { cut } from '@ruvector/integrity';"],
    ["import type { Cut } from '@ruvector/integrity';"],
    ["export { cut } from '@ruvector/integrity';"],
    ["const cut = await import('@ruvector/integrity');"],
    ["const cut = require('@ruvector/integrity');"],
    ["const place = import.meta.resolve('@ruvector/integrity');"],
    ["let cut: import('@ruvector/integrity').Cut;"],
    ["vi.mock('@ruvector/integrity');"],
    ["import { run } from '@ruvector/bench';"],
    ["import { run } from 'one';"],
    ["import { cut } from '../../integrity/src/index.js';"],
    ["const data = new URL('../../integrity/data.json', import.meta.url);"],
    ["const data = join(here, '..', '..', 'integrity', 'native');"],
  ])('a bad import fails: %s', (line) => {
    write('packages/quant/test/bad.test.ts', `\n${line}\n`);
    expect(brokenArrows(tree).join('\n')).toMatch(
      /^packages\/quant\/test\/bad\.test\.ts:2: packages\/quant may not use/,
    );
  });

  it.each([
    [
      'a file of another package by its path',
      "import { x } from '../../core-simd/src/x.js';",
      /leads out of packages\/quant/,
    ],
    [
      'a module past the door',
      `import { x } from '${simd}/dist/x.js';`,
      /has no door ".\/dist\/x.js" in its exports/,
    ],
    ['what is not declared', "import pg from 'pg';", /pg is not a dependency of packages\/quant/],
    ['a devDependency in what is shipped', "import { it } from 'vitest';", /vitest is not a dependency of/],
  ])('an import of %s fails', (_, line, message) => {
    write('packages/quant/src/bad.ts', line);
    expect(brokenArrows(tree).join('\n')).toMatch(message);
  });

  it("a name of the package's own imports is fine, and another one fails", () => {
    const imports = { '#own': './data/own.js' };
    const exports = { '.': './dist/index.js' };
    write('packages/quant/package.json', {
      name: '@ruvector/quant',
      exports,
      imports,
      dependencies: { [simd]: '1' },
    });
    write('packages/quant/src/own.ts', "import { own } from '#own';");
    expect(brokenArrows(tree)).toEqual([]);
    write('packages/quant/src/own.ts', "import { own } from '#other';");
    expect(brokenArrows(tree)).toEqual([
      'packages/quant/src/own.ts:1: #other is not in the imports of packages/quant',
    ]);
  });

  it('a peer that may be absent is fine in a benchmark, and in what is shipped it fails', () => {
    write('packages/quant/bench/a.mjs', "const peer = await import('peer').catch(() => undefined);");
    expect(brokenArrows(tree)).toEqual([]);
    write('packages/quant/src/a.ts', "const peer = await import('peer');");
    expect(brokenArrows(tree)).toHaveLength(1);
  });

  it.each([
    ['found by its name', '#include "cut.h"\n'],
    ['reached by its path', '#  include "../../integrity/native/include/cut.h"\n'],
  ])('a header of another package %s fails', (_, text) => {
    write('packages/quant/native/bad.c', text);
    expect(brokenArrows(tree).join('\n')).toMatch(
      /bad\.c:1: packages\/quant may not use packages\/integrity \(the include/,
    );
  });

  it('a source list that reaches into another package fails', () => {
    write('packages/quant/native/sources.json', {
      libraries: { q: { sources: [{ path: '../../integrity/native/cut.c' }] } },
    });
    expect(brokenArrows(tree).join('\n')).toMatch(
      /sources\.json: packages\/quant may not use packages\/integrity \(the source/,
    );
  });

  it('a package that the architecture does not know fails', () => {
    write('packages/other/package.json', { name: '@ruvector/other' });
    expect(brokenArrows(tree)).toEqual([
      'packages/other/package.json: this package has no place in the architecture',
    ]);
  });
});
