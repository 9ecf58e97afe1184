/** Finds the addon. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Addon } from './types.js';

const supportedAbi = 1;

// Two folders up from src/backend/ and from dist/backend/ alike.
const packageFolder = fileURLToPath(new URL('../..', import.meta.url));

/** The command that builds the addon here. */
const cure = `node ${packageFolder}native/build.mjs`;

/** The addon, or why there is none and how to get it. */
export function loadAddon(): { readonly addon: Addon } | { readonly reason: string } {
  const file = `${packageFolder}native/build/Release/quant.node`;
  const absent = (why: string) => ({ reason: `no native addon: ${file} ${why}. To build it, run: ${cure}` });
  if (!existsSync(file)) return absent('does not exist');
  try {
    const addon = createRequire(import.meta.url)(file) as Addon;
    if (addon.abi === supportedAbi) return { addon };
    return absent(`is of another version (interface ${addon.abi}, expected ${supportedAbi})`);
  } catch (error) {
    return absent(`does not load: ${error instanceof Error ? error.message : String(error)}`);
  }
}
