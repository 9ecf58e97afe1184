import type { Random } from '../../random.js';

/** Bytes of a ring of vectors. A pair case reads two, which fit in the level-2 cache of current cores (512 KiB up). */
const RING_BYTES = 128 * 1024;

/**
 * Vectors that a loop takes in turn, as views of one buffer: every entrant reads the same bytes at the same addresses,
 * and nobody's luck with the allocator shows in a figure. The count is a power of two, 8 to 1,024.
 */
export function makeRing(random: Random, dimensions: number): Float32Array[] {
  const fitting = RING_BYTES / (dimensions * Float32Array.BYTES_PER_ELEMENT);
  const count = Math.min(1024, Math.max(8, 2 ** Math.floor(Math.log2(fitting))));
  return splitRows(random.fillNormal(new Float32Array(count * dimensions)), dimensions);
}

/** One view per row of a row-major matrix. */
export function splitRows(matrix: Float32Array, dimensions: number): Float32Array[] {
  return Array.from({ length: matrix.length / dimensions }, (_, row) =>
    matrix.subarray(row * dimensions, (row + 1) * dimensions),
  );
}

/** A row-major matrix of standard normal values and some queries of the same kind. */
export function makeMatrix(
  random: Random,
  rows: number,
  dimensions: number,
): { matrix: Float32Array; queries: Float32Array[] } {
  const matrix = random.fillNormal(new Float32Array(rows * dimensions));
  const queries = splitRows(random.fillNormal(new Float32Array(4 * dimensions)), dimensions);
  return { matrix, queries };
}
