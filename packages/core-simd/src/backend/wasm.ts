/**
 * The backend in WebAssembly: the kernels of native/src for 128-bit vectors, on copies of the arguments. Vectors that
 * do not fit into its memory, of millions of dimensions, are scored in TypeScript.
 */
import { plain, typedArrayGetter } from '../check.js';
import type {
  Backend,
  BitMetric,
  Conversion,
  ConversionName,
  DenseMetric,
  DenseType,
  Elements,
  Job,
  KernelMetric,
  Shapes,
  SparsePair,
  TypeName,
} from './types.js';
import { typescriptBackend } from './typescript/backend.js';
import type { WasmKernels } from './wasm-kernels.js';

const lengthOf = typedArrayGetter<number>('length');

/**
 * A job in blocks, or undefined where its vectors do not fit.
 *
 * @throws {NoRow} from the generator, for an index that names no row
 */
function blocksOf(kernels: WasmKernels, job: Job): Generator<number, void> | undefined {
  const { type, metric } = job;
  switch (job.shape) {
    case 'many': {
      const [query, rows, out] = job.args;
      const n = lengthOf.call(query);
      if (!kernels.fits(type, n)) return undefined;
      const count = n === 0 ? 0 : lengthOf.call(rows) / n;
      return kernels.many(type, metric, query, plain(rows), n, plain(out, count));
    }
    case 'gather': {
      const [query, rows, indices, out] = job.args;
      const n = lengthOf.call(query);
      if (!kernels.fits(type, n)) return undefined;
      const results = plain(out, lengthOf.call(indices));
      return kernels.gather(type, metric, query, plain(rows), n, plain(indices), results);
    }
    case 'matrix': {
      const [a, b, n, out] = job.args;
      if (!kernels.fits(type, n)) return undefined;
      return kernels.matrix(type, metric, plain(a), plain(b), n, plain(out));
    }
    case 'topK': {
      const [query, rows, indices, scores] = job.args;
      const n = lengthOf.call(query);
      if (!kernels.fits(type, n)) return undefined;
      return kernels.topK(type, metric, query, plain(rows), n, plain(indices), plain(scores));
    }
  }
}

function finish(blocks: Generator<number, void>): void {
  while (blocks.next().done !== true);
}

/** Makes the backend of a module that has been started. */
export function wasmBackend(kernels: WasmKernels): Backend {
  const beyond = typescriptBackend();
  const result = new Float64Array(1);

  /** Lets TypeScript do what writes to the slot. */
  const inTypescript = (compute: () => void): void => {
    compute();
    result[0] = beyond.result[0];
  };
  const slices = (job: Job): Generator<number, void> => {
    const others = beyond.long;
    // It is; the type does not say so.
    if (others.kind !== 'slices') throw new TypeError(others.kind);
    return blocksOf(kernels, job) ?? others.slices(job);
  };

  const shapesOf = (type: TypeName, metric: KernelMetric, own: Shapes): Shapes => {
    const kernel = kernels.pair(type, metric);
    return {
      pair(a: Elements, b: Elements) {
        const n = lengthOf.call(a);
        if (lengthOf.call(b) !== n) throw new RangeError('two lengths');
        const score = kernel(a, b, n);
        if (score !== undefined) result[0] = score;
        else inTypescript(() => own.pair(a, b));
      },
      many: (...args) => finish(slices({ type, metric, shape: 'many', args })),
      gather: (...args) => finish(slices({ type, metric, shape: 'gather', args })),
      matrix: (...args) => finish(slices({ type, metric, shape: 'matrix', args })),
      topK: (...args) => finish(slices({ type, metric, shape: 'topK', args })),
    };
  };
  const dense = (type: DenseType): Record<DenseMetric, Shapes> => {
    const own = beyond.shapes[type];
    return {
      dot: shapesOf(type, 'dot', own.dot),
      l2sq: shapesOf(type, 'l2sq', own.l2sq),
      l1: shapesOf(type, 'l1', own.l1),
      cosine: shapesOf(type, 'cosine', own.cosine),
    };
  };
  const bits = (metric: BitMetric): Shapes => shapesOf('bits', metric, beyond.shapes.bits[metric]);
  const norm =
    (type: Exclude<DenseType, 'f32_f16'>) =>
    (a: Elements): void => {
      const n = lengthOf.call(a);
      if (kernels.fits(type, n)) result[0] = kernels.norm(type, a, n);
      else inTypescript(() => beyond.norm[type](a));
    };
  const convert =
    (name: ConversionName): Conversion =>
    (from, to) => {
      if (kernels.fitsConversion(name, lengthOf.call(from), lengthOf.call(to))) {
        kernels.convert(name, from, plain(to));
      } else beyond.convert[name](from, to);
    };
  const sparse =
    (metric: DenseMetric): SparsePair =>
    (...vectors) => {
      if (kernels.fitsSparse(lengthOf.call(vectors[0]), lengthOf.call(vectors[2]))) {
        result[0] = kernels.sparse(metric, ...vectors);
      } else inTypescript(() => beyond.sparse[metric](...vectors));
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
      bits: { hamming: bits('hamming'), jaccard: bits('jaccard') },
    },
    norm: { f32: norm('f32'), f16: norm('f16'), bf16: norm('bf16'), i8: norm('i8'), u8: norm('u8') },
    convert: {
      f16_to_f32: convert('f16_to_f32'),
      f32_to_f16: convert('f32_to_f16'),
      bf16_to_f32: convert('bf16_to_f32'),
      f32_to_bf16: convert('f32_to_bf16'),
      f32_to_bits: convert('f32_to_bits'),
      f16_to_bits: convert('f16_to_bits'),
      i8_to_bits: convert('i8_to_bits'),
      normalise_f32: convert('normalise_f32'),
      normalise_f16: convert('normalise_f16'),
      normalise_bf16: convert('normalise_bf16'),
    },
    sparse: { dot: sparse('dot'), l2sq: sparse('l2sq'), l1: sparse('l1'), cosine: sparse('cosine') },
    long: { kind: 'slices', slices },
  };
}
