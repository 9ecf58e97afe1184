/** Rows and keys, the same ones in every run. */
import { Random } from '../fallback/random.js';
import type { KeyOf, KeyType, VectorsOf, VectorType } from '../types.js';

export { Random };

export interface Rows<T extends VectorType = VectorType> {
  readonly vectors: VectorsOf[T];
  readonly count: number;
  /** Elements of a row. */
  readonly width: number;
}

/** A half float of a number of moderate size: the bits of a float32, rounded to nearest, ties away from zero. */
export function halfOf(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0];
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  if (exponent <= 0) return sign;
  return sign | (((exponent << 10) | ((bits >>> 13) & 0x3ff)) + ((bits >>> 12) & 1));
}

export function numberOfHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 0x3ff;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** Rows around 20 places; of bits, a place with every eighth bit turned. None of them is zero. */
export function clusters<T extends VectorType>(
  type: T,
  dimensions: number,
  count: number,
  seed: number,
  places = 20,
): Rows<T> {
  // Places do not depend on the seed, so queries of another seed lie among the rows.
  const fixed = new Random(77);
  const centres = Float32Array.from({ length: places * dimensions }, () => fixed.normal());
  const random = new Random(seed);
  const width = type === 'binary' ? Math.ceil(dimensions / 8) : dimensions;
  const arrays = { float32: Float32Array, float16: Uint16Array, int8: Int8Array, binary: Uint8Array };
  const vectors = new arrays[type](count * width) as VectorsOf[VectorType];
  for (let row = 0; row < count; row++) {
    const centre = random.below(places) * dimensions;
    for (let i = 0; i < dimensions; i++) {
      const value = centres[centre + i] + 0.5 * random.normal();
      const at = row * width + i;
      if (type === 'float32') vectors[at] = value;
      else if (type === 'float16') vectors[at] = halfOf(value);
      else if (type === 'int8') vectors[at] = Math.max(-128, Math.min(127, Math.round(30 * value)));
      else if (centres[centre + i] > 0 !== random.below(8) < 1)
        vectors[row * width + (i >> 3)] |= 1 << (i & 7);
    }
  }
  return { vectors: vectors as VectorsOf[T], count, width };
}

export function row<T extends VectorType>({ vectors, width }: Rows<T>, i: number): VectorsOf[T] {
  return vectors.slice(i * width, (i + 1) * width) as VectorsOf[T];
}

/** Some rows after each other. */
export function rowsAt<T extends VectorType>(rows: Rows<T>, numbers: readonly number[]): VectorsOf[T] {
  const out = rows.vectors.slice(0, 0);
  const all = new (out.constructor as Float32ArrayConstructor)(numbers.length * rows.width);
  numbers.forEach((number, i) => {
    all.set(row(rows, number) as Float32Array, i * rows.width);
  });
  return all as VectorsOf[VectorType] as VectorsOf[T];
}

/** Different keys of a type, also at the ends of its range. */
export function keyOf<K extends KeyType>(keyType: K, i: number): KeyOf[K] {
  const edges = {
    number: [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, -1],
    bigint: [2n ** 63n - 1n, -(2n ** 63n), -1n],
    string: ['', 'é'.repeat(512), '\u{1F600} key'],
  }[keyType];
  const key = i < 3 ? edges[i] : { number: 7 * i, bigint: BigInt(i) << 40n, string: `key ${i}` }[keyType];
  return key as KeyOf[K];
}

export function keysOf<K extends KeyType>(keyType: K, count: number, from = 0): KeyOf[K][] {
  return Array.from({ length: count }, (_, i) => keyOf(keyType, from + i));
}

/** 0 .. count - 1, or from another number on. */
export function numbers(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}
