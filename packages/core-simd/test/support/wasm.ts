/** The WebAssembly module, built where clang and lld are, and arrays laid out in its memory. */
import { readFileSync } from 'node:fs';
import { buildWasm, findWasmTools, wasmFile } from '../../native/wasm/build.mjs';
import type { Elements } from '../../src/backend/types.js';
import { startWasm, type WasmExports, wasmObstacle } from '../../src/backend/wasm-module.js';

/** Why there is no module to test, or undefined. */
export function noWasm(): string | undefined {
  try {
    findWasmTools();
    return wasmObstacle();
  } catch (error) {
    return (error as Error).message;
  }
}

/** The module's bytes, up to date. */
export async function wasmBytes(): Promise<Uint8Array> {
  await buildWasm();
  return readFileSync(wasmFile);
}

/** The numbers of native/include/ruvector/simd.h. */
export const types = { f32: 0, f16: 1, bf16: 2, i8: 3, u8: 4, bits: 5, f32_f16: 6 } as const;
export const metrics = { dot: 0, l2sq: 1, l1: 2, cosine: 3, hamming: 4, jaccard: 5 } as const;

export type Type = keyof typeof types;
export type Metric = keyof typeof metrics;

/**
 * An instance whose arguments lie as far back as they go: the last one ends where the memory does, so that a load past
 * it traps. All else is filled with bytes that are NaN as floats and large as integers.
 */
export class Bench {
  readonly exports: WasmExports;
  readonly #start: number;
  #end: number;

  constructor(bytes: Uint8Array) {
    this.exports = startWasm(bytes);
    this.exports.memory.grow(96);
    this.#start = this.exports.__heap_base.value;
    this.#end = this.#start;
    this.reset();
  }

  get #size(): number {
    return this.exports.memory.buffer.byteLength;
  }

  /** Forgets what was placed. */
  reset(): void {
    this.bytes(this.#end, this.#size - this.#end).fill(0xff);
    this.#end = this.#size;
  }

  /** Copies an array in front of those that are there, at least `gap` bytes off; its address. */
  place(array: Elements | Uint32Array, gap = 0): number {
    const size = array.BYTES_PER_ELEMENT;
    const at = Math.floor((this.#end - gap - array.byteLength) / size) * size;
    if (at < this.#start) throw new RangeError('the test needs more memory');
    this.bytes(at, array.byteLength).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    this.#end = at;
    return at;
  }

  /** Room for results, with 64 bytes in front of it and behind it that nobody may write to. */
  room(bytes: number, alignment = 4): number {
    const at = Math.floor((this.#end - 64 - bytes) / alignment) * alignment;
    this.#end = at - 64;
    return at;
  }

  /** Whether those bytes are as they were. */
  isFenced(at: number, bytes: number): boolean {
    const around = [this.bytes(at - 64, 64), this.bytes(at + bytes, 64)];
    return around.every((fence) => fence.every((byte) => byte === 0xff));
  }

  bytes(at: number, count: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, at, count);
  }

  /** A copy of the floats at an address. */
  floats(at: number, count: number): Float32Array {
    return new Float32Array(this.bytes(at, 4 * count).slice().buffer);
  }
}
