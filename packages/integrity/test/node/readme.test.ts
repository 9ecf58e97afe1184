import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as core from '../../src/index.js';
import * as node from '../../src/node/index.js';

const root = join(import.meta.dirname, '..', '..');
const doors: Record<string, unknown> = { '@ruvector/integrity': core, '@ruvector/integrity/node': node };
const AsyncFunction = (async () => {}).constructor as new (
  ...parts: string[]
) => (doors: unknown, console: unknown) => Promise<void>;

/** Runs a snippet; what each console.log printed, and what the comment behind it says. */
async function execute(snippet: string): Promise<{ printed: string[]; promised: string[] }> {
  const printed: string[] = [];
  const body = snippet.replace(
    /^import \{([^}]+)\} from '([^']+)';$/gm,
    (_line, names, door) => `const {${names}} = doors['${door}'];`,
  );
  const run = new AsyncFunction('doors', 'console', `'use strict';\n${body}`);
  await run(doors, { log: (...values: unknown[]) => printed.push(format(...values)) });
  const promised = [...snippet.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(
    (match) => match[1] as string,
  );
  return { printed, promised };
}

for (const file of ['README.md', 'doc/signals.md']) {
  const text = readFileSync(join(root, file), 'utf8');
  const snippets = [...text.matchAll(/^```js\n(.*?)^```/gms)].map((match) => match[1] as string);
  describe(file, () => {
    it('has examples', () => expect(snippets.length).toBeGreaterThan(1));
    for (const [index, snippet] of snippets.entries())
      it(`prints what example ${index + 1} says`, async () => {
        const { printed, promised } = await execute(snippet);
        expect(printed).toEqual(promised);
        expect(promised.length).toBeGreaterThan(0);
      });
  });
}
