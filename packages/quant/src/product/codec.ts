/** Product codes, with 8 or 4 bits a sub-space. The mathematics are in doc/product.md. */
import { availableParallelism } from 'node:os';
import { alignedBytes, kernelsOf, onThread } from '../backend/current.js';
import {
  checkArray,
  checkDimensions,
  checkOptions,
  checkVectors,
  checkWhole,
  checkWord,
  length,
  newArray,
  plain,
} from '../check.js';
import type { CodecKind, QuantMetric, QuantQuery } from '../codec.js';
import { QuantError } from '../errors.js';
import { type LongOptions, readLongOptions, runLong } from '../long.js';
import { blockRows, Packed } from '../packed.js';
import { checkSeed, defaultSeed } from '../random.js';
import { type Encoder, type FindBest, RowCodec, type Score } from '../row-codec.js';
import { checkTrainingRows, sampleFrom, sampleOfChecked, type TrainingSource } from '../sample.js';
import { type Reader, type Sections, seal, Writer } from '../serialize.js';
import { normOf } from './codes.js';
import { estimateKinds, metricNumbers } from './estimate.js';
import { type ProductArguments, packTraining, typescriptProduct } from './kernels.js';
import {
  type Bits,
  beginOf,
  blockBytesOf,
  centroidsOf,
  codeBytesOf,
  maxNorm,
  type ProductShape,
  payloadBytesOf,
  queryLength,
} from './layout.js';
import { type ProductTraining, stepsOfTraining, train } from './train.js';

/** Rows that are needed for each centroid, as faiss asks for. */
const rowsOfCentroid = 39;

const mostThreads = 256;

/** How a codec of product codes is trained. */
export interface ProductOptions {
  /** Of a vector: 1 to 65,535. */
  readonly dimensions: number;
  /** How many parts a vector is cut into, each with one number in a code: 1 to `dimensions`. They differ by one at most. */
  readonly subspaces: number;
  /** Of a number: 8 (256 centroids a sub-space), the default, or 4 (16, and the fastest estimates of packed codes). */
  readonly bits?: 4 | 8;
  /**
   * Whether vectors are rotated first so that errors are least (OPQ): `true`, or how many turns the rotation is improved,
   * 1 to 1,000, by default 16. Training and encoding then take dimensions² steps a row. By default not.
   */
  readonly rotation?: boolean | number;
  /** Of k-means in each sub-space, at most: 1 to 1,000, by default 25. */
  readonly iterations?: number;
  /**
   * The first centroids. `'random'` rows, the default, leave more centroids where rows are dense, which ranks better;
   * `'k-means++'` loses less of rows that are far from all others (doc/product.md).
   */
  readonly start?: 'k-means++' | 'random';
  /** The most rows to train on, chosen at random: by default 65,536 for 8 bits, 16,384 for 4. */
  readonly sampleRows?: number;
  /** A whole number of 32 bits. The same seed and vectors give the same codec, on every machine. */
  readonly seed?: number;
  /** 1 to 256; by default as many as there are processors. TypeScript has one. The result does not depend on them. */
  readonly threads?: number;
}

interface Read extends ProductTraining {
  readonly sampleRows: number;
}

function readTurns(operation: string, rotation: unknown): number {
  if (rotation === undefined || rotation === false) return 0;
  if (rotation === true) return 16;
  checkWhole(operation, 'rotation, if not true or false,', rotation, 1, 1000);
  return rotation;
}

function readOptions(operation: string, options: ProductOptions): Read {
  const o = checkOptions(operation, options);
  const { dimensions, subspaces, bits = 8, iterations = 25, start = 'random', seed = defaultSeed } = o;
  checkDimensions(operation, dimensions);
  checkWhole(operation, 'subspaces', subspaces, 1, dimensions);
  if (bits !== 4 && bits !== 8) {
    throw new QuantError('ERR_QUANT_ARGUMENT', `${operation}: bits must be 4 or 8`);
  }
  checkWhole(operation, 'iterations', iterations, 1, 1000);
  const { sampleRows = bits === 8 ? 65_536 : 16_384 } = o;
  checkWhole(operation, 'sampleRows', sampleRows, rowsOfCentroid * 2 ** bits);
  checkWord(operation, 'start', start, ['k-means++', 'random']);
  checkSeed(operation, seed);
  const { threads = Math.min(availableParallelism(), mostThreads) } = o;
  checkWhole(operation, 'threads', threads, 1, mostThreads);
  const turns = readTurns(operation, o.rotation);
  return { n: dimensions, m: subspaces, bits, iterations, turns, start, seed, threads, sampleRows };
}

