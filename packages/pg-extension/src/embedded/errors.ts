/**
 * Stable codes of {@link EmbeddedError}.
 *
 * | code | meaning |
 * |---|---|
 * | `ERR_EMBEDDED_OPTION` | an option has a wrong type or value |
 * | `ERR_EMBEDDED_SETTING` | a setting's name or value cannot be passed on, or is one that `startEmbedded` owns |
 * | `ERR_EMBEDDED_NO_SERVER` | no usable PostgreSQL server was found |
 * | `ERR_EMBEDDED_EXTENSION` | an extension is neither built, nor staged, nor part of the server |
 * | `ERR_EMBEDDED_ACCOUNT` | started as root and there is no unprivileged account to drop to |
 * | `ERR_EMBEDDED_TEMPORARY` | no temporary directory is usable |
 * | `ERR_EMBEDDED_DATA_DIR` | the given data directory is not ours to use, is in use, or is of another major version |
 * | `ERR_EMBEDDED_INITDB` | initdb failed |
 * | `ERR_EMBEDDED_START` | the server ended before it was ready |
 * | `ERR_EMBEDDED_STOP` | something could not be stopped or removed |
 * | `ERR_EMBEDDED_ABORTED` | the caller's AbortSignal fired; `cause` is its reason |
 */
export type EmbeddedErrorCode =
  | 'ERR_EMBEDDED_OPTION'
  | 'ERR_EMBEDDED_SETTING'
  | 'ERR_EMBEDDED_NO_SERVER'
  | 'ERR_EMBEDDED_EXTENSION'
  | 'ERR_EMBEDDED_ACCOUNT'
  | 'ERR_EMBEDDED_TEMPORARY'
  | 'ERR_EMBEDDED_DATA_DIR'
  | 'ERR_EMBEDDED_INITDB'
  | 'ERR_EMBEDDED_START'
  | 'ERR_EMBEDDED_STOP'
  | 'ERR_EMBEDDED_ABORTED';

/** What `startEmbedded` and `stop` throw. The message ends with what to do where something can be done. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError';
  readonly code: EmbeddedErrorCode;
  /** The end of the server's or initdb's log, where there was one. */
  readonly log: string | undefined;

  constructor(code: EmbeddedErrorCode, message: string, options: { cause?: unknown; log?: string } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.log = options.log;
  }
}
