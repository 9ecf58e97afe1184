// @ts-check
/** clang and lld, which compile the kernels of core-simd for WebAssembly. Nothing else needs them. */
import { join } from 'node:path';
import { aptInstall, installCommand, mayInstall } from './packages.mjs';
import { root } from './paths.mjs';
import { run, SetupError, say, which } from './process.mjs';

const script = join(root, 'packages', 'core-simd', 'native', 'wasm', 'build.mjs');

/** Whether the script has what it needs, by the names that it looks for. */
function hasTools() {
  const releases = ['', ...Array.from({ length: 12 }, (_, i) => `-${25 - i}`)];
  /** @param {string | undefined} wish @param {string} name */
  const found = (wish, name) => Boolean(wish) || releases.some((each) => which(name + each) !== undefined);
  return found(process.env.WASM_CXX, 'clang++') && found(process.env.WASM_LD, 'wasm-ld');
}

/** Compiles the kernels for WebAssembly where that can be done. */
export async function buildWasm() {
  if (!hasTools()) return;
  await run('The WebAssembly build of core-simd', process.execPath, [script], {
    cwd: root,
    cure: 'The messages are above.',
  });
}

/** Makes sure that there is a WebAssembly build, or says that its tests are skipped and how to get it. */
export async function ensureWasm() {
  const cure = installCommand({
    apt: 'clang lld',
    dnf: 'clang lld',
    apk: 'clang lld',
    pacman: 'clang lld',
    brew: 'llvm lld',
  });
  try {
    if (!hasTools() && (await mayInstall())) await aptInstall(['clang', 'lld']);
    if (hasTools()) return await buildWasm();
    say(`There is no clang with wasm-ld. Tests of WebAssembly are skipped. To have them: ${cure}`);
  } catch (error) {
    // What is there and fails is a fault of ours; what cannot be fetched is not. A signal still ends us.
    if (!(error instanceof SetupError) || hasTools()) throw error;
    say(`${error.message} Tests of WebAssembly are skipped.`);
  }
}
