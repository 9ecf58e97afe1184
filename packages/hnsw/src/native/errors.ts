/** What the addon throws, as users get it. */
import { HnswError, type HnswErrorCode } from '../errors.js';
import type { NativeError } from './addon.js';

/** In the order of native/src/engine/error.h. */
const codes: readonly HnswErrorCode[] = [
  'ERR_HNSW_TYPE',
  'ERR_HNSW_MEMORY',
  'ERR_HNSW_MEMORY',
  'ERR_HNSW_VALUE',
  'ERR_HNSW_DUPLICATE_KEY',
  'ERR_HNSW_UNKNOWN_KEY',
  'ERR_HNSW_BUSY',
  'ERR_HNSW_ABORTED',
  'ERR_HNSW_READ_ONLY',
  'ERR_HNSW_UNSUPPORTED',
  'ERR_HNSW_ARGUMENT',
  'ERR_HNSW_FORMAT',
  'ERR_HNSW_VERSION',
  'ERR_HNSW_CORRUPT',
  'ERR_HNSW_IO',
  'ERR_HNSW_ARGUMENT',
];

/** Codes whose errors are about a row of the call. */
const ofRows = new Set(['ERR_HNSW_VALUE', 'ERR_HNSW_DUPLICATE_KEY', 'ERR_HNSW_UNKNOWN_KEY']);

export function isNative(error: unknown): error is NativeError {
  return error instanceof Error && typeof (error as Partial<NativeError>).kind === 'number';
}

/**
 * @param nameOf names a row of the call, for messages: its key
 * @param cause of an abort
 */
export function fromNative(
  operation: string,
  error: unknown,
  nameOf?: (row: number) => string,
  cause?: unknown,
): unknown {
  if (!isNative(error)) return error;
  const code = codes[error.kind];
  if (code === undefined) return error;
  if (code === 'ERR_HNSW_IO') {
    return new HnswError(code, `${operation}: ${error.message}`, { cause: error });
  }
  const about = ofRows.has(code) && nameOf !== undefined ? `${nameOf(error.row)}: ` : '';
  return new HnswError(code, `${operation}: ${about}${error.message}`, {
    cause,
    // Values are looked at before anything is added.
    done: code === 'ERR_HNSW_VALUE' ? 0 : error.row,
  });
}
