/**
 * The gate: every operation asks, and the answer is a read of memory.
 *
 * The state is worked out elsewhere (sensor, cut, state machine) and published here; a check never computes one. What a
 * check does beyond looking up its rule is constant work: at most one token bucket, eight places of a tenant table, a few
 * counters. `publish` goes over all operations once, so that a check need not compare witness types.
 *
 * Invariants:
 * - A class `exempt` is admitted whatever is published or configured.
 * - Without a state that is published, young enough and not ahead of the clock, the rules of state `unknown` apply; the
 *   decision names the basis. There is no other way to them and no way around them.
 * - What a throttle admits depends on the offered load alone (gate-throttle.ts).
 * - Counters of offered cost grow in every mode and for every answer: the flow signal must see the demand, not what was
 *   let through, or refusing work would look like recovery.
 */
import { checkKeys, checkNumber, checkObject, checkTime, describe } from '../check.js';
import { IntegrityError } from '../errors.js';
import { Backoff } from './gate-backoff.js';
import {
  ADMITTED,
  ADMITTED_COST,
  COLUMNS,
  countsOf,
  DEFERRED,
  OFFERED,
  OFFERED_COST,
  PROBES,
  REJECTED,
  RESERVE,
  RETRIED,
  THROTTLED,
} from './gate-counters.js';
import { refusal } from './gate-decisions.js';
import { type ClassSlots, type Slot, slotsOf } from './gate-slots.js';
import { checkStatus } from './gate-status.js';
import type { Throttle } from './gate-throttle.js';
import type {
  CheckOptions,
  GateCounters,
  GateDecision,
  GateEvidence,
  GateMode,
  GateReason,
  GateStatus,
  GateTicket,
  StateBasis,
} from './gate-types.js';
import { resolvePolicy } from './policy.js';
import {
  type GatePolicy,
  type GatePolicyInput,
  OPERATION_CLASSES,
  type OperationClass,
  type OperationPolicy,
  type Relation,
} from './policy-types.js';
import type { StateName } from './states.js';
import { TokenBucket } from './token-bucket.js';

export interface GateOptions {
  /** Merged over `DEFAULT_POLICY`. */
  readonly policy?: GatePolicyInput;
  /** Default `observe`. */
  readonly mode?: GateMode;
  /** Chance for jitter, in [0, 1): `Math.random` will do. */
  readonly random: () => number;
}

/** What a gate keeps for a class. */
interface ClassGate {
  readonly name: OperationClass;
  readonly slots: ClassSlots;
  readonly reserve: TokenBucket | null;
  readonly probes: TokenBucket;
}

/** Acquired and not released, by class. */
type InFlight = Record<OperationClass, number>;

/** What a gate keeps for an operation. */
interface OperationGate {
  readonly name: string | null;
  readonly policy: OperationPolicy;
  readonly class: ClassGate;
  readonly row: Float64Array;
  slot: Slot;
}

const MODES: readonly string[] = ['off', 'observe', 'enforce'];
const MAX_COST = 1_000_000_000;

/**
 * Decides on operations by class, state and relation to the present cut.
 *
 * @example
 * const gate = new Gate({ mode: 'enforce', random: Math.random });
 * gate.publish({ state: 'critical', witnessTypes: ['queue'], at: now });
 * gate.check('search', { now }).allowed; // true, for four of five
 * gate.check('index_rebuild', { now }).sqlstate; // RV003
 */
export class Gate {
  readonly policy: GatePolicy;
  readonly mode: GateMode;
  readonly #random: () => number;
  readonly #operations = new Map<string, OperationGate>();
  readonly #unnamed: OperationGate;
  readonly #classes: Readonly<Record<OperationClass, ClassGate>>;
  readonly #backoff: Backoff;
  readonly #staleAfterMs: number;
  #inFlight: InFlight = { low: 0, medium: 0, high: 0, repair: 0, exempt: 0 };
  #at = -1;
  #recovering = false;
  #evidence: GateEvidence | null = null;

