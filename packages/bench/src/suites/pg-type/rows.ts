/** Rows for the tables, and their form in COPY's binary format. */
import { Random } from '../../random.js';

const SEED = 20_240_823;

/** PGCOPY\n\377\r\n\0, no flags, no header extension (PostgreSQL documentation, COPY, "Binary Format"). */
const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
const TRAILER = Buffer.from([0xff, 0xff]);

/** Kinds of numbers, as they reach a database. */
export type ValueKind =
  /** Normal float32 values. */
  | 'floats'
  /** 0 to 255, as in SIFT descriptors. */
  | 'integers';

/** Row-major values, the same for the same arguments. */
export function makeValues(kind: ValueKind, rows: number, dimensions: number): Float32Array {
  const random = new Random(SEED + dimensions);
  const values = new Float32Array(rows * dimensions);
  if (kind === 'floats') return random.fillNormal(values);
  return values.map(() => random.bits() >>> 24);
}

/** Kinds of text that clients send for a vector. */
export type TextKind =
  /** Eight significant digits, as from float32 values printed by C, Go or a JSON API. */
  | '8-digit floats'
  /** The shortest text of a double, 16 or 17 digits mostly: Python's `str(list)`, JavaScript's `JSON.stringify`. */
  | '17-digit doubles'
  /** 0 to 255. */
  | 'integers';

/** One text per row, like `[0.12345678,...]`. */
export function makeTexts(kind: TextKind, rows: number, dimensions: number): string[] {
  const random = new Random(SEED + dimensions);
  const number: Readonly<Record<TextKind, () => string>> = {
    '8-digit floats': () => random.normal().toPrecision(8),
    '17-digit doubles': () => String(random.normal()),
    integers: () => String(random.bits() >>> 24),
  };
  const next = number[kind];
  return Array.from({ length: rows }, () => `[${Array.from({ length: dimensions }, next).join(',')}]`);
}

/** Cuts the rows into buffers of about a megabyte. */
function encodeRows(rows: number, bytesPerRow: (row: number) => number, write: Write): Buffer[] {
  const chunks: Buffer[] = [HEADER];
  for (let row = 0; row < rows; ) {
    let end = row;
    let size = 0;
    while (end < rows && size < 2 ** 20) size += bytesPerRow(end++);
    const chunk = Buffer.allocUnsafe(size);
    let offset = 0;
    for (; row < end; row++) offset = write(chunk, offset, row);
    chunks.push(chunk);
  }
  chunks.push(TRAILER);
  return chunks;
}

type Write = (chunk: Buffer, offset: number, row: number) => number;

/** Two fields; `id`, which counts from 0; the length of the second. */
function writeRowHead(chunk: Buffer, start: number, row: number, length: number): number {
  let offset = chunk.writeInt16BE(2, start);
  offset = chunk.writeInt32BE(4, offset);
  offset = chunk.writeInt32BE(row, offset);
  return chunk.writeInt32BE(length, offset);
}

const ROW_HEAD_BYTES = 14;

/** Rows `(id integer, v vector)`: int16 dimensions, int16 zero, float4 values, as `vector_recv` reads them. */
export function encodeVectors(values: Float32Array, dimensions: number): Buffer[] {
  const length = 4 + 4 * dimensions;
  return encodeRows(
    values.length / dimensions,
    () => ROW_HEAD_BYTES + length,
    (chunk, start, row) => {
      let offset = writeRowHead(chunk, start, row, length);
      offset = chunk.writeInt16BE(dimensions, offset);
      offset = chunk.writeInt16BE(0, offset);
      for (let i = 0; i < dimensions; i++)
        offset = chunk.writeFloatBE(values[row * dimensions + i] as number, offset);
      return offset;
    },
  );
}

/** Rows `(id integer, t text)`; the texts are ASCII. */
export function encodeTexts(texts: readonly string[]): Buffer[] {
  const textOf = (row: number): string => texts[row] as string;
  return encodeRows(
    texts.length,
    (row) => ROW_HEAD_BYTES + textOf(row).length,
    (chunk, start, row) => {
      const offset = writeRowHead(chunk, start, row, textOf(row).length);
      return offset + chunk.write(textOf(row), offset, 'latin1');
    },
  );
}

/** The text form of a vector; JavaScript's shortest double of a float32 reads back as the same float32. */
export function vectorText(values: Float32Array): string {
  return `[${values.join(',')}]`;
}
