#!/usr/bin/env node
/**
 * Builds the addon for packages: prebuilds/<platform>-<arch>/quant[.<libc>].node, core-simd's kernels in it.
 *
 *   node native/prebuild.mjs                    for this machine: npm run prebuildify
 *   node native/prebuild.mjs linux-arm64-glibc  for another target, where its compiler is here
 *   node native/prebuild.mjs --matrix           all targets as JSON, for a CI's matrix
 *   node native/prebuild.mjs --check            fails unless all that a release contains is there: prepublishOnly
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { kernels, load, nativeDir, simd, simdDir } from './toolchain.mjs';

/** @type {typeof import('../../core-simd/native/prebuild-addon.mjs')} */
export const prebuilds = await load('prebuild-addon.mjs');

/** @type {import('../../core-simd/native/prebuild-addon.mjs').Addon} */
export const addon = {
  name: 'quant',
  parts: [
    { label: 'quant', nativeDir, sources: kernels },
    { label: 'core-simd', nativeDir: simdDir, sources: simd.kernels },
  ],
  built: ['dist/index.js'],
};

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await prebuilds.prebuildCommand(addon, process.argv.slice(2));
}
