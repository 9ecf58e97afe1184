/**
 * Finds compilers, headers and the list of sources, and runs a compiler.
 * Shared by build.mjs and by the native tests; needs nothing but Node.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const nativeDir = dirname(fileURLToPath(import.meta.url));

/** @type {{ includeDirs: string[], headers: string[], cxxflags: string[], sources: { path: string, flags: string[] }[] }} */
export const kernels = JSON.parse(readFileSync(join(nativeDir, 'sources.json'), 'utf8'));

/** A build that cannot go on; `cure` is a command, where there is one. */
export class ToolchainError extends Error {
  /**
   * @param {string} message
   * @param {string} [cure]
   */
  constructor(message, cure) {
    super(cure === undefined ? message : `${message}\nTo cure it, run: ${cure}`);
    this.name = 'ToolchainError';
    this.cure = cure;
  }
}

/** The command that installs C and C++ compilers and the C library's headers on this system. */
export function compilerCure() {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  if (process.platform === 'darwin') return 'xcode-select --install';
  if (existsSync('/etc/debian_version')) return `${sudo}apt-get install -y build-essential`;
  if (existsSync('/etc/alpine-release')) return `${sudo}apk add build-base`;
  if (existsSync('/etc/redhat-release')) return `${sudo}dnf install -y gcc gcc-c++`;
  if (existsSync('/etc/arch-release')) return `${sudo}pacman -S --noconfirm base-devel`;
  return undefined;
}

/** Splits the value of CC, CFLAGS and their like; quotes are not interpreted. */
export function words(value) {
  return (value ?? '').split(/\s+/).filter((word) => word !== '');
}

/** The full path of a command, as the shell would find it; undefined when there is none. */
export function which(command, path = process.env.PATH ?? '') {
  if (isAbsolute(command) || command.includes('/')) return existsSync(command) ? command : undefined;
  for (const folder of path.split(delimiter)) {
    if (folder !== '' && existsSync(join(folder, command))) return join(folder, command);
  }
  return undefined;
}

/**
 * The compiler to use, as words: the environment's wish, else the first of the usual names.
 *
 * @param {'CC' | 'CXX'} variable
 * @returns {string[]}
 * @throws {ToolchainError} when there is none
 */
export function findCompiler(variable, env = process.env) {
  const language = variable === 'CC' ? 'C' : 'C++';
  const wish = words(env[variable]);
  if (wish.length > 0) {
    if (which(wish[0], env.PATH) !== undefined) return wish;
    throw new ToolchainError(`${variable}=${env[variable]}: no such ${language} compiler`, compilerCure());
  }
  const names = variable === 'CC' ? ['cc', 'gcc', 'clang'] : ['c++', 'g++', 'clang++'];
  const found = names.find((name) => which(name, env.PATH) !== undefined);
  if (found !== undefined) return [found];
  throw new ToolchainError(`no ${language} compiler (looked for ${names.join(', ')})`, compilerCure());
}

/**
 * The folder of node_api.h: beside this Node, else in the npm package node-api-headers.
 *
 * @throws {ToolchainError} when there is neither
 */
export function findNodeHeaders(execPath = process.execPath) {
  const beside = join(dirname(execPath), '..', 'include', 'node');
  if (existsSync(join(beside, 'node_api.h'))) return beside;
  try {
    const folder = createRequire(import.meta.url)('node-api-headers').include_dir;
    if (existsSync(join(folder, 'node_api.h'))) return folder;
  } catch {
    // Not installed: said below.
  }
  throw new ToolchainError(
    `no node_api.h in ${beside} and no npm package node-api-headers`,
    'npm install --no-save node-api-headers@1.9.0',
  );
}

/**
 * Runs a command to its end.
 *
 * @param {string[]} command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ code: number | null, signal: string | null, stdout: string, stderr: string }>}
 */
export function run(command, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0], command.slice(1), {
      cwd: options.cwd ?? nativeDir,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/**
 * The error of a compiler that gives no reason. It blames the variable that named the compiler,
 * if one did: then the cure is to go without.
 *
 * @param {string[]} command
 * @param {string} how how it ended
 * @param {'CC' | 'CXX'} [variable] which of the two names this compiler
 * @param {string} [script] that builds, for the cure
 */
export function compilerFailure(command, how, variable, script = join(nativeDir, 'build.mjs')) {
  const said = `${command.join(' ')}\n${how}`;
  const wish = variable === undefined ? [] : words(process.env[variable]);
  if (wish.length === 0) return new ToolchainError(said, compilerCure());
  return new ToolchainError(
    `${said}; ${variable}=${wish.join(' ')} is set in the environment`,
    `env -u ${variable} node ${script}`,
  );
}

/**
 * Runs a compiler.
 *
 * @param {string[]} command
 * @param {'CC' | 'CXX'} [variable] which of the two names this compiler
 * @param {string} [script] that builds, for the cure
 * @throws {ToolchainError} with the command, how it ended and what it said; with a cure when it said
 *   nothing or when a system header is missing
 */
export async function compile(command, variable, script) {
  const result = await run(command).catch((error) => {
    throw compilerFailure(command, error.message, variable, script);
  });
  if (result.code === 0) return result.stderr;
  const how = result.code === null ? `ended by ${result.signal}` : `exit status ${result.code}`;
  const said = `${result.stdout}${result.stderr}`.trim();
  if (said === '') throw compilerFailure(command, `${how}, without a word`, variable, script);
  const missing = /fatal error: '?([\w./+-]+\.h)'?(?:: No such file| file not found)/.exec(
    result.stderr,
  )?.[1];
  const message = `${command.join(' ')}\n${said}\n${how}`;
  // Not one of ours: those lie under ruvector/ in every package.
  if (missing !== undefined && !missing.startsWith('ruvector/')) {
    throw new ToolchainError(`${message}\nheader ${missing} is missing`, compilerCure());
  }
  throw new ToolchainError(message);
}
