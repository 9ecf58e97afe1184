/**
 * Everything wired: graph -> signals -> lambda -> state -> gate, and a record of each step.
 *
 * Order of one sample, and why:
 * 1. read the signals of the graph as it is now;
 * 2. step the state machine (pure);
 * 3. seal the sample, and the transition if there is one, into the log: the order of the log is the order of the steps;
 * 4. publish the state to the gate.
 * 5. tell the listeners, last: one that throws throws out of the call, and has stopped nothing.
 * A transition is sealed before it is published, so no decision can rest on a state that the log does not know. Where the log
 * cannot take it (its queue is full behind a full disk, its key was revoked), the state is published all the same, since the
 * gate protects the system and the log only tells of it; `auditFailure` says so, and `onAuditFailure: 'unknown'` is for those who
 * prefer the rules of state `unknown` to an unproved state. What could not be recorded is counted, and the count is recorded
 * with the next event that can be.
 *
 * Nothing here has a timer: `sample` and `tick` are called by the host, `startSampling` of `@ruvector/integrity/node` does it in Node.
 */
import type { ServedEntry, ServedView } from '../adapters/source.js';
import type { CanonicalObject } from '../audit/canonical.js';
import type { AppendedRecord, AuditLog } from '../audit/log.js';
import { checkInteger, checkKeys, checkName, checkNumber, checkObject, checkTime } from '../check.js';
import { Gate } from '../control/gate.js';
import { decisionError } from '../control/gate-decisions.js';
import type { GateDecision, GateMode, GateTicket } from '../control/gate-types.js';
import type { GatePolicyInput } from '../control/policy-types.js';
import { StateMachine, type StateStart } from '../control/state-machine.js';
import type {
  IntegrityState,
  KnownState,
  SampleInput,
  StateInput,
  StateName,
  StateTransition,
  StepResult,
} from '../control/states.js';
import { type AbortSignalLike, IntegrityError, throwIfAborted } from '../errors.js';
import { ContractedGraph } from '../graph/contracted-graph.js';
import type { GraphSnapshot } from '../graph/snapshot.js';
import type { Reserve } from '../signal/flow.js';
import { lambda2 } from '../spectral/lambda2.js';
import { inputBody, refusedBody, sampleBody, transitionBody } from './events.js';
import { Listeners } from './listeners.js';
import { OfferedLoad } from './offered.js';
import { checkOptions, type GuardQuestion, type IntegrityOptions, type Question } from './options.js';
import { checkSignals, namesOf, readSignals, type SignalContract, witnessOf } from './signals.js';
import type { HistoryPoint, SampleView } from './view.js';
import { entryView, gateView, graphView, logView } from './views.js';
import { Waiting } from './waiting.js';

/** A transition with what explains it. */
export interface TransitionEvent extends StateTransition {
  readonly step: StepResult;
  readonly sample: SampleView | null;
  /** Its record; undefined without a log, or where the log could not take it. */
  readonly record: AppendedRecord | undefined;
}

/** How long rates that `measureOffered` gave are those of the next sample. */
const MEASURED_MS = 1000;
/** Records that `view()` shows. */
const SHOWN_ENTRIES = 24;

/**
 * A system under watch.
 *
 * @example
 * const integrity = createIntegrity({
 *   name: 'orders',
 *   clock: Date.now,
 *   random: Math.random,
 *   mode: 'enforce',
 *   signals: { flow: { commodities: [{ name: 'job', sources: ['clients'], sinks: ['done'] }] } },
 * });
 * integrity.graph.upsertNode({ name: 'clients', type: 'source' });
 * integrity.graph.upsertNode({ name: 'done', type: 'sink' });
 * integrity.graph.upsertEdge({
 *   source: 'clients', target: 'done', type: 'worker', directed: true, capacity: 100, cost: { job: 1 },
 * });
 * integrity.offer({ job: 40 });
 * integrity.sample(); // { lambdaPpm: 1000000, ... }
 * if (integrity.check('search').allowed) search();
 */
