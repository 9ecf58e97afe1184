/** Decisions: those that let through are made once and shared, refusals carry what was published. */
import { IntegrityError, type IntegrityErrorCode } from '../errors.js';
import type { GateDecision, GateEvidence, GateMode, GateReason, StateBasis } from './gate-types.js';
import type { GateAction, OperationClass, Relation } from './policy-types.js';
import type { StateName } from './states.js';

/** What all decisions of one rule have in common. */
export interface DecisionGround {
  readonly state: StateName;
  readonly basis: StateBasis;
  readonly class: OperationClass;
  readonly relation: Relation;
}

const SQLSTATES = { throttle: 'RV001', defer: 'RV002', reject: 'RV003' } as const;

const CODES: Readonly<Record<Exclude<GateAction, 'allow'>, IntegrityErrorCode>> = {
  throttle: 'ERR_INTEGRITY_THROTTLED',
  defer: 'ERR_INTEGRITY_DEFERRED',
  reject: 'ERR_INTEGRITY_REJECTED',
};

/** A decision that lets through. */
export function admission(ground: DecisionGround, mode: GateMode, reason: GateReason): GateDecision {
  return Object.freeze({
    action: 'allow',
    allowed: true,
    wouldBe: mode === 'observe' ? 'allow' : null,
    state: ground.state,
    basis: ground.basis,
    class: ground.class,
    relation: ground.relation,
    reason,
    retryAfterMs: 0,
    sqlstate: null,
    evidence: null,
  });
}

/** A decision that refuses, or in mode `observe` would. Not frozen: it is one caller's, and freezing costs more than all else. */
export function refusal(
  ground: DecisionGround,
  mode: GateMode,
  action: Exclude<GateAction, 'allow'>,
  reason: GateReason,
  retryAfterMs: number,
  evidence: GateEvidence | null,
): GateDecision {
  const observed = mode === 'observe';
  return {
    action: observed ? 'allow' : action,
    allowed: observed,
    wouldBe: observed ? action : null,
    state: ground.state,
    basis: ground.basis,
    class: ground.class,
    relation: ground.relation,
    reason,
    retryAfterMs,
    sqlstate: observed ? null : SQLSTATES[action],
    evidence,
  };
}

/**
 * The error of a decision that refuses, to be thrown; undefined for one that does not.
 *
 * @param operation its name, for the message
 * @example
 * const error = decisionError(gate.check('index_rebuild', { now }), 'index_rebuild');
 * if (error) throw error; // ERR_INTEGRITY_REJECTED: index_rebuild is rejected while the state is critical
 */
export function decisionError(
  decision: GateDecision,
  operation = 'the operation',
): IntegrityError | undefined {
  const { action, allowed, state, reason, relation, retryAfterMs, basis } = decision;
  if (allowed || action === 'allow') return undefined;
  const done = { throttle: 'throttled', defer: 'deferred', reject: 'rejected' }[action];
  const cut = relation === 'loads' ? ', and it loads the present cut' : '';
  const from = basis === 'published' ? '' : ` (${basis})`;
  const hint = retryAfterMs > 0 ? `; try again in ${retryAfterMs} ms` : '';
  const name = operation.length > 128 ? `${operation.slice(0, 128)}...` : operation;
  return new IntegrityError(
    CODES[action],
    `${name} is ${done} (${reason}) while the state is ${state}${from}${cut}${hint}`,
  );
}
