import { type AbortSignalLike, IntegrityError } from '../errors.js';

/** How `lambda2` is to bound its error from below. */
export type CertificateChoice = 'auto' | 'inertia' | 'start';

export interface Lambda2Options {
  /** What `errorBound` should come to, relative to `value`: 1e-10 to 0.5, default 1e-3. The residual is held below it, too. */
  readonly tolerance?: number;
  /** The symmetric normalised Laplacian I - D^-1/2 A D^-1/2 instead of D - A; its lambda2 is between 0 and n / (n - 1). Default false. */
  readonly normalized?: boolean;
  /**
   * - `auto` (default): `inertia` where the factorisation takes at most `factorWork` multiply-adds, otherwise `start`; and where that
   *   does not get there in `maxSteps`, `inertia` after all if it takes at most 32 times as many.
   * - `inertia`: unconditional, whatever it takes.
   * - `start`: never factorise.
   */
  readonly certificate?: CertificateChoice;
  /** Of the certificate `start`: 1e-10 to 0.5, default 1e-9. Each factor of 10 costs a fixed number of steps. */
  readonly failureProbability?: number;
  /**
   * Warm start: the `vector` of an earlier result, n finite numbers. One without a part orthogonal to the constant counts as none. It does not
   * weaken the bound. After a small change it spares most of the search for the vector, but not the proof: about half of all work.
   */
  readonly start?: ArrayLike<number>;
  /** Uniform in [0, 1). Default: a generator seeded with the graph and the warm start, so that the same input gives the same result. */
  readonly random?: () => number;
  /** Most Lanczos steps on products, 1 to 10,000, default 600. */
  readonly maxSteps?: number;
  /** See `certificate`; default 4e6, about 5 ms of factorisation. */
  readonly factorWork?: number;
  readonly signal?: AbortSignalLike;
}

/** Options with their defaults, checked. */
export interface Settings {
  readonly tolerance: number;
  readonly normalized: boolean;
  readonly certificate: CertificateChoice;
  readonly failureProbability: number;
  readonly start: Float64Array | undefined;
  readonly random: (() => number) | undefined;
  readonly maxSteps: number;
  readonly factorWork: number;
  readonly signal: AbortSignalLike | undefined;
}

/** @throws IntegrityError `ERR_INTEGRITY_ARGUMENT`; `field` names the option */
export function readOptions(options: Lambda2Options, n: number): Settings {
  if (typeof options !== 'object' || options === null)
    throw argument('options', `options must be an object, got ${String(options)}`);
  const { normalized = false, certificate = 'auto', start, random, signal } = options;
  if (typeof normalized !== 'boolean')
    throw argument('normalized', `normalized must be true or false, got ${String(normalized)}`);
  if (certificate !== 'auto' && certificate !== 'inertia' && certificate !== 'start')
    throw argument(
      'certificate',
      `certificate must be 'auto', 'inertia' or 'start', got ${String(certificate)}`,
    );
  if (random !== undefined && typeof random !== 'function')
    throw argument('random', `random must be a function, got ${typeof random}`);
  const maxSteps = inRange('maxSteps', options.maxSteps ?? 600, 1, 10_000);
  if (!Number.isInteger(maxSteps))
    throw argument('maxSteps', `maxSteps must be a whole number, got ${maxSteps}`);
  return {
    tolerance: inRange('tolerance', options.tolerance ?? 1e-3, 1e-10, 0.5),
    normalized,
    certificate,
    failureProbability: inRange('failureProbability', options.failureProbability ?? 1e-9, 1e-10, 0.5),
    start: start === undefined ? undefined : readStart(start, n),
    random,
    maxSteps,
    factorWork: inRange('factorWork', options.factorWork ?? 4e6, 0, 1e12),
    signal,
  };
}

/** A copy whose largest entry is 1; undefined when there is none but 0. */
function readStart(start: ArrayLike<number>, n: number): Float64Array | undefined {
  if (typeof start !== 'object' || start === null || start.length !== n)
    throw argument(
      'start',
      `start must hold ${n} numbers, one for each node, got ${typeof start === 'object' && start !== null ? String(start.length) : typeof start}`,
    );
  let largest = 0;
  for (let i = 0; i < n; i++) {
    const x = start[i];
    if (typeof x !== 'number' || !Number.isFinite(x))
      throw argument(`start[${i}]`, `entry ${i} of start must be a finite number, got ${String(x)}`);
    largest = Math.max(largest, Math.abs(x));
  }
  if (largest === 0) return undefined;
  return Float64Array.from({ length: n }, (_, i) => start[i] / largest);
}

function inRange(field: string, value: number, low: number, high: number): number {
  if (typeof value !== 'number' || !(value >= low && value <= high))
    throw argument(field, `${field} must be a number from ${low} to ${high}, got ${String(value)}`);
  return value;
}

function argument(field: string, message: string): IntegrityError {
  return new IntegrityError('ERR_INTEGRITY_ARGUMENT', message, { field });
}