export class Integrity {
  readonly name: string;
  readonly graph: ContractedGraph;
  readonly log: AuditLog | undefined;
  readonly #options: IntegrityOptions;
  readonly #clock: () => number;
  readonly #machine: StateMachine;
  readonly #offered: OfferedLoad;
  readonly #reserves = new Map<string, Reserve>();
  readonly #history: HistoryPoint[] = [];
  readonly #entries: ServedEntry[] = [];
  readonly #listeners = new Listeners<TransitionEvent>();
  #signals: SignalContract;
  #gate: Gate;
  #sample: SampleView | null = null;
  #samples = 0;
  #fiedler: Float64Array | undefined;
  #lambda2: number | null = null;
  #unrecorded = 0;
  #auditFailure: unknown;
  #refusedBefore = 0;
  /** The last transition's place in the log, for those who are refused. */
  #event: string | null = null;
  /** When the last tick was that no record tells of. */
  #tickedAt: number | undefined;
  /** Whether the state in force came about by a transition that no record tells of. */
  #isUnproved = false;
  /** When `measureOffered` was called, and no sample since. */
  #measuredAt: number | undefined;
  readonly #waiting: Waiting | undefined;

  constructor(options: IntegrityOptions) {
    checkOptions(options);
    this.name = options.name;
    this.#waiting = options.timer === undefined ? undefined : new Waiting(options.timer);
    this.#options = options;
    this.#clock = options.clock;
    this.#signals = options.signals;
    if (options.graph !== undefined) checkObject(options.graph, 'options.graph');
    this.graph =
      options.graph instanceof ContractedGraph ? options.graph : new ContractedGraph(options.graph);
    this.log = options.log;
    const start: StateStart = options.resume === undefined ? { now: this.#now() } : { state: options.resume };
    this.#machine = new StateMachine(options.states ?? {}, start);
    this.#gate = this.#newGate(options.policy, options.mode);
    this.#offered = new OfferedLoad(options.offeredFrom ?? {}, options.signals.flow, this.#gate.policy);
    // What a replay must know, and what was allowed from here on.
    this.#record('start', this.#now(), {
      name: this.name,
      mode: this.#gate.mode,
      policy: this.#gate.policy as unknown as CanonicalObject,
      options: this.#machine.options as unknown as CanonicalObject,
      state: this.#machine.integrityState as unknown as CanonicalObject,
    });
    // A state that was stored long ago is no state of now.
    this.tick();
  }

  /** The state in force. */
  get state(): StateName {
    return this.#machine.state;
  }

  /** All that the state machine remembers: store it, and give it back as `resume`. */
  get integrityState(): IntegrityState {
    return this.#machine.integrityState;
  }

  /** The gate as it is; another one after `setPolicy`. */
  get gate(): Gate {
    return this.#gate;
  }

  /** The last sample. */
  get lastSample(): SampleView | null {
    return this.#sample;
  }

  /** Why the log could not take the last event, or undefined; and how many events it is missing. */
  get auditFailure(): { readonly cause: unknown; readonly unrecorded: number } | undefined {
    return this.#unrecorded === 0 ? undefined : { cause: this.#auditFailure, unrecorded: this.#unrecorded };
  }

  /**
   * Says what load is offered, in operations a second by commodity; what is left out keeps its rate. Offered, not admitted.
   *
   * @throws IntegrityError `ERR_INTEGRITY_CAPACITY` for a rate that is negative or not finite; `ERR_INTEGRITY_ARGUMENT` for a
   *   commodity that the contract does not name, or one that is counted by the gate
   */
  offer(rates: Readonly<Record<string, number>>): void {
    this.#offered.set(rates);
  }

  /**
   * Measures what load was offered since the last sample, for hosts that tell each edge its own part of it (`offered` of an edge)
   * before they take the next one. That sample goes by the same rates.
   *
   * @returns operations a second by commodity, those that were told and those that the gate counted; a counted one is absent until it
   *   was measured twice
   * @example
   * const { job = 0 } = integrity.measureOffered();
   * integrity.graph.updateEdge({ source: 'clients', target: 'done', type: 'worker', directed: true }, { offered: { job } });
   * integrity.sample();
   */
  measureOffered(): Readonly<Record<string, number>> {
    this.#offered.measure(this.#gate.counters(), this.#now());
    this.#measuredAt = this.#now();
    return Object.fromEntries(this.#offered.rates);
  }

  /** Sets a reserve, or takes one away (null). It counts in the flow signal. @throws IntegrityError with the next sample, for bad numbers */
  reserve(name: string, reserve: Omit<Reserve, 'name'> | null): void {
    checkName(name, 'name', 64);
    if (this.#signals.flow === undefined)
      throw new IntegrityError(
        'ERR_INTEGRITY_POLICY',
        'reserves count in the flow signal, and the contract has none',
        {
          field: 'signals.flow',
        },
      );
    if (reserve === null) {
      this.#reserves.delete(name);
      return;
    }
    checkNumber(reserve.free, 'free', { least: 0 }, 'ERR_INTEGRITY_CAPACITY');
    checkNumber(reserve.growth, 'growth', {}, 'ERR_INTEGRITY_CAPACITY');
    if (!(checkNumber(reserve.reactionSeconds, 'reactionSeconds', { least: 0 }) > 0))
      throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', 'reactionSeconds must be > 0', {
        field: 'reactionSeconds',
      });
    this.#reserves.set(name, { ...reserve, name });
  }

  /**
   * Looks at the system now: signals, state, log, gate. About a millisecond for 1,000 nodes and 10,000 edges, more with a
   * navigability signal.
   *
   * @returns what was seen; a signal that failed has lambda null, and the state machine takes that as no data
   */
  sample(): SampleView {
    const now = this.#now();
    const began = this.#options.stopwatch?.();
    // Measured for the edges a moment ago, and not again: a rate over a moment is noise.
    const measured = this.#measuredAt ?? Number.NEGATIVE_INFINITY;
    if (!(now >= measured && now - measured <= MEASURED_MS))
      this.#offered.measure(this.#gate.counters(), now);
    this.#measuredAt = undefined;
    const snapshot = this.graph.snapshot();
    const reading = readSignals(snapshot, this.#signals, this.#offered.rates, [...this.#reserves.values()]);
    this.#drift(snapshot);
    this.#samples++;
    const sample: SampleView = {
      at: now,
      lambdaPpm: reading.lambdaPpm,
      signals: reading.signals,
      binding: reading.binding,
      witness: witnessOf(snapshot, reading.witness),
      side: namesOf(snapshot, reading.side),
      components: reading.minCut?.components.length ?? null,
      minCut: reading.minCut?.value ?? null,
      lambda2: this.#lambda2,
      durationMs: began === undefined ? null : (this.#options.stopwatch as () => number)() - began,
    };
    this.#sample = sample;
    // Where a signal failed the machine is told what the others say: it cannot be good news, but it can be bad enough.
    const input: SampleInput =
      reading.failures.length === 0 && this.#machine.options.signals.length === 0
        ? { type: 'sample', now, at: now, lambdaPpm: reading.lambdaPpm }
        : {
            type: 'sample',
            now,
            at: now,
            components: Object.fromEntries(reading.signals.map(({ name, lambdaPpm }) => [name, lambdaPpm])),
          };
    this.#apply(input, sample);
    this.#recordRefusals(now);
    const limit = this.#options.history ?? 720;
    if (limit > 0) this.#history.push({ at: now, lambdaPpm: sample.lambdaPpm, state: this.state });
    if (this.#history.length > limit) this.#history.shift();
    this.#listeners.note('sample', sample);
    this.#listeners.tell();
    return sample;
  }

  /** Lets time pass: samples go stale, overrides end. Call it where samples may fail to come. */
  tick(): StepResult {
    return this.#step({ type: 'tick', now: this.#now() });
  }

  /**
   * May this operation go on? A synchronous read of memory.
   *
   * @param operation a name of the policy; any other has the policy's default class
   */
  check(operation: string, question: Question = {}): GateDecision {
    return this.#gate.check(operation, { ...question, now: this.#now() });
  }

  /** As `check`, and counts as in flight until it is released: call `release` in a `finally`. */
  acquire(operation: string, question: Question = {}): GateTicket {
    const ticket = this.#gate.acquire(operation, { ...question, now: this.#now() });
    const waiting = this.#waiting;
    if (waiting === undefined || !ticket.decision.allowed) return ticket;
    const release = (): void => {
      ticket.release();
      waiting.released(ticket.decision.class);
    };
    return { decision: ticket.decision, release };
  }

  /**
   * Runs a function if the gate lets it. With a `timer` whoever is throttled waits first, `maxWaitMs` at most; who is deferred or
   * rejected never waits.
   *
   * @throws IntegrityError `ERR_INTEGRITY_THROTTLED`, `ERR_INTEGRITY_DEFERRED` or `ERR_INTEGRITY_REJECTED` where it does not; what the
   *   function throws; `ERR_INTEGRITY_ABORTED` if the signal fires before the function has begun
   * @example
   * await integrity.guard('search', () => search(query), { tenant, signal: request.signal });
   */
  async guard<T>(operation: string, run: () => T | Promise<T>, question: GuardQuestion = {}): Promise<T> {
    checkKeys(checkObject(question, 'question'), 'question', [
      'tenant',
      'cost',
      'retry',
      'maxWaitMs',
      'signal',
    ]);
    const { maxWaitMs, signal, ...asked } = question;
    const { maxDelayMs } = this.#gate.policy.throttle;
    const most = checkInteger(maxWaitMs ?? maxDelayMs, 'maxWaitMs', 0, maxDelayMs);
    if (signal !== undefined && typeof (signal as AbortSignalLike | null)?.aborted !== 'boolean')
      throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', 'signal must be an AbortSignal', {
        field: 'signal',
      });
    throwIfAborted(signal);
    const { decision, release } =
      this.#waiting === undefined
        ? this.acquire(operation, asked)
        : await this.#waiting.admit((retry) => this.acquire(operation, retry ? { ...asked, retry } : asked), {
            maxWaitMs: most,
            signal,
          });
    if (!decision.allowed) throw decisionError(decision, operation);
    try {
      return await run();
    } finally {
      release();
    }
  }

  /**
   * Decides the state for a while; recorded, with who and why. Samples go on beneath it.
   *
   * @param override `forMs`: how long, at most `states.maxOverrideMs`
   * @throws IntegrityError `ERR_INTEGRITY_ARGUMENT` with the field
   */
  override(override: {
    readonly state: KnownState;
    readonly reason: string;
    readonly actor: string;
    readonly forMs: number;
  }): StepResult {
    checkObject(override, 'override');
    const { state, reason, actor, forMs } = override;
    const now = this.#now();
    const until = now + checkInteger(forMs, 'forMs', 1, Number.MAX_SAFE_INTEGER - now);
    return this.#step({ type: 'override', now, state, reason, actor, until });
  }

  /** Ends an override early; recorded. */
  clearOverride(by: { readonly actor: string; readonly reason?: string }): StepResult {
    return this.#step({ type: 'clear', now: this.#now(), ...by });
  }

  /**
   * Puts another policy, mode or contract of signals in place; recorded, with who and why. A policy is merged over the present one, so what
   * is left out stays; a contract of signals is whole. Counters of the gate start anew with a new policy or mode; what is in flight stays.
   *
   * @throws IntegrityError `ERR_INTEGRITY_POLICY` with the field; nothing has changed then
   */
  setPolicy(change: {
    readonly actor: string;
    readonly reason: string;
    readonly policy?: GatePolicyInput;
    readonly mode?: GateMode;
    readonly signals?: SignalContract;
  }): void {
    checkObject(change, 'change');
    const actor = checkName(change.actor, 'actor');
    const reason = checkName(change.reason, 'reason', 256);
    const signals = change.signals ?? this.#signals;
    checkSignals(signals);
    const isNewGate = change.policy !== undefined || change.mode !== undefined;
    const { policy, mode } = change;
    const gate = isNewGate
      ? this.#gate.successor({ ...(policy && { policy }), ...(mode && { mode }) })
      : this.#gate;
    this.#offered.check(signals.flow, gate.policy);
    // Nothing can fail from here on. What is published must not be older than it looks.
    this.tick();
    if (isNewGate) {
      this.#offered.restart();
      this.#refusedBefore = 0;
      this.#gate = gate;
    }
    this.#offered.contract(signals.flow, gate.policy);
    this.#signals = signals;
    const now = this.#now();
    this.#record('policy', now, {
      actor,
      reason,
      mode: this.#gate.mode,
      ...(change.policy === undefined ? {} : { policy: this.#gate.policy as unknown as CanonicalObject }),
      ...(change.signals === undefined ? {} : { signals: JSON.stringify(change.signals) }),
    });
    this.#publish(now);
    this.#listeners.tell();
  }

  /** @returns the function that ends the subscription; a listener that throws throws out of `sample`, when all is done */
  onSample(listener: (sample: SampleView) => void): () => void {
    return this.#listeners.on('sample', listener);
  }

  /** Called when the state in force has changed, and is published. */
  onTransition(listener: (event: TransitionEvent) => void): () => void {
    return this.#listeners.on('transition', listener);
  }

  /** Called with every record that goes into the log from here. */
  onEntry(listener: (entry: ServedEntry) => void): () => void {
    return this.#listeners.on('entry', listener);
  }

  /** Everything that there is to see, as JSON. O(graph). */
  view(): ServedView {
    return {
      name: this.name,
      at: this.#now(),
      state: this.#machine.integrityState,
      thresholds: this.#machine.options.thresholds,
      sample: this.#sample,
      history: [...this.#history],
      graph: graphView(this.graph.snapshot()),
      mode: this.#gate.mode,
      gate: gateView(this.#gate.counters()),
      log: this.log === undefined ? null : logView(this.log, this.#entries),
    };
  }

  #now(): number {
    return checkTime(this.#clock(), 'clock()');
  }

  #newGate(policy: GatePolicyInput | undefined, mode: GateMode | undefined): Gate {
    return new Gate({
      ...(policy === undefined ? {} : { policy }),
      ...(mode === undefined ? {} : { mode }),
      random: this.#options.random,
    });
  }

  #drift(snapshot: GraphSnapshot): void {
    const every = this.#options.driftEvery ?? 0;
    if (every === 0 || this.#samples % every !== 0) return;
    const problem = snapshot.cutProblem();
    const start = this.#fiedler?.length === problem.nodeCount ? { start: this.#fiedler } : {};
    try {
      const { value, vector } = lambda2(problem, start);
      this.#lambda2 = value;
      this.#fiedler = vector;
    } catch (error) {
      // It decides nothing, and so must not stop what does: weights whose sum is no double, say.
      if (!(error instanceof IntegrityError)) throw error;
      this.#lambda2 = null;
      this.#fiedler = undefined;
    }
  }

  /** An input that is no sample. */
  #step(input: StateInput): StepResult {
    const step = this.#apply(input, undefined);
    this.#listeners.tell();
    return step;
  }

  #apply(input: StateInput, sample: SampleView | undefined): StepResult {
    const before = this.#machine.integrityState.now;
    if (input.now < before) this.#recordTick();
    const step = this.#machine.apply(input);
    const { transition } = step;
    if (sample !== undefined) {
      if (this.#options.recordSamples ?? true) this.#record('sample', input.now, sampleBody(input, sample));
    } else if (input.type !== 'tick') this.#record('override', input.now, { input: inputBody(input) });
    // A tick without a transition changes only what time it is, and any input after it says that again, unless the clock goes back.
    if (input.type !== 'tick' || transition !== undefined) this.#tickedAt = undefined;
    else {
      this.#tickedAt = input.now;
      if (input.now < before) this.#recordTick();
    }
    let record: AppendedRecord | undefined;
    if (transition !== undefined) {
      const { version, nodeCount, edgeCount } = this.graph;
      const graph = { version, nodes: nodeCount, edges: edgeCount };
      // A tick is only worth a record when it changed something; then the replay needs it too.
      const tick = input.type === 'tick' ? { input: inputBody(input) } : {};
      record = this.#record('transition', input.now, {
        ...transitionBody(transition, step, this.#sample, graph),
        ...tick,
      });
      this.#isUnproved = record === undefined && this.log !== undefined;
    }
    if (transition !== undefined) this.#event = record === undefined ? null : String(record.seq);
    if (this.#isUnproved) this.#proveLate(input.now);
    this.#publish(input.now);
    if (transition !== undefined)
      this.#listeners.note('transition', { ...transition, step, sample: this.#sample, record });
    return step;
  }

  /** A transition could not be recorded: as soon as the log takes events again, one says what the state is now. */
  #proveLate(now: number): void {
    const unrecorded = this.#unrecorded;
    const record = this.#record('state', now, {
      state: this.#machine.integrityState as unknown as CanonicalObject,
    });
    // It is no event of its own: that it is missing is not counted.
    if (record === undefined) this.#unrecorded = unrecorded;
    if (record === undefined) return;
    this.#isUnproved = false;
    this.#event = String(record.seq);
  }

  /** Records a tick that nothing tells of yet: a replay needs it once the clock goes back behind it. */
  #recordTick(): void {
    const now = this.#tickedAt;
    this.#tickedAt = undefined;
    if (now !== undefined && (this.#options.recordSamples ?? true))
      this.#record('tick', now, { input: { type: 'tick', now } });
  }

  /** Tells the gate the state in force. */
  #publish(now: number): void {
    const { measured, hold, override } = this.#machine.integrityState;
    const witness = this.#sample?.witness ?? [];
    this.#gate.publish({
      state: this.#isUnproved && this.#options.onAuditFailure === 'unknown' ? 'unknown' : this.#machine.state,
      witnessTypes: [...new Set(witness.map(({ type }) => type))],
      at: now,
      recovering: hold !== undefined && override === undefined && measured !== 'normal',
      lambdaPpm: this.#sample?.lambdaPpm ?? null,
      event: this.#event,
    });
  }

  /** Seals an event; undefined where there is no log or it cannot take it. */
  #record(type: string, at: number, body: CanonicalObject): AppendedRecord | undefined {
    if (this.log === undefined) return undefined;
    try {
      const missing = this.#unrecorded === 0 ? {} : { unrecordedBefore: this.#unrecorded };
      const record = this.log.append({ type, at, body: { ...body, ...missing } });
      this.#unrecorded = 0;
      this.#auditFailure = undefined;
      const entry = entryView(record);
      this.#entries.push(entry);
      if (this.#entries.length > SHOWN_ENTRIES) this.#entries.shift();
      this.#listeners.note('entry', entry);
      return record;
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error;
      this.#unrecorded++;
      this.#auditFailure = error;
      return undefined;
    }
  }

  /**
   * What the gate refused since the last sample, in one event: a storm of refusals must not become a storm of records. Answers are
   * counted: who asks again, or waits in `guard` and is asked for again, counts each time.
   */
  #recordRefusals(now: number): void {
    const { operations } = this.#gate.counters();
    let total = 0;
    for (const each of operations) total += each.throttled + each.deferred + each.rejected;
    if (total === this.#refusedBefore || this.log === undefined) return;
    this.#record('refusal', now, {
      state: this.state,
      mode: this.#gate.mode,
      since: total - this.#refusedBefore,
      totals: refusedBody(operations),
    });
    this.#refusedBefore = total;
  }
}

/**
 * Wires graph, signals, state machine, gate and log for a system.
 *
 * @throws IntegrityError `ERR_INTEGRITY_ARGUMENT`, `ERR_INTEGRITY_POLICY`, `ERR_INTEGRITY_THRESHOLDS`; `field` names the place
 */
export function createIntegrity(options: IntegrityOptions): Integrity {
  return new Integrity(options);
}
