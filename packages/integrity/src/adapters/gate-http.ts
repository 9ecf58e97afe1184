/** What Express and Fastify middleware have in common: asking the gate, and the answer to those that it refuses. */
import { describe } from '../check.js';
import type { StateName } from '../control/states.js';
import { IntegrityError } from '../errors.js';

/** The part of a decision that a refusal tells. */
export interface GateAnswer {
  readonly allowed: boolean;
  readonly action: 'allow' | 'throttle' | 'defer' | 'reject';
  readonly state: StateName;
  /** Code of the reason, as in the gate's documentation. */
  readonly reason: string;
  /** When to come back; absent or 0 where the gate cannot tell. */
  readonly retryAfterMs?: number | undefined;
}

/** How an operation is asked about. */
export interface GateQuestion {
  readonly tenant?: string;
  readonly cost?: number;
}

/**
 * What middleware needs of `createIntegrity`. Where there is `acquire`, it is asked instead of `check` and released when
 * the response has ended, however it ends, so that limits of operations in flight hold.
 */
export interface HttpGate {
  check(operation: string, question: GateQuestion): GateAnswer;
  acquire?(operation: string, question: GateQuestion): { readonly decision: GateAnswer; release(): void };
}

/** What a request is to the gate. A function that throws lets the request neither through nor be refused: the error is handed on. */
export interface GateHttpOptions<Request> {
  /** The operation's name in the policy. Build it from the route, not from what the caller sends. */
  readonly operation: (request: Request) => string;
  /** Who shares the admitted load fairly. Only from what has been authenticated: else everybody is as many as they like. */
  readonly tenant?: (request: Request) => string | undefined;
  readonly cost?: (request: Request) => number | undefined;
}

/** A refusal as HTTP has it. */
export interface Refusal {
  /** 429 for `throttle`: this caller is to slow down; 503 for `defer` and `reject`: the system is not up to it now. */
  readonly status: 429 | 503;
  readonly headers: Readonly<Record<string, string>>;
  /** RFC 9457 problem details. */
  readonly body: string;
}

const refusals = {
  throttle: {
    status: 429,
    code: 'ERR_INTEGRITY_THROTTLED',
    title: 'Throttled: more is offered than the system can take',
  },
  defer: {
    status: 503,
    code: 'ERR_INTEGRITY_DEFERRED',
    title: 'Deferred: the system needs its strength for other work',
  },
  reject: {
    status: 503,
    code: 'ERR_INTEGRITY_REJECTED',
    title: 'Rejected: the system is too close to splitting',
  },
} as const;

/**
 * The response to a refused request (RFC 9457, RFC 9110 section 10.2.3, RFC 6585 section 4). It tells code, reason and state, and
 * nothing of the graph, the policy or other tenants.
 */
export function refusalOf({ action, reason, state, retryAfterMs }: GateAnswer): Refusal {
  const { status, code, title } = refusals[action === 'allow' ? 'reject' : action];
  const wait = retryAfterMs !== undefined && retryAfterMs > 0 ? retryAfterMs : undefined;
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      // Whole seconds, and never early.
      ...(wait === undefined ? {} : { 'Retry-After': String(Math.ceil(wait / 1000)) }),
    },
    body: JSON.stringify({
      type: 'about:blank',
      title,
      status,
      code,
      reason,
      state,
      ...(wait === undefined ? {} : { retryAfterMs: Math.ceil(wait) }),
    }),
  };
}

/** @returns how to ask about one request: the decision, and what to call when its response has ended */
export function asker<Request>(
  gate: HttpGate,
  { operation, tenant, cost }: GateHttpOptions<Request>,
): (request: Request) => { readonly decision: GateAnswer; readonly release: (() => void) | undefined } {
  for (const [field, value, needed] of [
    ['operation', operation, true],
    ['tenant', tenant, false],
    ['cost', cost, false],
  ] as const)
    if (typeof value !== 'function' && (needed || value !== undefined))
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `${field} must be a function of the request, not ${describe(value)}`,
        { field },
      );
  return (request) => {
    const name = operation(request);
    const who = tenant?.(request);
    const much = cost?.(request);
    const question = {
      ...(who === undefined ? {} : { tenant: who }),
      ...(much === undefined ? {} : { cost: much }),
    };
    if (gate.acquire === undefined) return { decision: gate.check(name, question), release: undefined };
    const ticket = gate.acquire(name, question);
    return { decision: ticket.decision, release: () => ticket.release() };
  };
}
