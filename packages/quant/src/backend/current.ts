/** Settles, once per thread, what computes: the addon, else TypeScript. */
import { newArray } from '../check.js';
import { QuantError } from '../errors.js';
import { loadAddon } from './native.js';
import type { Addon, Families, NativeKernels, NativeVariant, QuantVariant } from './types.js';

/** What encodes and estimates in this thread, and why. */
export interface Capabilities {
  readonly backend: 'native' | 'typescript';
  readonly variant: QuantVariant;
  /** All variants that run here, best first. The environment variable RUVECTOR_SIMD forces one. */
  readonly available: readonly QuantVariant[];
  /** Without the addon: why it is not in use, and how to get it. */
  readonly reason?: string;
}

export interface Choice {
  /** Undefined where TypeScript computes. */
  readonly native: NativeKernels | undefined;
  readonly misaligned?: Addon['misaligned'];
  readonly capabilities: Capabilities;
}

/** @throws {QuantError} `ERR_QUANT_VARIANT` where RUVECTOR_SIMD asks for what does not run here */
export function choose(wish: string): Choice {
  const loaded = loadAddon();
  const variants = 'addon' in loaded ? loaded.addon.variants : {};
  const names = Object.keys(variants) as NativeVariant[];
  const available: readonly QuantVariant[] = Object.freeze([...names, 'typescript'] as const);
  const chosen = wish === '' ? names[0] : names.find((name) => name === wish);
  if (chosen !== undefined) {
    const capabilities: Capabilities = Object.freeze({ backend: 'native', variant: chosen, available });
    const misaligned = 'addon' in loaded ? loaded.addon.misaligned : undefined;
    return { native: variants[chosen]!(), capabilities, ...(misaligned && { misaligned }) };
  }
  // WebAssembly is core-simd's alone: where it is forced, codes are TypeScript's.
  const why = 'reason' in loaded ? loaded.reason : `RUVECTOR_SIMD=${wish}`;
  if (wish !== '' && wish !== 'typescript' && wish !== 'wasm') {
    throw new QuantError(
      'ERR_QUANT_VARIANT',
      `RUVECTOR_SIMD=${wish} does not run here; what does: ${available.join(', ')}; ${why}`,
    );
  }
  return {
    native: undefined,
    capabilities: Object.freeze({ backend: 'typescript', variant: 'typescript', available, reason: why }),
  };
}

let choice: Choice | undefined;

/** Chooses on the first call. */
export function current(): Choice {
  choice ??= choose(process.env.RUVECTOR_SIMD ?? '');
  return choice;
}

/**
 * What computes in this thread.
 *
 * @example
 * capabilities().available.at(-1); // typescript
 */
export function capabilities(): Capabilities {
  return current().capabilities;
}

/** A family of the addon, or the same in TypeScript. */
export function kernelsOf<F extends keyof Families>(family: F, typescript: Families[F]): Families[F] {
  return current().native?.[family] ?? typescript;
}

/** Lines of the first-level cache. */
const lineBytes = 64;

/**
 * Bytes for kernels that read whole lines: they begin where one does, for the addon. A register of 64 bytes that does not is
 * two reads: bench/product-lines.mjs shows what that costs.
 *
 * @returns zeros
 * @throws {QuantError} `ERR_QUANT_LENGTH` where there is no memory
 */
export function alignedBytes(operation: string, count: number): Uint8Array {
  const { misaligned } = current();
  if (misaligned === undefined) return newArray(operation, 'Uint8Array', count);
  const memory = newArray(operation, 'Uint8Array', count + lineBytes);
  const over = misaligned(memory);
  return memory.subarray(lineBytes - over, lineBytes - over + count);
}

/**
 * A function of the addon on another thread, for `runLong`; undefined without the addon.
 *
 * @param args nobody may take their memory away meanwhile: see `hold` and `longTarget`
 */
export function onThread<Result>(family: keyof Families, name: string, args: readonly unknown[]) {
  const { native } = current();
  if (native === undefined) return undefined;
  return (control: Int32Array) =>
    new Promise<{ done: boolean; result: Result }>((resolve, reject) => {
      native.start(family, name, args, control, (error, done, result) => {
        if (error === undefined) resolve({ done, result: result as Result });
        else reject(error);
      });
    });
}
