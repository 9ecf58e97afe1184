import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ourEngine } from '../src/engines.js';

const readme = readFileSync(new URL('../../packages/pg-extension/README.md', import.meta.url), 'utf8');
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    (match) => match[1] as string,
  );

it.each(blocks('ts').map((code, i) => [i + 1, code] as const))(
  'TypeScript example %i prints what it says',
  (i, code) => {
    // Beside this package's manifest, so that imports resolve as they would for a user of the packages.
    const dir = fileURLToPath(new URL('../build/readme/', import.meta.url));
    mkdirSync(dir, { recursive: true });
    const file = `${dir}example-${i}.mjs`;
    writeFileSync(file, code);
    const expected = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1]);
    expect(expected.length).toBeGreaterThan(0);
    const printed = execFileSync(process.execPath, [file], { encoding: 'utf8' });
    expect(printed.trim().split('\n')).toEqual(expected);
  },
);

it('the SQL examples, one after the other, answer what they say', async () => {
  const sql = blocks('sql').join('');
  const engine = await ourEngine();
  const shown: string[] = [];
  const answered: string[] = [];
  try {
    let statement = '';
    for (const line of sql.split('\n')) {
      if (line.startsWith('-- ')) {
        shown.push(line.slice('-- '.length));
        continue;
      }
      statement += `${line}\n`;
      if (!line.endsWith(';')) continue;
      // The engine has created the extension already.
      if (statement.trim() !== 'CREATE EXTENSION vector;') {
        const outcome = await engine.run(statement);
        if (outcome.kind === 'error') throw new Error(`${statement}: ${outcome.message}`);
        answered.push(...outcome.rows.map((row) => row.join(' | ')));
      }
      statement = '';
    }
  } finally {
    await engine.close();
  }
  expect(shown.length).toBeGreaterThan(0);
  expect(answered).toEqual(shown);
});
