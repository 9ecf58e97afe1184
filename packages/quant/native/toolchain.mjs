/**
 * The toolchain of core-simd, and where its kernels are: the addon and the native tests link them too.
 * In a checkout and in an installation alike core-simd is found as any package is.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const nativeDir = dirname(fileURLToPath(import.meta.url));

export const simdDir = join(
  dirname(createRequire(import.meta.url).resolve('@ruvector/core-simd/package.json')),
  'native',
);
/** A module of core-simd's native folder. */
export const load = (/** @type {string} */ name) => import(pathToFileURL(join(simdDir, name)).href);

/** @type {typeof import('../../core-simd/native/toolchain.mjs')} */
export const simd = await load('toolchain.mjs');

/** @type {typeof import('../../core-simd/native/build-addon.mjs')} */
export const engine = await load('build-addon.mjs');

/** @type {typeof simd.kernels} */
export const kernels = JSON.parse(readFileSync(join(nativeDir, 'sources.json'), 'utf8'));

/** Folders for -I: this package's, then core-simd's. */
export const includes = [
  ...kernels.includeDirs.map((dir) => join(nativeDir, dir)),
  ...simd.kernels.includeDirs.map((dir) => join(simdDir, dir)),
];

/** The units of core-simd, compiled and placed as its own build does: what is up to date there is not compiled again. */
export function simdUnits() {
  const own = simd.kernels.includeDirs.map((dir) => join(simdDir, dir));
  return engine.kernelUnits({
    label: 'core-simd',
    nativeDir: simdDir,
    sources: simd.kernels,
    includes: own,
  });
}

/** The units of this package. */
export function quantUnits() {
  const headers = [join(simdDir, 'include/ruvector/simd.h')];
  return engine.kernelUnits({ label: 'quant', nativeDir, sources: kernels, includes, headers });
}
