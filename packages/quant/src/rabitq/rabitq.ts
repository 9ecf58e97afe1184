/** RaBitQ codes of 1 to 8 bits a dimension. */
import { alignedBytes, kernelsOf, onThread } from '../backend/current.js';
import {
  checkArray,
  checkDimensions,
  checkNumber,
  checkOptions,
  checkVector,
  checkWhole,
  checkWord,
  copyOf,
  countRows,
  length,
  maxDimensions,
  resultArray,
} from '../check.js';
import type { Codec, QuantMetric } from '../codec.js';
import { QuantError } from '../errors.js';
import { hold, type LongOptions, longTarget, readLongOptions, runLong } from '../long.js';
import { checkPacked, fingerprintOf, Packed } from '../packed.js';
import { Rotation } from '../rotation/rotation.js';
import type { TrainingSource } from '../sample.js';
import { type Reader, type Sections, seal, Writer } from '../serialize.js';
import { encodeRows, encoders, encodingOf, type RabitqEncoder } from './encode.js';
import { typescriptRabitq } from './kernels.js';
import { factor, type Layout, layoutOf } from './layout.js';
import { meanFrom, meanOf } from './mean.js';
import { checkNorm, normOf, type QueryCodec, RabitqQuery } from './query.js';

export interface RabitqOptions {
  /** Of the vectors, 1 to 65,535. */
  readonly dimensions: number;
  /** Bits a dimension, 1 to 8; 1 where it is left out. */
  readonly bits?: number;
  /** Draws the rotation, 0 to 2^32 - 1; 1 where it is left out. */
  readonly seed?: number;
  /**
   * Coordinates of rotated vectors, each of which has its bits: a multiple of 8, from 24 on (estimates are biased with
   * fewer) and not below `dimensions`; the next multiple of 64 where it is left out. More are more exact, and more bytes.
   */
  readonly padded?: number;
  /**
   * What vectors are encoded relative to: codes are better the nearer it is to them. A vector, for all codes; or
   * `'each'`: then `encodeAround` takes a centroid, and `query(...).around(centroid)` scores its codes. Without, vectors
   * are encoded relative to the origin, and a code is 8 to 12 bytes shorter.
   */
  readonly center?: Float32Array | 'each';
  /**
   * How the scale of each code is found, for more than one bit. `'refined'`, where it is left out, compares six and is some
   * per cent from the best; `'fast'` takes one for all vectors, in two thirds of the time, and errs by up to half as much
   * again with 8 bits; `'exact'` finds the best, and takes 20 to 3,000 times as long (doc/rabitq.md).
   */
  readonly encoder?: RabitqEncoder;
  /** The bound in units of its standard deviation, above 0 and at most 10; 1.9 where it is left out. */
  readonly epsilon0?: number;
}

/** What `train` takes: as {@link RabitqOptions}, with the mean of the vectors as the centre. */
export type RabitqTraining = Omit<RabitqOptions, 'center'>;

/**
 * The estimator is without bias for a uniform rotation. Four turns of signs and Hadamard matrices are near enough with so many
 * coordinates (test/rabitq-statistics.test.ts), and not with 8 or 16.
 */
const leastPadded = 24;

/** A centre, as the encoder needs it. */
interface Center {
  readonly vector: Float32Array;
  readonly rotated: Float32Array;
  readonly norm: number;
}

/**
 * A codec of RaBitQ. Its codes estimate distances without bias over the random rotation, and bound the error of each
 * estimate, with a probability or with a proof (doc/rabitq.md). Nothing has to be trained; `train` takes the mean of vectors as the centre.
 *
 * @example
 * const codec = RabitqCodec.create({ dimensions: 4, bits: 8 });
 * const codes = codec.encode(Float32Array.of(1, 2, 3, 4));
 * codec.query(Float32Array.of(1, 1, 1, 1), 'dot').estimate(codes).map(Math.round); // Float32Array(1) [ 10 ]
 */
export class RabitqCodec implements Codec {
  readonly kind = 'rabitq';
  readonly dimensions: number;
  readonly bits: number;
  readonly encoder: RabitqEncoder;
  readonly epsilon0: number;
  readonly codeBytes: number;
  /** The rotation, for whoever works with rotated vectors. */
  readonly rotation: Rotation;
  readonly #layout: Layout;
  readonly #each: boolean;
  readonly #center: Center | undefined;

  private constructor(
    rotation: Rotation,
    options: Required<Pick<RabitqOptions, 'bits' | 'encoder' | 'epsilon0'>>,
    center: Float32Array | 'each' | undefined,
  ) {
    this.dimensions = rotation.dimensions;
    this.rotation = rotation;
    this.bits = options.bits;
    this.encoder = options.encoder;
    this.epsilon0 = options.epsilon0;
    this.#layout = layoutOf(rotation.padded, options.bits, center !== undefined);
    this.codeBytes = this.#layout.codeBytes;
    this.#each = center === 'each';
    // By exclusion: an array of another realm is no instance of this one's Float32Array.
    this.#center =
      center === undefined || center === 'each' ? undefined : this.#centerOf('RabitqCodec.create', center);
    Object.freeze(this);
  }

