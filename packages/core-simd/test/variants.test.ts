import { afterAll, describe, expect, it } from 'vitest';
import { buildAddon, loadVariant } from './support/backend.js';
import {
  builtAddon,
  type InstalledPackage,
  installPackage,
  prebuiltAddon,
  runScript,
} from './support/package.js';
import { noWasm, wasmBytes } from './support/wasm.js';

buildAddon();
const natives = (await loadVariant(''))
  .capabilities()
  .available.filter((variant) => variant !== 'typescript' && variant !== 'wasm');
const missing = noWasm();
const wasmModule = 'prebuilds/wasm/core_simd.wasm';

const installed: InstalledPackage[] = [];
function install(...args: Parameters<typeof installPackage>): InstalledPackage {
  const made = installPackage(...args);
  installed.push(made);
  return made;
}
afterAll(() => {
  for (const made of installed) made.remove();
});

const report = `
const a = Float32Array.from({ length: 1003 }, (_, i) => 1 / (i + 1));
const b = Float32Array.from({ length: 1003 }, (_, i) => 1 / (i + 3));
const short = simd.dot(a.subarray(0, 7), b.subarray(0, 7));
const bytes = simd.int8.dot(new Int8Array(1000).fill(-128), new Int8Array(1000).fill(-128));
console.log(JSON.stringify({ ...simd.capabilities(), dot: simd.dot(a, b), short, bytes }));
`;

/** What importing the package throws, as JSON. */
const importError = (door: string) => `
const error = await import(${JSON.stringify(door)}).then(() => undefined, (e) => e);
console.log(JSON.stringify({ name: error?.name, code: error?.code, message: error?.message }));
`;

/** What importing throws when a variant is wished for. */
function refusal(made: InstalledPackage, wish: string): { name: string; code: string; message: string } {
  const bare = { ...made, door: 'data:text/javascript,' };
  return runScript(bare, importError(made.door), { RUVECTOR_SIMD: wish }).json as ReturnType<typeof refusal>;
}

describe('with the addon', () => {
  const here = install();
  const available = [...natives, 'typescript'];

  it('takes the best variant without a wish, and TypeScript for short pairs only', () => {
    const { json } = runScript(here, report);
    expect(json).toMatchObject({ backend: 'native', variant: natives[0], available, bytes: 16_384_000 });
    const { typescriptBelow, shortPairs } = json as {
      typescriptBelow: number;
      shortPairs: { float32: number };
    };
    expect(typescriptBelow).toBeGreaterThan(7);
    expect(typescriptBelow).toBeLessThan(1003);
    expect(shortPairs.float32).toBe(typescriptBelow);
    expect(json).not.toHaveProperty('reason');
  });

  it.each(available)('runs %s when it is forced', (variant) => {
    const { json, status } = runScript(here, report, { RUVECTOR_SIMD: variant });
    expect(status).toBe(0);
    expect(json).toMatchObject({
      variant,
      available,
      backend: variant === 'typescript' ? 'typescript' : 'native',
      bytes: 16_384_000,
    });
    // Everything runs it then, short pairs too.
    expect(json).not.toHaveProperty('typescriptBelow');
  });

  it('really computes with the variant that it names: the order of summation shows', () => {
    const result = (variant: string) =>
      (runScript(here, report, { RUVECTOR_SIMD: variant }).json as { dot: number }).dot;
    let serial = 0;
    for (let i = 0; i < 1003; i++) {
      const product = Math.fround(Math.fround(1 / (i + 1)) * Math.fround(1 / (i + 3)));
      serial = Math.fround(serial + product);
    }
    expect(result('serial')).toBe(serial);
    for (const variant of available.filter((name) => name !== 'serial'))
      expect(result(variant)).not.toBe(serial);
  });

  it.each(['avx2', 'Skylake', 'neon,serial', ' serial', 'none'])('refuses RUVECTOR_SIMD=%s', (wish) => {
    expect(refusal(here, wish)).toEqual({
      name: 'SimdError',
      code: 'ERR_SIMD_VARIANT',
      message: `RUVECTOR_SIMD=${wish} does not run here; what does: ${available.join(', ')}`,
    });
  });

  it('refuses a variant of another processor, and WebAssembly that is not there', () => {
    const foreign = process.arch === 'arm64' ? 'haswell' : 'neon';
    expect(refusal(here, foreign)).toMatchObject({ code: 'ERR_SIMD_VARIANT' });
    const { code, message } = refusal(here, 'wasm');
    expect(code).toBe('ERR_SIMD_VARIANT');
    expect(message).toContain(`${here.dir}/${wasmModule} does not exist`);
  });

  it('gives an answer that cannot be changed', async () => {
    const simd = await loadVariant('');
    expect(Object.isFrozen(simd.capabilities())).toBe(true);
    expect(Object.isFrozen(simd.capabilities().available)).toBe(true);
    expect(simd.capabilities()).toBe(simd.capabilities());
  });
});

