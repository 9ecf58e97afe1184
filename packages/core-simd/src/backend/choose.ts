/**
 * Settles, once per thread, what computes: the addon, else the WebAssembly module, else TypeScript.
 */
import { SimdError } from '../errors.js';
import { publicNames, type ShortPairs, shortPairs, type Thresholds } from './thresholds.js';
import type { Absent, Backend, Host, NativeVariant, SimdVariant } from './types.js';
import { typescriptBackend } from './typescript/backend.js';

/** What computes distances in this thread, and why. */
export interface Capabilities {
  readonly backend: 'native' | 'wasm' | 'typescript';
  /** The variant in use. `wasm` and `typescript` are the only ones of their backends. */
  readonly variant: SimdVariant;
  /** All variants that run here, best first. The environment variable RUVECTOR_SIMD forces one. */
  readonly available: readonly SimdVariant[];
  /**
   * Functions of one or two float32 vectors with fewer dimensions than this run in TypeScript, where the sum costs less
   * than a call of the backend. Absent with the TypeScript backend, and when a variant is forced.
   */
  readonly typescriptBelow?: number;
  /**
   * The same for every type; of bits the number of bytes, of sparse vectors that of both vectors' elements. Absent when
   * `typescriptBelow` is.
   */
  readonly shortPairs?: ShortPairs;
  /** Without the addon: why it is not in use, and how to get it. */
  readonly reason?: string;
}

export interface Choice {
  readonly backend: Backend;
  readonly capabilities: Capabilities;
  /** From this many dimensions on, a pair goes to the backend; Infinity where TypeScript is the backend. */
  readonly from: Readonly<Thresholds>;
}

/** Every threshold the same. */
function everywhere(dimensions: number): Thresholds {
  const names = Object.keys(shortPairs.native) as Array<keyof Thresholds>;
  return Object.fromEntries(names.map((name) => [name, dimensions])) as unknown as Thresholds;
}

/**
 * Chooses the backend as the host wishes, else the best.
 *
 * @throws {SimdError} `ERR_SIMD_VARIANT` when the wish does not run here
 */
export function chooseBackend(host: Host): Choice {
  const native = host.native();
  const variants: ReadonlyMap<NativeVariant, () => Backend> =
    'variants' in native ? native.variants : new Map();
  const forced = host.wish !== undefined && host.wish !== '';
  const reasons = 'reason' in native ? [native.reason] : [];
  let absence = host.wasmAbsence();

  /** The WebAssembly module is only started where it is needed: that takes time. */
  const startWasm = (): Backend | undefined => {
    const started: { readonly backend: Backend } | Absent =
      absence === undefined ? host.wasm() : { reason: absence };
    if ('backend' in started) return started.backend;
    absence = started.reason;
    return undefined;
  };
  const wanted = (name: SimdVariant) => (forced ? name === host.wish : true);
  const available = (): readonly SimdVariant[] =>
    Object.freeze([...variants.keys(), ...(absence === undefined ? (['wasm'] as const) : []), 'typescript']);
  const choice = (kind: Capabilities['backend'], variant: SimdVariant, backend: Backend): Choice => {
    const typescript = kind === 'typescript';
    const from = typescript
      ? everywhere(Number.POSITIVE_INFINITY)
      : forced
        ? everywhere(0)
        : shortPairs[kind];
    return {
      backend,
      from,
      capabilities: Object.freeze({
        backend: kind,
        variant,
        available: available(),
        ...(typescript || forced
          ? {}
          : { typescriptBelow: from.f32, shortPairs: Object.freeze(publicNames(from)) }),
        ...(kind === 'native' ? {} : { reason: forced ? `RUVECTOR_SIMD=${host.wish}` : reasons.join('; ') }),
      }),
    };
  };

  for (const [name, load] of variants) if (wanted(name)) return choice('native', name, load());
  if (wanted('wasm')) {
    const backend = startWasm();
    if (backend !== undefined) return choice('wasm', 'wasm', backend);
  }
  if (absence !== undefined) reasons.push(absence);
  if (wanted('typescript')) return choice('typescript', 'typescript', typescriptBackend());
  const concerned = 'reason' in native ? [native.reason] : [];
  if (host.wish === 'wasm') concerned.push(absence!);
  const why = concerned.map((reason) => `; ${reason}`).join('');
  throw new SimdError(
    'ERR_SIMD_VARIANT',
    `RUVECTOR_SIMD=${host.wish} does not run here; what does: ${available().join(', ')}${why}`,
  );
}
