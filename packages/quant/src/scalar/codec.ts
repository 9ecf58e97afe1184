/** Scalar codes: 8 or 4 bits a dimension, and two levels of them. The mathematics are in doc/scalar.md. */
import { kernelsOf } from '../backend/current.js';
import { checkDimensions, checkOptions } from '../check.js';
import type { CodecKind, QuantMetric, QuantQuery } from '../codec.js';
import { QuantError } from '../errors.js';
import type { LongOptions } from '../long.js';
import { type Encoder, RowCodec, type Score } from '../row-codec.js';
import type { TrainingSource } from '../sample.js';
import { type Reader, type Sections, seal, Writer } from '../serialize.js';
import { metricNumbers } from './estimate.js';
import { type ScalarArguments, typescriptScalar } from './kernels.js';
import {
  type Bits,
  codeBytesOf,
  headInteger,
  integersOf,
  payloadBytes,
  queryLength,
  type ScalarShape,
} from './layout.js';
import { checkParameter, inverseOf, type Ranges, rangesBetween, withoutSteps } from './ranges.js';
import { readTraining, type ScalarTraining, trainRanges, trainRangesAsync } from './train.js';

/** Of a codec that is made without training. */
export interface ScalarOptions {
  /** 1 to 65,535. */
  readonly dimensions: number;
  /** What is taken from each vector before its range is found: `dimensions` float32; zeros where it is left out. */
  readonly mean?: Float32Array;
}

/** The ranges of dimensions, given. */
export interface GivenRanges {
  readonly dimensions: number;
  /** The smallest value of each dimension that has a code of its own. */
  readonly lower: Float32Array;
  /** The largest; nowhere less than `lower`. */
  readonly upper: Float32Array;
}

/** Reads the options of `create`. */
function rangesOf(operation: string, bits: Bits, options: ScalarOptions | GivenRanges): Ranges {
  const { dimensions, mean, lower, upper } = checkOptions<ScalarOptions & GivenRanges>(
    operation,
    options as ScalarOptions & GivenRanges,
  );
  checkDimensions(operation, dimensions);
  if (lower === undefined && upper === undefined) {
    const centre =
      mean === undefined ? new Float32Array(dimensions) : checkParameter(operation, 'mean', mean, dimensions);
    return withoutSteps(centre);
  }
  if (mean !== undefined) {
    throw new QuantError('ERR_QUANT_ARGUMENT', `${operation}: ranges of dimensions have no mean`);
  }
  const least = checkParameter(operation, 'lower', lower, dimensions);
  const most = checkParameter(operation, 'upper', upper, dimensions);
  const wrong = least.findIndex((value, i) => value > most[i]);
  if (wrong !== -1) {
    throw new QuantError(
      'ERR_QUANT_ARGUMENT',
      `${operation}: lower must not be above upper, got ${least[wrong]} and ${most[wrong]} in dimension ${wrong}`,
    );
  }
  return rangesBetween(bits, least, most);
}

abstract class ScalarCodec extends RowCodec {
  readonly dimensions: number;
  readonly codeBytes: number;
  protected readonly payloadBytes: number;
  protected readonly interleavesWords = true;
  protected readonly alignment = 1;
  readonly #shape: ScalarShape;
  readonly #args: ScalarArguments;

