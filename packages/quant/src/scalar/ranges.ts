/** The parameters of scalar codecs. */
import { checkArray, checkFinite, copyOf, length } from '../check.js';
import { QuantError } from '../errors.js';
import type { Bits } from './layout.js';

/** n numbers each. */
export interface Ranges {
  /** What the ranges of vectors lie around; else what code 2^(bits - 1) stands for. */
  readonly centre: Float32Array;
  /** One code more; undefined where each vector has a range of its own. */
  readonly step: Float32Array | undefined;
  readonly inverse: Float64Array | undefined;
}

/** Ranges that vectors have themselves. */
export function withoutSteps(centre: Float32Array): Ranges {
  return { centre, step: undefined, inverse: undefined };
}

/** 1 / step, or 0 where a dimension has no range. */
export function inverseOf(steps: Float32Array): Float64Array {
  return Float64Array.from(steps, (step) => (step > 0 ? 1 / step : 0));
}

/** The ranges of dimensions between two values each, the lower one first. */
export function rangesBetween(bits: Bits, lower: ArrayLike<number>, upper: ArrayLike<number>): Ranges {
  const top = 2 ** bits - 1;
  const step = Float32Array.from(lower, (least, i) => (upper[i] - least) / top);
  const centre = Float32Array.from(lower, (least, i) => least + 2 ** (bits - 1) * step[i]);
  return { centre, step, inverse: inverseOf(step) };
}

/**
 * A copy of a parameter: one finite number a dimension.
 *
 * @throws {QuantError} `ERR_QUANT_TYPE`, `_DIMENSIONS`, `_VALUE`, `_DETACHED`
 */
export function checkParameter(
  operation: string,
  name: string,
  value: unknown,
  dimensions: number,
): Float32Array {
  checkArray(operation, name, value, 'Float32Array');
  if (length(value) !== dimensions) {
    throw new QuantError(
      'ERR_QUANT_DIMENSIONS',
      `${operation}: ${name} must have ${dimensions} dimensions, got ${length(value)}`,
    );
  }
  checkFinite(operation, name, value, dimensions);
  return copyOf(operation, value);
}
