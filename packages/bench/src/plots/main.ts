#!/usr/bin/env node
/**
 * Draws a report of suite `quant` (recall against bytes) or `ann` (queries a second against recall), read from a file or
 * from stdin, as SVG on stdout:
 *
 *   npm run -s bench -- quant --json > quant.json
 *   node packages/bench/dist/plots/main.js quant.json > packages/quant/doc/recall.svg
 */
import { readFileSync } from 'node:fs';
import { BenchError } from '../errors.js';
import { plotCurves } from './ann-curves.js';
import { plotRecall } from './quant-recall.js';

try {
  const text = readFileSync(process.argv[2] ?? 0, 'utf8');
  const report: unknown = JSON.parse(text);
  const { suite } = (report ?? {}) as { suite?: unknown };
  process.stdout.write(suite === 'ann' ? plotCurves(report) : plotRecall(report));
} catch (error) {
  if (!(error instanceof BenchError || error instanceof SyntaxError)) throw error;
  process.stderr.write(`plot: ${error.message}\n`);
  process.exitCode = 2;
}
