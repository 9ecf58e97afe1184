import { afterAll, describe, expect, it } from 'vitest';
import { buildAddon, loadVariant } from './support/backend.js';
import {
  builtAddon,
  type InstalledPackage,
  installPackage,
  prebuiltAddon,
  runScript,
} from './support/package.js';

buildAddon();
const { available } = (await loadVariant('')).capabilities();
const natives = available.filter((variant) => variant !== 'typescript');

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
console.log(JSON.stringify({ ...simd.capabilities(), dot: simd.dot(a, b), short: simd.dot(a.subarray(0, 7), b.subarray(0, 7)) }));
`;

/** What importing the package throws, as JSON. */
const importError = (door: string) => `
const error = await import(${JSON.stringify(door)}).then(() => undefined, (e) => e);
console.log(JSON.stringify({ name: error?.name, code: error?.code, message: error?.message }));
`;

describe('with the addon', () => {
  const here = install();

  it('takes the best variant without a wish, and TypeScript for short pairs only', () => {
    const { json } = runScript(here, report);
    expect(json).toMatchObject({ backend: 'native', variant: natives[0], available, typescriptBelow: 48 });
    expect(json).not.toHaveProperty('reason');
  });

  it.each(available)('runs %s when it is forced', (variant) => {
    const { json, status } = runScript(here, report, { RUVECTOR_SIMD: variant });
    expect(status).toBe(0);
    expect(json).toMatchObject({
      variant,
      available,
      backend: variant === 'typescript' ? 'typescript' : 'native',
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
    const script = importError(here.door);
    const bare = { ...here, door: 'data:text/javascript,' };
    expect(runScript(bare, script, { RUVECTOR_SIMD: wish }).json).toEqual({
      name: 'SimdError',
      code: 'ERR_SIMD_VARIANT',
      message: `RUVECTOR_SIMD=${wish} does not run here; what does: ${available.join(', ')}`,
    });
  });

  it('refuses a variant of another processor', () => {
    const foreign = process.arch === 'arm64' ? 'haswell' : 'neon';
    const bare = { ...here, door: 'data:text/javascript,' };
    const { json } = runScript(bare, importError(here.door), { RUVECTOR_SIMD: foreign });
    expect(json).toMatchObject({ code: 'ERR_SIMD_VARIANT' });
  });

  it('gives an answer that cannot be changed', async () => {
    const simd = await loadVariant('');
    expect(Object.isFrozen(simd.capabilities())).toBe(true);
    expect(Object.isFrozen(simd.capabilities().available)).toBe(true);
    expect(simd.capabilities()).toBe(simd.capabilities());
  });
});

describe('without the addon', () => {
  const bare = install({});

  it('computes in TypeScript and says how to get the addon', () => {
    const { json, status } = runScript(bare, report);
    expect(status).toBe(0);
    expect(json).toMatchObject({ backend: 'typescript', variant: 'typescript', available: ['typescript'] });
    const { reason } = json as { reason: string };
    expect(reason).toContain(`${bare.dir}/${prebuiltAddon} does not exist`);
    expect(reason).toContain(`${bare.dir}/${builtAddon} does not exist`);
    expect(reason).toContain(`run: node ${bare.dir}/native/build.mjs`);
  });

  it('refuses to do without what was asked for', () => {
    const script = importError(bare.door);
    const nothing = { ...bare, door: 'data:text/javascript,' };
    const { json } = runScript(nothing, script, { RUVECTOR_SIMD: 'serial' });
    expect(json).toMatchObject({ name: 'SimdError', code: 'ERR_SIMD_VARIANT' });
    expect((json as { message: string }).message).toContain('what does: typescript; no native addon');
  });
});

describe('the search for the addon', () => {
  it('prefers the prebuilt file', () => {
    const made = install({ [prebuiltAddon]: 'built' });
    expect(runScript(made, report).json).toMatchObject({ backend: 'native' });
  });

  it('goes on after a file that does not load', () => {
    const made = install({ [prebuiltAddon]: Buffer.from('no library'), [builtAddon]: 'built' });
    expect(runScript(made, report).json).toMatchObject({ backend: 'native' });
  });

  it('says why a file did not load', () => {
    const made = install({ [builtAddon]: Buffer.from('no library') });
    const { json } = runScript(made, report);
    expect(json).toMatchObject({ backend: 'typescript' });
    expect((json as { reason: string }).reason).toMatch(/core_simd\.node does not load: .+/);
  });
});
