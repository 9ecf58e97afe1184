/** The bodies of the events that a running system records: integers and strings only, so that they have canonical bytes. */
import type { CanonicalObject, CanonicalValue } from '../audit/canonical.js';
import type { GateCounters } from '../control/gate-types.js';
import type { StateInput, StateTransition, StepResult } from '../control/states.js';
import type { SampleView, WitnessEdge } from './view.js';

/** Edges of a witness that an event names; a cut of more says how many there are. */
const MOST_WITNESS = 32;
const MOST_SIDE = 64;

/** A number that need not be whole, as the shortest text that gives it back (ECMAScript Number::toString, RFC 8785 3.2.2.3). */
function text(value: number): string {
  return String(value);
}

function witnessBody(witness: readonly WitnessEdge[]): CanonicalObject {
  return {
    count: witness.length,
    edges: witness.slice(0, MOST_WITNESS).map(({ source, target, type, directed, weight }) => ({
      source,
      target,
      type,
      directed,
      weight: text(weight),
    })),
  };
}

/** What an input of the state machine needs to be replayed. */
export function inputBody(input: StateInput): CanonicalObject {
  const body: Record<string, CanonicalValue> = {};
  for (const [key, value] of Object.entries(input))
    if (value !== undefined) body[key] = value as CanonicalValue;
  return body;
}

/** The body of a `sample`: the machine's input, which replays it, and what the signals said. */
export function sampleBody(
  input: StateInput,
  { signals, binding, minCut, components }: SampleView,
): CanonicalObject {
  return {
    input: inputBody(input),
    signals: signals.map(({ name, lambdaPpm, about }) => ({ name, lambdaPpm, about })),
    binding,
    minCut: minCut === null ? null : text(minCut),
    components,
  };
}

/** The body of a `transition`: from where to where, why, and the cut that explains it. */
export function transitionBody(
  transition: StateTransition,
  { reasons, state }: StepResult,
  sample: SampleView | null,
  graph: { readonly version: number; readonly nodes: number; readonly edges: number },
): CanonicalObject {
  return {
    from: transition.from,
    to: transition.to,
    at: transition.at,
    measured: state.measured,
    reasons: reasons.map((reason) => ({ ...reason })),
    lambdaPpm: sample?.lambdaPpm ?? null,
    binding: sample?.binding ?? null,
    signals: (sample?.signals ?? []).map(({ name, lambdaPpm, about }) => ({ name, lambdaPpm, about })),
    witness: witnessBody(sample?.witness ?? []),
    side: { count: sample?.side.length ?? 0, nodes: (sample?.side ?? []).slice(0, MOST_SIDE) },
    graph: { version: graph.version, nodes: graph.nodes, edges: graph.edges },
  };
}

/** What the gate refused, by operation: those that were refused at all, 64 at most. */
export function refusedBody(operations: GateCounters['operations']): readonly CanonicalObject[] {
  return operations
    .filter((each) => each.throttled + each.deferred + each.rejected > 0)
    .slice(0, 64)
    .map(({ name, class: risk, throttled, deferred, rejected }) => ({
      name,
      class: risk,
      throttled,
      deferred,
      rejected,
    }));
}
