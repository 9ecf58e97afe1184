/** Every codec of the package at every width, by name. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Codec } from '@ruvector/quant';
import { throwIfAborted } from '../../errors.js';
import type { Library } from './ours.js';

/** In the plot a line each. */
export type Family = 'RaBitQ' | 'scalar' | 'two-level' | 'half' | 'binary' | 'product' | 'OPQ';

/** How product codes are trained. */
export interface Training {
  readonly sampleRows: number;
  readonly iterations: number;
  readonly threads?: number;
}

export interface Recipe {
  readonly name: string;
  readonly family: Family;
  /** Whether its bounds cannot fail, whatever the options. */
  readonly proven: boolean;
  /** Rows that training needs. */
  readonly trainingRows: number;
  /** Steps of preparing a row: `squared` for a rotation by a matrix. */
  readonly cost: 'linear' | 'squared';
  make(library: Library, rows: Float32Array, dimensions: number, training: Training): Codec;
}

type Make = Recipe['make'];

function recipe(name: string, family: Family, make: Make, more: Partial<Recipe> = {}): Recipe {
  return { name, family, proven: true, trainingRows: 1, cost: 'linear', make, ...more };
}

export type RabitqEncoderName = 'fast' | 'refined' | 'exact';

/** RaBitQ around the mean of the rows; the package's encoder where none is named. */
export function rabitq(bits: number, encoder?: RabitqEncoderName): Recipe {
  const name = `RaBitQ ${bits} ${bits === 1 ? 'bit' : 'bits'}`;
  return recipe(
    encoder === undefined ? name : `${name}, ${encoder}`,
    'RaBitQ',
    (library, rows, dimensions) =>
      library.RabitqCodec.train(rows, { dimensions, bits, ...(encoder === undefined ? {} : { encoder }) }),
    { proven: false },
  );
}

const ranges = { vector: 'of vectors', dimension: 'of dimensions' } as const;

/** Rows that the quantiles .001 and .999 need. */
const quantileRows = 1000;

function scalar(bits: 4 | 8, range: keyof typeof ranges): Recipe {
  return recipe(
    `int${bits}, ranges ${ranges[range]}`,
    'scalar',
    ({ Int4Codec, Int8Codec }, rows, dimensions) =>
      (bits === 4 ? Int4Codec : Int8Codec).train(rows, { dimensions, range }),
    range === 'dimension' ? { trainingRows: quantileRows } : {},
  );
}

function twoLevel(levels: '4x4' | '4x8' | '8x4' | '8x8'): Recipe {
  return recipe(`two-level ${levels}`, 'two-level', ({ TwoLevelCodec }, rows, dimensions) =>
    TwoLevelCodec.train(rows, { dimensions, levels }),
  );
}

/** @param width dimensions of a sub-space */
export function product(bits: 4 | 8, width: number, rotation = false): Recipe {
  return recipe(
    `${rotation ? 'OPQ' : 'product'} ${bits} bits, ${width} dims`,
    rotation ? 'OPQ' : 'product',
    ({ ProductCodec }, rows, dimensions, training) => {
      const subspaces = Math.max(1, Math.round(dimensions / width));
      return ProductCodec.train(rows, { dimensions, subspaces, bits, rotation, ...training });
    },
    { trainingRows: 39 * 2 ** bits, cost: rotation ? 'squared' : 'linear' },
  );
}

export const recipes: readonly Recipe[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((bits) => rabitq(bits)),
  ...([4, 8] as const).flatMap((bits) => [scalar(bits, 'vector'), scalar(bits, 'dimension')]),
  ...(['4x4', '4x8', '8x4', '8x8'] as const).map(twoLevel),
  recipe('float16', 'half', ({ Float16Codec }, _rows, dimensions) => Float16Codec.create({ dimensions })),
  recipe('bfloat16', 'half', ({ Bfloat16Codec }, _rows, dimensions) => Bfloat16Codec.create({ dimensions })),
  recipe('binary', 'binary', ({ BinaryCodec }, rows, dimensions) => BinaryCodec.train(rows, { dimensions })),
  product(8, 2),
  product(8, 4),
  product(8, 8),
  product(4, 1),
  product(4, 2),
  product(4, 4),
  product(8, 4, true),
  product(4, 2, true),
];

/** Bytes of vectors that are encoded between two looks at the signal. */
const SLICE_BYTES = 2 ** 24;

/**
 * Encodes rows, in slices.
 *
 * @throws BenchError `BENCH_ABORTED`
 */
export async function encodeAll(codec: Codec, rows: Float32Array, signal: AbortSignal): Promise<Uint8Array> {
  const { dimensions, codeBytes } = codec;
  const count = rows.length / dimensions;
  const codes = new Uint8Array(count * codeBytes);
  const step = Math.max(1, Math.floor(SLICE_BYTES / (4 * dimensions)));
  for (let first = 0; first < count; first += step) {
    await nextTurn();
    throwIfAborted(signal);
    const end = Math.min(count, first + step);
    codec.encode(
      rows.subarray(first * dimensions, end * dimensions),
      codes.subarray(first * codeBytes, end * codeBytes),
    );
  }
  return codes;
}
