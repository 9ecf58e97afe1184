/** What is published to a gate, checked. */
import { checkInteger, checkKeys, checkName, checkObject, checkTime, describe } from '../check.js';
import { IntegrityError } from '../errors.js';
import type { GateEvidence, GateStatus } from './gate-types.js';
import { STATE_NAMES, type StateName } from './states.js';

const MAX_WITNESS_TYPES = 1024;

export interface CheckedStatus {
  readonly state: StateName;
  readonly at: number;
  readonly recovering: boolean;
  readonly witnessTypes: ReadonlySet<string>;
  readonly evidence: GateEvidence;
}

/** @throws IntegrityError `ERR_INTEGRITY_ARGUMENT`, `ERR_INTEGRITY_CLOCK`, `ERR_INTEGRITY_LIMIT` */
export function checkStatus(status: GateStatus): CheckedStatus {
  const from = checkObject(status, 'status');
  checkKeys(from, 'status', ['state', 'witnessTypes', 'at', 'recovering', 'lambdaPpm', 'event']);
  const { state, witnessTypes = [], at, recovering = false, lambdaPpm = null, event = null } = from;
  if (!STATE_NAMES.includes(state as StateName))
    bad('status.state', `must be one of ${STATE_NAMES.join(', ')}`, state);
  if (typeof recovering !== 'boolean') bad('status.recovering', 'must be true or false', recovering);
  if (!Array.isArray(witnessTypes))
    bad('status.witnessTypes', 'must be an array of edge types', witnessTypes);
  if (witnessTypes.length > MAX_WITNESS_TYPES)
    throw new IntegrityError(
      'ERR_INTEGRITY_LIMIT',
      `status.witnessTypes has ${witnessTypes.length} edge types; the most is ${MAX_WITNESS_TYPES}`,
      { field: 'status.witnessTypes' },
    );
  const types = new Set<string>();
  for (let i = 0; i < witnessTypes.length; i++)
    types.add(checkName(witnessTypes[i], `status.witnessTypes[${i}]`, 64));
  const evidence: GateEvidence = Object.freeze({
    lambdaPpm: lambdaPpm === null ? null : checkInteger(lambdaPpm, 'status.lambdaPpm', 0, 1_000_000),
    witnessTypes: Object.freeze([...types]),
    event: event === null ? null : checkName(event, 'status.event'),
  });
  return {
    state: state as StateName,
    at: checkTime(at, 'status.at'),
    recovering,
    witnessTypes: types,
    evidence,
  };
}

function bad(field: string, what: string, value: unknown): never {
  throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', `${field} ${what}, not ${describe(value)}`, { field });
}
