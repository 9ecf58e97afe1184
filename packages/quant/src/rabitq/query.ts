/** A query of RaBitQ codes. */
import { alignedBytes, kernelsOf } from '../backend/current.js';
import {
  checkArray,
  checkOptions,
  checkVector,
  checkWord,
  copyOf,
  countRows,
  newArray,
  resultArray,
} from '../check.js';
import {
  type BoundOptions,
  metrics,
  type QuantMetric,
  type QuantQuery,
  type Rerank,
  type TopKResult,
} from '../codec.js';
import { QuantError } from '../errors.js';
import { checkPacked, Packed } from '../packed.js';
import { typescriptRotation } from '../rotation/kernels.js';
import { topKOf } from '../topk.js';
import { typescriptRabitq } from './kernels.js';
import { type Layout, levelsOf, maxNorm, planeBytes, tableBytes } from './layout.js';
import { aimNumbers, metricNumbers, queryNumbers } from './prepare.js';
import { shapes } from './score.js';

/** What of a codec its queries need. */
export interface QueryCodec {
  readonly kind: 'rabitq';
  readonly dimensions: number;
  readonly layout: Layout;
  readonly signs: Uint8Array;
  readonly epsilon0: number;
  readonly fingerprint: number;
}

/** The bound of values by signs in `topK`: P(|Z| > 6) = 2.0e-9 for a normal Z. */
const firstEpsilon = 6;

/** Length in float64. */
export function normOf(x: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * x[i];
  return Math.sqrt(sum);
}

/** @throws {QuantError} `ERR_QUANT_VALUE` */
export function checkNorm(operation: string, name: string, norm: number): void {
  if (norm <= maxNorm) return;
  throw new QuantError(
    'ERR_QUANT_VALUE',
    `${operation}: ${name} must have a norm of at most 2^60, got ${norm}`,
  );
}

/** A rotated and quantised vector, whatever it aims at. */
interface Prepared {
  readonly vector: Float32Array;
  readonly norm: number;
  readonly planes: Int8Array;
  readonly tables: Uint8Array;
  readonly numbers: Float64Array;
}

function prepare(operation: string, codec: QueryCodec, vector: Float32Array): Prepared {
  const { n, bits, centred } = codec.layout;
  const levels = levelsOf(bits);
  const own = copyOf(operation, vector);
  const norm = normOf(own);
  checkNorm(operation, 'vector', norm);
  const z = new Float32Array(n);
  kernelsOf('rotation', typescriptRotation).rotate(n, codec.signs, own, codec.dimensions, z);
  const prepared = {
    vector: own,
    norm,
    planes: new Int8Array(levels * planeBytes(n)),
    tables: alignedBytes(operation, levels * tableBytes(n)),
    numbers: new Float64Array(queryNumbers.count),
  };
  const { prepare: quantise } = kernelsOf('rabitq', typescriptRabitq);
  quantise(n, bits, centred ? 1 : 0, z, prepared.planes, prepared.tables, prepared.numbers);
  return prepared;
}

/**
 * A query prepared for codes of one codec: its quantised vector, and tables for packed blocks.
 *
 * Values are the same to the bit for row-major codes and packed ones, on every machine.
 */
export class RabitqQuery implements QuantQuery {
  readonly metric: QuantMetric;
  readonly #codec: QueryCodec;
  readonly #prepared: Prepared;
  readonly #center: Float32Array | undefined;
  /** By epsilon: that of the codec, and 0 for a proof. */
  readonly #aims = new Map<number, Float64Array>();

  private constructor(
    codec: QueryCodec,
    metric: QuantMetric,
    prepared: Prepared,
    center: Float32Array | undefined,
  ) {
    this.metric = metric;
    this.#codec = codec;
    this.#prepared = prepared;
    this.#center = center;
  }

