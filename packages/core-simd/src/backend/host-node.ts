/** Where backends come from in Node. Imported for its effect, before all else, by index.ts. */
import { setHost } from './current.js';
import { loadNative } from './native.js';
import { wasmBackend } from './wasm.js';
import { loadWasm, wasmAbsence } from './wasm-node.js';

setHost({
  wish: process.env.RUVECTOR_SIMD,
  native: loadNative,
  wasmAbsence,
  wasm() {
    const loaded = loadWasm();
    return 'kernels' in loaded ? { backend: wasmBackend(loaded.kernels) } : loaded;
  },
});
