#!/usr/bin/env node
/**
 * Builds the extensions' libraries against one PostgreSQL and stages them: build/stage/pg<major> is a DESTDIR
 * tree that embedded servers read; nothing is installed.
 *
 *     node native/build.mjs            pg_config from RUVECTOR_PG_CONFIG, else from PATH
 *
 * make decides what is out of date. Idempotent; one build at a time per major, others wait for it.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { nativeDir, sourcesMk } from './sources.mjs';

const SUPPORTED = { min: 14, max: 18 };
const root = join(nativeDir, '..');
const run = promisify(execFile);

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  process.stderr.write(`pg-extension: ${message}\n`);
  process.exit(1);
}

/** @param {string} pgConfig @param {string} option */
async function ask(pgConfig, option) {
  const { stdout } = await run(pgConfig, [option]);
  return stdout.trim();
}

/** A lock file that names its owner; the lock of a process that is gone is taken over. @param {string} path */
async function lock(path) {
  for (;;) {
    try {
      const file = openSync(path, 'wx');
      writeFileSync(file, String(process.pid));
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    let owner = 0;
    try {
      owner = Number(readFileSync(path, 'utf8'));
      if (owner > 0) process.kill(owner, 0);
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      if (code === 'ESRCH') rmSync(path, { force: true });
      else if (code !== 'ENOENT' && code !== 'EPERM') throw error;
    }
    await sleep(200);
  }
}

/** Runs make; its output goes to a log that is shown when it fails. @param {string[]} args @param {string} log */
function make(args, log) {
  return new Promise((resolve, reject) => {
    const out = openSync(log, 'w');
    const child = spawn('make', args, { stdio: ['ignore', out, out] });
    child.on('error', reject);
    child.on('close', (code) => {
      closeSync(out);
      resolve(code === 0);
    });
  });
}

/** Writes a file only when its text changes, so that make sees no news where there is none. @param {string} path @param {string} text */
function writeIfChanged(path, text) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return false;
  writeFileSync(path, text);
  return true;
}

/** @param {string} path */
function sha256(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

const pgConfig = process.env.RUVECTOR_PG_CONFIG || 'pg_config';
let version;
try {
  version = await ask(pgConfig, '--version');
} catch (error) {
  fail(
    `cannot run ${pgConfig}: ${/** @type {Error} */ (error).message.split('\n')[0]}\n` +
      'Install PostgreSQL with its headers (Debian: apt-get install postgresql postgresql-server-dev-all), ' +
      'or set RUVECTOR_PG_CONFIG to the path of its pg_config.',
  );
}
const major = Number(/PostgreSQL (\d+)/.exec(version)?.[1]);
if (!(major >= SUPPORTED.min && major <= SUPPORTED.max)) {
  fail(
    `${version} is not supported; supported are ${SUPPORTED.min} to ${SUPPORTED.max}. Set RUVECTOR_PG_CONFIG to one of these.`,
  );
}
const [headers, pgxs] = [await ask(pgConfig, '--includedir-server'), await ask(pgConfig, '--pgxs')];
if (!existsSync(join(headers, 'postgres.h')) || !existsSync(pgxs)) {
  fail(
    `the server headers of PostgreSQL ${major} are missing (${join(headers, 'postgres.h')}).\n` +
      `Install them: apt-get install postgresql-server-dev-${major}`,
  );
}

const catalog = JSON.parse(readFileSync(join(root, 'emitted', 'vector', 'META.json'), 'utf8'));
const buildDir = join(root, 'build', 'obj', `pg${major}`, 'vector');
const stage = join(root, 'build', 'stage', `pg${major}`);
mkdirSync(buildDir, { recursive: true });

const unlock = await lock(join(root, 'build', 'obj', `pg${major}.lock`));
try {
  // Another minor version may have other headers or flags: start anew.
  const identity = `${version}\n${pgConfig}\n${await ask(pgConfig, '--configure')}\n${await ask(pgConfig, '--cflags')}\n`;
  if (writeIfChanged(join(buildDir, 'identity'), identity)) {
    for (const name of ['*.o', '*.so']) {
      await run('sh', ['-c', `rm -f -- "$1"/${name}`, 'sh', buildDir]);
    }
  }
  writeIfChanged(join(buildDir, 'sources.mk'), sourcesMk('vector', catalog.version));

  const log = join(buildDir, 'make.log');
  const library = join(buildDir, 'vector.so');
  // make goes by dates; a library that something else has written over is linked anew.
  const stamp = join(buildDir, 'vector.so.sha256');
  if (existsSync(library) && (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== sha256(library))) {
    rmSync(library);
  }
  const before = existsSync(library) ? statSync(library).mtimeMs : 0;
  const common = ['-C', buildDir, '-f', join(nativeDir, 'Makefile'), `PG_CONFIG=${pgConfig}`, 'EXT=vector'];
  const started = Date.now();
  if (!(await make([...common, `-j${availableParallelism()}`], log))) {
    process.stderr.write(readFileSync(log, 'utf8'));
    fail(`the build of vector.so for PostgreSQL ${major} failed; the compiler's messages are above.`);
  }
  writeIfChanged(stamp, sha256(library));
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  if (!(await make([...common, 'install', `DESTDIR=${stage}`], join(buildDir, 'install.log')))) {
    process.stderr.write(readFileSync(join(buildDir, 'install.log'), 'utf8'));
    fail(`staging the extension for PostgreSQL ${major} failed.`);
  }
  if (statSync(library).mtimeMs !== before) {
    process.stderr.write(
      `pg-extension: vector.so for PostgreSQL ${major} built in ${((Date.now() - started) / 1000).toFixed(1)} s\n`,
    );
  }
} finally {
  unlock();
}
