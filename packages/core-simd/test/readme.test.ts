import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as simd from '../src/index.js';
import { packageDir } from './support/backend.js';
import { execute, snippetsOf } from './support/snippets.js';

const read = (path: string) => readFileSync(join(packageDir, path), 'utf8');
const readme = read('README.md');
const pages = readdirSync(join(packageDir, 'doc')).map((name) => `doc/${name}`);

describe.each(['README.md', ...pages])('%s', (page) => {
  const snippets = snippetsOf(read(page)).map((snippet, i) => [i + 1, snippet] as const);

  it.each(snippets)('snippet %i does what it says', async (_i, snippet) => {
    const { printed, promised } = await execute(snippet, simd);
    expect(promised.length).toBeGreaterThan(0);
    expect(printed).toEqual(promised);
  });

  it('has something to copy', () => {
    expect(snippets.length).toBeGreaterThan(0);
  });

  it('leads to pages that are there', () => {
    const folder = page.startsWith('doc/') ? 'doc' : '.';
    for (const [, path] of read(page).matchAll(/\]\(([^)#:]+\.md)/g)) {
      expect(() => read(join(folder, path))).not.toThrow();
    }
  });
});

describe('README.md', () => {
  it('says where the headers of Node-API come from, in the version that is tested', () => {
    const { devDependencies } = JSON.parse(read('package.json'));
    expect(readme).toContain(
      `npm install --no-save node-api-headers@${devDependencies['node-api-headers']}\n`,
    );
  });

  it('shows every function and names every error code', () => {
    for (const name of Object.keys(simd)) expect(readme).toContain(name);
    const codes = read('src/errors.ts').matchAll(/^ {2}\| '(ERR_\w+)'/gm);
    const listed = [...codes].map((match) => match[1]);
    expect(listed).toHaveLength(9);
    for (const code of listed) expect(readme).toContain(`| \`${code}\` |`);
  });

  it('and its pages name every function of every type', () => {
    const documents = [readme, ...pages.map(read)].join('\n');
    for (const [name, functions] of Object.entries(simd)) {
      if (typeof functions !== 'object') continue;
      for (const each of Object.keys(functions)) expect(documents, `${name}.${each}`).toContain(each);
    }
  });
});
