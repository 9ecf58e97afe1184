import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as Integrity from '@ruvector/integrity';
import { BenchError } from '../../errors.js';
import { findPackage, hashFiles, isCode, listFiles } from '../../fingerprint.js';
import type { Subject } from '../../suite.js';

export type Library = typeof Integrity;

export interface Ours {
  readonly library: Library;
  readonly subject: Subject;
}

/** Where @ruvector/integrity lies. */
export function locateOurs(): { root: string; version: string } {
  const door = fileURLToPath(import.meta.resolve('@ruvector/integrity'));
  return findPackage(dirname(door), '@ruvector/integrity');
}

/** @throws BenchError `BENCH_NOT_BUILT` */
export async function loadOurs(): Promise<Ours> {
  let library: Library;
  try {
    library = await import('@ruvector/integrity');
  } catch (error) {
    throw new BenchError('BENCH_NOT_BUILT', '@ruvector/integrity does not load; run: npm run build', {
      cause: error,
    });
  }
  const { root, version } = locateOurs();
  const built = listFiles(root, (path) => isCode(path) && path.startsWith(`${root}/dist/`));
  return {
    library,
    subject: {
      name: 'ruvector',
      version,
      fingerprint: hashFiles(root, built),
      details: { language: 'TypeScript', cryptography: library.defaultCrypto().name },
    },
  };
}
