/**
 * - `ERR_SIMD_TYPE`: an argument is not the typed array, or the sparse vector, that the function takes.
 * - `ERR_SIMD_LENGTH`: lengths do not fit: two vectors of different length, rows that are no
 *   whole number of vectors, a result array that is too short.
 * - `ERR_SIMD_DETACHED`: an array's buffer was transferred away, or shrunk until the array lay outside.
 * - `ERR_SIMD_OVERLAP`: a result array shares memory with an input or with another result.
 * - `ERR_SIMD_INDEX`: an index names no row, or no dimension.
 * - `ERR_SIMD_ARGUMENT`: another argument is out of its range: the metric's word, k, dimensions, options.
 * - `ERR_SIMD_SPARSE`: the indices of a sparse vector do not ascend strictly.
 * - `ERR_SIMD_ABORTED`: asynchronous work ended because its signal was aborted; `cause` is the signal's reason.
 * - `ERR_SIMD_VARIANT`: the environment variable RUVECTOR_SIMD asks for what does not run here.
 */
export type SimdErrorCode =
  | 'ERR_SIMD_TYPE'
  | 'ERR_SIMD_LENGTH'
  | 'ERR_SIMD_DETACHED'
  | 'ERR_SIMD_OVERLAP'
  | 'ERR_SIMD_INDEX'
  | 'ERR_SIMD_ARGUMENT'
  | 'ERR_SIMD_SPARSE'
  | 'ERR_SIMD_ABORTED'
  | 'ERR_SIMD_VARIANT';

/**
 * What every function of this package throws for bad input. Branch on `code`; the message says
 * what was expected and what came, and may change.
 *
 * @example
 * try {
 *   dot(new Float32Array(3), new Float32Array(4));
 * } catch (error) {
 *   if (error instanceof SimdError && error.code === 'ERR_SIMD_LENGTH') console.log(error.message);
 * }
 */
export class SimdError extends Error {
  readonly code: SimdErrorCode;

  constructor(code: SimdErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'SimdError';
    this.code = code;
  }
}
