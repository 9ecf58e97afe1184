/** Rows in the binary format of COPY, and values in the formats of queries. */

/** PGCOPY\n\377\r\n\0, no flags, no header extension (PostgreSQL documentation, COPY, "Binary Format"). */
const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
const TRAILER = Buffer.from([0xff, 0xff]);

type Write = (chunk: Buffer, offset: number, row: number) => number;

/** Cuts the rows into buffers of about a megabyte, each made when it is asked for. */
function* encodeRows(rows: number, bytesPerRow: (row: number) => number, write: Write): Generator<Buffer> {
  yield HEADER;
  for (let row = 0; row < rows; ) {
    let end = row;
    let size = 0;
    while (end < rows && size < 2 ** 20) size += bytesPerRow(end++);
    const chunk = Buffer.allocUnsafe(size);
    let offset = 0;
    for (; row < end; row++) offset = write(chunk, offset, row);
    yield chunk;
  }
  yield TRAILER;
}

/** Two fields; the id; the length of the second. */
function writeRowHead(chunk: Buffer, start: number, id: number, length: number): number {
  let offset = chunk.writeInt16BE(2, start);
  offset = chunk.writeInt32BE(4, offset);
  offset = chunk.writeInt32BE(id, offset);
  return chunk.writeInt32BE(length, offset);
}

const ROW_HEAD_BYTES = 14;

/** int16 dimensions, int16 zero, float4 values, as `vector_recv` reads them. */
function writeVector(chunk: Buffer, start: number, vector: Float32Array): number {
  let offset = chunk.writeInt16BE(vector.length, start);
  offset = chunk.writeInt16BE(0, offset);
  for (let i = 0; i < vector.length; i++) offset = chunk.writeFloatBE(vector[i] as number, offset);
  return offset;
}

/** Rows `(id integer, v vector)`; ids count from `firstId`. */
export function encodeVectors(values: Float32Array, dimensions: number, firstId = 0): Generator<Buffer> {
  const length = 4 + 4 * dimensions;
  return encodeRows(
    values.length / dimensions,
    () => ROW_HEAD_BYTES + length,
    (chunk, start, row) =>
      writeVector(
        chunk,
        writeRowHead(chunk, start, firstId + row, length),
        values.subarray(row * dimensions, (row + 1) * dimensions),
      ),
  );
}

/** Rows `(id integer, t text)`, ids from 0; the texts are ASCII. */
export function encodeTexts(texts: readonly string[]): Generator<Buffer> {
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

/** The binary form of a vector as a parameter of a query; node-postgres sends a Buffer as it is, in binary. */
export function vectorParameter(vector: Float32Array): Buffer {
  const bytes = Buffer.allocUnsafe(4 + 4 * vector.length);
  writeVector(bytes, 0, vector);
  return bytes;
}