  protected constructor(bits: Bits, more: 0 | Bits, { centre, step, inverse }: Ranges) {
    super();
    const n = centre.length;
    this.#shape = { n, bits, more, byDimension: step !== undefined };
    this.#args = [n, bits, more, centre, step, inverse];
    this.dimensions = n;
    this.codeBytes = codeBytesOf(this.#shape);
    this.payloadBytes = payloadBytes(this.#shape);
  }

  /** Whether ranges are those of vectors or of dimensions. */
  protected get byDimension(): boolean {
    return this.#shape.byDimension;
  }

  protected encoder(): Encoder {
    const { encode } = kernelsOf('scalar', typescriptScalar);
    const args = this.#args;
    return { encode: (vectors, codes) => encode(...args, vectors, codes), family: 'scalar', args };
  }

  protected decodeInto(codes: Uint8Array, out: Float32Array): void {
    kernelsOf('scalar', typescriptScalar).decode(...this.#args, codes, out);
  }

  protected whyNone(): string {
    return 'is too large: its norm, or that of what its code stands for, is no float32';
  }

  protected queryOfLevels(vector: Float32Array, metric: QuantMetric, levels: number): QuantQuery {
    const own = this.checkQuery(vector, metric);
    const { prepare, estimate } = kernelsOf('scalar', typescriptScalar);
    const args = this.#args;
    const query = new Float64Array(queryLength(this.#shape));
    prepare(...args, own, metricNumbers[metric], levels, query);
    const scoreWith =
      (prepared: () => Float64Array): Score =>
      (codes, packed, estimates, bounds) =>
        estimate(...args, prepared(), codes, packed, estimates, bounds);
    let narrow: Float64Array | undefined;
    const narrowed = () => {
      if (narrow === undefined) {
        narrow = query.slice();
        if (metric === 'l2sq') integersOf(narrow)[headInteger.middle] = 1;
      }
      return narrow;
    };
    return this.queryOf(
      own,
      metric,
      scoreWith(() => query),
      scoreWith(narrowed),
    );
  }

  query(vector: Float32Array, metric: QuantMetric): QuantQuery {
    return this.queryOfLevels(vector, metric, this.#shape.more === 0 ? 1 : 2);
  }

  /** doc/format.md, "Scalar codes". */
  serialize(): Uint8Array {
    const [, bits, more, centre, step] = this.#args;
    const parameters = new Writer()
      .u8(bits)
      .u8(more)
      .u8(step === undefined ? 0 : 1)
      .u8(0)
      .done();
    const payload = new Writer().floats(centre);
    if (step !== undefined) payload.floats(step);
    return seal(this.kind, this.dimensions, parameters, payload.done());
  }
}

/** Which ranges a codec of one level has. */
abstract class OneLevelCodec extends ScalarCodec {
  /** `'vector'`: each code has a range of its own. `'dimension'`: each dimension has one, whatever the vector. */
  get range(): 'vector' | 'dimension' {
    return this.byDimension ? 'dimension' : 'vector';
  }
}

/**
 * Eight bits a dimension.
 *
 * Made by {@link Int8Codec.create} or {@link Int8Codec.train}. A code has `dimensions` bytes, filled up to a multiple of 4,
 * and 20 bytes of factors, or 16 with ranges of dimensions.
 *
 * @example
 * const codec = Int8Codec.create({ dimensions: 4 });
 * const codes = codec.encode(Float32Array.of(0, 1, 2, 3, 3, 2, 1, 0)); // two vectors
 * const query = codec.query(Float32Array.of(0, 1, 2, 2), 'l2sq');
 * query.estimate(codes).map(Math.round); // Float32Array(2) [ 1, 15 ]
 */
export class Int8Codec extends OneLevelCodec {
  readonly kind: CodecKind = 'int8';

  /** For `create`, `train` and `deserialize`. */
  private constructor(ranges: Ranges) {
    super(8, 0, ranges);
    Object.freeze(this);
  }

  /**
   * A codec without training: with a range a vector, around `mean` or zero (LVQ, arXiv 2304.04759), or with the ranges
   * of dimensions that `lower` and `upper` say.
   *
   * @throws {QuantError} `ERR_QUANT_DIMENSIONS`, `_TYPE`, `_VALUE`; `_ARGUMENT` where `lower` is above `upper`
   */
  static create(options: ScalarOptions | GivenRanges): Int8Codec {
    return new Int8Codec(rangesOf('Int8Codec.create', 8, options));
  }

  /**
   * A codec for vectors like these. For ranges of vectors the mean is found; for ranges of dimensions two quantiles of
   * each, beyond which values are cut off to the ends.
   *
   * @param vectors rows of `options.dimensions` float32
   * @throws {QuantError} `ERR_QUANT_TRAINING` where rows are too few: one for a mean; for quantiles 1 over the share that is
   *   cut off at an end. Else `_TYPE`, `_LENGTH`, `_VALUE`, `_DIMENSIONS`, `_ARGUMENT`
   * @example
   * const vectors = Float32Array.from({ length: 2000 * 8 }, (_, i) => Math.sin(i));
   * Int8Codec.train(vectors, { dimensions: 8, range: 'dimension' }).codeBytes; // 24
   */
  static train(vectors: Float32Array, options: ScalarTraining): Int8Codec {
    return new Int8Codec(trainRanges('Int8Codec.train', 8, vectors, options));
  }

  /** {@link Int8Codec.train} between turns of the event loop, on rows that may come in batches. */
  static async trainAsync(source: TrainingSource, options: ScalarTraining & LongOptions): Promise<Int8Codec> {
    return new Int8Codec(await trainRangesAsync('Int8Codec.trainAsync', 8, source, options));
  }

  /** @internal */
  static read(sections: Sections): Int8Codec {
    return new Int8Codec(readRanges(sections, 8).ranges);
  }
}

/**
 * Four bits a dimension, two of them a byte.
 *
 * Made by {@link Int4Codec.create} or {@link Int4Codec.train}, as {@link Int8Codec} is. A code has half a byte a dimension,
 * filled up to a multiple of 4 bytes, and 20 bytes of factors, or 16 with ranges of dimensions.
 *
 * @example
 * const codec = Int4Codec.create({ dimensions: 4 });
 * codec.decode(codec.encode(Float32Array.of(0, 5, 10, 15))); // Float32Array(4) [ 0, 5, 10, 15 ]
 */
export class Int4Codec extends OneLevelCodec {
  readonly kind: CodecKind = 'int4';

  private constructor(ranges: Ranges) {
    super(4, 0, ranges);
    Object.freeze(this);
  }

  /** As {@link Int8Codec.create}. */
  static create(options: ScalarOptions | GivenRanges): Int4Codec {
    return new Int4Codec(rangesOf('Int4Codec.create', 4, options));
  }

  /** As {@link Int8Codec.train}. */
  static train(vectors: Float32Array, options: ScalarTraining): Int4Codec {
    return new Int4Codec(trainRanges('Int4Codec.train', 4, vectors, options));
  }

  /** As {@link Int8Codec.trainAsync}. */
  static async trainAsync(source: TrainingSource, options: ScalarTraining & LongOptions): Promise<Int4Codec> {
    return new Int4Codec(await trainRangesAsync('Int4Codec.trainAsync', 4, source, options));
  }

  /** @internal */
  static read(sections: Sections): Int4Codec {
    return new Int4Codec(readRanges(sections, 4).ranges);
  }
}

/** Bits of the first and of the second level. */
export type TwoLevels = '4x4' | '4x8' | '8x4' | '8x8';

const levelBits: Readonly<Record<TwoLevels, readonly [Bits, Bits]>> = {
  '4x4': [4, 4],
  '4x8': [4, 8],
  '8x4': [8, 4],
  '8x8': [8, 8],
};

function checkLevels(operation: string, levels: unknown): TwoLevels {
  if (typeof levels === 'string' && Object.hasOwn(levelBits, levels)) return levels as TwoLevels;
  throw new QuantError(
    'ERR_QUANT_ARGUMENT',
    `${operation}: levels must be one of ${Object.keys(levelBits).join(', ')}`,
  );
}

/**
 * Two levels: a code under the vector's own range, then a code of what that has lost, which lies within half a step either
 * way (LVQ-B1xB2, arXiv 2304.04759). Queries read both levels, or the first one alone.
 *
 * @example
 * const codec = TwoLevelCodec.create({ dimensions: 8, levels: '4x8' });
 * const x = Float32Array.from({ length: 8 }, (_, i) => Math.sqrt(i));
 * const codes = codec.encode(x);
 * const [both, first] = [codec.query(x, 'dot'), codec.query(x, 'dot', { levels: 1 })];
 * both.bounds(codes)[0] < first.bounds(codes)[0]; // true
 */
export class TwoLevelCodec extends ScalarCodec {
  readonly kind: CodecKind = 'two-level';
  readonly levels: TwoLevels;

  private constructor(levels: TwoLevels, ranges: Ranges) {
    super(...levelBits[levels], ranges);
    this.levels = levels;
    Object.freeze(this);
  }

  /**
   * @param options.levels bits of the first and of the second level
   * @throws {QuantError} `ERR_QUANT_DIMENSIONS`, `_TYPE`, `_VALUE`, `_ARGUMENT`
   */
  static create(options: ScalarOptions & { readonly levels: TwoLevels }): TwoLevelCodec {
    const operation = 'TwoLevelCodec.create';
    const { levels, dimensions, mean } = checkOptions(operation, options);
    const checked = checkLevels(operation, levels);
    const given = { dimensions, ...(mean === undefined ? {} : { mean }) } as ScalarOptions;
    return new TwoLevelCodec(checked, rangesOf(operation, levelBits[checked][0], given));
  }

  /** A codec around the mean of these vectors, as {@link Int8Codec.train} with ranges of vectors. */
  static train(
    vectors: Float32Array,
    options: Omit<ScalarTraining, 'range' | 'quantiles'> & { readonly levels: TwoLevels },
  ): TwoLevelCodec {
    const operation = 'TwoLevelCodec.train';
    const levels = checkLevels(operation, checkOptions(operation, options).levels);
    const training = readTraining(operation, { ...options, range: 'vector' });
    return new TwoLevelCodec(levels, trainRanges(operation, levelBits[levels][0], vectors, training));
  }

  /** {@link TwoLevelCodec.train} between turns of the event loop, on rows that may come in batches. */
  static async trainAsync(
    source: TrainingSource,
    options: Omit<ScalarTraining, 'range' | 'quantiles'> & LongOptions & { readonly levels: TwoLevels },
  ): Promise<TwoLevelCodec> {
    const operation = 'TwoLevelCodec.trainAsync';
    const levels = checkLevels(operation, checkOptions(operation, options).levels);
    const ranges = await trainRangesAsync(operation, levelBits[levels][0], source, {
      ...options,
      range: 'vector',
    });
    return new TwoLevelCodec(levels, ranges);
  }

  /**
   * As of every codec; `levels: 1` reads the first level alone, which is faster and less exact.
   *
   * @throws {QuantError} and `ERR_QUANT_ARGUMENT` for another number of levels
   */
  override query(
    vector: Float32Array,
    metric: QuantMetric,
    options?: { readonly levels?: 1 | 2 },
  ): QuantQuery {
    const { levels = 2 } = checkOptions('two-level.query', options);
    if (levels !== 1 && levels !== 2) {
      throw new QuantError('ERR_QUANT_ARGUMENT', 'two-level.query: levels must be 1 or 2');
    }
    return this.queryOfLevels(vector, metric, levels);
  }

  /** @internal */
  static read(sections: Sections): TwoLevelCodec {
    const { more, bits, ranges } = readRanges(sections, undefined);
    return new TwoLevelCodec(`${bits}x${more as Bits}`, ranges);
  }
}

/** Reads what {@link ScalarCodec.serialize} writes; `bits` undefined for two levels. */
function readRanges(
  sections: Sections,
  expected: Bits | undefined,
): { bits: Bits; more: 0 | Bits; ranges: Ranges } {
  const { dimensions } = sections;
  const parameters: Reader = sections.parameters;
  const payload: Reader = sections.payload;
  const [bits, more, byDimension, zero] = [
    parameters.u8(),
    parameters.u8(),
    parameters.u8(),
    parameters.u8(),
  ];
  parameters.expect(
    expected === undefined
      ? (bits === 4 || bits === 8) && (more === 4 || more === 8) && byDimension === 0
      : bits === expected && more === 0 && byDimension <= 1,
    `say ${bits} and ${more} bits, ranges ${byDimension}`,
  );
  parameters.expect(zero === 0, 'have a byte that must be 0');
  parameters.end();
  const centre = payload.floats(dimensions);
  const step = byDimension === 1 ? payload.floats(dimensions) : undefined;
  payload.end();
  if (step !== undefined)
    payload.expect(
      step.every((each) => each >= 0),
      'has a step below 0',
    );
  const ranges = step === undefined ? withoutSteps(centre) : { centre, step, inverse: inverseOf(step) };
  return { bits: bits as Bits, more: more as 0 | Bits, ranges };
}