  /**
   * A codec as the options say.
   *
   * @throws {QuantError} `ERR_QUANT_DIMENSIONS`, `_ARGUMENT`; for the center `_TYPE`, `_DIMENSIONS`, `_VALUE`
   */
  static create(options: RabitqOptions): RabitqCodec {
    const operation = 'RabitqCodec.create';
    const given = checkOptions(operation, options);
    const { dimensions, bits = 1, center, encoder = 'refined', epsilon0 = 1.9 } = given;
    checkDimensions(operation, dimensions);
    checkWhole(operation, 'bits', bits, 1, 8);
    checkWord(operation, 'encoder', encoder, encoders);
    checkNumber(operation, 'epsilon0', epsilon0, Number.MIN_VALUE, 10);
    if (center !== undefined && center !== 'each') checkVector(operation, 'center', center, dimensions);
    const { padded } = given;
    if (padded !== undefined) checkWhole(operation, 'padded', padded, leastPadded, maxDimensions + 1);
    const rotation = Rotation.create({ ...given, dimensions });
    return new RabitqCodec(rotation, { bits, encoder, epsilon0 }, center);
  }

  /**
   * A codec whose centre is the mean of vectors.
   *
   * @param vectors rows of `dimensions` float32
   * @throws {QuantError} as `create`; `ERR_QUANT_TRAINING` for no rows; `_LENGTH`, `_VALUE`
   */
  static train(vectors: Float32Array, options: RabitqTraining): RabitqCodec {
    const { dimensions } = checkOptions('RabitqCodec.train', options);
    checkDimensions('RabitqCodec.train', dimensions);
    return RabitqCodec.create({ ...options, center: meanOf('RabitqCodec.train', vectors, dimensions) });
  }

  /**
   * {@link RabitqCodec.train} with vectors that need not be in memory together.
   *
   * @param source rows, or batches of rows
   * @param options `onProgress` is told of rows; `total` is `done` where the source does not say how many there are
   */
  static async trainAsync(
    source: TrainingSource,
    options: RabitqTraining & LongOptions,
  ): Promise<RabitqCodec> {
    const operation = 'RabitqCodec.trainAsync';
    const { dimensions } = checkOptions(operation, options);
    checkDimensions(operation, dimensions);
    const told = readLongOptions(operation, options);
    // Before a long pass over vectors: are the options good?
    RabitqCodec.create(options);
    return RabitqCodec.create({ ...options, center: await meanFrom(operation, source, dimensions, told) });
  }

  /** @internal */
  static read(sections: Sections): RabitqCodec {
    const { dimensions, payload } = sections;
    const parameters: Reader = sections.parameters;
    const [bits, centerKind, encoder] = [parameters.u8(), parameters.u8(), encoders[parameters.u8()]];
    const padded = parameters.u32();
    const epsilon0 = parameters.f64();
    parameters.end();
    parameters.expect(bits >= 1 && bits <= 8, `say ${bits} bits`);
    parameters.expect(centerKind <= 2, `say center ${centerKind}`);
    parameters.expect(encoder !== undefined, 'name no encoder');
    parameters.expect(epsilon0 > 0 && epsilon0 <= 10, `say epsilon0 ${epsilon0}`);
    parameters.expect(
      padded % 8 === 0 && padded >= Math.max(leastPadded, dimensions) && padded <= maxDimensions + 1,
      `say ${padded} coordinates`,
    );
    const signs = payload.bytes(padded / 2);
    const center =
      centerKind === 0 ? undefined : centerKind === 1 ? payload.floats(dimensions) : ('each' as const);
    payload.end();
    if (center instanceof Float32Array && !(normOf(center) <= 2 ** 60))
      payload.fail('have a center too long');
    return new RabitqCodec(new Rotation(dimensions, signs), { bits, encoder, epsilon0 }, center);
  }

