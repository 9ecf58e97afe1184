/**
 * The part of the module's memory that arguments and results are copied to.
 *
 * It starts where the module's own data ends, grows in powers of two and never shrinks, since WebAssembly's memory
 * cannot; so it has a limit, and longer work is cut into slices.
 */
import type { WasmExports } from './wasm-module.js';

const pageBytes = 65536;

/** Where a vector register may be loaded without crossing a cache line. */
const alignment = 64;

/** `bytes`, rounded up so that what follows is aligned; below 2 GiB, as all that has room is. */
export function padded(bytes: number): number {
  return (bytes + (alignment - 1)) & -alignment;
}

/** The most that {@link padded} adds. */
export const padding = alignment - 1;

/** The kinds of elements that the memory can be seen as: places in {@link Arena.views}. */
export const view = { u8: 0, i8: 1, u16: 2, u32: 3, f32: 4 } as const;
export type View = (typeof view)[keyof typeof view];
export type Views = readonly [Uint8Array, Int8Array, Uint16Array, Uint32Array, Float32Array];

export class Arena {
  /** Where the first byte lies. */
  readonly start: number;
  /** The most bytes that it may ever have. */
  readonly limit: number;
  /** How many it has, and may have. */
  #room: number;
  readonly #memory: WasmExports['memory'];

  /** The whole memory, as elements of every kind; replaced when it grows, which detaches the old ones. */
  views: Views;

  constructor(exports: WasmExports, limit: number) {
    this.#memory = exports.memory;
    this.start = padded(exports.__heap_base.value);
    this.limit = limit;
    this.#room = Math.min(limit, exports.memory.buffer.byteLength - this.start);
    this.views = viewsOf(exports.memory.buffer);
  }

  /**
   * Makes room for `bytes` from `start` on; what was there is lost to nobody, since no call leaves anything behind.
   *
   * @returns whether there is; not beyond the limit, nor where the engine has no more memory to give
   */
  reserve(bytes: number): boolean {
    if (bytes <= this.#room) return true;
    if (bytes > this.limit) return false;
    const wanted = Math.min(this.limit, 2 ** Math.ceil(Math.log2(bytes)));
    const present = this.#memory.buffer.byteLength - this.start;
    try {
      this.#memory.grow(Math.ceil((wanted - present) / pageBytes));
    } catch {
      return false;
    }
    this.#room = wanted;
    this.views = viewsOf(this.#memory.buffer);
    return true;
  }
}

function viewsOf(buffer: ArrayBuffer): Views {
  return [
    new Uint8Array(buffer),
    new Int8Array(buffer),
    new Uint16Array(buffer),
    new Uint32Array(buffer),
    new Float32Array(buffer),
  ];
}
