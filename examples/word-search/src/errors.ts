/** What went wrong, as a stable word for scripts. */
export type DemoErrorCode =
  | 'USAGE'
  | 'UNKNOWN_WORD'
  | 'DATASET_DOWNLOAD'
  | 'DATASET_INTEGRITY'
  | 'DATASET_FORMAT'
  | 'DATASET_CACHE'
  | 'NOT_EXACT'
  | 'NOT_INDEXED'
  | 'ROW_COUNT';

/** Any failure that the demo foresees: a message for the reader, a code for scripts. */
export class DemoError extends Error {
  override readonly name: string = 'DemoError';
  readonly code: DemoErrorCode;

  constructor(code: DemoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The command line is wrong; exit status 2. */
export class UsageError extends DemoError {
  override readonly name = 'UsageError';

  constructor(message: string) {
    super('USAGE', message);
  }
}

/** The word-vector data are missing, damaged or not in the expected form. */
export class DatasetError extends DemoError {
  override readonly name = 'DatasetError';
}

/** A signal asked the demo to stop; exit status 128 + signal number. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly code = 'INTERRUPTED';
  readonly exitStatus: number;

  constructor(signal: NodeJS.Signals, signalNumber: number) {
    super(`stopped by ${signal}`);
    this.exitStatus = 128 + signalNumber;
  }
}
