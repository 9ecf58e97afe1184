#!/usr/bin/env node
// @ts-check
/**
 * Sets up what is missing, builds what is out of date, and runs one of the repository's programs:
 *
 *     node tools/run.mjs demo|example|test|bench|crash|build|emit [arguments...]
 *
 * Needs no package: it runs before `npm ci`. Set-up speaks on stderr only; stdout belongs to the program.
 */
import { join } from 'node:path';
import { setUp, setUpTypeScript } from './setup/build.mjs';
import { root } from './setup/paths.mjs';
import { attempt, Cancelled, exitStatusOf, SetupError } from './setup/process.mjs';
import { test } from './test.mjs';

/**
 * @param {readonly string[]} script path in the repository
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
async function node(script, args, env) {
  const { status } = await attempt(process.execPath, [join(root, ...script), ...args], {
    env,
    output: 'inherit',
  });
  return status;
}

/** Examples that need no server; the demo is the one that does. */
const examples = ['job-system'];

/** @type {Record<string, (args: string[]) => Promise<number>>} */
const programs = {
  build: async () => {
    await setUp();
    return 0;
  },
  emit: async (args) => {
    await setUpTypeScript();
    return node(['packages', 'pg-extension', 'dist', 'emit', 'main.js'], args, process.env);
  },
  demo: async (args) => node(['examples', 'word-search', 'dist', 'main.js'], args, await setUp()),
  example: async ([name = '', ...args]) => {
    if (!examples.includes(name)) {
      process.stderr.write(`usage: npm run example -- ${examples.join('|')} [arguments...]\n`);
      return 2;
    }
    await setUpTypeScript();
    return node(['examples', name, 'dist', 'main.js'], args, process.env);
  },
  bench: async (args) => node(['packages', 'bench', 'dist', 'main.js'], args, await setUp()),
  crash: async (args) => node(['conformance', 'dist', 'crash', 'main.js'], args, await setUp()),
  test: async (args) => test(args, await setUp()),
};

const [name = '', ...args] = process.argv.slice(2);
const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
if (program === undefined) {
  process.stderr.write(`usage: node tools/run.mjs ${Object.keys(programs).join('|')} [arguments...]\n`);
  process.exit(2);
}
try {
  process.exitCode = await program(args);
} catch (error) {
  if (error instanceof Cancelled) {
    process.exitCode = exitStatusOf(error.signal);
  } else if (error instanceof SetupError) {
    if (error.output !== '') process.stderr.write(`${error.output.trimEnd()}\n\n`);
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  } else throw error;
}
