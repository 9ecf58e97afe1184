import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runSuite, validateReport } from '../src/index.js';
import { sortSuite } from './example-suite.js';
import { runOptions, temporaryDirectory } from './fake-suite.js';

describe("the README's example", () => {
  it('is the suite that this test runs', () => {
    const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
    const example = readFileSync(join(import.meta.dirname, 'example-suite.ts'), 'utf8');
    expect(/```ts\n([\s\S]*?)```/.exec(readme)?.[1]).toBe(example);
  });

  it('runs', async () => {
    const report = await runSuite(sortSuite, runOptions(temporaryDirectory()));
    expect(report.failures).toEqual([]);
    expect(validateReport(report)).toEqual([]);
    expect(report.results.map((result) => result.case)).toEqual(['sort 1009 numbers']);
  });
});
