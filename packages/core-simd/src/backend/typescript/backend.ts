/** The backend in TypeScript: it runs everywhere, and takes everything. */
import { length, typedArrayGetter } from '../../check.js';
import type {
  Backend,
  DenseMetric,
  DenseType,
  Elements,
  Job,
  KernelMetric,
  Shapes,
  SparsePair,
} from '../types.js';
import * as bits from './bits.js';
import { conversions } from './convert.js';
import * as floats from './float32.js';
import * as halves from './halves.js';
import * as integers from './integers.js';
import { type Kernel, shapesOf, slicesOf } from './shapes.js';
import * as sparse from './sparse.js';

const brandOf = typedArrayGetter<string>(Symbol.toStringTag);
const lengthOf = typedArrayGetter<number>('length');
const bufferOf = typedArrayGetter<ArrayBufferLike>('buffer');
const byteOffsetOf = typedArrayGetter<number>('byteOffset');

type Row<Q extends Elements, R extends Elements> = (query: Q, rows: R, offset: number, n: number) => number;
type Words = (a: Uint16Array, b: Uint16Array, n: number, values: Float32Array) => number;
type Mixed = (a: Float32Array, b: Uint16Array, offset: number, n: number, values: Float32Array) => number;

/** A part of an array, as it lies. */
function part(elements: Elements, start: number, n: number): Elements {
  if (start === 0 && lengthOf.call(elements) === n) return elements;
  switch (brandOf.call(elements)) {
    case 'Float32Array':
      return new Float32Array(bufferOf.call(elements), byteOffsetOf.call(elements) + 4 * start, n);
    case 'Int8Array':
      return new Int8Array(bufferOf.call(elements), byteOffsetOf.call(elements) + start, n);
    default:
      return new Uint8Array(bufferOf.call(elements), byteOffsetOf.call(elements) + start, n);
  }
}

/** A kernel whose operands are read as they are. The caller knows that the arrays are of these kinds. */
function direct<Q extends Elements, R extends Elements>(row: Row<Q, R>): Kernel {
  const score = row as unknown as Kernel['score'];
  return { pair: (a, b, n) => score(a, b, 0, n), prepare: part, score };
}

/** A kernel that widens its query once. */
function widened(words: Words, mixed: Mixed, table: () => Float32Array): Kernel {
  return {
    pair: (a, b, n) => words(a as Uint16Array, b as Uint16Array, n, table()),
    prepare(elements, start, n) {
      const values = table();
      const query = new Float32Array(n);
      for (let i = 0; i < n; i++) query[i] = values[elements[start + i]];
      return query;
    },
    score: (query, rows, offset, n) => mixed(query as Float32Array, rows as Uint16Array, offset, n, table()),
  };
}

function half(table: () => Float32Array): Record<DenseMetric, Kernel> {
  return {
    dot: widened(halves.dotWords, halves.dotMixed, table),
    l2sq: widened(halves.l2sqWords, halves.l2sqMixed, table),
    l1: widened(halves.l1Words, halves.l1Mixed, table),
    cosine: widened(halves.cosineWords, halves.cosineMixed, table),
  };
}

function mixed(kernel: Mixed): Kernel {
  return direct((query: Float32Array, rows: Uint16Array, offset, n) =>
    kernel(query, rows, offset, n, halves.f16Table()),
  );
}

const integerKernels = {
  dot: direct(integers.dot),
  l2sq: direct(integers.l2sq),
  l1: direct(integers.l1),
  cosine: direct(integers.cosine),
};

const kernels = {
  f32: {
    dot: direct(floats.dot),
    l2sq: direct(floats.l2sq),
    l1: direct(floats.l1),
    cosine: direct(floats.cosine),
  },
  f16: half(halves.f16Table),
  bf16: half(halves.bf16Table),
  i8: integerKernels,
  u8: integerKernels,
  f32_f16: {
    dot: mixed(halves.dotMixed),
    l2sq: mixed(halves.l2sqMixed),
    l1: mixed(halves.l1Mixed),
    cosine: mixed(halves.cosineMixed),
  },
  bits: { hamming: direct(bits.hamming), jaccard: direct(bits.jaccard) },
} satisfies Record<DenseType, Record<DenseMetric, Kernel>> & { bits: Record<'hamming' | 'jaccard', Kernel> };

function kernelOf({ type, metric }: Job): Kernel {
  return (kernels[type] as Partial<Record<KernelMetric, Kernel>>)[metric]!;
}

/** Makes one; each has a slot of its own. */
export function typescriptBackend(): Backend {
  const result = new Float64Array(1);
  const dense = (type: DenseType): Record<DenseMetric, Shapes> => ({
    dot: shapesOf(kernels[type].dot, true, result),
    l2sq: shapesOf(kernels[type].l2sq, false, result),
    l1: shapesOf(kernels[type].l1, false, result),
    cosine: shapesOf(kernels[type].cosine, false, result),
  });
  const sparsePair =
    (kernel: typeof sparse.dot): SparsePair =>
    (aIndices, aValues, bIndices, bValues) => {
      result[0] = kernel(aIndices, aValues, length(aIndices), bIndices, bValues, length(bIndices));
    };
  const norm =
    (kernel: (a: Elements, n: number) => number) =>
    (a: Elements): void => {
      result[0] = kernel(a, length(a));
    };
  return {
    result,
    shapes: {
      f32: dense('f32'),
      f16: dense('f16'),
      bf16: dense('bf16'),
      i8: dense('i8'),
      u8: dense('u8'),
      f32_f16: dense('f32_f16'),
      bits: {
        hamming: shapesOf(kernels.bits.hamming, false, result),
        jaccard: shapesOf(kernels.bits.jaccard, false, result),
      },
    },
    norm: {
      f32: norm((a, n) => floats.norm(a as Float32Array, n)),
      f16: norm((a, n) => halves.normWords(a as Uint16Array, n, halves.f16Table())),
      bf16: norm((a, n) => halves.normWords(a as Uint16Array, n, halves.bf16Table())),
      i8: norm((a, n) => integers.norm(a as Int8Array, n)),
      u8: norm((a, n) => integers.norm(a as Uint8Array, n)),
    },
    convert: conversions,
    sparse: {
      dot: sparsePair(sparse.dot),
      l2sq: sparsePair(sparse.l2sq),
      l1: sparsePair(sparse.l1),
      cosine: sparsePair(sparse.cosine),
    },
    long: { kind: 'slices', slices: (job) => slicesOf(kernelOf(job), job) },
  };
}
