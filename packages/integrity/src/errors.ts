/**
 * Every code that this package throws, in one place. Branch on `code`; messages say what came and what to do, and may
 * change.
 *
 * - `ERR_INTEGRITY_ARGUMENT`: a value of the wrong type, out of its range or not finite; `field` names it.
 * - `ERR_INTEGRITY_CAPACITY`: a capacity, demand or weight that is negative or not finite.
 * - `ERR_INTEGRITY_UNKNOWN_NODE`, `ERR_INTEGRITY_UNKNOWN_EDGE`: a name that the graph does not have.
 * - `ERR_INTEGRITY_LIMIT`: more nodes, edges, tenants or bytes than allowed: the graph is not contracted, or the input is hostile.
 * - `ERR_INTEGRITY_THRESHOLDS`: thresholds that are not in order.
 * - `ERR_INTEGRITY_POLICY`: a policy, contract or option that does not hold together; `field` names the place.
 * - `ERR_INTEGRITY_CLOCK`: a time that is not a whole number of milliseconds, or goes backwards where it must not.
 * - `ERR_INTEGRITY_ABORTED`: the caller's AbortSignal fired.
 * - `ERR_INTEGRITY_THROTTLED`, `ERR_INTEGRITY_DEFERRED`, `ERR_INTEGRITY_REJECTED`: the gate said no.
 * - `ERR_INTEGRITY_CANONICAL`: a value that has no canonical bytes (a float, undefined, a lone surrogate ...).
 * - `ERR_INTEGRITY_KEY`: a key that is malformed, unknown, revoked or not the one that was promised.
 * - `ERR_INTEGRITY_SIGNATURE`: a signature that does not verify.
 * - `ERR_INTEGRITY_NOTE`: a signed note or checkpoint that does not parse.
 * - `ERR_INTEGRITY_PROOF`: an inclusion or consistency proof that does not hold.
 * - `ERR_INTEGRITY_LOG`: a log whose records do not follow from each other.
 * - `ERR_INTEGRITY_STORE`: a store that could not keep or give back records; `cause` has the host's own error.
 * - `ERR_INTEGRITY_LOCKED`: a store that another process, or another part of this one, has open for writing.
 * - `ERR_INTEGRITY_CLOSED`: use after close.
 */
export type IntegrityErrorCode =
  | 'ERR_INTEGRITY_ARGUMENT'
  | 'ERR_INTEGRITY_CAPACITY'
  | 'ERR_INTEGRITY_UNKNOWN_NODE'
  | 'ERR_INTEGRITY_UNKNOWN_EDGE'
  | 'ERR_INTEGRITY_LIMIT'
  | 'ERR_INTEGRITY_THRESHOLDS'
  | 'ERR_INTEGRITY_POLICY'
  | 'ERR_INTEGRITY_CLOCK'
  | 'ERR_INTEGRITY_ABORTED'
  | 'ERR_INTEGRITY_THROTTLED'
  | 'ERR_INTEGRITY_DEFERRED'
  | 'ERR_INTEGRITY_REJECTED'
  | 'ERR_INTEGRITY_CANONICAL'
  | 'ERR_INTEGRITY_KEY'
  | 'ERR_INTEGRITY_SIGNATURE'
  | 'ERR_INTEGRITY_NOTE'
  | 'ERR_INTEGRITY_PROOF'
  | 'ERR_INTEGRITY_LOG'
  | 'ERR_INTEGRITY_STORE'
  | 'ERR_INTEGRITY_LOCKED'
  | 'ERR_INTEGRITY_CLOSED';

/** Where an error comes from and what it is about. */
export interface IntegrityErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** The place of a bad value, as a path: `thresholds.enterStress`. */
  readonly field?: string;
}

/**
 * What every function of this package throws.
 *
 * @example
 * try {
 *   graph.upsertEdge({ source: 'a', target: 'b', type: 'link', capacity: -1 });
 * } catch (error) {
 *   if (error instanceof IntegrityError && error.code === 'ERR_INTEGRITY_CAPACITY') console.log(error.field); // capacity
 * }
 */
export class IntegrityError extends Error {
  readonly code: IntegrityErrorCode;
  /** The place of a bad value, where there is one. */
  readonly field: string | undefined;
  constructor(code: IntegrityErrorCode, message: string, { cause, field }: IntegrityErrorOptions = {}) {
    super(message);
    this.name = 'IntegrityError';
    this.code = code;
    this.field = field;
    // As `new Error(message, { cause })` does it; the option is younger than ES2020, and so is the type.
    if (cause !== undefined)
      Object.defineProperty(this, 'cause', { value: cause, writable: true, configurable: true });
  }
}

/** What a long call looks at to end early: an AbortSignal is one. The core has no DOM types. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  /** Where it is there, a call that waits ends at once; else with its next turn. */
  addEventListener?(type: 'abort', listener: () => void): void;
  removeEventListener?(type: 'abort', listener: () => void): void;
}

/** @throws IntegrityError `ERR_INTEGRITY_ABORTED` once the signal has fired */
export function throwIfAborted(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted)
    throw new IntegrityError('ERR_INTEGRITY_ABORTED', 'aborted by the caller', { cause: signal.reason });
}
