/** Policies: merged over the defaults, checked, frozen. Absent is the default; nothing is open because a key is missing. */
import { checkName, describe } from '../check.js';
import { IntegrityError } from '../errors.js';
import { POLICY_DEFAULTS } from './policy-defaults.js';
import { resolveRule } from './policy-rules.js';
import {
  type GatePolicy,
  type GatePolicyInput,
  OPERATION_CLASSES,
  type OperationPolicy,
  RULED_CLASSES,
  type RuledClass,
  type RuleWithRelations,
} from './policy-types.js';
import { given, integerOf, noOtherKeys, oneOf, orElse, refuse } from './policy-values.js';
import { STATE_NAMES, type StateName } from './states.js';

const MAX_OPERATIONS = 10_000;
const MAX_TYPES = 256;
const DAY = 86_400_000;

function typesOf(value: unknown, path: string): readonly string[] {
  if (!Array.isArray(value) || value.length > MAX_TYPES)
    refuse(path, `must be an array of at most ${MAX_TYPES} edge types, not ${describe(value)}`);
  const types = new Set<string>();
  for (let i = 0; i < value.length; i++) types.add(checkName(value[i], `${path}[${i}]`, 64));
  return Object.freeze([...types]);
}

function operationOf(
  value: unknown,
  path: string,
  base: OperationPolicy | undefined,
  defaultClass: GatePolicy['defaultClass'],
): OperationPolicy {
  const from = given(value, path);
  noOtherKeys(from, path, ['class', 'loads', 'relieves', 'cost']);
  const operation: OperationPolicy = {
    class: oneOf(orElse(from.class, base?.class ?? defaultClass), `${path}.class`, OPERATION_CLASSES),
    loads: typesOf(orElse(from.loads, base?.loads ?? []), `${path}.loads`),
    relieves: typesOf(orElse(from.relieves, base?.relieves ?? []), `${path}.relieves`),
    cost: integerOf(orElse(from.cost, base?.cost ?? 1), `${path}.cost`, 1, 1_000_000_000),
  };
  const both = operation.loads.find((type) => operation.relieves.includes(type));
  if (both !== undefined) refuse(`${path}.relieves`, `names ${describe(both)}, which stands under loads too`);
  return Object.freeze(operation);
}

function operationsOf(
  value: unknown,
  base: GatePolicy['operations'],
  defaultClass: GatePolicy['defaultClass'],
): GatePolicy['operations'] {
  const from = given(value, 'operations');
  const merged = new Map(Object.entries(base));
  const names = Object.keys(from);
  if (names.length > MAX_OPERATIONS)
    refuse('operations', `has ${names.length} names; the most is ${MAX_OPERATIONS}`);
  for (const name of names) {
    checkName(name, 'operations, a name in it,');
    merged.set(name, operationOf(from[name], `operations.${name}`, merged.get(name), defaultClass));
  }
  for (const [name, operation] of merged)
    if (!(name in from))
      merged.set(name, operationOf(operation, `operations.${name}`, undefined, defaultClass));
  // fromEntries defines properties, so that even `__proto__` is a name like any other.
  return Object.freeze(Object.fromEntries(merged));
}

function rulesOf(value: unknown, base: GatePolicy['rules']): GatePolicy['rules'] {
  const from = given(value, 'rules');
  noOtherKeys(from, 'rules', STATE_NAMES);
  const rules: [StateName, GatePolicy['rules'][StateName]][] = [];
  for (const state of STATE_NAMES) {
    const path = `rules.${state}`;
    const row = given(from[state], path);
    noOtherKeys(row, path, RULED_CLASSES);
    const resolved: [RuledClass, RuleWithRelations][] = RULED_CLASSES.map((each) => [
      each,
      resolveRule(row[each], `${path}.${each}`, base[state][each], state !== 'unknown'),
    ]);
    rules.push([state, Object.freeze(Object.fromEntries(resolved)) as GatePolicy['rules'][StateName]]);
  }
  return Object.freeze(Object.fromEntries(rules)) as GatePolicy['rules'];
}

