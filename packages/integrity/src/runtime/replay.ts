/** From a log back to the states: what happened, worked out once more. */
import type { CanonicalObject, CanonicalValue } from '../audit/canonical.js';
import { describe } from '../check.js';
import { initialIntegrityState, integrityState } from '../control/state-machine.js';
import { resolveStateOptions, type StateMachineOptions } from '../control/state-options.js';
import { stepState } from '../control/state-step.js';
import type { IntegrityState, StateInput, StateName } from '../control/states.js';
import { IntegrityError } from '../errors.js';

/** What is read of a record: `AuditLog.entries` and `parseRecord` give it. */
export interface ReplayedRecord {
  readonly seq: number;
  readonly type: string;
  readonly body: CanonicalObject;
}

/** How a replay went. */
export interface Replay {
  /** The state after the last input. */
  readonly state: IntegrityState;
  /** Transitions worked out anew, in order. */
  readonly transitions: readonly { readonly seq: number; readonly from: StateName; readonly to: StateName }[];
  /** Transitions of the log that the replay does not give, or gives otherwise: empty when the log tells the truth. */
  readonly mismatches: readonly { readonly seq: number; readonly message: string }[];
}

function part(value: CanonicalValue | undefined): CanonicalObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as CanonicalObject)
    : undefined;
}

/**
 * Replays the samples, overrides and ticks of a log through the state machine and holds the result against the transitions that
 * the log tells of. A log whose owner edited a transition and signed it again does not survive this.
 *
 * Each time a system begins to write it records `start`, with the options and the state it goes on from: the replay takes both from there.
 *
 * @param options those that the log should have been written with; a log that says otherwise is a mismatch. Default: what the log says
 * @param start the state at the first record, for a log that does not begin with a start
 * @throws IntegrityError `ERR_INTEGRITY_LOG` for a record with an input that is none
 * @example
 * const { mismatches } = await replayLog(log.entries(), options.states);
 * console.log(mismatches.length); // 0
 */
export async function replayLog(
  records: AsyncIterable<ReplayedRecord> | Iterable<ReplayedRecord>,
  options?: StateMachineOptions,
  start?: IntegrityState,
): Promise<Replay> {
  const expected = options === undefined ? undefined : resolveStateOptions(options);
  let resolved = expected ?? resolveStateOptions();
  let state = start;
  let pending: { readonly from: StateName; readonly to: StateName } | undefined;
  const transitions: { seq: number; from: StateName; to: StateName }[] = [];
  const mismatches: { seq: number; message: string }[] = [];
  let last = 0;
  const step = (input: CanonicalObject, seq: number): void => {
    const now = input.now as number;
    state ??= initialIntegrityState(resolved, now);
    try {
      const result = stepState(resolved, state, input as unknown as StateInput);
      state = result.state;
      if (result.transition !== undefined) pending = result.transition;
    } catch (cause) {
      throw new IntegrityError(
        'ERR_INTEGRITY_LOG',
        `record ${seq} has an input that the state machine does not take`,
        {
          cause,
          field: 'body.input',
        },
      );
    }
  };
  for await (const { seq, type, body } of records) {
    last = seq;
    if (pending !== undefined && type !== 'transition') {
      mismatches.push({ seq, message: `a transition ${pending.from} -> ${pending.to} should stand here` });
      pending = undefined;
    }
    if (type === 'start') {
      try {
        resolved = resolveStateOptions(body.options as StateMachineOptions);
        state = integrityState(body.state);
      } catch (cause) {
        throw new IntegrityError('ERR_INTEGRITY_LOG', `record ${seq} is a start that no system makes`, {
          cause,
          field: 'body',
        });
      }
      if (expected !== undefined && JSON.stringify(expected) !== JSON.stringify(resolved))
        mismatches.push({
          seq,
          message: 'the system was started with other options than those that are given',
        });
      continue;
    }
    const input = part(body.input);
    if ((type === 'sample' || type === 'override' || type === 'tick') && input !== undefined)
      step(input, seq);
    if (type !== 'transition') continue;
    if (input !== undefined) step(input, seq);
    const { from, to } = body;
    if (pending === undefined) {
      mismatches.push({
        seq,
        message: `a transition ${describe(from)} -> ${describe(to)} that nothing leads to`,
      });
      continue;
    }
    if (pending.from !== from || pending.to !== to)
      mismatches.push({
        seq,
        message: `a transition ${describe(from)} -> ${describe(to)} where ${pending.from} -> ${pending.to} follows`,
      });
    transitions.push({ seq, from: pending.from, to: pending.to });
    pending = undefined;
  }
  if (pending !== undefined)
    mismatches.push({
      seq: last + 1,
      message: `a transition ${pending.from} -> ${pending.to} is missing at the end`,
    });
  return { state: state ?? initialIntegrityState(resolved, 0), transitions, mismatches };
}