  /** @internal Made by `RabitqCodec.query`. */
  static prepare(
    codec: QueryCodec,
    vector: Float32Array,
    metric: QuantMetric,
    center: Float32Array | undefined,
  ): RabitqQuery {
    const operation = 'RabitqCodec.query';
    checkVector(operation, 'vector', vector, codec.dimensions);
    checkWord(operation, 'metric', metric, metrics);
    return new RabitqQuery(codec, metric, prepare(operation, codec, vector), center);
  }

  /**
   * The same query for codes around a centroid, those of `RabitqCodec.encodeAround`: for a list of an inverted file, or
   * the neighbours of a node. Nothing is rotated or quantised again, so this takes O(dimensions).
   *
   * @param centroid the very vector that the codes were encoded around
   * @throws {QuantError} `ERR_QUANT_ARGUMENT` for a codec without centroids; `_DIMENSIONS`, `_VALUE`
   */
  around(centroid: Float32Array): RabitqQuery {
    const operation = 'RabitqQuery.around';
    if (!this.#codec.layout.centred) {
      throw new QuantError('ERR_QUANT_ARGUMENT', `${operation}: codes of this codec have no centre`);
    }
    checkVector(operation, 'centroid', centroid, this.#codec.dimensions);
    return new RabitqQuery(this.#codec, this.metric, this.#prepared, copyOf(operation, centroid));
  }

  /** @returns struct rv_rabitq_aim */
  #aim(operation: string, epsilon: number): Float64Array {
    const known = this.#aims.get(epsilon);
    if (known !== undefined) return known;
    const { layout } = this.#codec;
    const { vector, norm, numbers } = this.#prepared;
    const center = this.#center;
    if (layout.centred && center === undefined) {
      throw new QuantError(
        'ERR_QUANT_ARGUMENT',
        `${operation}: codes of this codec each have a centroid; name it: query.around(centroid)`,
      );
    }
    let offset2 = norm * norm;
    let inner = 0;
    if (center !== undefined) {
      offset2 = 0;
      for (let i = 0; i < vector.length; i++) {
        const difference = vector[i] - center[i];
        offset2 += difference * difference;
        inner += vector[i] * center[i];
      }
    }
    const centerNorm = center === undefined ? 0 : normOf(center);
    checkNorm(operation, 'centroid', centerNorm);
    const aim = new Float64Array(aimNumbers.count);
    kernelsOf('rabitq', typescriptRabitq).aim(
      layout.n,
      layout.bits,
      layout.centred ? 1 : 0,
      numbers,
      metricNumbers[this.metric],
      offset2,
      inner,
      norm,
      centerNorm,
      epsilon,
      aim,
    );
    this.#aims.set(epsilon, aim);
    return aim;
  }

  #count(operation: string, codes: Uint8Array | Packed): number {
    const { layout, fingerprint } = this.#codec;
    if (codes instanceof Packed)
      return checkPacked(operation, codes, this.#codec, layout.blockBytes, fingerprint);
    checkArray(operation, 'codes', codes, 'Uint8Array');
    return countRows(operation, 'codes', codes, layout.codeBytes);
  }

  #score(
    operation: string,
    codes: Uint8Array | Packed,
    count: number,
    values: Float32Array,
    bounds: Float32Array | undefined,
    epsilon: number,
    bySigns = false,
  ): void {
    const { layout } = this.#codec;
    const { planes, tables, numbers } = this.#prepared;
    const aim = this.#aim(operation, epsilon);
    const shape = bySigns ? shapes.signs : codes instanceof Packed ? shapes.blocks : shapes.rows;
    kernelsOf('rabitq', typescriptRabitq).score(
      layout.n,
      layout.bits,
      layout.centred ? 1 : 0,
      planes,
      tables,
      numbers,
      aim,
      shape,
      codes instanceof Packed ? codes.bytes : codes,
      count,
      values,
      bounds,
    );
  }

  estimate(codes: Uint8Array | Packed, out?: Float32Array): Float32Array {
    const operation = 'RabitqQuery.estimate';
    const count = this.#count(operation, codes);
    const bytes = codes instanceof Packed ? codes.bytes : codes;
    const values = resultArray(operation, 'Float32Array', count, out, [bytes]);
    this.#score(operation, codes, count, values, undefined, this.#codec.epsilon0);
    return values;
  }

