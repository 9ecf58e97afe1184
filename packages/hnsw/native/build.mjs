#!/usr/bin/env node
/**
 * Builds native/build/Release/hnsw.node with the system's compilers, where it is not up to date.
 *
 *   node native/build.mjs          honours CXX, CXXFLAGS, LDFLAGS
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { addonUnits, engine, engineUnits, kernelUnits, nativeDir, simd } from './toolchain.mjs';

const label = 'hnsw';

/** The objects of the engine and of all kernels, as the last build has left them. */
export function engineObjects() {
  return [...engineUnits(), ...kernelUnits()].map(engine.objectOf);
}

async function main() {
  const units = [...addonUnits(), ...engineUnits(), ...kernelUnits()];
  await engine.buildAddon({ label, nativeDir, name: 'hnsw', units, linker: 'CXX' });
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