/** Everything that was trained. */
interface Trained extends ProductShape {
  readonly centroids: Float32Array;
  readonly rotation: Float32Array | undefined;
  readonly distortion: number;
  readonly trainingError: number;
}

/** A training with its memory. */
interface Training {
  readonly options: Read;
  readonly rows: Float32Array;
  readonly centroids: Float32Array;
  readonly rotation: Float32Array | undefined;
  readonly history: Float64Array;
}

/** @param rows finite */
function prepareTraining(operation: string, options: Read, rows: Float32Array): Training {
  const { n, bits, turns } = options;
  const count = length(rows) / n;
  checkTrainingRows(
    operation,
    count,
    rowsOfCentroid * 2 ** bits,
    `${2 ** bits} centroids a sub-space, ${rowsOfCentroid} rows for each,`,
  );
  for (let r = 0; r < count; r++) {
    if (normOf(rows.subarray(r * n, (r + 1) * n)) <= maxNorm) continue;
    throw new QuantError('ERR_QUANT_VALUE', `${operation}: row ${r} of the sample has a norm above 2^55`);
  }
  return {
    options,
    rows,
    centroids: newArray(operation, 'Float32Array', 2 ** bits * n),
    rotation: turns === 0 ? undefined : newArray(operation, 'Float32Array', n * n),
    history: new Float64Array(turns + 2),
  };
}

function argumentsOf({ options, rows, centroids, rotation, history }: Training) {
  return [packTraining(options), rows, centroids, rotation, history] as const;
}

function trainedOf({ options, rows, centroids, rotation, history }: Training): Trained {
  const { n, m, bits, turns } = options;
  const trainingError = history[turns] / (length(rows) / n);
  return { n, m, bits, centroids, rotation, distortion: history[turns + 1], trainingError };
}

