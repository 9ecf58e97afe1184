/**
 * The toolchain of core-simd, the kernels of core-simd and quant, and the engine's units.
 * In a checkout and in an installation alike the packages are found as any package is.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const nativeDir = dirname(fileURLToPath(import.meta.url));

const quantDir = join(
  dirname(createRequire(import.meta.url).resolve('@ruvector/quant/package.json')),
  'native',
);

/** @type {typeof import('../../quant/native/toolchain.mjs')} */
export const quant = await import(pathToFileURL(join(quantDir, 'toolchain.mjs')).href);

export const { engine, simd } = quant;

/** @type {{ cxxflags: string[], folders: string[] }} */
const own = JSON.parse(readFileSync(join(nativeDir, 'engine.json'), 'utf8'));

/** Folders for -I: this package's, then those of quant and core-simd. */
export const includes = [join(nativeDir, 'include'), join(nativeDir, 'src'), ...quant.includes];

/** @param {string} folder relative to nativeDir @param {RegExp} ending */
function filesOf(folder, ending) {
  const path = join(nativeDir, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => ending.test(name))
    .sort()
    .map((name) => `${folder}/${name}`);
}

/** Every header that a unit may include. */
export function headers() {
  return [...own.folders, 'include/ruvector/hnsw', 'addon']
    .flatMap((folder) => filesOf(folder, /\.h$/))
    .map((name) => join(nativeDir, name));
}

/**
 * Units of C++ with the engine's flags.
 *
 * @param {string[]} paths relative to nativeDir
 * @param {string[]} [flags] more of them
 */
function unitsOf(paths, flags = []) {
  const all = headers();
  return paths.map((path) => ({
    label: 'hnsw',
    nativeDir,
    variable: /** @type {const} */ ('CXX'),
    path,
    flags: [
      ...own.cxxflags,
      '-Wall',
      '-Wextra',
      ...includes.map((dir) => `-I${dir}`),
      ...simd.words(process.env.CXXFLAGS),
      ...flags,
    ],
    headers: all,
  }));
}

/** The units of the engine and of every kind of index. */
export function engineUnits() {
  return unitsOf(own.folders.flatMap((folder) => filesOf(folder, /\.cpp$/)));
}

/** The units that are Node's. */
export function addonUnits() {
  return unitsOf(filesOf('addon', /\.cpp$/), ['-DNAPI_VERSION=8', `-I${simd.findNodeHeaders()}`]);
}

/** The units of kernels, compiled and placed as their own packages' builds do: what is up to date is not compiled again. */
export function kernelUnits() {
  return [...quant.quantUnits(), ...quant.simdUnits()];
}
