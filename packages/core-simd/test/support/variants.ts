/** Every variant that this machine runs, each forced. */
import { buildWasm } from '../../native/wasm/build.mjs';
import { buildAddon, loadVariant, type SimdModule } from './backend.js';
import { noWasm } from './wasm.js';

export async function loadEvery(): Promise<Array<[string, SimdModule]>> {
  buildAddon();
  if (noWasm() === undefined) await buildWasm();
  const { available } = (await loadVariant('')).capabilities();
  const loaded: Array<[string, SimdModule]> = [];
  for (const variant of available) loaded.push([variant, await loadVariant(variant)]);
  return loaded;
}
