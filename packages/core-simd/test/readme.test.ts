import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as simd from '../src/index.js';
import { packageDir } from './support/backend.js';

const readme = readFileSync(join(packageDir, 'README.md'), 'utf8');
const snippets = [...readme.matchAll(/^```js\n(.*?)^```/gms)].map((match) => match[1]);

/** Runs a snippet; what each console.log printed, and what the comment behind it says. */
function execute(snippet: string): { printed: string[]; promised: string[] } {
  const printed: string[] = [];
  const body = snippet.replace(
    /^import \{ (.+) \} from '@ruvector\/core-simd';$/gm,
    (_line, names) => `const { ${names} } = simd;`,
  );
  const run = new Function('simd', 'console', `'use strict';\n${body}`);
  run(simd, { log: (...values: unknown[]) => printed.push(format(...values)) });
  const promised = [...snippet.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1]);
  return { printed, promised };
}

describe('README.md', () => {
  it.each(snippets.map((snippet, i) => [i + 1, snippet]))('snippet %i does what it says', (_i, snippet) => {
    const { printed, promised } = execute(snippet as string);
    expect(promised.length).toBeGreaterThan(0);
    expect(printed).toEqual(promised);
  });

  it('says where the headers of Node-API come from, in the version that is tested', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8'));
    expect(readme).toContain(
      `npm install --no-save node-api-headers@${devDependencies['node-api-headers']}\n`,
    );
  });

  it('shows every function and names every error code', () => {
    for (const name of Object.keys(simd)) expect(readme).toContain(name);
    const codes = readFileSync(join(packageDir, 'src/errors.ts'), 'utf8').matchAll(/^ {2}\| '(ERR_\w+)'/gm);
    const listed = [...codes].map((match) => match[1]);
    expect(listed).toHaveLength(5);
    for (const code of listed) expect(readme).toContain(`| \`${code}\` |`);
  });
});
