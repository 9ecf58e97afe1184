/** Binary codes: the sign of each dimension. The mathematics are in doc/binary.md. */
import { kernelsOf } from '../backend/current.js';
import { checkDimensions, checkOptions } from '../check.js';
import type { CodecKind, QuantMetric, QuantQuery } from '../codec.js';
import type { LongOptions } from '../long.js';
import { type Encoder, RowCodec } from '../row-codec.js';
import type { TrainingSource } from '../sample.js';
import { metricNumbers } from '../scalar/estimate.js';
import { checkParameter } from '../scalar/ranges.js';
import { type ScalarTraining, trainRanges, trainRangesAsync } from '../scalar/train.js';
import { type Reader, type Sections, seal, Writer } from '../serialize.js';
import { binaryFactors, binaryPayload, binaryQueryLength, typescriptBinary } from './kernels.js';

/** What a binary codec is made with. */
export interface BinaryOptions {
  /** 1 to 65,535. */
  readonly dimensions: number;
  /** What is taken from each vector before its signs: `dimensions` float32; none where it is left out. */
  readonly mean?: Float32Array;
}

/** How the mean is found. */
export type BinaryTraining = Pick<ScalarTraining, 'dimensions' | 'sampleRows' | 'seed'>;

const nothing = new Uint8Array(0);

/**
 * One bit a dimension: its sign, around a mean or around zero. Estimates come from the number of bits that differ, which
 * says the angle on average; bounds hold for all vectors, and are wide.
 *
 * A code has a bit a dimension, filled up to a multiple of 4 bytes, and 12 bytes of factors, or 20 with a mean. Signs say
 * most where no dimension is larger than the others: rotate vectors first ({@link Rotation}), or use RaBitQ.
 *
 * @example
 * const codec = BinaryCodec.create({ dimensions: 4 });
 * const codes = codec.encode(Float32Array.of(1, 2, -1, -2, -1, -2, 1, 2)); // a vector and its opposite
 * codec.query(Float32Array.of(1, 2, -1, -2), 'cosine').estimate(codes); // Float32Array(2) [ 0, 2 ]
 */
export class BinaryCodec extends RowCodec {
  readonly kind: CodecKind = 'binary';
  readonly dimensions: number;
  readonly codeBytes: number;
  protected readonly payloadBytes: number;
  protected readonly interleavesWords = false;
  protected readonly alignment = 1;
  readonly #centre: Float32Array | undefined;

  private constructor(dimensions: number, centre: Float32Array | undefined) {
    super();
    this.#centre = centre;
    this.dimensions = dimensions;
    this.payloadBytes = binaryPayload(dimensions);
    this.codeBytes = this.payloadBytes + 4 * binaryFactors(centre !== undefined);
    Object.freeze(this);
  }

  /** @throws {QuantError} `ERR_QUANT_DIMENSIONS`, `_TYPE`, `_VALUE`, `_ARGUMENT` */
  static create(options: BinaryOptions): BinaryCodec {
    const { dimensions, mean } = checkOptions('BinaryCodec.create', options);
    checkDimensions('BinaryCodec.create', dimensions);
    const centre =
      mean === undefined ? undefined : checkParameter('BinaryCodec.create', 'mean', mean, dimensions);
    return new BinaryCodec(dimensions, centre);
  }

  /**
   * A codec around the mean of these vectors.
   *
   * @param vectors rows of `options.dimensions` float32, at least one
   * @throws {QuantError} `ERR_QUANT_TRAINING`, `_TYPE`, `_LENGTH`, `_VALUE`, `_DIMENSIONS`, `_ARGUMENT`
   */
  static train(vectors: Float32Array, options: BinaryTraining): BinaryCodec {
    const { centre } = trainRanges('BinaryCodec.train', 8, vectors, meanOnly(options));
    return new BinaryCodec(centre.length, centre);
  }

  /** {@link BinaryCodec.train} between turns of the event loop, on rows that may come in batches. */
  static async trainAsync(
    source: TrainingSource,
    options: BinaryTraining & LongOptions,
  ): Promise<BinaryCodec> {
    const { centre } = await trainRangesAsync('BinaryCodec.trainAsync', 8, source, meanOnly(options));
    return new BinaryCodec(centre.length, centre);
  }

  protected encoder(): Encoder {
    const { encode } = kernelsOf('binary', typescriptBinary);
    const args = [this.dimensions, this.#centre] as const;
    return { encode: (vectors, codes) => encode(...args, vectors, codes), family: 'binary', args };
  }

  protected decodeInto(codes: Uint8Array, out: Float32Array): void {
    kernelsOf('binary', typescriptBinary).decode(this.dimensions, this.#centre, codes, out);
  }

  protected whyNone(): string {
    return 'is too large: its norm, or its product with the mean, is no float32';
  }

  query(vector: Float32Array, metric: QuantMetric): QuantQuery {
    const own = this.checkQuery(vector, metric);
    const { prepare, estimate } = kernelsOf('binary', typescriptBinary);
    const [n, centre] = [this.dimensions, this.#centre];
    const query = new Float64Array(binaryQueryLength);
    const bits = new Uint8Array(this.payloadBytes);
    prepare(n, centre, own, metricNumbers[metric], query, bits);
    return this.queryOf(own, metric, (codes, packed, estimates, bounds) =>
      estimate(n, centre, query, bits, codes, packed, estimates, bounds),
    );
  }

  /** doc/format.md, "Binary codes". */
  serialize(): Uint8Array {
    const centre = this.#centre;
    const parameters = new Writer()
      .u8(centre === undefined ? 0 : 1)
      .u8(0)
      .u16(0)
      .done();
    const payload = centre === undefined ? nothing : new Writer().floats(centre).done();
    return seal(this.kind, this.dimensions, parameters, payload);
  }

  /** @internal */
  static read(sections: Sections): BinaryCodec {
    const { dimensions } = sections;
    const parameters: Reader = sections.parameters;
    const payload: Reader = sections.payload;
    const centred = parameters.u8();
    parameters.expect(centred <= 1, `say ${centred} where 0 or 1 belongs`);
    parameters.expect(parameters.u8() === 0 && parameters.u16() === 0, 'have bytes that must be 0');
    parameters.end();
    const centre = centred === 1 ? payload.floats(dimensions) : undefined;
    payload.end();
    return new BinaryCodec(dimensions, centre);
  }
}

/** The options of training that concern a mean. */
function meanOnly<T extends BinaryTraining>(options: T): T & { readonly range: 'vector' } {
  return { ...checkOptions('BinaryCodec.train', options), range: 'vector' } as T & {
    readonly range: 'vector';
  };
}
