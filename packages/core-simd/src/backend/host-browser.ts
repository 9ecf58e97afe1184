/** Where backends come from in browsers. Imported for its effect, before all else, by browser.ts. */
import { setHost } from './current.js';
import { wasmBackend } from './wasm.js';
import { loadWasm } from './wasm-browser.js';
import { wasmObstacle } from './wasm-module.js';

const { RUVECTOR_SIMD: wish } = globalThis as { readonly RUVECTOR_SIMD?: unknown };

setHost({
  // A page has no environment: it may set a global variable before the package is imported.
  wish: typeof wish === 'string' ? wish : undefined,
  native: () => ({ reason: 'no native addon: browsers have none' }),
  wasmAbsence() {
    const obstacle = wasmObstacle();
    return obstacle === undefined ? undefined : `no WebAssembly: ${obstacle}`;
  },
  wasm() {
    const loaded = loadWasm();
    return 'kernels' in loaded ? { backend: wasmBackend(loaded.kernels) } : loaded;
  },
});
