#!/usr/bin/env node
/**
 * Builds native/build/Release/core_simd.node with the system's compilers, where it is not up to date.
 *
 *   node native/build.mjs          honours CC, CXX, CFLAGS, CXXFLAGS, LDFLAGS
 */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addonUnits, buildAddon, kernelUnits, objectOf } from './build-addon.mjs';
import { kernels, nativeDir, ToolchainError } from './toolchain.mjs';

const label = 'core-simd';
const includes = kernels.includeDirs.map((dir) => join(nativeDir, dir));

function ownUnits() {
  return kernelUnits({ label, nativeDir, sources: kernels, includes });
}

/** The objects of the kernels, as the last build has left them. */
export function kernelObjects() {
  return ownUnits().map(objectOf);
}

async function main() {
  const headers = [join(nativeDir, 'include/ruvector/simd.h')];
  // The addon's units come first: they are quick, so what a compiler has against them is known at once.
  const units = [...addonUnits({ label, nativeDir, includes, headers }), ...ownUnits()];
  await buildAddon({ label, nativeDir, name: 'core_simd', units });
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
    process.stderr.write(`${label}: ${error.message}\n`);
    process.exitCode = 1;
  }
}
