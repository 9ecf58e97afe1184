/**
 * What a running system has to measure, once for all exporters: the Prometheus text and the OpenTelemetry instruments are
 * made from this list, so a dashboard finds the same figures under names that translate into each other.
 *
 * Every attribute has a small, fixed set of values. Names of nodes, edges, tenants and operations are not among them: they come from
 * outside, and each new one would be a time series for good.
 */
import { OPERATION_CLASSES } from '../control/policy-types.js';
import { PPM, STATE_NAMES } from '../control/states.js';
import type { IntegrityView } from '../runtime/view.js';

/** Attributes (labels) of a value. */
export type Attributes = Readonly<Record<string, string>>;

/** What a measure is, whatever its value. */
export interface Measure {
  /** OpenTelemetry's form: lower case, dots between words that nest. */
  readonly name: string;
  readonly kind: 'gauge' | 'counter';
  /** UCUM, as OpenTelemetry wants it: `1` is a ratio, `{node}` counts nodes, `s` seconds. Empty: none. */
  readonly unit: string;
  readonly description: string;
  /** What there is to say about a view. Nothing where the view has nothing: absent is not 0. */
  readonly values: (view: IntegrityView) => readonly MeasuredValue[];
}

export interface MeasuredValue {
  readonly value: number;
  readonly attributes: Attributes;
}

const none: Attributes = Object.freeze({});
const signalNames: readonly string[] = ['flow', 'navigability', 'structure'];

function one(value: number | null | undefined): readonly MeasuredValue[] {
  return value === null || value === undefined ? [] : [{ value, attributes: none }];
}

function ratio(ppm: number | null | undefined): readonly MeasuredValue[] {
  return one(ppm === null || ppm === undefined ? undefined : ppm / PPM);
}

/** 1 for the member that is, 0 for the others: a state set as OpenMetrics 1.0 has it. */
function stateSet(key: string, members: readonly string[], present: string): readonly MeasuredValue[] {
  return members.map((member) => ({ value: member === present ? 1 : 0, attributes: { [key]: member } }));
}

/** Counts of the classes that the package knows; anything else is one class, `other`. */
function byClass(
  view: IntegrityView,
  pick: (count: IntegrityView['gate'][number]) => readonly (readonly [Attributes, number])[],
): readonly MeasuredValue[] {
  const sums = new Map<string, { value: number; attributes: Attributes }>();
  for (const count of view.gate) {
    const known = (OPERATION_CLASSES as readonly string[]).includes(count.class) ? count.class : 'other';
    for (const [more, value] of pick(count)) {
      const attributes = { class: known, ...more };
      const key = JSON.stringify(attributes);
      const sum = sums.get(key);
      if (sum === undefined) sums.set(key, { value, attributes });
      else sum.value += value;
    }
  }
  return [...sums.values()];
}

const thresholdNames = [
  ['enter_stress', 'enterStressPpm'],
  ['enter_critical', 'enterCriticalPpm'],
  ['exit_stress', 'exitStressPpm'],
  ['exit_critical', 'exitCriticalPpm'],
] as const;

