/** Where the addon may lie. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

// Two folders up from src/backend/ and from dist/backend/ alike.
const packageFolder = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);

/** The command that builds the addon here. */
export const addonCure = `node ${packageFolder}native/build.mjs`;

/**
 * Files to try, best first: what native/build.mjs has made here, which no package contains; then the prebuild for this
 * platform, processor and C library, by node-gyp-build's names (prebuilds/linux-x64/core_simd.glibc.node).
 */
export function addonFiles(): { readonly files: readonly string[]; readonly missing: readonly string[] } {
  const built = `${packageFolder}native/build/Release/core_simd.node`;
  try {
    const { path } = require('node-gyp-build') as { path(folder: string): string };
    return { files: [built, path(packageFolder)], missing: [] };
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { files: [built], missing: [reason] };
  }
}
