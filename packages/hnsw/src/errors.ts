/**
 * - `ERR_HNSW_TYPE`: an argument is not of the kind that the function takes.
 * - `ERR_HNSW_DIMENSIONS`: a vector has another number of dimensions than the index, or the index would have none or too many.
 * - `ERR_HNSW_LENGTH`: lengths do not fit: vectors that are no whole number of rows, fewer keys than rows.
 * - `ERR_HNSW_VALUE`: NaN, infinity, or a vector that the metric has no distance for (zero under cosine).
 * - `ERR_HNSW_KEY`: a key that is not of the index's key type, or out of its range.
 * - `ERR_HNSW_DUPLICATE_KEY`: the key is in the index, or twice in one call; `onDuplicate: 'replace'` would replace.
 * - `ERR_HNSW_UNKNOWN_KEY`: the key is not in the index; `onMissing: 'ignore'` would pass it by.
 * - `ERR_HNSW_ARGUMENT`: another argument is out of its range: k, efSearch, an option.
 * - `ERR_HNSW_UNSUPPORTED`: this kind of index does not have what was asked for; the message says which does.
 * - `ERR_HNSW_READ_ONLY`: the index is a view of a file.
 * - `ERR_HNSW_BUSY`: another call is changing the index.
 * - `ERR_HNSW_CLOSED`: the index was closed, or its handle is of another process.
 * - `ERR_HNSW_FORMAT`: a file that is no index.
 * - `ERR_HNSW_VERSION`: a file of a version that this package does not read.
 * - `ERR_HNSW_CORRUPT`: a file that was cut off or altered; the message says where.
 * - `ERR_HNSW_IO`: the system refused to read or to write a file; `cause` has its error.
 * - `ERR_HNSW_MEMORY`: the system has no more memory.
 * - `ERR_HNSW_ABORTED`: work ended because its signal was aborted; `cause` is the signal's reason.
 */
export type HnswErrorCode =
  | 'ERR_HNSW_TYPE'
  | 'ERR_HNSW_DIMENSIONS'
  | 'ERR_HNSW_LENGTH'
  | 'ERR_HNSW_VALUE'
  | 'ERR_HNSW_KEY'
  | 'ERR_HNSW_DUPLICATE_KEY'
  | 'ERR_HNSW_UNKNOWN_KEY'
  | 'ERR_HNSW_ARGUMENT'
  | 'ERR_HNSW_UNSUPPORTED'
  | 'ERR_HNSW_READ_ONLY'
  | 'ERR_HNSW_BUSY'
  | 'ERR_HNSW_CLOSED'
  | 'ERR_HNSW_FORMAT'
  | 'ERR_HNSW_VERSION'
  | 'ERR_HNSW_CORRUPT'
  | 'ERR_HNSW_IO'
  | 'ERR_HNSW_MEMORY'
  | 'ERR_HNSW_ABORTED';

/**
 * What every function of this package throws, and every promise rejects with. Branch on `code`; the message says what was
 * expected and what came, and may change. The index is as it was before the call, but for `addMany` and `removeMany`, whose
 * error says in `done` how many rows came to be.
 */
export class HnswError extends Error {
  readonly code: HnswErrorCode;
  /** Rows that were added or removed before the error; 0 for other calls. */
  readonly done: number;

  constructor(code: HnswErrorCode, message: string, options?: { cause?: unknown; done?: number }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HnswError';
    this.code = code;
    this.done = options?.done ?? 0;
  }
}
