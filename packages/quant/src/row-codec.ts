/** What the codecs share whose codes are dimensions side by side: scalar codes, half floats and binary codes. */
import { alignedBytes, onThread } from './backend/current.js';
import type { Families } from './backend/types.js';
import { packRows, packWords, unpackRows, unpackWords } from './blocks.js';
import {
  checkArray,
  checkFinite,
  checkOptions,
  checkVector,
  checkWord,
  copyOf,
  countRows,
  length,
  newArray,
  plain,
  resultArray,
} from './check.js';
import {
  type BoundOptions,
  type Codec,
  type CodecKind,
  metrics,
  type QuantMetric,
  type QuantQuery,
  type Rerank,
  type TopKResult,
} from './codec.js';
import { QuantError } from './errors.js';
import { hold, type LongOptions, longTarget, readLongOptions, runLong } from './long.js';
import { blockRows, checkPacked, fingerprintOf, Packed } from './packed.js';
import { topKOf } from './topk.js';

/** Scores as many codes as there are estimates; `packed` is 1 for blocks. */
export type Score = (
  codes: Uint8Array,
  packed: 0 | 1,
  estimates: Float32Array,
  bounds: Float32Array | undefined,
) => void;

/** The `k` best estimates of `count` codes, as `topKOf` orders them; k is no larger than `count`. */
export type FindBest = (
  codes: Uint8Array,
  packed: 0 | 1,
  count: number,
  k: number,
) => { indices: Uint32Array; scores: Float32Array };

/** Rows that are encoded between two looks at the time, in bytes of vectors. */
const sliceBytes = 256 * 1024;

/** An encoder's functions: at once, and on a thread where the addon is. */
export interface Encoder {
  /** How many rows were encoded. */
  readonly encode: (vectors: Float32Array, codes: Uint8Array) => number;
  readonly family: keyof Families;
  /** The arguments before the two of `encode`. */
  readonly args: readonly unknown[];
}

/** What a codec is to its queries. */
export interface RowFormat {
  readonly kind: CodecKind;
  readonly dimensions: number;
  readonly codeBytes: number;
}

export abstract class RowCodec implements Codec {
  abstract readonly kind: CodecKind;
  abstract readonly dimensions: number;
  abstract readonly codeBytes: number;
  /** Bytes of a code before its factors. */
  protected abstract readonly payloadBytes: number;
  /** Whether packed blocks interleave words, else rows. */
  protected abstract readonly interleavesWords: boolean;
  /** Codes begin at a multiple of so many bytes for the kernels. */
  protected abstract readonly alignment: 1 | 2;
  protected abstract encoder(): Encoder;
  protected abstract decodeInto(codes: Uint8Array, out: Float32Array): void;
  /** Why a row of finite numbers has no code; continues "row 3 ...". */
  protected abstract whyNone(row: Float32Array): string;

  abstract query(vector: Float32Array, metric: QuantMetric): QuantQuery;
  abstract serialize(): Uint8Array;

