import { IntegrityError } from '../errors.js';
import type { SpectralGraph } from './graph.js';

/**
 * Random starts. Where the caller gives no source of randomness, a generator is seeded with a hash of the graph and the
 * warm start: the same input gives the same result, and the random vector is not one that the input could have been
 * chosen with, short of searching for it. (A fixed seed would not do: a warm start found with the same numbers depends on them.)
 */

/** The small fast counting generator of Chris Doty-Humphrey (PractRand, sfc32): uniform in [0, 1), 32 bits. */
export function sfc32(a: number, b: number, c: number): () => number {
  let x = a | 0;
  let y = b | 0;
  let z = c | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((x + y) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    x = y ^ (y >>> 9);
    y = (z + (z << 3)) | 0;
    z = (((z << 21) | (z >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}

/** A generator seeded by the graph and, if there is one, the warm start. */
export function seededBy(graph: SpectralGraph, start: Float64Array | undefined): () => number {
  let a = 0x9e3779b9 ^ graph.size;
  let b = 0x85ebca6b;
  let c = 0xc2b2ae35;
  const absorb = (values: Float64Array, columns: Int32Array | undefined): void => {
    const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
    for (let i = 0; i < values.length; i++) {
      const low = words[2 * i] + (columns === undefined ? i : columns[i]);
      const high = words[2 * i + 1];
      a = Math.imul(a ^ low, 0x01000193);
      a ^= a >>> 15;
      b = Math.imul(b + high, 0x2c1b3c6d);
      b ^= b >>> 12;
      c = Math.imul((c ^ low) + (high ^ a), 0x297a2d39);
      c ^= c >>> 16;
    }
  };
  absorb(graph.weights, graph.columns);
  if (start !== undefined) absorb(start, undefined);
  return sfc32(a, b, c);
}

/**
 * n independent standard normal numbers by Box and Muller's transform, each uniform made of two draws so that a source of 32
 * bits serves as well as one of 53.
 *
 * @throws IntegrityError `ERR_INTEGRITY_ARGUMENT` when `random` returns something outside [0, 1), or nothing that varies
 */
export function gaussianVector(n: number, random: () => number): Float64Array {
  const draw = (): number => {
    const x = random();
    if (typeof x !== 'number' || !(x >= 0 && x < 1))
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `random() must return a number in [0, 1), it returned ${String(x)}`,
        { field: 'random' },
      );
    return x;
  };
  const uniform = (): number => {
    const x = draw() + draw() / 4_294_967_296;
    return x < 1 ? x : x - 1;
  };
  const result = new Float64Array(n);
  for (let i = 0; i < n; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    result[i] = radius * Math.cos(angle);
    if (i + 1 < n) result[i + 1] = radius * Math.sin(angle);
  }
  if (result.every((x) => x === result[0]))
    throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', 'random() always returns the same number', {
      field: 'random',
    });
  return result;
}
