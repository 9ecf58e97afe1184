/** What every metric of every type is, and how far from it a kernel may be. */
import { expect } from 'vitest';
import type { Elements } from '../../src/backend/types.js';
import { valuesOf } from './elements.js';
import { bounds, exact } from './oracle.js';
import type { Metric, Type } from './wasm.js';

export const arithmetic = ['dot', 'l2sq', 'l1', 'cosine'] as const;
export const floats = ['f32', 'f16', 'bf16', 'f32_f16'] as const;
export const integers = ['i8', 'u8'] as const;

/** Every metric of every type. */
export const combinations: Array<[Type, Metric]> = [
  ...[...floats, ...integers].flatMap((type) => arithmetic.map((metric): [Type, Metric] => [type, metric])),
  ['bits', 'hamming'],
  ['bits', 'jaccard'],
];

/** The types of the two operands. */
export function operands(type: Type): [Exclude<Type, 'f32_f16'>, Exclude<Type, 'f32_f16'>] {
  return type === 'f32_f16' ? ['f32', 'f16'] : [type, type];
}

/** What a result is, and how far from it a kernel may be (doc/distances.md). */
export function expected(
  type: Type,
  metric: Metric,
  a: Elements,
  b: Elements,
): { value: number; within: number } {
  const [typeOfA, typeOfB] = operands(type);
  const [x, y] = [valuesOf(typeOfA, a), valuesOf(typeOfB, b)];
  if (metric === 'hamming' || metric === 'jaccard') {
    const both = x.filter((bit, i) => bit === 1 && y[i] === 1).length;
    const either = x.filter((bit, i) => bit === 1 || y[i] === 1).length;
    if (metric === 'hamming') return { value: either - both, within: 0 };
    return { value: either === 0 ? 0 : 1 - both / either, within: 0 };
  }
  const e = exact(x, y);
  const isInteger = type === 'i8' || type === 'u8';
  const within = isInteger ? (metric === 'cosine' ? 2 ** -51 : 0) : bounds(a.length, e)[metric];
  return { value: e[metric], within };
}

export function check(
  label: string,
  actual: number,
  { value, within }: { value: number; within: number },
): void {
  if (Number.isNaN(value) && Number.isNaN(actual)) return;
  if (Math.abs(actual - value) <= within) return;
  expect.fail(`${label}: ${actual}, expected ${value} within ${within}`);
}

/** The result of the shapes beyond the pair is a float32. */
export function rounded({ value, within }: { value: number; within: number }): {
  value: number;
  within: number;
} {
  return { value: Math.fround(value), within: within === 0 ? 0 : within * 1.01 + Math.abs(value) * 2 ** -24 };
}