describe.skipIf(missing !== undefined)(`with WebAssembly${missing ? ` (${missing})` : ''}`, () => {
  it('takes it where there is no addon, and says why there is none', async () => {
    const made = install({ [wasmModule]: await wasmBytes() });
    const { json } = runScript(made, report);
    expect(json).toMatchObject({
      backend: 'wasm',
      variant: 'wasm',
      available: ['wasm', 'typescript'],
      bytes: 16_384_000,
    });
    expect((json as { reason: string }).reason).toContain(`run: node ${made.dir}/native/build.mjs`);
  });

  it('comes behind the addon, and can be forced', async () => {
    const made = install({ [builtAddon]: 'built', [wasmModule]: await wasmBytes() });
    const available = [...natives, 'wasm', 'typescript'];
    expect(runScript(made, report).json).toMatchObject({ backend: 'native', available });
    const { json } = runScript(made, report, { RUVECTOR_SIMD: 'wasm' });
    expect(json).toMatchObject({ backend: 'wasm', available, reason: 'RUVECTOR_SIMD=wasm' });
  });

  it('is passed over where the module does not start', () => {
    const made = install({ [wasmModule]: Buffer.from('no module') });
    const { json } = runScript(made, report);
    expect(json).toMatchObject({ backend: 'typescript', available: ['typescript'] });
    expect((json as { reason: string }).reason).toContain(`${wasmModule} does not load`);
    expect(refusal(made, 'wasm').message).toContain(`${wasmModule} does not load`);
  });
});

describe('without either', () => {
  const bare = install({});

  it('computes in TypeScript and says how to get both', () => {
    const { json, status } = runScript(bare, report);
    expect(status).toBe(0);
    expect(json).toMatchObject({ backend: 'typescript', variant: 'typescript', available: ['typescript'] });
    const { reason } = json as { reason: string };
    expect(reason).toContain('No native build was found');
    expect(reason).toContain(`${bare.dir}/${builtAddon} does not exist`);
    expect(reason).toContain(`run: node ${bare.dir}/native/build.mjs`);
    expect(reason).toContain(`${bare.dir}/${wasmModule} does not exist`);
    expect(reason).toContain(`run: node ${bare.dir}/native/wasm/build.mjs`);
  });

  it('refuses to do without what was asked for', () => {
    const { name, code, message } = refusal(bare, 'serial');
    expect({ name, code }).toEqual({ name: 'SimdError', code: 'ERR_SIMD_VARIANT' });
    expect(message).toContain('what does: typescript; no native addon');
  });
});

describe('the search for the addon', () => {
  it.skipIf(prebuiltAddon === undefined)('prefers the prebuilt file', () => {
    const made = install({ [prebuiltAddon!]: 'built' });
    expect(runScript(made, report).json).toMatchObject({ backend: 'native' });
  });

  it.skipIf(prebuiltAddon === undefined)('goes on after a file that does not load', () => {
    const made = install({ [prebuiltAddon!]: Buffer.from('no library'), [builtAddon]: 'built' });
    expect(runScript(made, report).json).toMatchObject({ backend: 'native' });
  });

  it('says why a file did not load', () => {
    const made = install({ [builtAddon]: Buffer.from('no library') });
    const { json } = runScript(made, report);
    expect(json).toMatchObject({ backend: 'typescript' });
    expect((json as { reason: string }).reason).toMatch(/core_simd\.node does not load: .+/);
  });
});
