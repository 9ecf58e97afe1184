#!/usr/bin/env node
/**
 * Builds native/build/Release/quant.node with the system's compilers, where it is not up to date.
 *
 *   node native/build.mjs          honours CC, CXX, CFLAGS, CXXFLAGS, LDFLAGS
 */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engine, includes, kernels, nativeDir, quantUnits, simd, simdUnits } from './toolchain.mjs';

const label = 'quant';

/** The objects of all kernels, core-simd's too, as the last build has left them. */
export function kernelObjects() {
  return [...quantUnits(), ...simdUnits()].map(engine.objectOf);
}

async function main() {
  const headers = kernels.headers
    .filter((header) => header.startsWith('include/'))
    .map((header) => join(nativeDir, header));
  const units = [
    ...engine.addonUnits({ label, nativeDir, includes, headers }),
    ...quantUnits(),
    ...simdUnits(),
  ];
  await engine.buildAddon({ label, nativeDir, name: 'quant', units });
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof simd.ToolchainError)) throw error;
    process.stderr.write(`${label}: ${error.message}\n`);
    process.exitCode = 1;
  }
}