/** A group of whole numbers, each with its range. */
function numbersOf<T extends Readonly<Record<string, number>>>(
  value: unknown,
  path: string,
  base: T,
  ranges: Readonly<Record<keyof T & string, readonly [number, number]>>,
): T {
  const from = given(value, path);
  noOtherKeys(from, path, Object.keys(ranges));
  const numbers = Object.entries<readonly [number, number]>(ranges).map(
    ([key, [least, most]]) =>
      [key, integerOf(orElse(from[key], base[key]), `${path}.${key}`, least, most)] as const,
  );
  return Object.freeze(Object.fromEntries(numbers)) as T;
}

function throttleOf(value: unknown, base: GatePolicy['throttle']): GatePolicy['throttle'] {
  const throttle = numbersOf(value, 'throttle', base, {
    burst: [1, 1_000_000],
    minPerSecond: [0, 1_000_000],
    minDelayMs: [1, 3_600_000],
    maxDelayMs: [1, 3_600_000],
    windowMs: [100, 3_600_000],
    maxTenants: [1, 65_536],
  });
  const { minDelayMs, maxDelayMs } = throttle;
  if (minDelayMs > maxDelayMs)
    refuse('throttle.minDelayMs', `is ${minDelayMs}: it must not be more than maxDelayMs, ${maxDelayMs}`);
  return throttle;
}

/**
 * A policy merged over a base, checked and frozen. Everything is merged field by field: operations by name, rules by
 * state, class and relation. A rule whose `action` changes keeps the parameters that the new action has too. Arrays are
 * replaced. So a rule that is opened keeps the default's stricter `loads`, until that is changed too. The result is plain JSON of integers and strings, and resolving it again gives the same.
 *
 * @param input what `JSON.parse` gave, or nothing
 * @param base what absent fields are taken from; default `DEFAULT_POLICY`
 * @throws IntegrityError `ERR_INTEGRITY_POLICY`; `field` is the path, as `rules.critical.high.action`
 * @example
 * const policy = resolvePolicy({ rules: { stress: { medium: { admitPpm: 300_000 } } } });
 * policy.rules.stress.medium; // { action: 'throttle', admitPpm: 300000, loads: ..., relieves: ... }
 */
export function resolvePolicy(input: GatePolicyInput = {}, base: GatePolicy = DEFAULT_POLICY): GatePolicy {
  return resolveOver(input, base);
}

function resolveOver(input: unknown, base: GatePolicy): GatePolicy {
  try {
    const from = given(input, 'policy');
    noOtherKeys(from, '', Object.keys(POLICY_DEFAULTS));
    const defaultClass = oneOf(orElse(from.defaultClass, base.defaultClass), 'defaultClass', [
      'low',
      'medium',
      'high',
    ] as const);
    return Object.freeze({
      defaultClass,
      operations: operationsOf(from.operations, base.operations, defaultClass),
      rules: rulesOf(from.rules, base.rules),
      staleAfterMs: integerOf(orElse(from.staleAfterMs, base.staleAfterMs), 'staleAfterMs', 1, DAY),
      throttle: throttleOf(from.throttle, base.throttle),
      defer: numbersOf(from.defer, 'defer', base.defer, { maxMs: [1, DAY], jitterPpm: [0, 1_000_000] }),
      repair: numbersOf(from.repair, 'repair', base.repair, {
        perSecond: [0, 1_000_000_000],
        burst: [0, 1_000_000_000],
      }),
      probes: numbersOf(from.probes, 'probes', base.probes, {
        perSecond: [0, 1_000_000],
        burst: [0, 1_000_000],
      }),
    });
  } catch (error) {
    // The shared checks speak of arguments; here the argument is a policy.
    if (error instanceof IntegrityError && error.code === 'ERR_INTEGRITY_ARGUMENT')
      throw new IntegrityError(
        'ERR_INTEGRITY_POLICY',
        error.message,
        error.field === undefined ? {} : { field: error.field },
      );
    throw error;
  }
}

/** The policy that a gate has when none is given; policy-defaults.ts has it as a table. */
export const DEFAULT_POLICY: GatePolicy = resolveOver({}, POLICY_DEFAULTS);
