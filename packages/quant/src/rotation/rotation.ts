/** A random rotation in O(D log D): native/include/ruvector/quant/rotation.h says which. */
import { kernelsOf } from '../backend/current.js';
import {
  checkArray,
  checkDimensions,
  checkOptions,
  checkVectors,
  checkWhole,
  copyOf,
  length,
  maxDimensions,
  resultArray,
} from '../check.js';
import { QuantError } from '../errors.js';
import { checkSeed, defaultSeed, Random } from '../random.js';
import { rounds, typescriptRotation } from './kernels.js';

/** The coordinates of rotated vectors, if nothing else is said: the next multiple of 64, as the RaBitQ library has it. */
export function paddedDimensions(dimensions: number): number {
  return Math.ceil(dimensions / 64) * 64;
}

export interface RotationOptions {
  /** Of vectors, 1 to 65,535. */
  readonly dimensions: number;
  /** Coordinates of rotated vectors: a multiple of 8, not below `dimensions`; the next multiple of 64 where it is left out. */
  readonly padded?: number;
  /** Draws the rotation, 0 to 2^32 - 1; 1 where it is left out. */
  readonly seed?: number;
}

/** @throws {QuantError} `ERR_QUANT_ARGUMENT` */
export function checkPadded(
  operation: string,
  padded: unknown,
  dimensions: number,
): asserts padded is number {
  checkWhole(operation, 'padded', padded, dimensions, maxDimensions + 1);
  if (padded % 8 === 0) return;
  throw new QuantError('ERR_QUANT_ARGUMENT', `${operation}: padded must be a multiple of 8, got ${padded}`);
}

/**
 * An orthogonal map from vectors of `dimensions` to vectors of `padded` coordinates, and back. Lengths, distances and
 * inner products stay what they are to {@link Rotation.error}; results are the same to the bit on every machine.
 *
 * @example
 * const rotation = Rotation.create({ dimensions: 3, seed: 1 });
 * rotation.invert(rotation.apply(Float32Array.of(1, 2, 2))).map(Math.round); // Float32Array(3) [ 1, 2, 2 ]
 */
export class Rotation {
  readonly dimensions: number;
  /** A multiple of 8; the coordinates beyond `dimensions` are zero before the rotation. */
  readonly padded: number;
  /** Four bits a coordinate: what makes this rotation another than the rest. */
  readonly signs: Uint8Array;

  /**
   * @param signs copied; their number says how many coordinates there are
   * @throws {QuantError} `ERR_QUANT_DIMENSIONS`, `_TYPE`; `_ARGUMENT` where the signs are not those of a rotation
   */
  constructor(dimensions: number, signs: Uint8Array) {
    checkDimensions('Rotation', dimensions);
    checkArray('Rotation', 'signs', signs, 'Uint8Array');
    const padded = (8 / rounds) * length(signs);
    checkPadded('Rotation', padded, dimensions);
    this.dimensions = dimensions;
    this.padded = padded;
    this.signs = copyOf('Rotation', signs);
    Object.freeze(this);
  }

  /**
   * A rotation whose signs are drawn.
   *
   * @throws {QuantError} `ERR_QUANT_DIMENSIONS`, `_ARGUMENT`
   */
  static create(options: RotationOptions): Rotation {
    const operation = 'Rotation.create';
    const { dimensions, padded, seed = defaultSeed } = checkOptions(operation, options);
    checkDimensions(operation, dimensions);
    const size = padded ?? paddedDimensions(dimensions);
    checkPadded(operation, size, dimensions);
    checkSeed(operation, seed);
    const random = new Random(seed, 0xb17);
    const signs = new Uint8Array((rounds * size) / 8);
    for (let i = 0; i < signs.length; i++) signs[i] = random.next() >>> 24;
    return new Rotation(dimensions, signs);
  }

  /** How far a rotated vector is from the exact one, in units of its own norm; of the inverse alike. */
  get error(): number {
    // rv_rotation_error()
    return 2 * rounds * (31 - Math.clz32(this.padded) + 4) * 2 ** -24;
  }

  /**
   * Rotates vectors.
   *
   * @param vectors rows of `dimensions` float32, finite
   * @param out takes rows of `padded` float32
   * @throws {QuantError} `ERR_QUANT_TYPE`, `_LENGTH`, `_VALUE`, `_DETACHED`, `_OVERLAP`
   */
  apply(vectors: Float32Array, out?: Float32Array): Float32Array {
    const count = checkVectors('Rotation.apply', 'vectors', vectors, this.dimensions);
    const result = resultArray('Rotation.apply', 'Float32Array', count * this.padded, out, [vectors]);
    const { rotate } = kernelsOf('rotation', typescriptRotation);
    rotate(this.padded, this.signs, vectors, this.dimensions, result);
    return result;
  }

  /**
   * The inverse of {@link Rotation.apply}.
   *
   * @param rotated rows of `padded` float32
   * @param out takes rows of `dimensions` float32
   */
  invert(rotated: Float32Array, out?: Float32Array): Float32Array {
    const { padded, dimensions } = this;
    const count = checkVectors('Rotation.invert', 'rotated', rotated, padded);
    const result = resultArray('Rotation.invert', 'Float32Array', count * dimensions, out, [rotated]);
    const whole = new Float32Array(padded);
    const { unrotate } = kernelsOf('rotation', typescriptRotation);
    for (let i = 0; i < count; i++) {
      unrotate(padded, this.signs, rotated.subarray(i * padded, (i + 1) * padded), padded, whole);
      result.set(whole.subarray(0, dimensions), i * dimensions);
    }
    return result;
  }
}
