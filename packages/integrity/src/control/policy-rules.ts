/** One rule of a policy, merged over another. */
import { GATE_ACTIONS, type GateAction, type Rule, type RuleWithRelations } from './policy-types.js';
import { given, integerOf, noOtherKeys, oneOf, orElse, refuse } from './policy-values.js';

interface Parameter {
  readonly least: number;
  readonly most: number;
  /** Null and absent are no limit. */
  readonly optional: boolean;
}

const maxInFlight: Parameter = { least: 1, most: 1_000_000, optional: true };
const maxPerSecond: Parameter = { least: 1, most: 1_000_000_000, optional: true };
const admitPpm: Parameter = { least: 0, most: 1_000_000, optional: false };
const ms: Parameter = { least: 1, most: 86_400_000, optional: false };

const PARAMETERS: Readonly<Record<GateAction, Readonly<Record<string, Parameter>>>> = {
  allow: { maxInFlight },
  throttle: { admitPpm, maxPerSecond, maxInFlight },
  defer: { ms },
  reject: {},
};

function plainRule(from: Readonly<Record<string, unknown>>, path: string, base: Rule): Rule {
  const action = oneOf(orElse(from.action, base.action), `${path}.action`, GATE_ACTIONS);
  const parameters = PARAMETERS[action];
  noOtherKeys(from, path, ['action', ...Object.keys(parameters)]);
  const rule: Record<string, unknown> = { action };
  for (const [name, { least, most, optional }] of Object.entries(parameters)) {
    const value = orElse(from[name], (base as unknown as Record<string, unknown>)[name]);
    if (value === undefined && !optional)
      refuse(`${path}.${name}`, `is missing; action "${action}" needs it`);
    rule[name] =
      optional && (value ?? null) === null ? null : integerOf(value, `${path}.${name}`, least, most);
  }
  return rule as unknown as Rule;
}

/**
 * A rule with its overrides. An override that the base has not is merged over the rule itself; null takes one away.
 *
 * @param relations whether overrides may stand here: in state `unknown` there is no cut to load or relieve
 */
export function resolveRule(
  value: unknown,
  path: string,
  base: RuleWithRelations,
  relations: boolean,
): RuleWithRelations {
  const { loads, relieves, ...from } = given(value, path);
  if (!relations)
    for (const [name, override] of Object.entries({ loads, relieves }))
      if ((override ?? null) !== null)
        refuse(`${path}.${name}`, 'has no meaning: in this state no cut is known');
  const rule = plainRule(from, path, base);
  const override = (name: 'loads' | 'relieves', own: unknown): Rule | null => {
    if (own === null || (own === undefined && base[name] === null)) return null;
    const place = `${path}.${name}`;
    return Object.freeze(plainRule(given(own, place), place, base[name] ?? rule));
  };
  return Object.freeze({
    ...rule,
    loads: override('loads', loads),
    relieves: override('relieves', relieves),
  });
}
