/** Every function with arguments that nobody would write: a value or a SimdError, and never anything else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadVariant, type SimdModule } from './support/backend.js';
import { loadEvery } from './support/variants.js';

const variants = await loadEvery();
variants.push(['the best, and TypeScript for short pairs', await loadVariant('')]);

type Callable = (...args: unknown[]) => unknown;

/** All functions, those of the namespaces by their path. */
function functionsOf(simd: SimdModule): Array<[string, Callable]> {
  return Object.entries(simd).flatMap(([name, value]): Array<[string, Callable]> => {
    if (typeof value === 'object')
      return Object.entries(value).map(([key, f]) => [`${name}.${key}`, f as unknown as Callable]);
    return name === 'SimdError' ? [] : [[name, value as unknown as Callable]];
  });
}

const kinds = [
  Float32Array,
  Uint16Array,
  Int8Array,
  Uint8Array,
  Uint32Array,
  Float64Array,
  Uint8ClampedArray,
] as const;

/** Memory that arguments share, so that they overlap. */
const common = new ArrayBuffer(4096);
const shared = new SharedArrayBuffer(4096);
new Uint8Array(common).forEach((_, i, bytes) => {
  bytes[i] = (i * 151) % 256;
});

const array = fc
  .record({
    Kind: fc.constantFrom(...kinds),
    offset: fc.integer({ min: 0, max: 9 }),
    length: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constantFrom(60, 120, 240)),
    memory: fc.constantFrom('common', 'common', 'own', 'shared', 'detached'),
    disguise: fc.constantFrom('none', 'none', 'none', 'length', 'prototype'),
  })
  .map(({ Kind, offset, length, memory, disguise }) => {
    const size = Kind.BYTES_PER_ELEMENT;
    const buffer = { common, shared }[memory as string] ?? new ArrayBuffer(size * (offset + length));
    const made = new Kind(buffer as ArrayBuffer, size * offset, length);
    if (memory === 'detached') structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    if (disguise === 'length') Object.defineProperty(made, 'length', { value: 1e6 });
    if (disguise === 'prototype') Object.setPrototypeOf(made, null);
    return made as unknown;
  });

const word = fc.constantFrom('dot', 'l2sq', 'l2', 'l1', 'cosine', 'hamming', 'jaccard', 'toString', '');
const number = fc.oneof(
  fc.integer({ min: -2, max: 12 }),
  fc.constantFrom(Number.NaN, 2 ** 31, 2 ** 53, 0.5, -0),
);
const junk = fc.constantFrom<unknown>(undefined, null, true, 'x', 7n, Symbol.iterator, [1, 2], {}, () => {});
const pairOf = fc.record({ indices: array, values: array, scores: array }, { requiredKeys: [] });
const options = fc.record(
  { out: fc.oneof(array, pairOf), signal: junk, onProgress: junk },
  { requiredKeys: [] },
);
const argument = fc.oneof({ weight: 6, arbitrary: array }, word, number, junk, pairOf, options);
/** Often nearly right: a word, two arrays, and what comes behind. */
const args = fc.oneof(
  fc.array(argument, { maxLength: 6 }),
  fc
    .tuple(word, array, array)
    .chain((first) => fc.array(argument, { maxLength: 3 }).map((rest) => [...first, ...rest])),
);

describe.each(variants)('%s', (_variant, simd) => {
  const functions = functionsOf(simd);

  it('has functions to try', () => {
    expect(functions.length).toBeGreaterThan(100);
  });

  it('gives a value or a SimdError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...functions), args, async ([name, f], values) => {
        try {
          await f(...values);
        } catch (error) {
          if (error instanceof simd.SimdError) return;
          throw new Error(`${name} failed otherwise`, { cause: error });
        }
      }),
      { numRuns: 4000 },
    );
  });
});
