/** Finds the addon. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Addon } from './types.js';

const supportedAbi = 2;

// Two folders up from src/backend/ and from dist/backend/ alike.
const packageFolder = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);

/** The command that builds the addon here. */
const cure = `node ${packageFolder}native/build.mjs`;

/**
 * Files to try, best first: what native/build.mjs has made here, which no package contains; then the prebuild for this
 * platform, processor and C library, by node-gyp-build's names (prebuilds/linux-x64/quant.glibc.node). What stands in
 * the way of the second is put into `tried`.
 */
function* addonFiles(tried: string[]): Generator<string> {
  yield `${packageFolder}native/build/Release/quant.node`;
  let prebuilt: string;
  try {
    prebuilt = (require('node-gyp-build') as { path(folder: string): string }).path(packageFolder);
  } catch (error) {
    tried.push((error instanceof Error ? error.message : String(error)).split('\n')[0]);
    return;
  }
  yield prebuilt;
}

/** The addon, or why there is none and how to get it. */
export function loadAddon(): { readonly addon: Addon } | { readonly reason: string } {
  const tried: string[] = [];
  for (const file of addonFiles(tried)) {
    if (!existsSync(file)) {
      tried.push(`${file} does not exist`);
      continue;
    }
    try {
      const addon = require(file) as Addon;
      if (addon.abi === supportedAbi) return { addon };
      tried.push(`${file} is of another version (interface ${addon.abi}, expected ${supportedAbi})`);
    } catch (error) {
      tried.push(`${file} does not load: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { reason: `no native addon: ${tried.join('; ')}. To build it, run: ${cure}` };
}
