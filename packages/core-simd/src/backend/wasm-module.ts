/**
 * The WebAssembly module: what an engine must have to run it, and what it exports (native/wasm/exports.cpp).
 */

/** Offsets into the module's memory are numbers; so are type and metric, as native/include/ruvector/simd.h counts them. */
export interface WasmExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly __heap_base: { readonly value: number };
  abi(): number;
  pair(type: number, metric: number, a: number, b: number, n: number): number;
  many(
    type: number,
    metric: number,
    query: number,
    rows: number,
    n: number,
    count: number,
    out: number,
  ): void;
  matrix(
    type: number,
    metric: number,
    a: number,
    aCount: number,
    b: number,
    bCount: number,
    n: number,
    out: number,
  ): void;
  topk(
    type: number,
    metric: number,
    query: number,
    rows: number,
    n: number,
    count: number,
    k: number,
    indices: number,
    scores: number,
  ): number;
  norm(type: number, a: number, n: number): number;
  convert(which: number, from: number, to: number, n: number): void;
  sparse(
    metric: number,
    aIndices: number,
    aValues: number,
    aCount: number,
    bIndices: number,
    bValues: number,
    bCount: number,
  ): number;
}

/** The part of the WebAssembly namespace in use; neither ES2023 nor @types/node declares it. */
interface WebAssemblyNamespace {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

const supportedAbi = 1;

/**
 * A module of one function that uses 128-bit vectors: `i32.const 0; i8x16.splat; drop`. Engines without them find it
 * invalid, and would the real one, which is ten thousand times as long.
 */
const probe = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 4, 1, 0x60, 0, 0],
  ...[3, 2, 1, 0],
  ...[10, 9, 1, 7, 0, 0x41, 0, 0xfd, 0x0f, 0x1a, 0x0b],
);

function namespace(): WebAssemblyNamespace | undefined {
  return (globalThis as { readonly WebAssembly?: WebAssemblyNamespace }).WebAssembly;
}

/** Why this engine cannot run the module, or undefined where it can. */
export function wasmObstacle(): string | undefined {
  const engine = namespace();
  if (engine === undefined) return 'this engine has no WebAssembly';
  if (!engine.validate(probe)) return 'this engine has no WebAssembly SIMD';
  return undefined;
}

/**
 * Compiles and starts the module, at once: nothing of a distance is asynchronous, so its first call must not be either.
 *
 * Engines may refuse: a page's Content-Security-Policy without `wasm-unsafe-eval`, or Chromium before 115, which
 * compiles 4 KiB at most on a page's main thread.
 *
 * @throws what the engine says, or an Error for a module of another version of this package
 */
export function startWasm(bytes: Uint8Array): WasmExports {
  const engine = namespace()!;
  const exports = new engine.Instance(new engine.Module(bytes), {}).exports as WasmExports;
  const abi = exports.abi();
  if (abi !== supportedAbi)
    throw new Error(`it is of another version (interface ${abi}, not ${supportedAbi})`);
  return exports;
}
