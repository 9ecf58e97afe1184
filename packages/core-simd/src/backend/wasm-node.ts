/** Finds the WebAssembly module where Node has files. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { WasmKernels } from './wasm-kernels.js';
import { startWasm, wasmObstacle } from './wasm-module.js';

// Two folders up from src/backend/ and from dist/backend/ alike.
const packageFolder = fileURLToPath(new URL('../..', import.meta.url));
const file = `${packageFolder}prebuilds/wasm/core_simd.wasm`;
const cure = `To build it, run: node ${packageFolder}native/wasm/build.mjs`;

/**
 * Whether the module is there and may run here; the engine has the last word when it is started.
 *
 * @returns why not, and how to get it; undefined where it can be tried
 */
export function wasmAbsence(): string | undefined {
  const obstacle = wasmObstacle();
  if (obstacle !== undefined) return `no WebAssembly: ${obstacle}`;
  return existsSync(file) ? undefined : `no WebAssembly: ${file} does not exist. ${cure}`;
}

/** The kernels, or why there are none and how to get them. */
export function loadWasm(): { readonly kernels: WasmKernels } | { readonly reason: string } {
  const reason = wasmAbsence();
  if (reason !== undefined) return { reason };
  try {
    return { kernels: new WasmKernels(startWasm(readFileSync(file))) };
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return { reason: `no WebAssembly: ${file} does not load: ${what}. ${cure}` };
  }
}
