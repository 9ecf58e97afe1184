#!/usr/bin/env node
/**
 * The crash report: `npm run crash -- --rounds 100 [--seed 1] [--keep]`. Progress goes to stderr, the report as one line
 * of JSON to stdout; the status is 1 when something was violated.
 */
import { parseArgs } from 'node:util';
import { crash } from './run.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    keep: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const seed = Number(values.seed);
if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) {
  process.stderr.write('usage: npm run crash -- [--rounds <count>] [--seed <integer>] [--keep]\n');
  process.exit(2);
}

const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => controller.abort(new Error(`ended by ${signal}`)));
}
const report = await crash({
  rounds,
  seed,
  keep: values.keep,
  signal: controller.signal,
  onRound: (round, { violations }) => {
    if (round % 10 === 0 || round === rounds) {
      process.stderr.write(`${round} rounds, ${violations.length} violations\n`);
    }
  },
});
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exitCode = report.violations.length === 0 ? 0 : 1;
