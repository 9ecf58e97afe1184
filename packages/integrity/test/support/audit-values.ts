/** Random values that have canonical bytes, and their canonical text made another way. */
import type { CanonicalValue } from '../../src/index.js';
import type { Random } from './random.js';

const characters = [
  'a',
  'b',
  'Z',
  '0',
  '/',
  ' ',
  '"',
  '\\',
  '\b',
  '\t',
  '\n',
  '\f',
  '\r',
  '\u0000',
  '\u001f',
  '\u007f',
  '\u0080',
  'é',
  'ö',
  '€',
  '\u2028',
  '\ud7ff',
  '\ue000',
  '\uffff',
  'דּ',
  '😂',
  '\u{10ffff}',
  '__proto__',
  'constructor',
];

export function randomText(random: Random): string {
  return Array.from({ length: random.below(6) }, () => random.pick(characters)).join('');
}

/** A value that nests at most `depth` deep. */
export function randomValue(random: Random, depth: number): CanonicalValue {
  const kind = random.below(depth > 0 ? 7 : 5);
  if (kind === 0) return null;
  if (kind === 1) return random.below(2) === 1;
  if (kind === 2) return random.below(2000) - 1000;
  if (kind === 3) {
    const large = Math.floor(random.float() * Number.MAX_SAFE_INTEGER);
    return random.below(2) === 1 ? large : large === 0 ? 0 : -large;
  }
  if (kind === 4) return randomText(random);
  if (kind === 5) return Array.from({ length: random.below(5) }, () => randomValue(random, depth - 1));
  const entries = Array.from(
    { length: random.below(5) },
    () => [randomText(random), randomValue(random, depth - 1)] as const,
  );
  return Object.fromEntries(entries);
}

/** Canonical text by JSON.stringify, which writes strings and whole numbers as RFC 8785 does, and a sort of the keys. */
export function referenceText(value: CanonicalValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(referenceText).join(',')}]`;
  const object = value as { readonly [key: string]: CanonicalValue };
  const keys = Object.keys(object).sort((a, b) => (a < b ? -1 : 1));
  return `{${keys.map((key) => `${JSON.stringify(key)}:${referenceText(object[key] as CanonicalValue)}`).join(',')}}`;
}
