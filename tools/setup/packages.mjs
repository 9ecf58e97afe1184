// @ts-check
/** Packages of the system, through its package manager: installed where we may, else the command to run is told. */
import { existsSync, readdirSync } from 'node:fs';
import { attempt, SetupError, say, which } from './process.mjs';

/** @typedef {'root' | 'sudo' | 'none'} Rights */

/** @type {Promise<Rights> | undefined} */
let rights;

/** What we may do to the system: as root everything, with a password-less sudo too. */
export function systemRights() {
  rights ??= (async () => {
    if (process.getuid?.() === 0) return 'root';
    if (which('sudo') === undefined) return 'none';
    return (await attempt('sudo', ['-n', 'true'])).status === 0 ? 'sudo' : 'none';
  })();
  return rights;
}

/** Whether this is Debian or one of its kind. */
export function hasApt() {
  return which('apt-get') !== undefined && which('dpkg-deb') !== undefined;
}

/** apt-get asks nothing, waits for another apt-get, and draws no progress bars. */
const aptOptions = ['-y', '-q', '-o', 'Dpkg::Use-Pty=0', '-o', 'DPkg::Lock::Timeout=300'];

/** @param {readonly string[]} command */
async function asRoot(command) {
  const words = ['env', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C.UTF-8', ...command];
  if ((await systemRights()) === 'sudo') words.unshift('sudo', '-n');
  return attempt(words[0], words.slice(1));
}

/** Whether apt knows what there is to install. */
function aptHasLists() {
  const lists = '/var/lib/apt/lists';
  try {
    return readdirSync(lists).some((name) => name.includes('_Packages'));
  } catch {
    return false;
  }
}

async function aptUpdate() {
  say('apt-get update');
  const { status, output } = await asRoot(['apt-get', 'update', ...aptOptions]);
  if (status !== 0) {
    throw new SetupError('The package lists could not be fetched. To see it again, run: apt-get update', {
      output,
    });
  }
}

/**
 * Installs Debian packages. Only where `systemRights` is not `none`.
 *
 * @param {readonly string[]} names
 */
export async function aptInstall(names) {
  if (!aptHasLists()) await aptUpdate();
  const command = ['apt-get', 'install', '--no-install-recommends', ...aptOptions, ...names];
  say(`apt-get install ${names.join(' ')}`);
  let { status, output } = await asRoot(command);
  if (status !== 0) {
    // Lists of an older day name versions that the mirror no longer has.
    await aptUpdate();
    ({ status, output } = await asRoot(command));
  }
  if (status !== 0) {
    throw new SetupError(
      `Packages could not be installed. To see it again, run: apt-get install --no-install-recommends ${names.join(' ')}`,
      { output },
    );
  }
}

/**
 * The newest of some Debian packages that apt can install.
 *
 * @param {readonly string[]} names best first
 * @param {readonly string[]} [options] of apt-cache
 */
export async function aptFirstAvailable(names, options = []) {
  for (const name of names) {
    const { status, stdout } = await attempt('apt-cache', [...options, 'show', '--no-all-versions', name]);
    if (status === 0 && stdout.includes(`Package: ${name}`)) return name;
  }
  return undefined;
}

/** Makes sure that apt has lists to look into. */
export async function aptRefresh() {
  if (!aptHasLists()) await aptUpdate();
}

/**
 * How a person installs something here, in one line.
 *
 * @param {{ apt: string, dnf: string, apk: string, pacman: string, brew: string }} names
 */
export function installCommand(names) {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  if (which('apt-get'))
    return `${sudo}apt-get update && ${sudo}apt-get install --no-install-recommends ${names.apt}`;
  if (which('dnf')) return `${sudo}dnf install ${names.dnf}`;
  if (which('apk')) return `${sudo}apk add ${names.apk}`;
  if (which('pacman')) return `${sudo}pacman -S ${names.pacman}`;
  if (which('brew') || existsSync('/opt/homebrew')) return `brew install ${names.brew}`;
  return `your package manager's install command for: ${names.apt}`;
}

/** What every step that needs the system does: install when we may, else tell. @returns {Promise<boolean>} whether it was done */
export async function mayInstall() {
  return hasApt() && (await systemRights()) !== 'none';
}
