/** Checks of the values in a policy; every error names the path. */
import { describe } from '../check.js';
import { IntegrityError } from '../errors.js';

/** @throws IntegrityError `ERR_INTEGRITY_POLICY`, always */
export function refuse(path: string, what: string): never {
  throw new IntegrityError('ERR_INTEGRITY_POLICY', `${path} ${what}`, { field: path });
}

/** An object, or nothing where it is absent. Only its own fields count: a null prototype keeps inherited ones out. */
export function given(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    refuse(path, `must be an object, not ${describe(value)}`);
  const own = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value)) own[key] = (value as Record<string, unknown>)[key];
  return own;
}

/** Refuses keys that are not known, so that a misspelt limit is not the default by accident. */
export function noOtherKeys(
  value: Readonly<Record<string, unknown>>,
  path: string,
  known: readonly string[],
): void {
  for (const key of Object.keys(value))
    if (!known.includes(key)) {
      const place = `${path === '' ? '' : `${path}.`}${key.slice(0, 64)}`;
      refuse(place, `is not a field; ${path === '' ? 'a policy' : path} has ${known.join(', ')}`);
    }
}

export function integerOf(value: unknown, path: string, least: number, most: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most)
    return value === 0 ? 0 : value; // -0 has no place in a log
  return refuse(path, `must be a whole number from ${least} to ${most}, not ${describe(value)}`);
}

export function oneOf<T extends string>(value: unknown, path: string, names: readonly T[]): T {
  if (names.includes(value as T)) return value as T;
  return refuse(path, `must be one of ${names.join(', ')}, not ${describe(value)}`);
}

/** The default for what is absent. Null is a value, and mostly a wrong one. */
export function orElse(value: unknown, fallback: unknown): unknown {
  return value === undefined ? fallback : value;
}
