/**
 * - `ERR_QUANT_TYPE`: an argument is not of the kind that the function takes: a typed array, packed codes of this codec.
 * - `ERR_QUANT_LENGTH`: lengths do not fit: rows that are no whole number of vectors, codes cut off, a result array that
 *   is too short, more than memory holds.
 * - `ERR_QUANT_DIMENSIONS`: a number of dimensions that is out of range, or another than the codec's.
 * - `ERR_QUANT_VALUE`: NaN or infinity in a vector, or a vector so large that its norm leaves float32.
 * - `ERR_QUANT_TRAINING`: the codec needs training, or more rows for it; the message says how many.
 * - `ERR_QUANT_FORMAT`: bytes that are no serialized codec, or one of another format version.
 * - `ERR_QUANT_CORRUPT`: bytes that were cut off or altered, or parameters that no codec has.
 * - `ERR_QUANT_ARGUMENT`: another argument is out of its range: bits, metric, k, an option.
 * - `ERR_QUANT_ABORTED`: work ended because its signal was aborted; `cause` is the signal's reason.
 * - `ERR_QUANT_DETACHED`: an array's buffer was transferred away, or shrunk until the array lay outside.
 * - `ERR_QUANT_OVERLAP`: a result array shares memory with an input.
 * - `ERR_QUANT_VARIANT`: the environment variable RUVECTOR_SIMD asks for what does not run here.
 */
export type QuantErrorCode =
  | 'ERR_QUANT_TYPE'
  | 'ERR_QUANT_LENGTH'
  | 'ERR_QUANT_DIMENSIONS'
  | 'ERR_QUANT_VALUE'
  | 'ERR_QUANT_TRAINING'
  | 'ERR_QUANT_FORMAT'
  | 'ERR_QUANT_CORRUPT'
  | 'ERR_QUANT_ARGUMENT'
  | 'ERR_QUANT_ABORTED'
  | 'ERR_QUANT_DETACHED'
  | 'ERR_QUANT_OVERLAP'
  | 'ERR_QUANT_VARIANT';

/**
 * What every function of this package throws for bad input. Branch on `code`; the message says what was expected and
 * what came, and may change.
 *
 * @example
 * let refusal;
 * try {
 *   deserialize(Uint8Array.of(1, 2, 3, 4));
 * } catch (error) {
 *   if (error instanceof QuantError) refusal = error.code;
 * }
 * refusal; // ERR_QUANT_FORMAT
 */
export class QuantError extends Error {
  readonly code: QuantErrorCode;

  constructor(code: QuantErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'QuantError';
    this.code = code;
  }
}
