#!/usr/bin/env node
/**
 * Builds the addon for packages: prebuilds/<platform>-<arch>/core_simd[.<libc>].node.
 *
 *   node native/prebuild.mjs                    for this machine: npm run prebuildify
 *   node native/prebuild.mjs linux-arm64-glibc  for another target, where its compiler is here
 *   node native/prebuild.mjs --matrix           all targets as JSON, for a CI's matrix
 *   node native/prebuild.mjs --check            fails unless all that a release contains is there: prepublishOnly
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { prebuildCommand } from './prebuild-addon.mjs';
import { kernels, nativeDir } from './toolchain.mjs';

/** @type {import('./prebuild-addon.mjs').Addon} */
export const addon = {
  name: 'core_simd',
  parts: [{ label: 'core-simd', nativeDir, sources: kernels }],
  built: ['dist/index.js', 'dist/browser.js', 'prebuilds/wasm/core_simd.wasm', 'prebuilds/wasm/core_simd.js'],
};

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await prebuildCommand(addon, process.argv.slice(2));
}
