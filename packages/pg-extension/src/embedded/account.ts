/**
 * PostgreSQL refuses to run as root. When this process is root, the server runs as an account without privileges:
 * `postgres` where there is one, else `nobody`. Everybody else runs the server as themselves.
 */
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import { EmbeddedError } from './errors.js';
import { programPath } from './processes.js';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const candidates = ['postgres', 'nobody'] as const;

function id(flag: '-u' | '-g', name: string): number | undefined {
  const run = spawnSync('id', [flag, name], {
    env: { PATH: programPath() },
    encoding: 'utf8',
    cwd: '/',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const value = run.status === 0 ? Number.parseInt(run.stdout, 10) : Number.NaN;
  return Number.isInteger(value) && value > 0 ? value : undefined;
}

/** Every account that a server of ours may run as when root starts it. */
export function unprivilegedAccounts(): Account[] {
  const accounts: Account[] = [];
  for (const name of candidates) {
    const uid = id('-u', name);
    const gid = id('-g', name);
    if (uid !== undefined && gid !== undefined) accounts.push({ name, uid, gid });
  }
  return accounts;
}

/**
 * The account that the server runs as, or `undefined` when that is the account we have.
 *
 * @throws {EmbeddedError} `ERR_EMBEDDED_ACCOUNT` as root on a system without `postgres` and `nobody`, and as a user
 * id without a name, which initdb does not accept (containers can be run with any id)
 */
export function serverAccount(): Account | undefined {
  const uid = process.getuid?.();
  if (uid !== 0) {
    try {
      os.userInfo();
    } catch (cause) {
      throw new EmbeddedError(
        'ERR_EMBEDDED_ACCOUNT',
        `PostgreSQL does not run as user id ${uid}, which has no name on this system. Run as a user that has one, ` +
          `or let root give it one: useradd --uid ${uid} --no-create-home ruvector`,
        { cause },
      );
    }
    return undefined;
  }
  const account = unprivilegedAccounts()[0];
  if (account === undefined) {
    throw new EmbeddedError(
      'ERR_EMBEDDED_ACCOUNT',
      'PostgreSQL does not run as root, and there is no account "postgres" or "nobody" to run it as. ' +
        'Create one: useradd --system --no-create-home --shell /usr/sbin/nologin postgres',
    );
  }
  return account;
}

/**
 * Asks the kernel, by a process of that account, whether the account can use a path: access control lists,
 * containers and network file systems have rules that the mode bits do not show.
 *
 * @param access letters of test(1): `r` read, `w` write, `x` search or run, `O` own
 */
export function accountCan(account: Account | undefined, access: string, file: string): boolean {
  const tests = [...access].map((letter) => `test -${letter} "$1"`).join(' && ');
  const run = spawnSync('/bin/sh', ['-c', tests, 'sh', file], {
    cwd: '/',
    env: {},
    stdio: 'ignore',
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
  });
  return run.status === 0;
}
