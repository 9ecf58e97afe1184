import { describe, expect, it } from 'vitest';
import {
  DEFAULT_POLICY,
  Gate,
  type GatePolicyInput,
  IntegrityError,
  resolvePolicy,
} from '../../src/index.js';

function refused(input: unknown): { field: string | undefined; message: string } {
  try {
    resolvePolicy(input as GatePolicyInput);
  } catch (error) {
    expect(error).toBeInstanceOf(IntegrityError);
    expect((error as IntegrityError).code).toBe('ERR_INTEGRITY_POLICY');
    return { field: (error as IntegrityError).field, message: (error as IntegrityError).message };
  }
  throw new Error('the policy was taken');
}

/** Everything in an object, to its leaves. */
function leaves(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, each]) => leaves(each, path === '' ? key : `${path}.${key}`));
}

describe('a policy that is given', () => {
  it('is the defaults when it is empty or absent', () => {
    expect(resolvePolicy()).toEqual(DEFAULT_POLICY);
    expect(resolvePolicy({})).toEqual(DEFAULT_POLICY);
    expect(resolvePolicy({ rules: {}, operations: {}, throttle: {}, probes: {} })).toEqual(DEFAULT_POLICY);
  });

  it('changes what it names and nothing else', () => {
    const policy = resolvePolicy({
      rules: { stress: { medium: { admitPpm: 300_000 } } },
      defer: { maxMs: 7 },
    });
    const changed = new Map(leaves(policy));
    for (const [path, value] of leaves(DEFAULT_POLICY)) {
      if (path === 'rules.stress.medium.admitPpm') expect(changed.get(path)).toBe(300_000);
      else if (path === 'defer.maxMs') expect(changed.get(path)).toBe(7);
      else expect([path, changed.get(path)]).toEqual([path, value]);
    }
    expect(changed.size).toBe(leaves(DEFAULT_POLICY).length);
  });

  it('is never more open for a key that is left out: each single rule can be left out', () => {
    for (const state of ['normal', 'stress', 'critical', 'unknown'] as const)
      for (const each of ['low', 'medium', 'high', 'repair'] as const) {
        const rules = { [state]: { [each]: {} } };
        expect(resolvePolicy({ rules } as GatePolicyInput)).toEqual(DEFAULT_POLICY);
      }
  });

  it('keeps the stricter rule for what loads the cut when the rule itself is opened, until null takes it away', () => {
    const opened = resolvePolicy({ rules: { critical: { high: { action: 'allow' } } } });
    expect(opened.rules.critical.high.action).toBe('allow');
    expect(opened.rules.critical.high.loads).toEqual({ action: 'reject' });
    const taken = resolvePolicy({ rules: { critical: { high: { action: 'allow', loads: null } } } });
    expect(taken.rules.critical.high.loads).toBeNull();
  });

  it('keeps the parameters that a new action has too, and demands those that it has not', () => {
    const policy = resolvePolicy({ rules: { critical: { low: { action: 'allow' } } } });
    expect(policy.rules.critical.low).toMatchObject({ action: 'allow', maxInFlight: 10 });
    expect(refused({ rules: { critical: { high: { action: 'throttle' } } } }).field).toBe(
      'rules.critical.high.admitPpm',
    );
    expect(refused({ rules: { critical: { high: { action: 'defer' } } } }).field).toBe(
      'rules.critical.high.ms',
    );
  });

  it('takes a limit away with null', () => {
    const policy = resolvePolicy({ rules: { critical: { low: { maxInFlight: null } } } });
    expect(policy.rules.critical.low).toMatchObject({ action: 'throttle', maxInFlight: null });
  });

  it('merges operations by name, and gives a new one the default class', () => {
    const policy = resolvePolicy({
      operations: { compaction: { relieves: ['queue'] }, resize: {}, drop: { class: 'high', cost: 50 } },
    });
    expect(policy.operations.compaction).toEqual({
      class: 'repair',
      loads: [],
      relieves: ['queue'],
      cost: 1,
    });
    expect(policy.operations.resize).toEqual({ class: 'medium', loads: [], relieves: [], cost: 1 });
    expect(policy.operations.drop).toEqual({ class: 'high', loads: [], relieves: [], cost: 50 });
    expect(policy.operations.search).toEqual(DEFAULT_POLICY.operations.search);
  });

  it('resolves to itself, also after a way through JSON', () => {
    const policy = resolvePolicy({
      defaultClass: 'high',
      operations: { a: { class: 'low', loads: ['x', 'x', 'y'] } },
      rules: {
        critical: {
          low: { maxInFlight: null, loads: null },
          high: { action: 'allow', relieves: { action: 'reject' } },
        },
        unknown: { high: { action: 'reject' }, medium: { action: 'throttle', admitPpm: 1, maxPerSecond: 5 } },
      },
    });
    expect(resolvePolicy(policy)).toEqual(policy);
    expect(resolvePolicy(JSON.parse(JSON.stringify(policy)))).toEqual(policy);
    expect(policy.operations.a?.loads).toEqual(['x', 'y']);
  });

  it('holds whole numbers, strings and null only, so that a log can hold it', () => {
    for (const [, value] of leaves(DEFAULT_POLICY))
      expect(value === null || typeof value === 'string' || Number.isSafeInteger(value)).toBe(true);
  });

  it('is frozen to its leaves', () => {
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(frozen(resolvePolicy({ operations: { a: { loads: ['x'] } } }))).toBe(true);
  });

  it('may be merged over another one than the default', () => {
    const base = resolvePolicy({ rules: { stress: { low: { action: 'reject' } } } });
    expect(resolvePolicy({ defaultClass: 'low' }, base)).toEqual({ ...base, defaultClass: 'low' });
  });

  it('takes names that objects have of their own as names', () => {
    const text = '{"operations":{"__proto__":{"class":"high"},"constructor":{"class":"low"},"toString":{}}}';
    const policy = resolvePolicy(JSON.parse(text));
    expect(Object.keys(policy.operations)).toContain('__proto__');
    const gate = new Gate({ policy: JSON.parse(text), mode: 'enforce', random: () => 0 });
    gate.publish({ state: 'critical', at: 0 });
    expect(gate.check('__proto__', { now: 0 }).class).toBe('high');
    expect(gate.check('constructor', { now: 0 }).class).toBe('low');
    expect(gate.check('hasOwnProperty', { now: 0 }).class).toBe('medium');
  });
});