  /**
   * Estimates by the signs alone, as a codec of one bit would give them: for codes of more bits a first look at a
   * fraction of the cost.
   */
  estimateBySigns(codes: Packed, out?: Float32Array): Float32Array {
    const operation = 'RabitqQuery.estimateBySigns';
    if (!(codes instanceof Packed)) {
      throw new QuantError('ERR_QUANT_TYPE', `${operation}: codes must be packed`);
    }
    const count = this.#count(operation, codes);
    const values = resultArray(operation, 'Float32Array', count, out, [codes.bytes]);
    this.#score(operation, codes, count, values, undefined, this.#codec.epsilon0, true);
    return values;
  }

  /**
   * How far an estimate may be from the true value. With the codec's epsilon0 that holds with a probability over the
   * random rotation, 94.3 % at 1.9 for vectors that do not depend on it (doc/rabitq.md); with `proof` always.
   */
  bounds(codes: Uint8Array | Packed, out?: Float32Array, options?: BoundOptions): Float32Array {
    const operation = 'RabitqQuery.bounds';
    const { proof } = checkOptions(operation, options);
    const count = this.#count(operation, codes);
    const bytes = codes instanceof Packed ? codes.bytes : codes;
    const bounds = resultArray(operation, 'Float32Array', count, out, [bytes]);
    const values = newArray(operation, 'Float32Array', count);
    this.#score(operation, codes, count, values, bounds, proof === true ? 0 : this.#codec.epsilon0);
    return bounds;
  }

  /**
   * The k best codes, as `QuantQuery` says.
   *
   * Of packed codes of more than one bit the signs are looked at first, and the rest of those codes alone that may be
   * among the best by a bound of six standard deviations. That bound fails for one code in 500 million
   * that does not depend on the rotation; where it fails for one of the best, that one is missed. With `whole`, and
   * with a rerank by bounds, every code is estimated from all of its bits.
   */
  topK(
    codes: Uint8Array | Packed,
    k: number,
    options?: { readonly rerank?: Rerank; readonly whole?: boolean },
  ): TopKResult {
    const operation = 'RabitqQuery.topK';
    const count = this.#count(operation, codes);
    const { epsilon0, layout } = this.#codec;
    const { whole } = checkOptions(operation, options);
    let all: Float32Array | undefined;
    const estimate = () => {
      const estimates = newArray(operation, 'Float32Array', count);
      this.#score(operation, codes, count, estimates, undefined, epsilon0);
      return estimates;
    };
    const scored = {
      count,
      get estimates() {
        all ??= estimate();
        return all;
      },
      bounds: (proof: boolean) => {
        const result = newArray(operation, 'Float32Array', count);
        this.#score(operation, codes, count, new Float32Array(count), result, proof ? 0 : epsilon0);
        return result;
      },
      ...(codes instanceof Packed && layout.bits > 1 && whole !== true
        ? { best: (most: number) => this.#best(operation, codes, count, most) }
        : {}),
    };
    return topKOf(operation, this.#prepared.vector, this.metric, scored, k, options);
  }

  #best(operation: string, codes: Packed, count: number, most: number) {
    const { layout, epsilon0 } = this.#codec;
    const { planes, tables, numbers } = this.#prepared;
    const indices = newArray(operation, 'Uint32Array', most);
    const scores = newArray(operation, 'Float32Array', most);
    kernelsOf('rabitq', typescriptRabitq).best(
      layout.n,
      layout.bits,
      layout.centred ? 1 : 0,
      planes,
      tables,
      numbers,
      this.#aim(operation, epsilon0),
      this.#aim(operation, firstEpsilon),
      metricNumbers[this.metric],
      codes.bytes,
      count,
      indices,
      scores,
    );
    return { indices, scores };
  }
}
