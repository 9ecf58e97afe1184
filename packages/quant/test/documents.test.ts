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

/** What `#...` may say of a page: its headings, as GitHub makes names of them. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

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

  it('has no code but what is run, and no promise but what is checked', () => {
    const fences = [...read(page).matchAll(/^```(.*)$/gm)].map(([, language]) => language);
    expect(fences.filter((_, i) => i % 2 === 0)).toEqual(snippets.map(() => 'js'));
    for (const [, snippet] of snippets) {
      const calls = snippet.match(/console\.log\(/g) ?? [];
      expect(snippet.match(/console\.log\(.*\)[;,] \/\/ /g) ?? []).toHaveLength(calls.length);
    }
  });

  it('leads to what is there', () => {
    for (const [, path, anchor] of read(page).matchAll(/\]\(([^)#:]*)(?:#([^)]*))?\)/g)) {
      const target = path === '' ? page : join(dirname(page), path);
      expect(existsSync(join(packageDir, target)), path).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(read(target)), `${path}#${anchor}`).toContain(anchor);
    }
  });

  it('names scripts, tests and sources that are there', () => {
    for (const [, path] of read(page).matchAll(
      /`((?:packages\/quant\/)?(?:test|bench|src|native|doc)\/[\w./-]+\.\w+)`/g,
    )) {
      expect(existsSync(join(packageDir, path.replace('packages/quant/', ''))), path).toBe(true);
    }
    for (const [, path] of read(page).matchAll(
      /`(?:\w+=\S+ )*node (?:packages\/quant\/)?((?:bench|native)\/\S+?\.mjs)/g,
    )) {
      expect(existsSync(join(packageDir, path)), path).toBe(true);
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

it('every example of the sources is found', () => {
  const files = (readdirSync(join(packageDir, 'src'), { recursive: true }) as string[]).filter((path) =>
    path.endsWith('.ts'),
  );
  for (const file of files) {
    const text = read(`src/${file}`);
    expect(examplesOf(text), file).toHaveLength((text.match(/@example\b/g) ?? []).length);
  }
});

describe.each(sources)('%s', (path) => {
  it.each(examplesOf(read(path)).map((example) => [example.split('\n').at(-1), example] as const))(
    '%s',
    async (_last, example) => {
      expect(example.split('\n').at(-1)).toMatch(/; \/\/ ./);
      // Some are of what only the package itself has.
      const { value, promised } = await evaluate(example, { ...quant, crc32c } as typeof quant);
      expect(value).toBe(promised);
    },
  );
});
