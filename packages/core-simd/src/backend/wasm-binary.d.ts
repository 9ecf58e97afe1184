/** What native/wasm/build.mjs makes; the package's imports call it `#wasm`. */

/** The WebAssembly module in base64. */
export const base64: string;
