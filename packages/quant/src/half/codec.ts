/** Half floats as codes, with what rounding lost: doc/scalar.md, "Half floats". */
import { kernelsOf } from '../backend/current.js';
import { checkDimensions, checkOptions } from '../check.js';
import type { CodecKind, QuantMetric, QuantQuery } from '../codec.js';
import { type Encoder, RowCodec } from '../row-codec.js';
import { metricNumbers } from '../scalar/estimate.js';
import { type Sections, seal } from '../serialize.js';
import { type HalfType, halfPayload, typescriptHalf } from './kernels.js';

const nothing = new Uint8Array(0);

/** What half floats are made with. */
export interface HalfOptions {
  /** 1 to 65,535. */
  readonly dimensions: number;
}

abstract class HalfCodec extends RowCodec {
  readonly dimensions: number;
  readonly codeBytes: number;
  protected readonly payloadBytes: number;
  protected readonly interleavesWords = false;
  protected readonly alignment = 2;
  readonly #type: HalfType;

  protected constructor(operation: string, type: HalfType, dimensions: unknown) {
    super();
    checkDimensions(operation, dimensions);
    this.#type = type;
    this.dimensions = dimensions;
    this.payloadBytes = halfPayload(dimensions);
    this.codeBytes = this.payloadBytes + 8;
  }

  protected encoder(): Encoder {
    const { encode } = kernelsOf('half', typescriptHalf);
    const args = [this.dimensions, this.#type] as const;
    return { encode: (vectors, codes) => encode(...args, vectors, codes), family: 'half', args };
  }

  protected decodeInto(codes: Uint8Array, out: Float32Array): void {
    kernelsOf('half', typescriptHalf).decode(this.dimensions, this.#type, codes, out);
  }

  /** The least number that rounds to infinity. */
  protected abstract readonly limit: number;

  protected whyNone(row: Float32Array): string {
    const place = row.findIndex((x) => Math.abs(x) >= this.limit);
    if (place === -1) return 'is too large: its norm is no float32';
    return `has ${row[place]} in dimension ${place}, and ${this.kind} ends below ${this.limit}`;
  }

  query(vector: Float32Array, metric: QuantMetric): QuantQuery {
    const own = this.checkQuery(vector, metric);
    const { estimate } = kernelsOf('half', typescriptHalf);
    const [n, type, number] = [this.dimensions, this.#type, metricNumbers[metric]];
    return this.queryOf(own, metric, (codes, packed, estimates, bounds) =>
      estimate(n, type, own, number, codes, packed, estimates, bounds),
    );
  }

  serialize(): Uint8Array {
    return seal(this.kind, this.dimensions, nothing, nothing);
  }
}

/** A codec of half floats has no parameters but its dimensions. */
function readDimensions({ dimensions, parameters, payload }: Sections): HalfOptions {
  parameters.end();
  payload.end();
  return { dimensions };
}

/**
 * IEEE 754 binary16: 11 bits of precision, up to 65,504. A code has 2 bytes a dimension, filled up to a multiple of 4, and
 * 8 bytes of factors.
 *
 * @example
 * const codec = Float16Codec.create({ dimensions: 2 });
 * codec.decode(codec.encode(Float32Array.of(1, 0.1))); // Float32Array(2) [ 1, 0.0999755859375 ]
 */
export class Float16Codec extends HalfCodec {
  readonly kind: CodecKind = 'float16';
  protected readonly limit = 65520;

  private constructor(dimensions: unknown) {
    super('Float16Codec.create', 0, dimensions);
    Object.freeze(this);
  }

  /**
   * Vectors with a value of 65,520 or more, either sign, have no code: `encode` throws `ERR_QUANT_VALUE`.
   *
   * @throws {QuantError} `ERR_QUANT_DIMENSIONS`, `_ARGUMENT`
   */
  static create(options: HalfOptions): Float16Codec {
    return new Float16Codec(checkOptions('Float16Codec.create', options).dimensions);
  }

  /** @internal */
  static read(sections: Sections): Float16Codec {
    return Float16Codec.create(readDimensions(sections));
  }
}

/**
 * The upper half of a float32: 8 bits of precision, and its range. A code has 2 bytes a dimension, filled up to a multiple
 * of 4, and 8 bytes of factors.
 *
 * @example
 * const codec = Bfloat16Codec.create({ dimensions: 2 });
 * codec.decode(codec.encode(Float32Array.of(1e30, 0.1))); // Float32Array(2) [ 1.0002555517425873e+30, 0.10009765625 ]
 */
export class Bfloat16Codec extends HalfCodec {
  readonly kind: CodecKind = 'bfloat16';
  protected readonly limit = 2 ** 128 - 2 ** 119;

  private constructor(dimensions: unknown) {
    super('Bfloat16Codec.create', 1, dimensions);
    Object.freeze(this);
  }

  /** @throws {QuantError} `ERR_QUANT_DIMENSIONS`, `_ARGUMENT` */
  static create(options: HalfOptions): Bfloat16Codec {
    return new Bfloat16Codec(checkOptions('Bfloat16Codec.create', options).dimensions);
  }

  /** @internal */
  static read(sections: Sections): Bfloat16Codec {
    return Bfloat16Codec.create(readDimensions(sections));
  }
}
