/** Rows for the tables. */
import { Random } from '../../random.js';

const SEED = 20_240_823;

/** Kinds of numbers, as they reach a database. */
export type ValueKind =
  /** Normal float32 values. */
  | 'floats'
  /** 0 to 255, as in SIFT descriptors. */
  | 'integers';

/** Row-major values, the same for the same arguments. */
export function makeValues(kind: ValueKind, rows: number, dimensions: number): Float32Array {
  const random = new Random(SEED + dimensions);
  const values = new Float32Array(rows * dimensions);
  if (kind === 'floats') return random.fillNormal(values);
  return values.map(() => random.bits() >>> 24);
}

/** Kinds of text that clients send for a vector. */
export type TextKind =
  /** Eight significant digits, as from float32 values printed by C, Go or a JSON API. */
  | '8-digit floats'
  /** The shortest text of a double, 16 or 17 digits mostly: Python's `str(list)`, JavaScript's `JSON.stringify`. */
  | '17-digit doubles'
  /** 0 to 255. */
  | 'integers';

/** One text per row, like `[0.12345678,...]`. */
export function makeTexts(kind: TextKind, rows: number, dimensions: number): string[] {
  const random = new Random(SEED + dimensions);
  const number: Readonly<Record<TextKind, () => string>> = {
    '8-digit floats': () => random.normal().toPrecision(8),
    '17-digit doubles': () => String(random.normal()),
    integers: () => String(random.bits() >>> 24),
  };
  const next = number[kind];
  return Array.from({ length: rows }, () => `[${Array.from({ length: dimensions }, next).join(',')}]`);
}
