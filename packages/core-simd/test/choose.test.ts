/** What is chosen, for hosts of every kind. */
import { describe, expect, it } from 'vitest';
import { chooseBackend } from '../src/backend/choose.js';
import type { Backend, Host, NativeVariant } from '../src/backend/types.js';
import { typescriptBackend } from '../src/backend/typescript/backend.js';

interface Parts {
  readonly wish?: string;
  readonly natives?: readonly NativeVariant[];
  /** Why there is no module; '' where there is one. */
  readonly wasm?: string;
  /** Why the module does not start. */
  readonly start?: string;
}

/** A host, its backends, and how often its module was started. */
function hostOf({ wish, natives, wasm = '', start }: Parts) {
  const backends = new Map<string, Backend>(
    [...(natives ?? []), 'wasm'].map((name) => [name, typescriptBackend()]),
  );
  const starts = { count: 0 };
  const host: Host = {
    wish,
    native: () =>
      natives === undefined
        ? { reason: 'no addon here' }
        : { variants: new Map(natives.map((name) => [name, () => backends.get(name)!])) },
    wasmAbsence: () => (wasm === '' ? undefined : wasm),
    wasm() {
      starts.count++;
      return start === undefined ? { backend: backends.get('wasm')! } : { reason: start };
    },
  };
  return { host, backends, starts };
}

describe('without a wish', () => {
  it.each([
    [{ natives: ['haswell', 'serial'] }, 'native', 'haswell', ['haswell', 'serial', 'wasm', 'typescript']],
    [{ natives: ['neon'], wasm: 'none' }, 'native', 'neon', ['neon', 'typescript']],
    [{}, 'wasm', 'wasm', ['wasm', 'typescript']],
    [{ wasm: 'none' }, 'typescript', 'typescript', ['typescript']],
    [{ start: 'refused' }, 'typescript', 'typescript', ['typescript']],
  ] as Array<[Parts, string, string, string[]]>)('%o: %s, %s of %o', (parts, backend, variant, available) => {
    const { host, backends, starts } = hostOf(parts);
    const choice = chooseBackend(host);
    expect(choice.capabilities).toMatchObject({ backend, variant, available });
    if (backend !== 'typescript') expect(choice.backend).toBe(backends.get(variant));
    // Starting it takes time.
    expect(starts.count).toBe(backend === 'native' || parts.wasm !== undefined ? 0 : 1);
  });

  it('leaves short pairs to TypeScript', () => {
    const native = chooseBackend(hostOf({ natives: ['neon'] }).host);
    expect(native.capabilities.typescriptBelow).toBe(native.from.f32);
    const { float32, int8, float32Float16, sparse } = native.capabilities.shortPairs!;
    expect([float32, int8, float32Float16, sparse]).toEqual([
      native.from.f32,
      native.from.i8,
      native.from.f32_f16,
      native.from.sparse,
    ]);
    for (const dimensions of Object.values(native.from)) expect(dimensions).toBeGreaterThan(0);
    const none = chooseBackend(hostOf({ wasm: 'none' }).host);
    expect(none.from.i8).toBe(Number.POSITIVE_INFINITY);
    expect(none.capabilities).not.toHaveProperty('typescriptBelow');
    expect(none.capabilities).not.toHaveProperty('shortPairs');
  });

  it('says why the addon is not in use, and the module', () => {
    const reasonFor = (parts: Parts) => chooseBackend(hostOf(parts).host).capabilities.reason;
    expect(reasonFor({ natives: ['serial'] })).toBeUndefined();
    expect(reasonFor({})).toBe('no addon here');
    expect(reasonFor({ wasm: 'none' })).toBe('no addon here; none');
    expect(reasonFor({ start: 'refused' })).toBe('no addon here; refused');
  });

  it('takes an empty wish for none', () => {
    expect(chooseBackend(hostOf({ wish: '', natives: ['neon'] }).host).capabilities.variant).toBe('neon');
  });
});

describe('with a wish', () => {
  it.each(['haswell', 'serial', 'wasm', 'typescript'])('takes %s, for short pairs too', (wish) => {
    const { host, backends } = hostOf({ wish, natives: ['haswell', 'serial'] });
    const choice = chooseBackend(host);
    expect(choice.capabilities.variant).toBe(wish);
    expect(choice.capabilities).not.toHaveProperty('typescriptBelow');
    expect(choice.capabilities).not.toHaveProperty('shortPairs');
    if (wish === 'typescript') return;
    expect(choice.backend).toBe(backends.get(wish));
    expect(Object.values(choice.from).every((dimensions) => dimensions === 0)).toBe(true);
  });

  it('says that it was one', () => {
    const { host } = hostOf({ wish: 'wasm', natives: ['haswell'] });
    expect(chooseBackend(host).capabilities.reason).toBe('RUVECTOR_SIMD=wasm');
  });

  it.each([
    [
      { wish: 'avx9', natives: ['haswell'] },
      'RUVECTOR_SIMD=avx9 does not run here; what does: haswell, wasm, typescript',
    ],
    [
      { wish: 'neon', natives: ['haswell'], wasm: 'none' },
      'RUVECTOR_SIMD=neon does not run here; what does: haswell, typescript',
    ],
    [
      { wish: 'serial', wasm: 'none' },
      'RUVECTOR_SIMD=serial does not run here; what does: typescript; no addon here',
    ],
    [
      { wish: 'wasm', natives: ['haswell'], wasm: 'none' },
      'RUVECTOR_SIMD=wasm does not run here; what does: haswell, typescript; none',
    ],
    [
      { wish: 'wasm', natives: ['haswell'], start: 'refused' },
      'RUVECTOR_SIMD=wasm does not run here; what does: haswell, typescript; refused',
    ],
  ] as Array<[Parts, string]>)('%o is refused when it does not run', (parts, message) => {
    const attempt = () => chooseBackend(hostOf(parts).host);
    expect(attempt).toThrow(
      expect.objectContaining({ name: 'SimdError', code: 'ERR_SIMD_VARIANT', message }),
    );
  });
});
