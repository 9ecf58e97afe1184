// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { aptInstall, installCommand, mayInstall } from './packages.mjs';
import { attempt, SetupError } from './process.mjs';

/** Compilers are there when they compile: Debian's gcc without libc6-dev has no headers. */
const probes = [
  {
    program: process.env.CC || 'gcc',
    language: 'c',
    text: '#include <stdio.h>\n',
    what: 'a C compiler with its headers',
  },
  {
    program: process.env.CXX || 'g++',
    language: 'c++',
    text: '#include <cstdint>\n',
    what: 'a C++ compiler with its headers',
  },
];

/** @param {typeof probes[number]} probe */
async function compiles({ program, language, text }) {
  const [file, ...args] = program.split(' ');
  const child = spawn(file, [...args, '-fsyntax-only', '-x', language, '-'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(text);
  try {
    const [status] = await once(child, 'exit');
    return status === 0;
  } catch {
    return false;
  }
}

async function missing() {
  const results = await Promise.all([
    ...probes.map(async (probe) =>
      (await compiles(probe)) ? undefined : `${probe.what} (${probe.program})`,
    ),
    attempt('make', ['--version']).then(({ status }) => (status === 0 ? undefined : 'make')),
  ]);
  return results.filter((each) => each !== undefined);
}

/** Makes sure that gcc, g++ and make are there and work. */
export async function ensureCompilers() {
  let gone = await missing();
  // What the user chose is the user's to mend; another package would not change it.
  const chosen = ['CC', 'CXX'].filter((name) => process.env[name]);
  if (gone.length > 0 && chosen.length > 0) {
    const values = chosen.map((name) => `${name}=${process.env[name]}`).join(' and ');
    throw new SetupError(
      `Missing: ${gone.join(', ')}. The environment says ${values}: correct it, or unset ${chosen.join(' and ')} to use gcc and g++.`,
    );
  }
  if (gone.length > 0 && (await mayInstall())) {
    await aptInstall(['gcc', 'g++', 'libc6-dev', 'make']);
    gone = await missing();
  }
  if (gone.length === 0) return;
  const command = installCommand({
    apt: 'gcc g++ libc6-dev make',
    dnf: 'gcc gcc-c++ make',
    apk: 'build-base',
    pacman: 'base-devel',
    brew: 'gcc make',
  });
  throw new SetupError(`Missing: ${gone.join(', ')}. Install with: ${command}`);
}
