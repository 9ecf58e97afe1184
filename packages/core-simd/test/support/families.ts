/** The public namespaces of dense types: what they take, and what their results must be. */

import type { Elements, TypeName } from '../../src/backend/types.js';
import type { SimdModule } from './backend.js';
import { valuesOf } from './elements.js';
import { bounds, exact, gamma } from './oracle.js';

export const familyNames = [
  'float32',
  'float16',
  'bfloat16',
  'int8',
  'uint8',
  'float32Float16',
  'bits',
] as const;
export type FamilyName = (typeof familyNames)[number];
export type ElementType = Exclude<TypeName, 'f32_f16'>;

/** Types of the first and of the second operand. */
export const operandTypes: Readonly<Record<FamilyName, readonly [ElementType, ElementType]>> = {
  float32: ['f32', 'f32'],
  float16: ['f16', 'f16'],
  bfloat16: ['bf16', 'bf16'],
  int8: ['i8', 'i8'],
  uint8: ['u8', 'u8'],
  float32Float16: ['f32', 'f16'],
  bits: ['bits', 'bits'],
};

export const arithmetic = ['dot', 'l2sq', 'l2', 'l1', 'cosine'] as const;
export const ofBits = ['hamming', 'jaccard'] as const;
export type AnyMetric = (typeof arithmetic)[number] | (typeof ofBits)[number];

export function metricsOf(name: FamilyName): readonly AnyMetric[] {
  return name === 'bits' ? ofBits : arithmetic;
}

/** Every family with each of its metrics. */
export const combinations = familyNames.flatMap((name) =>
  metricsOf(name).map((metric): [FamilyName, AnyMetric] => [name, metric]),
);

export interface LongOptions<Out> {
  readonly out?: Out | undefined;
  readonly signal?: unknown;
  readonly onProgress?: unknown;
}

export interface TopK {
  readonly indices: Uint32Array;
  readonly scores: Float32Array;
}

/** A namespace without its types: tests call all of them alike, and with what types forbid. */
export interface AnyFamily {
  readonly pair: (metric: AnyMetric, a: unknown, b: unknown) => number;
  many(metric: unknown, query: unknown, rows: unknown, out?: unknown): Float32Array;
  gather(metric: unknown, query: unknown, rows: unknown, indices: unknown, out?: unknown): Float32Array;
  matrix(metric: unknown, a: unknown, b: unknown, dimensions: unknown, out?: unknown): Float32Array;
  topK(metric: unknown, query: unknown, rows: unknown, k: unknown, out?: unknown): TopK;
  manyAsync(metric: unknown, query: unknown, rows: unknown, options?: unknown): Promise<Float32Array>;
  gatherAsync(
    metric: unknown,
    query: unknown,
    rows: unknown,
    indices: unknown,
    options?: unknown,
  ): Promise<Float32Array>;
  matrixAsync(
    metric: unknown,
    a: unknown,
    b: unknown,
    dimensions: unknown,
    options?: unknown,
  ): Promise<Float32Array>;
  topKAsync(metric: unknown, query: unknown, rows: unknown, k: unknown, options?: unknown): Promise<TopK>;
}

export function familyOf(simd: SimdModule, name: FamilyName): AnyFamily {
  const functions = simd[name] as unknown as Record<string, (...args: unknown[]) => unknown>;
  return {
    ...(functions as unknown as Omit<AnyFamily, 'pair'>),
    pair: (metric, a, b) => functions[metric](a, b) as number,
  };
}

export interface Expected {
  readonly value: number;
  readonly within: number;
}

function ofSets(x: readonly number[], y: readonly number[], metric: AnyMetric): number {
  const both = x.filter((bit, i) => bit === 1 && y[i] === 1).length;
  const either = x.filter((bit, i) => bit === 1 || y[i] === 1).length;
  if (metric === 'hamming') return either - both;
  return either === 0 ? 0 : 1 - both / either;
}

/** The result of a pair, and how far from it a backend may be (doc/). Values are to stay clear of overflow and underflow. */
export function expectedPair(name: FamilyName, metric: AnyMetric, a: Elements, b: Elements): Expected {
  const [typeOfA, typeOfB] = operandTypes[name];
  const [x, y] = [valuesOf(typeOfA, a), valuesOf(typeOfB, b)];
  if (metric === 'hamming' || metric === 'jaccard') return { value: ofSets(x, y, metric), within: 0 };
  const e = exact(x, y);
  const value = metric === 'l2' ? Math.sqrt(e.l2sq) : e[metric];
  if (name !== 'int8' && name !== 'uint8') return { value, within: bounds(a.length, e)[metric] };
  // The three sums are exact; a product, a root, a quotient and a difference follow, each of them rounded, here as there.
  if (metric === 'cosine') return { value, within: 2 ** -50 };
  return { value, within: metric === 'l2' ? value * 2 ** -52 : 0 };
}

/** The same for one of an array of results, which are float32. */
export function expectedScore(name: FamilyName, metric: AnyMetric, a: Elements, b: Elements): Expected {
  const { value, within } = expectedPair(name, metric, a, b);
  const exactBefore = within === 0 && metric !== 'jaccard';
  // Sums are float32 already, or exact and rounded once; a root is rounded after its square was; the rest once more.
  const roundings = metric === 'l2' ? 2 : metric === 'cosine' || metric === 'jaccard' || exactBefore ? 1 : 0;
  if (exactBefore) return { value: Math.fround(value), within: 0 };
  return { value, within: within * (1 + gamma(1)) + gamma(roundings) * Math.max(Math.abs(value), within) };
}

/** What is wrong with a result, or undefined. */
export function deviation(actual: number, { value, within }: Expected): string | undefined {
  if (Number.isNaN(value) ? Number.isNaN(actual) : Math.abs(actual - value) <= within) return undefined;
  return `${actual}, expected ${value} within ${within}`;
}

/** A copy that starts `offset` elements into its buffer, between elements that would change any result. */
export function shifted<T extends Elements>(elements: T, offset: number): T {
  const Plain = elements.constructor as new (length: number) => T;
  const whole = new Plain(elements.length + offset + 1);
  whole.fill((elements as Elements) instanceof Float32Array ? Number.NaN : 0x7f);
  whole.set(elements, offset);
  return whole.subarray(offset, offset + elements.length) as T;
}
