/**
 * Finds the addon and settles, once per thread, what computes.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { SimdError } from './errors.js';

/** Instruction-set variants of the native kernels, and `typescript`. */
export type SimdVariant = 'serial' | 'haswell' | 'skylake' | 'neon' | 'typescript';

/** What computes distances in this thread, and why. */
export interface Capabilities {
  readonly backend: 'native' | 'typescript';
  /** The variant in use; `typescript` exactly when the backend is. */
  readonly variant: SimdVariant;
  /** All variants that run here, best first. The environment variable RUVECTOR_SIMD forces one. */
  readonly available: readonly SimdVariant[];
  /**
   * Only with the native backend, and when no variant is forced: functions of one or two vectors
   * with fewer dimensions than this run in TypeScript, where the sum costs less than the call.
   */
  readonly typescriptBelow?: number;
  /** Only with the TypeScript backend: why the addon is not in use, and how to get it. */
  readonly reason?: string;
}

type NativePair = (a: Float32Array, b: Float32Array) => void;
type NativeMany = (query: Float32Array, rows: Float32Array, out: Float32Array) => void;

/** The addon's functions of one variant; see native/addon/addon.h for the contract. */
export interface NativeKernels {
  readonly dot: NativePair;
  readonly l2sq: NativePair;
  readonly l1: NativePair;
  readonly cosine: NativePair;
  readonly norm: (a: Float32Array) => void;
  readonly dotMany: NativeMany;
  readonly l2sqMany: NativeMany;
  readonly l1Many: NativeMany;
  readonly cosineMany: NativeMany;
}

interface Addon {
  readonly abi: number;
  readonly result: ArrayBuffer;
  readonly variants: Partial<Record<SimdVariant, NativeKernels>>;
}

/** The addon's kernels with the slot that the pair functions write to. */
export interface NativeBackend {
  readonly kernels: NativeKernels;
  readonly result: Float64Array;
}

const supportedAbi = 1;

/**
 * Below this many dimensions a TypeScript pair is faster than a call into the addon; where it
 * lies exactly moves with the machine (bench/pair.mjs measures it).
 */
const shortPair = 48;

// One folder up from src/ and from dist/ alike.
const packageFolder = fileURLToPath(new URL('..', import.meta.url));

function addonFiles(): string[] {
  return [
    `${packageFolder}prebuilds/${process.platform}-${process.arch}/core_simd.node`,
    `${packageFolder}native/build/Release/core_simd.node`,
  ];
}

function loadAddon(): { addon: Addon } | { reason: string } {
  const require = createRequire(import.meta.url);
  const tried: string[] = [];
  for (const file of addonFiles()) {
    if (!existsSync(file)) {
      tried.push(`${file} does not exist`);
      continue;
    }
    try {
      const addon = require(file) as Addon;
      if (addon.abi === supportedAbi) return { addon };
      tried.push(`${file} is of another version (interface ${addon.abi}, expected ${supportedAbi})`);
    } catch (error) {
      tried.push(`${file} does not load: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return {
    reason: `no native addon: ${tried.join('; ')}. To build it, run: node ${packageFolder}native/build.mjs`,
  };
}

/**
 * Chooses the backend as RUVECTOR_SIMD wishes, else the best.
 *
 * @throws {SimdError} `ERR_SIMD_VARIANT` when the wish does not run here
 */
export function chooseBackend(wish: string | undefined): {
  native: NativeBackend | undefined;
  capabilities: Capabilities;
} {
  const loaded = loadAddon();
  const variants = 'addon' in loaded ? loaded.addon.variants : {};
  const available = Object.freeze([...(Object.keys(variants) as SimdVariant[]), 'typescript'] as const);
  const forced = wish !== undefined && wish !== '';
  const variant = available.find((name) => !forced || name === wish);
  if (variant === undefined) {
    const why = 'reason' in loaded ? `; ${loaded.reason}` : '';
    throw new SimdError(
      'ERR_SIMD_VARIANT',
      `RUVECTOR_SIMD=${wish} does not run here; what does: ${available.join(', ')}${why}`,
    );
  }
  const kernels = variants[variant];
  if (kernels === undefined || !('addon' in loaded)) {
    const reason = 'reason' in loaded ? loaded.reason : 'RUVECTOR_SIMD=typescript';
    return {
      native: undefined,
      capabilities: Object.freeze({ backend: 'typescript', variant, available, reason }),
    };
  }
  return {
    native: { kernels, result: new Float64Array(loaded.addon.result) },
    capabilities: Object.freeze({
      backend: 'native',
      variant,
      available,
      ...(forced ? {} : { typescriptBelow: shortPair }),
    }),
  };
}
