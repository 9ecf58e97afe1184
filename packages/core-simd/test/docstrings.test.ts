/** The examples in the comments of the public functions. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as simd from '../src/index.js';
import { packageDir } from './support/backend.js';
import { evaluate, examplesOf } from './support/snippets.js';

const sources = [
  'src/distance.ts',
  ...readdirSync(join(packageDir, 'src/types')).map((name) => `src/types/${name}`),
];

describe.each(sources)('%s', (path) => {
  const source = readFileSync(join(packageDir, path), 'utf8');
  const examples = examplesOf(source).map((example) => [example.split('\n').at(-1), example] as const);

  it.each(examples)('%s', async (_last, example) => {
    const { value, promised } = await evaluate(example, simd);
    expect(value).toBe(promised);
  });

  it('has an example for every function, but for those that refer to another', () => {
    const functions = [...source.matchAll(/^ \*\/\nexport (?:async )?function (\w+)/gm)];
    expect(examples).toHaveLength(functions.length - (path.endsWith('distance.ts') ? 1 : 0));
  });
});