  /** The memory itself where it is aligned, else other memory of that size. */
  #aligned(bytes: Uint8Array): Uint8Array {
    return bytes.byteOffset % this.alignment === 0 ? bytes : new Uint8Array(length(bytes));
  }

  /** Codes for the kernels: a copy where they are not aligned. */
  #read(operation: string, codes: Uint8Array): Uint8Array {
    return codes.byteOffset % this.alignment === 0 ? codes : copyOf(operation, codes);
  }

  /** @throws {QuantError} `ERR_QUANT_VALUE` where not all rows have codes */
  #checkEncoded(operation: string, vectors: Float32Array, encoded: number, count: number): void {
    if (encoded === count) return;
    const { dimensions } = this;
    checkFinite(operation, 'vectors', vectors, dimensions);
    const row = vectors.subarray(encoded * dimensions, (encoded + 1) * dimensions);
    throw new QuantError('ERR_QUANT_VALUE', `${operation}: row ${encoded} ${this.whyNone(row)}`);
  }

  encode(vectors: Float32Array, out?: Uint8Array): Uint8Array {
    const operation = `${this.kind}.encode`;
    checkArray(operation, 'vectors', vectors, 'Float32Array');
    const rows = plain(vectors);
    const count = countRows(operation, 'vectors', rows, this.dimensions);
    const result = resultArray(operation, 'Uint8Array', count * this.codeBytes, out, [rows]);
    const place = this.#aligned(result);
    this.#checkEncoded(operation, rows, this.encoder().encode(rows, place), count);
    if (place !== result) result.set(place);
    return result;
  }

  async encodeAsync(
    vectors: Float32Array,
    options?: LongOptions & { readonly out?: Uint8Array },
  ): Promise<Uint8Array> {
    const operation = `${this.kind}.encodeAsync`;
    const told = readLongOptions(operation, options);
    const out = options?.out;
    checkArray(operation, 'vectors', vectors, 'Float32Array');
    const count = countRows(operation, 'vectors', vectors, this.dimensions);
    const target = longTarget(operation, 'Uint8Array', count * this.codeBytes, out, [vectors]);
    const rows = hold(operation, vectors);
    const place = this.#aligned(target.array);
    const { encode, family, args } = this.encoder();
    const { dimensions, codeBytes } = this;
    function* slices(): Generator<number, number> {
      const some = Math.max(1, Math.floor(sliceBytes / (4 * dimensions)));
      for (let r = 0; r < count; r += some) {
        const end = Math.min(count, r + some);
        const good = encode(
          rows.subarray(r * dimensions, end * dimensions),
          place.subarray(r * codeBytes, end * codeBytes),
        );
        if (good < end - r) return r + good;
        yield end;
      }
      return count;
    }
    const thread = onThread<number>(family, 'encode', [...args, rows, place]);
    const encoded = await runLong(operation, { thread, slices }, count, told);
    this.#checkEncoded(operation, rows, encoded, count);
    if (place !== target.array) target.array.set(place);
    return target.deliver();
  }

  decode(codes: Uint8Array, out?: Float32Array): Float32Array {
    const operation = `${this.kind}.decode`;
    const { rows, count } = this.#codes(operation, codes);
    const result = resultArray(operation, 'Float32Array', count * this.dimensions, out, [rows]);
    this.decodeInto(this.#read(operation, rows), result);
    return result;
  }

  residuals(codes: Uint8Array, out?: Float32Array): Float32Array {
    const operation = `${this.kind}.residuals`;
    const { rows, count } = this.#codes(operation, codes);
    const result = resultArray(operation, 'Float32Array', count, out, [rows]);
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    // The last factor, of all kinds.
    for (let r = 0; r < count; r++) result[r] = view.getFloat32((r + 1) * this.codeBytes - 4, true);
    return result;
  }

  /** @throws {QuantError} `ERR_QUANT_TYPE`, `_DETACHED`, `_LENGTH`; `_CORRUPT` where a factor is no number */
  #codes(operation: string, codes: Uint8Array): { rows: Uint8Array; count: number } {
    checkArray(operation, 'codes', codes, 'Uint8Array');
    const rows = plain(codes);
    const count = countRows(operation, 'codes', rows, this.codeBytes);
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    for (let r = 0; r < count; r++) {
      for (let at = r * this.codeBytes + this.payloadBytes; at < (r + 1) * this.codeBytes; at += 4) {
        if (Number.isFinite(view.getFloat32(at, true))) continue;
        throw new QuantError(
          'ERR_QUANT_CORRUPT',
          `${operation}: code ${r} has a factor that is ${view.getFloat32(at, true)}: it is of no vector`,
        );
      }
    }
    return { rows, count };
  }

  pack(codes: Uint8Array): Packed {
    const operation = `${this.kind}.pack`;
    checkArray(operation, 'codes', codes, 'Uint8Array');
    const rows = plain(codes);
    const count = countRows(operation, 'codes', rows, this.codeBytes);
    const blockBytes = blockRows * this.codeBytes;
    const blocks = Math.ceil(count / blockRows);
    const bytes = alignedBytes(operation, blocks * blockBytes);
    if (this.interleavesWords) packWords(rows, this.codeBytes, bytes);
    else packRows(rows, this.codeBytes, this.payloadBytes, bytes);
    const { kind, dimensions } = this;
    return new Packed({ kind, dimensions, count, blockBytes, fingerprint: this.fingerprint(), bytes });
  }

  unpack(packed: Packed): Uint8Array {
    const operation = `${this.kind}.unpack`;
    const count = this.checkBlocks(operation, packed);
    const codes = resultArray(operation, 'Uint8Array', count * this.codeBytes, undefined, []);
    const { bytes } = packed;
    if (this.interleavesWords) unpackWords(bytes, this.codeBytes, count, codes);
    else unpackRows(bytes, this.codeBytes, this.payloadBytes, count, codes);
    return codes;
  }

  protected fingerprint(): number {
    return fingerprintOf(this, () => this.serialize());
  }

  /** How many codes blocks of this codec have. */
  protected checkBlocks(operation: string, packed: unknown): number {
    if (packed instanceof Packed) {
      return checkPacked(operation, packed, this, blockRows * this.codeBytes, this.fingerprint());
    }
    throw new QuantError('ERR_QUANT_TYPE', `${operation}: codes must be what pack() returns`);
  }

  /** A query's vector, copied. */
  protected checkQuery(vector: Float32Array, metric: QuantMetric): Float32Array {
    const operation = `${this.kind}.query`;
    checkVector(operation, 'vector', vector, this.dimensions);
    checkWord(operation, 'metric', metric, metrics);
    return copyOf(operation, vector);
  }

  /**
   * A query that scores codes of this codec.
   *
   * @param narrow the same with estimates whose bounds are narrowest, where those are others
   * @param best finds the best of `score`, where they can be had without the rest
   */
  protected queryOf(
    vector: Float32Array,
    metric: QuantMetric,
    score: Score,
    narrow = score,
    best?: FindBest,
  ): QuantQuery {
    const operation = (name: string) => `${this.kind}.query.${name}`;
    const { codeBytes } = this;
    /** Codes as kernels take them. */
    const read = (name: string, codes: Uint8Array | Packed) => {
      if (codes instanceof Packed) {
        const count = this.checkBlocks(operation(name), codes);
        return { bytes: plain(codes.bytes), count, packed: 1 as const };
      }
      checkArray(operation(name), 'codes', codes, 'Uint8Array');
      const bytes = plain(codes);
      return { bytes, count: countRows(operation(name), 'codes', bytes, codeBytes), packed: 0 as const };
    };
    const aligned = (name: string, bytes: Uint8Array) => this.#read(operation(name), bytes);
    return Object.freeze({
      metric,
      estimate(codes: Uint8Array | Packed, out?: Float32Array): Float32Array {
        const { bytes, count, packed } = read('estimate', codes);
        const result = resultArray(operation('estimate'), 'Float32Array', count, out, [bytes]);
        score(aligned('estimate', bytes), packed, result, undefined);
        return result;
      },
      bounds(codes: Uint8Array | Packed, out?: Float32Array, options?: BoundOptions): Float32Array {
        checkOptions(operation('bounds'), options);
        const { bytes, count, packed } = read('bounds', codes);
        const result = resultArray(operation('bounds'), 'Float32Array', count, out, [bytes]);
        score(aligned('bounds', bytes), packed, new Float32Array(count), result);
        return result;
      },
      topK(codes: Uint8Array | Packed, k: number, options?: { readonly rerank?: Rerank }): TopKResult {
        const { bytes, count, packed } = read('topK', codes);
        const ready = aligned('topK', bytes);
        // What is reranked by its bounds is ordered by them, and scored exactly.
        const rated = options?.rerank?.count === 'bound' ? narrow : score;
        let all: Float32Array | undefined;
        const estimatesOf = () => {
          const result = newArray(operation('topK'), 'Float32Array', count);
          rated(ready, packed, result, undefined);
          return result;
        };
        const scored = {
          count,
          get estimates() {
            all ??= estimatesOf();
            return all;
          },
          bounds: () => {
            const result = newArray(operation('topK'), 'Float32Array', count);
            rated(ready, packed, new Float32Array(count), result);
            return result;
          },
          ...(best && { best: (most: number) => best(ready, packed, count, most) }),
        };
        return topKOf(operation('topK'), vector, metric, scored, k, options);
      },
    });
  }
}
