/** Documents and comments: their code does what it says, their links lead somewhere, and they leave nothing out. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as quant from '../src/index.js';
import { crc32c } from '../src/serialize.js';
import { buildAddon, packageDir } from './support/backend.js';
import { evaluate, examplesOf, execute, snippetsOf } from './support/snippets.js';

buildAddon();

const read = (path: string) => readFileSync(join(packageDir, path), 'utf8');
const pages = readdirSync(join(packageDir, 'doc'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `doc/${name}`);

describe.each(['README.md', ...pages])('%s', (page) => {
  const snippets = snippetsOf(read(page)).map((snippet, i) => [i + 1, snippet] as const);

  it.skipIf(snippets.length === 0).each(snippets.length === 0 ? [[0, '']] : snippets)(
    'snippet %i does what it says',
    async (_i, snippet) => {
      const { printed, promised } = await execute(snippet as string, quant);
      expect(promised.length).toBeGreaterThan(0);
      expect(printed).toEqual(promised);
    },
  );

  it('leads to what is there', () => {
    for (const [, path] of read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      expect(existsSync(join(packageDir, dirname(page), path)), path).toBe(true);
    }
  });
});

describe('README.md', () => {
  it('names every error code, and no other', () => {
    const codes = [...read('src/errors.ts').matchAll(/^ {2}\| '(ERR_\w+)'/gm)].map((match) => match[1]);
    const listed = [...read('README.md').matchAll(/^\| `(ERR_\w+)` \|/gm)].map((match) => match[1]);
    expect(listed.sort()).toEqual(codes.sort());
  });

  it('and its pages name everything that is exported', () => {
    const documents = ['README.md', ...pages].map(read).join('\n');
    expect(Object.keys(quant).filter((name) => !documents.includes(name))).toEqual([]);
  });
});

const sources = (readdirSync(join(packageDir, 'src'), { recursive: true }) as string[])
  .filter((path) => path.endsWith('.ts'))
  .map((path) => `src/${path}`)
  .filter((path) => examplesOf(read(path)).length > 0);

describe.each(sources)('%s', (path) => {
  it.each(examplesOf(read(path)).map((example) => [example.split('\n').at(-1), example] as const))(
    '%s',
    async (_last, example) => {
      // Some are of what only the package itself has.
      const { value, promised } = await evaluate(example, { ...quant, crc32c } as typeof quant);
      expect(value).toBe(promised);
    },
  );
});