  #centerOf(operation: string, vector: Float32Array): Center {
    const own = copyOf(operation, vector);
    const norm = normOf(own);
    checkNorm(operation, 'center', norm);
    return { vector: own, rotated: this.rotation.apply(own), norm };
  }

  /** The centre of codes that are encoded without one being named. */
  #ownCenter(operation: string): Center | undefined {
    if (!this.#each) return this.#center;
    throw new QuantError(
      'ERR_QUANT_ARGUMENT',
      `${operation}: codes of this codec each have a centroid; use ${operation}Around`,
    );
  }

  #namedCenter(operation: string, centroid: Float32Array): Center {
    if (!this.#layout.centred) {
      throw new QuantError('ERR_QUANT_ARGUMENT', `${operation}: codes of this codec have no centre`);
    }
    checkVector(operation, 'centroid', centroid, this.dimensions);
    return this.#centerOf(operation, centroid);
  }

  /** The first arguments of the kernels' encode and decode. */
  #arguments(center: Center | undefined) {
    return [
      this.dimensions,
      this.bits,
      encoders.indexOf(this.encoder),
      this.rotation.signs,
      center?.rotated,
      center?.norm ?? 0,
    ] as const;
  }

  /** Throws for the first row that could not be encoded. */
  #checkEncoded(operation: string, vectors: Float32Array, encoded: number): void {
    if (encoded * this.dimensions === length(vectors)) return;
    const row = vectors.subarray(encoded * this.dimensions, (encoded + 1) * this.dimensions);
    const place = row.findIndex((each) => !Number.isFinite(each));
    throw new QuantError(
      'ERR_QUANT_VALUE',
      place < 0
        ? `${operation}: vectors must have norms of at most 2^60, got ${normOf(row)} in row ${encoded}`
        : `${operation}: vectors must be finite, got ${row[place]} in dimension ${place} of row ${encoded}`,
    );
  }

  #encode(
    operation: string,
    vectors: Float32Array,
    center: Center | undefined,
    out: Uint8Array | undefined,
  ): Uint8Array {
    checkArray(operation, 'vectors', vectors, 'Float32Array');
    const count = countRows(operation, 'vectors', vectors, this.dimensions);
    const codes = resultArray(operation, 'Uint8Array', count * this.codeBytes, out, [vectors]);
    const { encode } = kernelsOf('rabitq', typescriptRabitq);
    this.#checkEncoded(operation, vectors, encode(...this.#arguments(center), vectors, codes));
    return codes;
  }

  async #encodeAsync(
    operation: string,
    vectors: Float32Array,
    center: Center | undefined,
    options: (LongOptions & { readonly out?: Uint8Array }) | undefined,
  ): Promise<Uint8Array> {
    const told = readLongOptions(operation, options);
    checkArray(operation, 'vectors', vectors, 'Float32Array');
    const count = countRows(operation, 'vectors', vectors, this.dimensions);
    const target = longTarget(operation, 'Uint8Array', count * this.codeBytes, options?.out, [vectors]);
    const held = hold(operation, vectors);
    const args = [...this.#arguments(center), held, target.array] as const;
    const encoding = encodingOf(
      this.dimensions,
      this.bits,
      this.encoder,
      this.rotation.signs,
      center?.rotated,
      center?.norm ?? 0,
    );
    const encoded = await runLong<number>(
      operation,
      {
        thread: onThread<number>('rabitq', 'encode', args),
        slices: () => encodeRows(encoding, held, target.array),
      },
      count,
      told,
    );
    this.#checkEncoded(operation, held, encoded);
    return target.deliver();
  }

  encode(vectors: Float32Array, out?: Uint8Array): Uint8Array {
    return this.#encode('RabitqCodec.encode', vectors, this.#ownCenter('RabitqCodec.encode'), out);
  }

  async encodeAsync(
    vectors: Float32Array,
    options?: LongOptions & { readonly out?: Uint8Array },
  ): Promise<Uint8Array> {
    const operation = 'RabitqCodec.encodeAsync';
    return this.#encodeAsync(operation, vectors, this.#ownCenter(operation), options);
  }

  /**
   * {@link RabitqCodec.encode} relative to a centroid: that of an inverted file's list, or a graph's node. Scored by
   * `query(...).around(centroid)`.
   *
   * @param centroid of `dimensions` float32
   * @throws {QuantError} `ERR_QUANT_ARGUMENT` for a codec without a centre; as `encode`
   */
  encodeAround(vectors: Float32Array, centroid: Float32Array, out?: Uint8Array): Uint8Array {
    const operation = 'RabitqCodec.encodeAround';
    return this.#encode(operation, vectors, this.#namedCenter(operation, centroid), out);
  }

  /** {@link RabitqCodec.encodeAround} off the main thread. */
  async encodeAroundAsync(
    vectors: Float32Array,
    centroid: Float32Array,
    options?: LongOptions & { readonly out?: Uint8Array },
  ): Promise<Uint8Array> {
    const operation = 'RabitqCodec.encodeAroundAsync';
    return this.#encodeAsync(operation, vectors, this.#namedCenter(operation, centroid), options);
  }

  decode(codes: Uint8Array, out?: Float32Array): Float32Array {
    return this.#decode('RabitqCodec.decode', codes, this.#ownCenter('RabitqCodec.decode'), out);
  }

  /** {@link RabitqCodec.decode} of codes around a centroid. */
  decodeAround(codes: Uint8Array, centroid: Float32Array, out?: Float32Array): Float32Array {
    const operation = 'RabitqCodec.decodeAround';
    return this.#decode(operation, codes, this.#namedCenter(operation, centroid), out);
  }

  #decode(
    operation: string,
    codes: Uint8Array,
    center: Center | undefined,
    out: Float32Array | undefined,
  ): Float32Array {
    const count = this.#checkCodes(operation, codes);
    const vectors = resultArray(operation, 'Float32Array', count * this.dimensions, out, [codes]);
    kernelsOf('rabitq', typescriptRabitq).decode(...this.#arguments(center), codes, vectors);
    return vectors;
  }

  /** @throws {QuantError} `ERR_QUANT_CORRUPT` for a code whose factors no vector has */
  #checkCodes(operation: string, codes: Uint8Array): number {
    checkArray(operation, 'codes', codes, 'Uint8Array');
    const count = countRows(operation, 'codes', codes, this.codeBytes);
    const { signBytes, exBytes, factors, codeBytes } = this.#layout;
    const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
    for (let i = 0; i < count; i++) {
      for (let f = 0; f < factors; f++) {
        const value = view.getFloat32(i * codeBytes + signBytes + exBytes + 4 * f, true);
        if (Number.isFinite(value) && (value >= 0 || f > factor.residual)) continue;
        throw new QuantError(
          'ERR_QUANT_CORRUPT',
          `${operation}: factor ${f} of code ${i} is ${value}, which no vector has`,
        );
      }
    }
    return count;
  }

  residuals(codes: Uint8Array, out?: Float32Array): Float32Array {
    const operation = 'RabitqCodec.residuals';
    const count = this.#checkCodes(operation, codes);
    const residuals = resultArray(operation, 'Float32Array', count, out, [codes]);
    const { signBytes, exBytes, codeBytes } = this.#layout;
    const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
    for (let i = 0; i < count; i++) {
      residuals[i] = view.getFloat32(i * codeBytes + signBytes + exBytes + 4 * factor.residual, true);
    }
    return residuals;
  }

  query(vector: Float32Array, metric: QuantMetric): RabitqQuery {
    const codec: QueryCodec = {
      kind: this.kind,
      dimensions: this.dimensions,
      layout: this.#layout,
      signs: this.rotation.signs,
      epsilon0: this.epsilon0,
      fingerprint: this.#fingerprint(),
    };
    return RabitqQuery.prepare(codec, vector, metric, this.#center?.vector);
  }

  pack(codes: Uint8Array): Packed {
    const operation = 'RabitqCodec.pack';
    checkArray(operation, 'codes', codes, 'Uint8Array');
    const count = countRows(operation, 'codes', codes, this.codeBytes);
    const { n, bits, centred, blockBytes } = this.#layout;
    const bytes = alignedBytes(operation, Math.ceil(count / 32) * blockBytes);
    kernelsOf('rabitq', typescriptRabitq).pack(n, bits, centred ? 1 : 0, count, codes, bytes);
    const { kind, dimensions } = this;
    return new Packed({ kind, dimensions, count, blockBytes, fingerprint: this.#fingerprint(), bytes });
  }

  unpack(packed: Packed): Uint8Array {
    const operation = 'RabitqCodec.unpack';
    if (!(packed instanceof Packed)) {
      throw new QuantError('ERR_QUANT_TYPE', `${operation}: codes must be packed`);
    }
    const { n, bits, centred, blockBytes } = this.#layout;
    const count = checkPacked(operation, packed, this, blockBytes, this.#fingerprint());
    const codes = resultArray(operation, 'Uint8Array', count * this.codeBytes, undefined, []);
    kernelsOf('rabitq', typescriptRabitq).unpack(n, bits, centred ? 1 : 0, count, packed.bytes, codes);
    return codes;
  }

  serialize(): Uint8Array {
    return this.#serialize(this.encoder, this.epsilon0);
  }

  /** Codes do not tell how their scale was found, and bounds of any width may be asked for. */
  #fingerprint(): number {
    return fingerprintOf(this, () => this.#serialize('refined', 1.9));
  }

  #serialize(encoder: RabitqEncoder, epsilon0: number): Uint8Array {
    const centerKind = this.#each ? 2 : this.#center === undefined ? 0 : 1;
    const parameters = new Writer()
      .u8(this.bits)
      .u8(centerKind)
      .u8(encoders.indexOf(encoder))
      .u32(this.rotation.padded)
      .f64(epsilon0);
    const payload = new Writer().bytes(this.rotation.signs);
    if (this.#center !== undefined) payload.floats(this.#center.vector);
    return seal(this.kind, this.dimensions, parameters.done(), payload.done());
  }
}
