// @ts-check

import { systemRights } from './packages.mjs';
import { attempt } from './process.mjs';

const directory = '/etc/postgresql-common/createcluster.d';
const file = `${directory}/ruvector-set-up.conf`;

/**
 * Debian's server package makes a cluster `main` and starts it. Nobody asked for that here: servers of ours are
 * private. For the time of the installation a file says so, where the administrator has not said anything yet, that is
 * where Debian's PostgreSQL has never been installed; the file goes again, because a later installation is not ours.
 *
 * @template T
 * @param {() => Promise<T>} install
 * @returns {Promise<T>}
 */
export async function withoutMainCluster(install) {
  const sudo = (await systemRights()) === 'sudo' ? ['sudo', '-n'] : [];
  /** @param {string} script */
  const shell = (script) => {
    const words = [...sudo, 'sh', '-c', script, 'sh', directory, file];
    return attempt(words[0], words.slice(1));
  };
  const made = await shell(
    '! test -e /etc/postgresql-common && mkdir -p -- "$1" && echo "create_main_cluster = false" >"$2"',
  );
  try {
    return await install();
  } finally {
    if (made.status === 0) await shell('rm -f -- "$2"; rmdir --ignore-fail-on-non-empty -- "$1"');
  }
}
