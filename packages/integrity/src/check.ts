/** Checks of arguments that come from outside: one message style, one place. */
import { IntegrityError, type IntegrityErrorCode } from './errors.js';

/**
 * Text from outside, for a message: what a terminal acts on instead of showing it (controls, format characters such as directional
 * overrides, line separators, halves of surrogate pairs) becomes \\u{...}. A message is read where an escape sequence could forge it.
 */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}

/** A short form of a value for a message; never long, never throws. */
export function describe(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 40 ? `"${visible(value.slice(0, 40))}..."` : `"${visible(value)}"`;
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null)
    return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'function' ? 'a function' : typeof value === 'symbol' ? 'a symbol' : 'an object';
}

/** A finite number in [least, most]. */
export function checkNumber(
  value: unknown,
  field: string,
  { least = -Infinity, most = Infinity }: { readonly least?: number; readonly most?: number } = {},
  code: IntegrityErrorCode = 'ERR_INTEGRITY_ARGUMENT',
): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most) return value;
  const range =
    least === -Infinity && most === Infinity
      ? 'a finite number'
      : most === Infinity
        ? `a finite number >= ${least}`
        : `a number from ${least} to ${most}`;
  throw new IntegrityError(code, `${field} must be ${range}, not ${describe(value)}`, { field });
}

/** A whole number in [least, most]. */
export function checkInteger(value: unknown, field: string, least: number, most: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most)
    return value;
  throw new IntegrityError(
    'ERR_INTEGRITY_ARGUMENT',
    `${field} must be a whole number from ${least} to ${most}, not ${describe(value)}`,
    { field },
  );
}

/** A time: whole milliseconds since 1970. */
export function checkTime(value: unknown, field: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new IntegrityError(
    'ERR_INTEGRITY_CLOCK',
    `${field} must be a whole number of milliseconds since 1970, not ${describe(value)}`,
    { field },
  );
}

/** A string of 1 to `longest` UTF-16 code units, well-formed (no half of a surrogate pair). */
export function checkName(value: unknown, field: string, longest = 128): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > longest)
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `${field} must be a string of 1 to ${longest} characters, not ${describe(value)}`,
      { field },
    );
  if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value))
    throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', `${field} holds half of a surrogate pair`, { field });
  return value;
}

/** An object that is not an array. */
export function checkObject(
  value: unknown,
  field: string,
  code: IntegrityErrorCode = 'ERR_INTEGRITY_ARGUMENT',
): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw new IntegrityError(code, `${field} must be an object, not ${describe(value)}`, {
    field,
  });
}

/** Refuses keys that are not known, so that a misspelt option is not a default by accident. */
export function checkKeys(
  value: Readonly<Record<string, unknown>>,
  field: string,
  known: readonly string[],
): void {
  for (const key of Object.keys(value))
    if (!known.includes(key))
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `${field} has no field ${describe(key)}; it has ${known.join(', ')}`,
        { field: `${field}.${key.slice(0, 40)}` },
      );
}
