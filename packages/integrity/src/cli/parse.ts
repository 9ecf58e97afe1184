/** Values of options. */
import { usageError } from './io.js';

/** A whole number from 0. */
export function wholeNumber(text: string): number {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw usageError(`"${text}" is not a whole number from 0`);
  return Number(text);
}

/** An option that may be repeated. (A variadic one would swallow the arguments behind it.) */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