/** Every measure, in the order in which exporters give them. */
export const MEASURES: readonly Measure[] = Object.freeze([
  {
    name: 'integrity.lambda',
    kind: 'gauge',
    unit: '1',
    description:
      'The least of the signals: 1 is far from splitting, 0 has split. Absent while a signal fails.',
    values: ({ sample }) => ratio(sample?.lambdaPpm),
  },
  {
    name: 'integrity.signal.lambda',
    kind: 'gauge',
    unit: '1',
    description: 'One signal: flow, navigability or structure. Absent while it fails.',
    values: ({ sample }) =>
      (sample?.signals ?? [])
        .filter(({ name, lambdaPpm }) => lambdaPpm !== null && signalNames.includes(name))
        .map(({ name, lambdaPpm }) => ({ value: (lambdaPpm as number) / PPM, attributes: { signal: name } })),
  },
  {
    name: 'integrity.threshold',
    kind: 'gauge',
    unit: '1',
    description: 'Lambda at which a state is entered or left.',
    values: ({ thresholds }) =>
      thresholdNames.map(([threshold, field]) => ({
        value: thresholds[field] / PPM,
        attributes: { threshold },
      })),
  },
  {
    name: 'integrity.state',
    kind: 'gauge',
    unit: '',
    description: '1 for the state in force, 0 for the others.',
    values: ({ state }) => stateSet('state', STATE_NAMES, state.state),
  },
  {
    name: 'integrity.measured_state',
    kind: 'gauge',
    unit: '',
    description: '1 for the state that the samples say, 0 for the others; an override does not change it.',
    values: ({ state }) => stateSet('state', STATE_NAMES, state.measured),
  },
  {
    name: 'integrity.state.age',
    kind: 'gauge',
    unit: 's',
    description: 'Time since the measured state last changed.',
    values: ({ at, state }) => one(Math.max(0, at - state.since) / 1000),
  },
  {
    name: 'integrity.override',
    kind: 'gauge',
    unit: '',
    description: '1 while somebody has set the state by hand.',
    values: ({ state }) => one(state.override === undefined ? 0 : 1),
  },
  {
    name: 'integrity.sample.age',
    kind: 'gauge',
    unit: 's',
    description: 'Time since the last sample.',
    values: ({ at, sample }) => one(sample === null ? undefined : Math.max(0, at - sample.at) / 1000),
  },
  {
    name: 'integrity.sample.duration',
    kind: 'gauge',
    unit: 's',
    description: 'How long the last sample took to compute.',
    values: ({ sample }) =>
      one(sample === null || sample.durationMs === null ? undefined : sample.durationMs / 1000),
  },
  {
    name: 'integrity.min_cut',
    kind: 'gauge',
    unit: '',
    description: 'The global minimum cut of the graph, in units of capacity.',
    values: ({ sample }) => one(sample?.minCut),
  },
  {
    name: 'integrity.lambda2',
    kind: 'gauge',
    unit: '',
    description: 'Algebraic connectivity, a drift signal.',
    values: ({ sample }) => one(sample?.lambda2),
  },
  {
    name: 'integrity.witness.edges',
    kind: 'gauge',
    unit: '{edge}',
    description: 'Edges of the cut that decided.',
    values: ({ sample }) => one(sample?.witness.length),
  },
  {
    name: 'integrity.graph.components',
    kind: 'gauge',
    unit: '{component}',
    description: 'Connected parts of the graph.',
    values: ({ sample }) => one(sample?.components),
  },
  {
    name: 'integrity.graph.nodes',
    kind: 'gauge',
    unit: '{node}',
    description: 'Nodes of the contracted graph.',
    values: ({ graph }) => one(graph.nodes.length),
  },
  {
    name: 'integrity.graph.edges',
    kind: 'gauge',
    unit: '{edge}',
    description: 'Edges of the contracted graph.',
    values: ({ graph }) => one(graph.edges.length),
  },
  {
    name: 'integrity.gate.mode',
    kind: 'gauge',
    unit: '',
    description: '1 for the mode of the gate, 0 for the others.',
    values: ({ mode }) => stateSet('mode', ['off', 'observe', 'enforce'], mode),
  },
  {
    name: 'integrity.gate.offered',
    kind: 'counter',
    unit: '{operation}',
    description: 'Operations that asked the gate, without retries.',
    values: (view) => byClass(view, ({ offered }) => [[none, offered]]),
  },
  {
    name: 'integrity.gate.decided',
    kind: 'counter',
    unit: '{operation}',
    description: 'Operations that the gate let through or refused, retries among them.',
    values: (view) =>
      byClass(view, ({ admitted, throttled, deferred, rejected }) => [
        [{ decision: 'admitted' }, admitted],
        [{ decision: 'throttled' }, throttled],
        [{ decision: 'deferred' }, deferred],
        [{ decision: 'rejected' }, rejected],
      ]),
  },
  {
    name: 'integrity.log.records',
    kind: 'counter',
    unit: '{record}',
    description: 'Records of the audit log.',
    values: ({ log }) => one(log?.size),
  },
  {
    name: 'integrity.log.healthy',
    kind: 'gauge',
    unit: '',
    description: '1 while records reach the store of the audit log, else 0.',
    values: ({ log }) => one(log === null ? undefined : log.health === 'ok' ? 1 : 0),
  },
] satisfies readonly Measure[]);