function transposed(matrix: Float32Array, n: number): Float32Array {
  const out = newArray('product', 'Float32Array', n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[j * n + i] = matrix[i * n + j];
  return out;
}

/**
 * Product codes (Jégou, Douze, Schmid, IEEE TPAMI 33(1), 2011): a vector is cut into parts, and each part is the number of
 * its nearest centroid. Made by {@link ProductCodec.train}.
 *
 * A code has one byte for each sub-space, or half a byte, and 8 bytes of factors.
 *
 * @example
 * const vectors = Float32Array.from({ length: 2000 * 8 }, (_, i) => Math.sin(i * i));
 * const codec = ProductCodec.train(vectors, { dimensions: 8, subspaces: 4, bits: 4 });
 * const packed = codec.pack(codec.encode(vectors));
 * const { indices } = codec.query(vectors.subarray(0, 8), 'l2sq').topK(packed, 10);
 * [codec.codeBytes, indices.length]; // [ 10, 10 ]
 */
export class ProductCodec extends RowCodec {
  readonly kind: CodecKind = 'product';
  readonly dimensions: number;
  readonly codeBytes: number;
  /** Parts of a vector. */
  readonly subspaces: number;
  /** Of the number of a part. */
  readonly bits: 4 | 8;
  /** Whether vectors are rotated first. */
  readonly rotated: boolean;
  /** The mean of squared residuals of the rows that it was trained on. */
  readonly trainingError: number;
  protected readonly payloadBytes: number;
  protected readonly interleavesWords = false;
  protected readonly alignment = 1;
  readonly #shape: ProductShape;
  readonly #args: ProductArguments;

  /** For `train` and `deserialize`. */
  private constructor({ n, m, bits, centroids, rotation, distortion, trainingError }: Trained) {
    super();
    const shape = { n, m, bits };
    const panels = newArray('product', 'Float32Array', centroids.length);
    kernelsOf('product', typescriptProduct).panels(n, m, bits, centroids, panels);
    const inverse = rotation === undefined ? undefined : transposed(rotation, n);
    this.#shape = shape;
    this.#args = [n, m, bits, centroids, panels, rotation, inverse, distortion];
    this.dimensions = n;
    this.codeBytes = codeBytesOf(shape);
    this.payloadBytes = payloadBytesOf(shape);
    this.subspaces = m;
    this.bits = bits;
    this.rotated = rotation !== undefined;
    this.trainingError = trainingError;
    Object.freeze(this);
  }

  /**
   * A codec for vectors like these.
   *
   * @param vectors rows of `options.dimensions` float32, finite, of norms up to 2^55
   * @throws {QuantError} `ERR_QUANT_TRAINING` where there are fewer than 39 rows for each centroid: 9,984 for 8 bits, 624 for
   *   4. Else `_TYPE`, `_LENGTH`, `_DIMENSIONS`, `_VALUE`, `_ARGUMENT`
   */
  static train(vectors: Float32Array, options: ProductOptions): ProductCodec {
    const operation = 'ProductCodec.train';
    const read = readOptions(operation, options);
    const { n, sampleRows, seed } = read;
    checkVectors(operation, 'vectors', vectors, n);
    const sample = sampleOfChecked(operation, vectors, { dimensions: n, sampleRows, seed });
    const training = prepareTraining(operation, read, plain(sample));
    kernelsOf('product', typescriptProduct).train(...argumentsOf(training));
    return new ProductCodec(trainedOf(training));
  }

  /**
   * {@link ProductCodec.train} on other threads with the addon, else in slices between turns of the event loop.
   *
   * @param source vectors, or batches of them, of which a sample is kept
   * @throws {QuantError} as `train` does, and `ERR_QUANT_ABORTED`, by rejecting
   */
  static async trainAsync(
    source: TrainingSource,
    options: ProductOptions & LongOptions,
  ): Promise<ProductCodec> {
    const operation = 'ProductCodec.trainAsync';
    const told = readLongOptions(operation, options);
    const read = readOptions(operation, options);
    const { n, sampleRows, seed } = read;
    const sampling = { dimensions: n, sampleRows, seed };
    const { rows } = await sampleFrom(operation, source, sampling, told);
    const training = prepareTraining(operation, read, rows);
    const { centroids, rotation, history } = training;
    await runLong<void>(
      operation,
      {
        thread: onThread('product', 'train', argumentsOf(training)),
        slices: () => train(read, rows, { centroids, rotation, history }),
      },
      stepsOfTraining(read),
      told,
    );
    return new ProductCodec(trainedOf(training));
  }

  protected encoder(): Encoder {
    const { encode } = kernelsOf('product', typescriptProduct);
    const args = this.#args;
    return { encode: (vectors, codes) => encode(...args, vectors, codes), family: 'product', args };
  }

  protected decodeInto(codes: Uint8Array, out: Float32Array): void {
    kernelsOf('product', typescriptProduct).decode(...this.#args, codes, out);
  }

  protected whyNone(): string {
    return 'is too large: its norm is above 2^55';
  }

  override pack(codes: Uint8Array): Packed {
    const operation = 'product.pack';
    checkArray(operation, 'codes', codes, 'Uint8Array');
    const { n, m, bits } = this.#shape;
    const count = length(codes) / this.codeBytes;
    if (!Number.isInteger(count)) {
      throw new QuantError(
        'ERR_QUANT_LENGTH',
        `${operation}: the length of codes must be a multiple of ${this.codeBytes}, got ${length(codes)}`,
      );
    }
    const blockBytes = blockBytesOf(this.#shape);
    const bytes = alignedBytes(operation, Math.ceil(count / blockRows) * blockBytes);
    kernelsOf('product', typescriptProduct).pack(n, m, bits, plain(codes), bytes, count);
    const fingerprint = this.fingerprint();
    return new Packed({ kind: this.kind, dimensions: n, count, blockBytes, fingerprint, bytes });
  }

  override unpack(packed: Packed): Uint8Array {
    const operation = 'product.unpack';
    const count = this.checkBlocks(operation, packed);
    const { n, m, bits } = this.#shape;
    const codes = newArray(operation, 'Uint8Array', count * this.codeBytes);
    kernelsOf('product', typescriptProduct).unpack(n, m, bits, codes, plain(packed.bytes), count);
    return codes;
  }

  query(vector: Float32Array, metric: QuantMetric): QuantQuery {
    const own = this.checkQuery(vector, metric);
    const { prepare, estimate, best } = kernelsOf('product', typescriptProduct);
    const { n, m, bits } = this.#shape;
    const memory = alignedBytes('product.query', 8 * queryLength(this.#shape));
    const query = new Float64Array(memory.buffer, memory.byteOffset, queryLength(this.#shape));
    if (!prepare(...this.#args, own, metricNumbers[metric], query)) {
      throw new QuantError('ERR_QUANT_VALUE', 'product.query: vector is too large: its norm is above 2^55');
    }
    const scoreAs =
      (kind: number): Score =>
      (codes, packed, estimates, bounds) =>
        estimate(n, m, bits, query, kind, codes, packed, estimates, bounds);
    const bestOf: FindBest = (codes, packed, count, k) => {
      const indices = newArray('product.query.topK', 'Uint32Array', k);
      const scores = newArray('product.query.topK', 'Float32Array', k);
      best(n, m, bits, query, codes, packed, count, indices, scores);
      return { indices, scores };
    };
    return this.queryOf(own, metric, scoreAs(estimateKinds.plain), scoreAs(estimateKinds.middle), bestOf);
  }

  /** doc/format.md, "Product codes". */
  serialize(): Uint8Array {
    const [n, m, bits, centroids, , rotation, , distortion] = this.#args;
    const parameters = new Writer()
      .u32(m)
      .u8(bits)
      .u8(rotation === undefined ? 0 : 1)
      .u16(0)
      .f64(distortion)
      .f64(this.trainingError)
      .done();
    const payload = new Writer().floats(centroids);
    if (rotation !== undefined) payload.floats(rotation);
    return seal(this.kind, n, parameters, payload.done());
  }

  /** @internal */
  static read(sections: Sections): ProductCodec {
    const n = sections.dimensions;
    const parameters: Reader = sections.parameters;
    const payload: Reader = sections.payload;
    const m = parameters.u32();
    const bits = parameters.u8();
    const rotated = parameters.u8();
    const zero = parameters.u16();
    const distortion = parameters.f64();
    const trainingError = parameters.f64();
    parameters.expect(m >= 1 && m <= n, `say ${m} sub-spaces of ${n} dimensions`);
    parameters.expect(bits === 4 || bits === 8, `say ${bits} bits`);
    parameters.expect(rotated <= 1 && zero === 0, 'have a byte that must be 0, or 1');
    parameters.expect(
      distortion >= 0 && distortion <= (rotated === 1 ? 0.01 : 0),
      `say a distortion of ${distortion}`,
    );
    parameters.expect(
      trainingError >= 0 && trainingError < Number.POSITIVE_INFINITY,
      `say an error of ${trainingError}`,
    );
    parameters.end();
    const shape = { n, m, bits: bits as Bits };
    const centroids = payload.floats(2 ** bits * n);
    const rotation = rotated === 1 ? payload.floats(n * n) : undefined;
    payload.end();
    payload.expect(areInRange(shape, centroids), 'has centroids that are too large');
    if (rotation !== undefined) {
      payload.expect(hasUnitRows(rotation, n, distortion), 'has a rotation that is none');
    }
    return new ProductCodec({ ...shape, centroids, rotation, distortion, trainingError });
  }
}

/** Whether no centroid has a larger norm than a part of a vector, rotated and rounded, can have. */
function areInRange(shape: ProductShape, centroids: Float32Array): boolean {
  const k = centroidsOf(shape);
  for (let s = 0; s < shape.m; s++) {
    const [begin, end] = [beginOf(shape, s), beginOf(shape, s + 1)];
    for (let at = k * begin; at < k * end; at += end - begin) {
      if (!(normOf(centroids.subarray(at, at + end - begin)) <= maxNorm * 1.02)) return false;
    }
  }
  return true;
}

/** Whether rows have norm 1 but for the distortion: what can be seen without a product of matrices. */
function hasUnitRows(rotation: Float32Array, n: number, distortion: number): boolean {
  for (let i = 0; i < n; i++) {
    const norm = normOf(rotation.subarray(i * n, (i + 1) * n));
    if (!(Math.abs(norm * norm - 1) <= distortion * (1 + 2 ** -20) + 2 ** -40)) return false;
  }
  return true;
}