describe('a policy that does not hold together', () => {
  const wrong: readonly (readonly [string, unknown, string])[] = [
    [
      'an action that is none',
      { rules: { critical: { high: { action: 'maybe' } } } },
      'rules.critical.high.action',
    ],
    ['no action', { rules: { critical: { high: { action: null } } } }, 'rules.critical.high.action'],
    ['a state that is none', { rules: { panic: {} } }, 'rules.panic'],
    [
      'rules for what is exempt',
      { rules: { critical: { exempt: { action: 'reject' } } } },
      'rules.critical.exempt',
    ],
    ['a rule that is a string', { rules: { critical: { low: 'reject' } } }, 'rules.critical.low'],
    [
      'a misspelt parameter',
      { rules: { stress: { medium: { admitppm: 5 } } } },
      'rules.stress.medium.admitppm',
    ],
    [
      'a parameter of another action',
      { rules: { stress: { high: { admitPpm: 5 } } } },
      'rules.stress.high.admitPpm',
    ],
    [
      'a share above 1',
      { rules: { stress: { medium: { admitPpm: 1_000_001 } } } },
      'rules.stress.medium.admitPpm',
    ],
    [
      'a share as a fraction',
      { rules: { stress: { medium: { admitPpm: 0.5 } } } },
      'rules.stress.medium.admitPpm',
    ],
    ['NaN', { rules: { stress: { medium: { admitPpm: Number.NaN } } } }, 'rules.stress.medium.admitPpm'],
    [
      'null where a number must be',
      { rules: { stress: { medium: { admitPpm: null } } } },
      'rules.stress.medium.admitPpm',
    ],
    ['a wait of nothing', { rules: { stress: { high: { ms: 0 } } } }, 'rules.stress.high.ms'],
    [
      'no place at all',
      { rules: { critical: { low: { maxInFlight: 0 } } } },
      'rules.critical.low.maxInFlight',
    ],
    [
      'a wrong override',
      { rules: { critical: { high: { loads: { action: 'x' } } } } },
      'rules.critical.high.loads.action',
    ],
    [
      'an override of an override',
      { rules: { stress: { low: { loads: { loads: {} } } } } },
      'rules.stress.low.loads.loads',
    ],
    [
      'an override without its parameter',
      { rules: { stress: { low: { relieves: { action: 'defer' } } } } },
      'rules.stress.low.relieves.ms',
    ],
    [
      'a cut in state unknown',
      { rules: { unknown: { low: { loads: { action: 'reject' } } } } },
      'rules.unknown.low.loads',
    ],
    ['a class that is none', { operations: { a: { class: 'huge' } } }, 'operations.a.class'],
    ['an exempt default', { defaultClass: 'exempt' }, 'defaultClass'],
    ['a default class of null', { defaultClass: null }, 'defaultClass'],
    [
      'a type of two minds',
      { operations: { a: { loads: ['x'], relieves: ['x'] } } },
      'operations.a.relieves',
    ],
    ['types that are no array', { operations: { a: { loads: 'x' } } }, 'operations.a.loads'],
    ['a type that is no string', { operations: { a: { loads: ['x', 7] } } }, 'operations.a.loads[1]'],
    [
      'a type of half a surrogate pair',
      { operations: { a: { loads: ['\ud800'] } } },
      'operations.a.loads[0]',
    ],
    ['a cost of nothing', { operations: { a: { cost: 0 } } }, 'operations.a.cost'],
    ['a field that operations have not', { operations: { a: { klass: 'low' } } }, 'operations.a.klass'],
    ['an operation that is null', { operations: { a: null } }, 'operations.a'],
    ['a top field that is none', { rule: {} }, 'rule'],
    ['an own __proto__', JSON.parse('{"__proto__":{}}'), '__proto__'],
    ['a group that is an array', { throttle: [] }, 'throttle'],
    ['a field that a group has not', { probes: { perMinute: 1 } }, 'probes.perMinute'],
    ['a number that is a string', { staleAfterMs: '30' }, 'staleAfterMs'],
    ['a window too short', { throttle: { windowMs: 1 } }, 'throttle.windowMs'],
    ['a policy that is an array', [], 'policy'],
    ['a policy that is null', null, 'policy'],
  ];
  for (const [what, input, field] of wrong)
    it(`is refused with the path of the fault: ${what}`, () => {
      const error = refused(input);
      expect(error.field).toBe(field);
      expect(error.message).toContain(field);
    });

  it('is refused when it is too large', () => {
    const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`op${i}`, {}]));
    expect(refused({ operations: many }).field).toBe('operations');
    expect(
      refused({ operations: { a: { loads: Array.from({ length: 257 }, (_, i) => `t${i}`) } } }).field,
    ).toBe('operations.a.loads');
  });

  it('gives a message that stays short for a long name', () => {
    expect(refused({ ['x'.repeat(100_000)]: 1 }).message.length).toBeLessThan(400);
    expect(refused({ operations: { ['x'.repeat(100_000)]: {} } }).message.length).toBeLessThan(400);
  });

  it('does not take inherited fields', () => {
    const input = Object.create({ defaultClass: 'low' });
    expect(resolvePolicy(input).defaultClass).toBe('medium');
  });
});
