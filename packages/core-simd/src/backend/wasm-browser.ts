/** The WebAssembly module from a script, for where there are no files: bundlers and browsers. */
import { base64 } from '#wasm';
import { WasmKernels } from './wasm-kernels.js';
import { startWasm, wasmObstacle } from './wasm-module.js';

/** The bytes that base64 stands for; a loop, since `Uint8Array.from` takes many times as long. */
function decode(text: string): Uint8Array {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

/** Why the module cannot run here; undefined where it can be tried: the engine has the last word when it is started. */
export function wasmAbsence(): string | undefined {
  const obstacle = wasmObstacle();
  return obstacle === undefined ? undefined : `no WebAssembly: ${obstacle}`;
}

/** The kernels, or why there are none. */
export function loadWasm(): { readonly kernels: WasmKernels } | { readonly reason: string } {
  const reason = wasmAbsence();
  if (reason !== undefined) return { reason };
  try {
    return { kernels: new WasmKernels(startWasm(decode(base64))) };
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    // What can be done about it is the page's to do.
    return {
      reason: `no WebAssembly: the engine refuses it: ${what}. A Content-Security-Policy must allow 'wasm-unsafe-eval'`,
    };
  }
}
