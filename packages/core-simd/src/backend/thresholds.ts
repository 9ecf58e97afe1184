/**
 * From how many dimensions on a pair goes to the backend rather than to the TypeScript kernels: about there, a sum costs
 * as much as the call. bench/pair.mjs measures it; where it lies exactly moves with the machine.
 */
import type { TypeName } from './types.js';

/** Dimensions; of bits the number of bytes, of sparse vectors that of both vectors' elements. */
export type Thresholds = Record<TypeName | 'sparse', number>;

export const shortPairs: Readonly<Record<'native' | 'wasm', Readonly<Thresholds>>> = {
  native: { f32: 48, f16: 32, bf16: 32, i8: 36, u8: 36, bits: 28, f32_f16: 32, sparse: 104 },
  wasm: { f32: 40, f16: 40, bf16: 24, i8: 28, u8: 28, bits: 28, f32_f16: 40, sparse: 104 },
};

/** The same, by the names of the public namespaces. */
export interface ShortPairs {
  readonly float32: number;
  readonly float16: number;
  readonly bfloat16: number;
  readonly int8: number;
  readonly uint8: number;
  readonly bits: number;
  readonly float32Float16: number;
  readonly sparse: number;
}

export function publicNames({ f32, f16, bf16, i8, u8, bits, f32_f16, sparse }: Thresholds): ShortPairs {
  return {
    float32: f32,
    float16: f16,
    bfloat16: bf16,
    int8: i8,
    uint8: u8,
    bits,
    float32Float16: f32_f16,
    sparse,
  };
}
