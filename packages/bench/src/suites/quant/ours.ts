import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as Quant from '@ruvector/quant';
import { BenchError } from '../../errors.js';
import { findPackage, hashFiles, isCode, listFiles } from '../../fingerprint.js';
import type { Subject } from '../../suite.js';

export type Library = typeof Quant;

export interface Ours {
  readonly library: Library;
  readonly subject: Subject;
}

/** The built files of a package of ours: JavaScript and addon. */
function filesOf(name: string): { root: string; version: string; files: readonly string[] } {
  const { root, version } = findPackage(dirname(fileURLToPath(import.meta.resolve(name))), name);
  return { root, version, files: listFiles(root, (path) => isCode(path) && !/\.(ts|mjs)$/.test(path)) };
}

/** @throws BenchError `BENCH_NOT_BUILT` */
export async function loadOurs(): Promise<Ours> {
  let library: Library;
  try {
    library = await import('@ruvector/quant');
  } catch (error) {
    throw new BenchError('BENCH_NOT_BUILT', '@ruvector/quant does not load; run: npm run build', {
      cause: error,
    });
  }
  const quant = filesOf('@ruvector/quant');
  const simd = filesOf('@ruvector/core-simd');
  const { backend, variant, reason } = library.capabilities();
  return {
    library,
    subject: {
      name: 'ruvector',
      version: quant.version,
      fingerprint: `${hashFiles(quant.root, quant.files)}-${hashFiles(simd.root, simd.files)}`,
      details: { backend, variant, ...(reason === undefined ? {} : { reason }) },
    },
  };
}
