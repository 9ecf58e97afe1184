// @ts-check
/**
 * Child processes of the set-up: their output goes to stderr or is kept for the error, never to stdout, which belongs
 * to the program that is run in the end. The first signal ends what is running, and then us.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Something that a person can cure: the message says how. Printed without a stack. */
export class SetupError extends Error {
  /** @param {string} message @param {{ cause?: unknown, output?: string }} [options] */
  constructor(message, options = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'SetupError';
    /** The last output of what failed. */
    this.output = options.output ?? '';
  }
}

/** Somebody pressed Ctrl-C, or asked us to end. */
export class Cancelled extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`cancelled by ${signal}`);
    this.signal = signal;
  }
}

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set();
/** @type {NodeJS.Signals | undefined} */
let cancelledBy;

for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    cancelledBy ??= signal;
    // Ctrl-C in a terminal goes to the whole group, and a second one means "at once" to many programs.
    const fromTerminal = signal === 'SIGINT' && (process.stdin.isTTY || process.stderr.isTTY);
    if (!fromTerminal) for (const child of children) child.kill(signal);
    if (children.size === 0) process.exit(exitStatusOf(signal));
  });
}

/** The status that a shell gives for a signal. @param {NodeJS.Signals} signal */
export function exitStatusOf(signal) {
  return 128 + ({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }[/** @type {string} */ (signal)] ?? 0);
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`[set-up] ${line}\n`);
}

const kept = 64 * 1024;

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {'keep' | 'show' | 'inherit'} [output] keep it for the error (default), send it to stderr, or let the child have
 *   our stdout, stdin and stderr
 */

/**
 * @typedef {object} RunResult
 * @property {number} status 127 when there is no such program
 * @property {string} output stdout and stderr, the last 64 KiB; empty unless kept
 * @property {string} stdout
 */

/**
 * Runs a program to its end, whatever that is.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export function attempt(program, args, options = {}) {
  if (cancelledBy !== undefined) return Promise.reject(new Cancelled(cancelledBy));
  const output = options.output ?? 'keep';
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio:
        output === 'inherit' ? 'inherit' : output === 'show' ? ['ignore', 2, 2] : ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    let all = '';
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      all = (all + text).slice(-kept);
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      all = (all + text).slice(-kept);
    });
    child.on('error', (error) => {
      children.delete(child);
      resolve({ status: 127, output: error.message, stdout: '' });
    });
    child.on('close', (status, signal) => {
      children.delete(child);
      if (cancelledBy !== undefined) reject(new Cancelled(cancelledBy));
      else resolve({ status: status ?? exitStatusOf(signal ?? 'SIGTERM'), output: all, stdout });
    });
  });
}

/**
 * Runs a program that has to succeed.
 *
 * @param {string} what what it does, for the message
 * @param {string} program
 * @param {readonly string[]} args
 * @param {RunOptions & { cure?: string }} [options]
 */
export async function run(what, program, args, options = {}) {
  const result = await attempt(program, args, options);
  if (result.status === 0) return result;
  const command = [program, ...args].map(quote).join(' ');
  const cure = options.cure === undefined ? `To see it again, run: ${command}` : options.cure;
  throw new SetupError(`${what} failed with status ${result.status}. ${cure}`, { output: result.output });
}

/** @param {string} word */
export function quote(word) {
  return /^[\w/.,:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The program's file on PATH. @param {string} name @param {string} [path] */
export function which(name, path = process.env.PATH ?? '') {
  for (const directory of path.split(delimiter)) {
    // An empty element means the working directory, which is nobody's place for programs.
    if (directory === '') continue;
    const file = join(directory, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}
