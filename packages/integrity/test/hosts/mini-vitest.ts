/**
 * The part of vitest that the core's tests use, in plain ECMAScript: the bundles for QuickJS and Chromium put it in
 * vitest's place, so the same test files run in every host. A matcher that is missing here throws when it is called.
 */

interface Case {
  readonly name: string;
  readonly before: readonly Body[];
  readonly run: Body;
}
type Body = () => unknown;

/** What a host reports back: one entry a test. */
export interface HostReport {
  readonly passed: number;
  readonly failures: readonly { readonly name: string; readonly message: string }[];
}

const cases: Case[] = [];
let path: readonly string[] = [];
let hooks: readonly Body[] = [];

export function describe(name: string, body: () => void): void {
  const outer = { path, hooks };
  path = [...path, name];
  try {
    body();
  } finally {
    ({ path, hooks } = outer);
  }
}

export function beforeEach(body: Body): void {
  hooks = [...hooks, body];
}

export function it(name: string, run: Body): void {
  cases.push({ name: [...path, name].join(' > '), before: hooks, run });
}

it.each = <T>(table: readonly T[]) => {
  return (name: string, run: (row: T) => unknown): void => {
    for (const [index, row] of table.entries()) {
      const values: readonly unknown[] = Array.isArray(row) ? row : [row];
      it(`${name} [${index}]`, () => (run as (...row: readonly unknown[]) => unknown)(...values));
    }
  };
};

/** Equality of values as vitest's toEqual has it: undefined properties do not count unless `strict`. */
function equal(a: unknown, b: unknown, strict: boolean): boolean {
  if (Object.is(a, b)) return true;
  if (isAsymmetric(b)) return b.accepts(a);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)) return false;
  if (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Map && b instanceof Map)
    return (
      a.size === b.size && [...a].every(([key, value]) => b.has(key) && equal(value, b.get(key), strict))
    );
  if (a instanceof Set && b instanceof Set) return a.size === b.size && [...a].every((value) => b.has(value));
  if (ArrayBuffer.isView(a) || Array.isArray(a)) {
    const [x, y] = [a, b] as unknown as [ArrayLike<unknown>, ArrayLike<unknown>];
    return x.length === y.length && Array.from(x).every((value, i) => equal(value, y[i], strict));
  }
  if (a instanceof Error && b instanceof Error && a.message !== b.message) return false;
  const [x, y] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  const keys = (object: Record<string, unknown>) =>
    Object.keys(object).filter((key) => strict || object[key] !== undefined);
  const [own, others] = [keys(x), keys(y)];
  return (
    own.length === others.length && own.every((key) => others.includes(key) && equal(x[key], y[key], strict))
  );
}

/** Whether an object has the properties of another, at any depth. */
function matches(actual: unknown, expected: unknown): boolean {
  if (
    typeof expected !== 'object' ||
    expected === null ||
    ArrayBuffer.isView(expected) ||
    isAsymmetric(expected)
  )
    return equal(actual, expected, false);
  if (typeof actual !== 'object' || actual === null) return false;
  if (Array.isArray(expected))
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((value, index) => matches(actual[index], value))
    );
  return Object.keys(expected).every((key) =>
    matches((actual as Record<string, unknown>)[key], (expected as Record<string, unknown>)[key]),
  );
}

interface Asymmetric {
  readonly asymmetric: true;
  accepts(value: unknown): boolean;
}

function isAsymmetric(value: unknown): value is Asymmetric {
  return typeof value === 'object' && value !== null && (value as Asymmetric).asymmetric === true;
}

function show(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return String(value);
  if (ArrayBuffer.isView(value))
    return `[${Array.from(value as unknown as ArrayLike<unknown>).slice(0, 40)}]`;
  try {
    const text = JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? `${each}n` : each));
    return text === undefined ? String(value) : text.slice(0, 500);
  } catch {
    return String(value);
  }
}

/** Whether what was thrown is what was expected. */
function isThrown(error: unknown, expected: unknown): boolean {
  if (expected === undefined) return true;
  const message = error instanceof Error ? error.message : String(error);
  if (expected instanceof RegExp) return expected.test(message);
  if (typeof expected === 'string') return message.includes(expected);
  if (typeof expected === 'function') return error instanceof (expected as new () => unknown);
  return matches(error, expected);
}

type Check = (actual: unknown, ...expected: readonly never[]) => boolean;

