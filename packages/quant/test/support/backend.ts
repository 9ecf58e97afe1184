import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import type * as Quant from '../../src/index.js';

export type QuantModule = typeof Quant;

export const packageDir = fileURLToPath(new URL('../..', import.meta.url));

/** Builds the addon if it is not up to date; throws what the build said when it fails. */
export function buildAddon(): void {
  execFileSync(process.execPath, [`${packageDir}native/build.mjs`], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** The package loaded anew, with a variant forced; '' forces none. */
export async function loadVariant(variant: string): Promise<QuantModule> {
  vi.stubEnv('RUVECTOR_SIMD', variant);
  vi.resetModules();
  try {
    const quant = await import('../../src/index.js');
    // The choice is made on the first call.
    quant.capabilities();
    return quant;
  } finally {
    vi.unstubAllEnvs();
  }
}

/** Every variant that this machine runs, the TypeScript backend last, each forced. */
export async function loadAll(): Promise<Array<[string, QuantModule]>> {
  buildAddon();
  const { available } = (await loadVariant('')).capabilities();
  const loaded: Array<[string, QuantModule]> = [];
  for (const variant of available) loaded.push([variant, await loadVariant(variant)]);
  return loaded;
}

/** The first of these commands that runs `--version`, or undefined. */
export function findCommand(...names: string[]): string | undefined {
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}
