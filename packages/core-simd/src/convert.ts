/** What the conversions of all types share: their arguments are checked here. */
import { current } from './backend/current.js';
import type { ConversionName, Elements } from './backend/types.js';
import {
  type Brand,
  checkApart,
  checkRoom,
  checkVector,
  exactly,
  length,
  newElements,
  startTogether,
} from './check.js';
import { wordsOf } from './halves.js';

const conversions = current().backend.convert;

interface Ends {
  readonly from: Brand;
  readonly to: Brand;
  /** Whether a Float16Array is taken for words, at either end that has words. */
  readonly halves: boolean;
  /** Elements of the result for one of the input. */
  readonly per: number;
}

const ends: Readonly<Record<ConversionName, Ends>> = {
  f16_to_f32: { from: 'Uint16Array', to: 'Float32Array', halves: true, per: 1 },
  f32_to_f16: { from: 'Float32Array', to: 'Uint16Array', halves: true, per: 1 },
  bf16_to_f32: { from: 'Uint16Array', to: 'Float32Array', halves: false, per: 1 },
  f32_to_bf16: { from: 'Float32Array', to: 'Uint16Array', halves: false, per: 1 },
  f32_to_bits: { from: 'Float32Array', to: 'Uint8Array', halves: false, per: 1 / 8 },
  f16_to_bits: { from: 'Uint16Array', to: 'Uint8Array', halves: true, per: 1 / 8 },
  i8_to_bits: { from: 'Int8Array', to: 'Uint8Array', halves: false, per: 1 / 8 },
  normalise_f32: { from: 'Float32Array', to: 'Float32Array', halves: false, per: 1 },
  normalise_f16: { from: 'Uint16Array', to: 'Uint16Array', halves: true, per: 1 },
  normalise_bf16: { from: 'Uint16Array', to: 'Uint16Array', halves: false, per: 1 },
};

/** @param inPlace - whether `out` may begin where `a` does */
function run(operation: string, name: ConversionName, a: unknown, out: unknown, inPlace: boolean): unknown {
  const { from, to, halves, per } = ends[name];
  const input = halves ? wordsOf(operation, 'a', a) : a;
  checkVector(operation, 'a', input, from);
  const source = input as Elements;
  const count = Math.ceil(length(source) * per);
  if (out === undefined) {
    const fresh = newElements(operation, to, count) as Elements;
    conversions[name](source, fresh);
    return fresh;
  }
  const output = halves ? wordsOf(operation, 'out', out) : out;
  checkRoom(operation, 'out', output as Elements, to, count);
  const target = exactly(output as Elements, count);
  if (!inPlace || !startTogether(source, target)) checkApart(operation, 'out', target, 'a', source);
  conversions[name](source, target);
  return out;
}

/** Converts `a` into `out`, or into a new array. */
export function convert(operation: string, name: ConversionName, a: unknown, out: unknown): unknown {
  return run(operation, name, a, out, false);
}

/** {@link convert} where `out` may be `a`. */
export function normaliseInto(operation: string, name: ConversionName, a: unknown, out: unknown): unknown {
  return run(operation, name, a, out, true);
}