const checks: Readonly<Record<string, Check>> = {
  toBe: (actual, expected) => Object.is(actual, expected),
  toEqual: (actual, expected) => equal(actual, expected, false),
  toStrictEqual: (actual, expected) => equal(actual, expected, true),
  toMatchObject: (actual, expected) => matches(actual, expected),
  toBeUndefined: (actual) => actual === undefined,
  toBeDefined: (actual) => actual !== undefined,
  toBeNull: (actual) => actual === null,
  toBeNaN: (actual) => Number.isNaN(actual),
  toBeTruthy: (actual) => Boolean(actual),
  toBeFalsy: (actual) => !actual,
  toBeInstanceOf: (actual, expected) => actual instanceof (expected as new () => object),
  toBeLessThan: (actual, expected) => (actual as number) < expected,
  toBeLessThanOrEqual: (actual, expected) => (actual as number) <= expected,
  toBeGreaterThan: (actual, expected) => (actual as number) > expected,
  toBeGreaterThanOrEqual: (actual, expected) => (actual as number) >= expected,
  toBeCloseTo: (actual, expected, digits: number = 2 as never) =>
    Math.abs((actual as number) - expected) < 10 ** -digits / 2,
  toHaveLength: (actual, expected) => (actual as { length: number }).length === expected,
  toHaveProperty: (actual, expected) => Object.keys(actual as object).includes(expected),
  toContain: (actual, expected) =>
    typeof actual === 'string'
      ? actual.includes(expected)
      : Array.from(actual as Iterable<unknown>).includes(expected),
  toContainEqual: (actual, expected) =>
    Array.from(actual as Iterable<unknown>).some((value) => equal(value, expected, false)),
  toMatch: (actual, expected: RegExp | string) =>
    typeof expected === 'string'
      ? (actual as string).includes(expected)
      : (expected as RegExp).test(actual as string),
  toThrow: (actual, expected) => {
    try {
      (actual as Body)();
    } catch (error) {
      return isThrown(error, expected);
    }
    return false;
  },
};

function matchers(
  actual: unknown,
  wanted: boolean,
  note: string,
): Record<string, (...expected: unknown[]) => void> {
  const bound: Record<string, (...expected: unknown[]) => void> = {};
  for (const [name, check] of Object.entries(checks)) {
    bound[name] = (...expected) => {
      if (check(actual, ...(expected as never[])) === wanted) return;
      throw new Error(
        `${note}expected ${show(actual)} ${wanted ? '' : 'not '}${name} ${expected.map(show).join(', ')}`,
      );
    };
  }
  return bound;
}

/** Matchers of a promise's value, or of what it rejects with. */
function settled(promise: unknown, how: 'resolves' | 'rejects', wanted: boolean, note: string) {
  return Object.fromEntries(
    Object.keys(checks).map((name) => [
      name,
      async (...expected: unknown[]) => {
        let outcome: { readonly how: 'resolves' | 'rejects'; readonly value: unknown };
        try {
          outcome = { how: 'resolves', value: await (typeof promise === 'function' ? promise() : promise) };
        } catch (value) {
          outcome = { how: 'rejects', value };
        }
        if (outcome.how !== how)
          throw new Error(`${note}expected a promise that ${how}: ${show(outcome.value)}`);
        const value =
          name === 'toThrow'
            ? () => {
                throw outcome.value;
              }
            : outcome.value;
        matchers(value, wanted, note)[name]?.(...expected);
      },
    ]),
  );
}

export function expect(actual: unknown, message?: string) {
  const note = message === undefined ? '' : `${message}: `;
  return {
    ...matchers(actual, true, note),
    not: matchers(actual, false, note),
    resolves: { ...settled(actual, 'resolves', true, note), not: settled(actual, 'resolves', false, note) },
    rejects: { ...settled(actual, 'rejects', true, note), not: settled(actual, 'rejects', false, note) },
  };
}

expect.fail = (message: string): never => {
  throw new Error(message);
};
const asymmetric = (accepts: (value: unknown) => boolean): Asymmetric => ({ asymmetric: true, accepts });
expect.any = (type: unknown) =>
  asymmetric((value) =>
    type === Number
      ? typeof value === 'number'
      : type === String
        ? typeof value === 'string'
        : value instanceof (type as new () => unknown),
  );
expect.stringMatching = (pattern: RegExp) => asymmetric((value) => pattern.test(String(value)));
expect.stringContaining = (part: string) => asymmetric((value) => String(value).includes(part));
expect.objectContaining = (part: object) => asymmetric((value) => matches(value, part));
expect.arrayContaining = (part: readonly unknown[]) =>
  asymmetric(
    (value) => Array.isArray(value) && part.every((each) => value.some((own) => equal(own, each, false))),
  );

/** Runs every test that was declared, in order, one at a time. */
export async function runAll(): Promise<HostReport> {
  const failures: { name: string; message: string }[] = [];
  for (const { name, before, run } of cases) {
    try {
      for (const hook of before) await hook();
      await run();
    } catch (error) {
      const stack = error instanceof Error ? `\n${error.stack ?? ''}` : '';
      failures.push({ name, message: `${show(error)}${stack}` });
    }
  }
  return { passed: cases.length - failures.length, failures };
}