  /** @throws IntegrityError `ERR_INTEGRITY_POLICY` with the path of what is wrong; `ERR_INTEGRITY_ARGUMENT` */
  constructor(options: GateOptions) {
    const { policy, mode = 'observe', random } = checkObject(options, 'options') as unknown as GateOptions;
    checkKeys(options as unknown as Record<string, unknown>, 'options', ['policy', 'mode', 'random']);
    if (!MODES.includes(mode))
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `options.mode must be one of ${MODES.join(', ')}, not ${describe(mode)}`,
        { field: 'options.mode' },
      );
    if (typeof random !== 'function')
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `options.random must be a function that gives numbers in [0, 1), not ${describe(random)}`,
        { field: 'options.random' },
      );
    this.policy = resolvePolicy(policy);
    this.mode = mode;
    this.#random = random;
    this.#backoff = new Backoff(this.policy.defer, random);
    this.#staleAfterMs = this.policy.staleAfterMs;
    const slots = slotsOf(this.policy, mode);
    this.#classes = Object.fromEntries(
      OPERATION_CLASSES.map((name): [OperationClass, ClassGate] => [
        name,
        {
          name,
          slots: slots[name],
          reserve: name === 'repair' ? new TokenBucket(this.policy.repair, 0) : null,
          probes: new TokenBucket(this.policy.probes, 0),
        },
      ]),
    ) as Record<OperationClass, ClassGate>;
    const entry = (name: string | null, operation: OperationPolicy): OperationGate => {
      const classGate = this.#classes[operation.class];
      const slot = classGate.slots.unpublished['never-published'];
      return { name, policy: operation, class: classGate, row: new Float64Array(COLUMNS), slot };
    };
    for (const [name, operation] of Object.entries(this.policy.operations))
      this.#operations.set(name, entry(name, operation));
    this.#unnamed = entry(null, { class: this.policy.defaultClass, loads: [], relieves: [], cost: 1 });
  }

  /**
   * Another gate in the place of this one: its policy is merged over this one's, and what is in flight here is in flight there, whoever
   * releases it. Counters begin anew, and nothing is published yet.
   *
   * @throws IntegrityError as the constructor
   */
  successor({
    policy,
    mode = this.mode,
  }: {
    readonly policy?: GatePolicyInput;
    readonly mode?: GateMode;
  }): Gate {
    const gate = new Gate({ policy: resolvePolicy(policy, this.policy), mode, random: this.#random });
    gate.#inFlight = this.#inFlight;
    return gate;
  }

  /**
   * Says how the system is. The last call counts, whatever its time: there is one publisher. O(operations).
   *
   * @throws IntegrityError `ERR_INTEGRITY_ARGUMENT`, `ERR_INTEGRITY_CLOCK`, `ERR_INTEGRITY_LIMIT`; then what was
   * published before stays
   */
  publish(status: GateStatus): void {
    const { state, at, recovering, witnessTypes, evidence } = checkStatus(status);
    for (const each of this.#operations.values()) each.slot = slotFor(each, state, witnessTypes);
    this.#unnamed.slot = slotFor(this.#unnamed, state, witnessTypes);
    this.#at = at;
    this.#recovering = recovering;
    this.#evidence = evidence;
    if (state === 'normal') this.#backoff.clear();
  }

  /**
   * May this operation go on? Synchronous, constant time, without garbage when the rule allows.
   *
   * @param operation a name of the policy; any other has the policy's default class
   * @throws IntegrityError `ERR_INTEGRITY_ARGUMENT` or `ERR_INTEGRITY_CLOCK` for a call that makes no sense; no decision
   * is taken and nothing is counted then
   */
  check(operation: string, options: CheckOptions): GateDecision {
    const entry = this.#operations.get(operation) ?? this.#unnamedFor(operation);
    if (options === undefined || options === null) checkObject(options, 'options');
    const { now, cost = entry.policy.cost, tenant, retry = false } = options;
    checkTime(now, 'now');
    checkNumber(cost, 'cost', costRange);
    if (tenant !== undefined) checkTenant(tenant);
    const { row } = entry;
    if (retry) row[RETRIED] = (row[RETRIED] as number) + 1;
    else {
      row[OFFERED] = (row[OFFERED] as number) + 1;
      row[OFFERED_COST] = (row[OFFERED_COST] as number) + cost;
    }
    const slot = this.#slotAt(entry, now);
    const decision = this.mode === 'off' ? slot.off : this.#judge(entry, slot, cost, tenant, retry, now);
    if (decision.allowed) {
      row[ADMITTED] = (row[ADMITTED] as number) + 1;
      row[ADMITTED_COST] = (row[ADMITTED_COST] as number) + cost;
    }
    return decision;
  }

  /**
   * As `check`, and the operation counts as in flight until it is released. Limits of `maxInFlight` are on these. In flight
   * are counted in every state, so that a limit that begins to apply knows what runs already.
   *
   * @example
   * const { decision, release } = gate.acquire('search', { now: Date.now(), tenant });
   * try {
   *   if (decision.allowed) await search();
   * } finally {
   *   release();
   * }
   */
  acquire(operation: string, options: CheckOptions): GateTicket {
    const decision = this.check(operation, options);
    if (!decision.allowed) return { decision, release: nothing };
    const { class: name } = decision;
    const counts = this.#inFlight;
    counts[name]++;
    let held = true;
    const release = (): void => {
      if (held) counts[name]--;
      held = false;
    };
    return { decision, release };
  }

  /** What has been counted since the gate was made. O(operations). */
  counters(): GateCounters {
    const entries = [...this.#operations.values(), this.#unnamed];
    const rows = new Map(OPERATION_CLASSES.map((name) => [name, new Float64Array(COLUMNS)]));
    for (const entry of entries) {
      const sum = rows.get(entry.class.name) as Float64Array;
      for (let i = 0; i < COLUMNS; i++) sum[i] = (sum[i] as number) + (entry.row[i] as number);
    }
    return {
      classes: Object.fromEntries(
        OPERATION_CLASSES.map((name) => [name, countsOf(rows.get(name) as Float64Array)]),
      ) as GateCounters['classes'],
      operations: entries.map(({ name, row, class: { name: operationClass } }) => ({
        name,
        class: operationClass,
        ...countsOf(row),
      })),
      inFlight: { ...this.#inFlight },
    };
  }

  /** The state whose rules apply at a time, and why it is that. */
  stateAt(now: number): { readonly state: StateName; readonly basis: StateBasis } {
    const { state, basis } = this.#slotAt(this.#unnamed, checkTime(now, 'now'));
    return { state, basis };
  }

  #unnamedFor(operation: unknown): OperationGate {
    if (typeof operation === 'string') return this.#unnamed;
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `operation must be a string, not ${describe(operation)}`,
      {
        field: 'operation',
      },
    );
  }

  #slotAt(entry: OperationGate, now: number): Slot {
    const age = now - this.#at;
    // A publisher on another clock may be a little ahead; as far ahead as a state may be old it cannot be judged.
    if (this.#at >= 0 && age <= this.#staleAfterMs && age >= -this.#staleAfterMs) return entry.slot;
    const { unpublished } = entry.class.slots;
    if (this.#at < 0) return unpublished['never-published'];
    return age > 0 ? unpublished.stale : unpublished['clock-behind'];
  }

  #judge(
    entry: OperationGate,
    slot: Slot,
    cost: number,
    tenant: string | undefined,
    retry: boolean,
    now: number,
  ): GateDecision {
    const { rule } = slot;
    if (rule.action === 'allow') {
      if (rule.maxInFlight === null || this.#inFlight[entry.class.name] < rule.maxInFlight)
        return slot.allowed;
      return this.#throttled(entry, slot, 'in-flight', Number.POSITIVE_INFINITY, cost, now);
    }
    if (rule.action === 'throttle') {
      const throttle = slot.throttle as Throttle;
      const full = rule.maxInFlight !== null && this.#inFlight[entry.class.name] >= rule.maxInFlight;
      const verdict = throttle.admit(tenant, cost, retry, full, now);
      if (verdict === 'admit') return slot.within;
      const wait = full ? Number.POSITIVE_INFINITY : throttle.waitMs(cost, verdict);
      return this.#throttled(entry, slot, full ? 'in-flight' : verdict, wait, cost, now);
    }
    const rescued = this.#rescued(entry, slot, cost, now) ?? this.#probed(entry, slot, now);
    if (rescued !== undefined) return rescued;
    const evidence = slot.basis === 'published' ? this.#evidence : null;
    if (rule.action === 'reject') {
      count(entry, REJECTED);
      if (slot.rejected === null || slot.rejected.evidence !== evidence)
        slot.rejected = Object.freeze(refusal(slot, this.mode, 'reject', 'rejected', 0, evidence));
      return slot.rejected;
    }
    count(entry, DEFERRED);
    // A name that the policy does not have is not kept: hostile ones would push the others out.
    const wait = this.#backoff.wait(
      `${entry.name === null ? 0 : 1}${entry.name ?? ''}\n${tenant ?? ''}`,
      rule.ms,
      now,
    );
    return refusal(slot, this.mode, 'defer', 'deferred', wait, evidence);
  }

  #throttled(
    entry: OperationGate,
    slot: Slot,
    reason: GateReason,
    wait: number,
    cost: number,
    now: number,
  ): GateDecision {
    const rescued = this.#rescued(entry, slot, cost, now);
    if (rescued !== undefined) return rescued;
    count(entry, THROTTLED);
    // Spread below the one limit and above the other, or all who were told a limit come back at once.
    const { minDelayMs, maxDelayMs } = this.policy.throttle;
    const drawn = this.#random();
    const spread = drawn >= 0 && drawn < 1 ? drawn * (this.policy.defer.jitterPpm / 1e6) : 0;
    const longest = Math.ceil(Math.min(wait, maxDelayMs) * (1 - spread));
    const retryAfterMs = Math.min(Math.max(longest, Math.ceil(minDelayMs * (1 + spread))), maxDelayMs);
    const evidence = slot.basis === 'published' ? this.#evidence : null;
    return refusal(slot, this.mode, 'throttle', reason, retryAfterMs, evidence);
  }

  /** The reserved budget: only for `repair`, and only for what its rule refuses. */
  #rescued(entry: OperationGate, slot: Slot, cost: number, now: number): GateDecision | undefined {
    if (entry.class.reserve?.tryTake(cost, now) !== true) return undefined;
    count(entry, RESERVE);
    return slot.reserve;
  }

  /** Probes: while the state recovers, and never for what loads the cut that is recovering. */
  #probed(entry: OperationGate, slot: Slot, now: number): GateDecision | undefined {
    if (!this.#recovering || slot.basis !== 'published' || slot.relation === 'loads') return undefined;
    if (!entry.class.probes.tryTake(1, now)) return undefined;
    count(entry, PROBES);
    return slot.probe;
  }
}

const costRange = { least: 0, most: MAX_COST } as const;

function nothing(): void {}

function count(entry: OperationGate, column: number): void {
  entry.row[column] = (entry.row[column] as number) + 1;
}

function checkTenant(tenant: unknown): void {
  if (typeof tenant === 'string' && tenant.length > 0 && tenant.length <= 256) return;
  throw new IntegrityError(
    'ERR_INTEGRITY_ARGUMENT',
    `tenant must be a string of 1 to 256 characters, not ${describe(tenant)}`,
    { field: 'tenant' },
  );
}

function slotFor(entry: OperationGate, state: StateName, witnessTypes: ReadonlySet<string>): Slot {
  const { loads, relieves } = entry.policy;
  const touches = (types: readonly string[]): boolean => types.some((type) => witnessTypes.has(type));
  // In state unknown nothing is known of the cut either.
  const relation: Relation =
    state === 'unknown' ? 'none' : touches(loads) ? 'loads' : touches(relieves) ? 'relieves' : 'none';
  return entry.class.slots.published[state][relation];
}
