/** What computes: the addon's families of functions, and the same in TypeScript. */
import type { BinaryKernels } from '../binary/kernels.js';
import type { HalfKernels } from '../half/kernels.js';
import type { KmeansKernels } from '../kmeans/kernels.js';
import type { ProductKernels } from '../product/kernels.js';
import type { RabitqKernels } from '../rabitq/kernels.js';
import type { RotationKernels } from '../rotation/kernels.js';
import type { ScalarKernels } from '../scalar/kernels.js';

/** Instruction sets of the addon, as native/include/ruvector/simd.h names them. */
export type NativeVariant = 'serial' | 'haswell' | 'skylake' | 'icelake' | 'neon' | 'dotprod';

export type QuantVariant = NativeVariant | 'typescript';

/**
 * The families, each with its functions (native/addon/<family>.c). A family that is written in TypeScript only has no
 * place here.
 */
export interface Families {
  readonly rotation: RotationKernels;
  readonly rabitq: RabitqKernels;
  readonly scalar: ScalarKernels;
  readonly half: HalfKernels;
  readonly binary: BinaryKernels;
  readonly kmeans: KmeansKernels;
  readonly product: ProductKernels;
}

/** What the addon has of one variant. */
export interface NativeKernels extends Families {
  /**
   * Calls a function on another thread, and calls back on this one when nothing works on its arrays any longer: with
   * what the function would throw, or with whether it is done (it is not where control[0] asked to stop) and its result.
   */
  start(
    family: keyof Families,
    name: string,
    args: readonly unknown[],
    control: Int32Array,
    callback: (error: Error | undefined, done: boolean, result: unknown) => void,
  ): void;
}

/** native/addon/module.c */
export interface Addon {
  readonly abi: number;
  /** By how many bytes an array's memory begins after a multiple of 64. */
  misaligned(array: Uint8Array): number;
  /** Those that run here, best first. */
  readonly variants: Readonly<Partial<Record<NativeVariant, () => NativeKernels>>>;
}
