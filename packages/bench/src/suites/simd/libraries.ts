import { readFileSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as CoreSimd from '@ruvector/core-simd';
import { BenchError } from '../../errors.js';
import { findPackage, hashFiles, isCode, listFiles } from '../../fingerprint.js';
import type { AbsentPeer, Subject } from '../../suite.js';
import type { PairFunction } from './loops.js';

export interface Ours {
  readonly library: typeof CoreSimd;
  readonly subject: Subject;
}

/** What simsimd offers of the operations that we measure; it tells the types of its arguments apart in each call. */
export interface Simsimd {
  readonly dot: PairFunction<Float32Array | Int8Array | Uint8Array>;
  readonly sqeuclidean: PairFunction<Float32Array | Int8Array | Uint8Array>;
  readonly cosine: PairFunction<Float32Array | Int8Array | Uint8Array>;
  readonly hamming: PairFunction<Uint8Array>;
  readonly jaccard: PairFunction<Uint8Array>;
}

export type LoadedPeer =
  | { readonly library: Simsimd; readonly subject: Subject }
  | { readonly library?: undefined; readonly absent: AbsentPeer };

/** Where an imported package lies. */
function locate(name: string, door: string): { root: string; version: string } {
  return findPackage(dirname(fileURLToPath(door)), name);
}

/**
 * @throws BenchError `BENCH_NOT_BUILT`
 */
export async function loadOurs(): Promise<Ours> {
  let library: typeof CoreSimd;
  try {
    library = await import('@ruvector/core-simd');
  } catch (error) {
    throw new BenchError('BENCH_NOT_BUILT', '@ruvector/core-simd does not load; run: npm run build', {
      cause: error,
    });
  }
  const { root, version } = locate('@ruvector/core-simd', import.meta.resolve('@ruvector/core-simd'));
  const built = listFiles(root, (path) => isCode(path) && !/\.(ts|mjs)$/.test(path));
  const { backend, variant, typescriptBelow, reason } = library.capabilities();
  return {
    library,
    subject: {
      name: 'ruvector',
      version,
      fingerprint: hashFiles(root, built),
      details: {
        backend,
        variant,
        ...(typescriptBelow === undefined ? {} : { pairs: `in TypeScript below ${typescriptBelow} dims` }),
        ...(reason === undefined ? {} : { reason }),
      },
    },
  };
}

/**
 * The kernels that simsimd chooses for float32, from the processor's flags by the order of its dispatch
 * (`include/simsimd/simsimd.h`, `_simsimd_find_kernel_punned_f32` of 6.5.5); its JavaScript door does not tell.
 */
export function simsimdVariant(arch: string, flags: ReadonlySet<string>): string {
  if (arch === 'arm64') return flags.has('sve') ? 'sve' : 'neon';
  if (flags.has('avx512f')) return 'skylake';
  if (['avx2', 'f16c', 'fma'].every((flag) => flags.has(flag))) return 'haswell';
  return 'serial';
}

/** The first processor's feature flags; empty where the system has no /proc/cpuinfo. */
function processorFlags(): Set<string> {
  try {
    const text = readFileSync('/proc/cpuinfo', 'utf8');
    return new Set(/^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1]?.split(/\s+/));
  } catch {
    return new Set();
  }
}

/** Shared libraries that this process has loaded. */
function loadedLibraries(): string[] {
  const report = process.report.getReport() as unknown as { sharedObjects: string[] };
  return report.sharedObjects;
}

/** simsimd from npm, or why it cannot take part. */
export async function loadSimsimd(): Promise<LoadedPeer> {
  const absent = (reason: string): LoadedPeer => ({
    absent: { name: 'simsimd', reason, cure: 'install it with: npm install' },
  });
  let library: Simsimd;
  try {
    library = await import('simsimd');
  } catch (error) {
    return absent(`the npm package simsimd does not load (${(error as Error).message.split('\n')[0]})`);
  }
  const { root, version } = locate('simsimd', import.meta.resolve('simsimd'));
  // Without its addon simsimd computes in JavaScript: no measure of its kernels.
  const native = loadedLibraries().filter((path) => path.startsWith(root + sep) && path.endsWith('.node'));
  if (native.length === 0) return absent('its native library did not load');
  const flags = processorFlags();
  const variant = flags.size === 0 ? 'unknown' : simsimdVariant(process.arch, flags);
  return {
    library,
    subject: {
      name: 'simsimd',
      version,
      fingerprint: hashFiles(root, native),
      details: {
        backend: 'native',
        variant: `${variant} (from the processor's flags; its API does not tell)`,
      },
    },
  };
}
