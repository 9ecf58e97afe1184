/**
 * Binary forms that PostgreSQL reads: rows of `COPY ... (FORMAT binary)` (PostgreSQL documentation, COPY,
 * "Binary Format") and the vector type's own binary form: int16 dimensions, int16 zero, then float4s, all
 * big-endian.
 */
import { vectorOf, type WordVectors } from './dataset/source.js';

/** "PGCOPY\n\377\r\n\0", int32 flags, int32 length of the header extension. */
const COPY_HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const COPY_TRAILER = Buffer.from([0xff, 0xff]);
const BATCH_BYTES = 1 << 18;
/** id, word and embedding */
const FIELDS = 3;

/** A vector as a binary query parameter, `4 + 4 * dimensions` bytes. */
export function encodeVector(vector: Float32Array): Buffer {
  const bytes = Buffer.allocUnsafe(4 + 4 * vector.length);
  writeVector(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, vector);
  return bytes;
}

function writeVector(view: DataView, at: number, vector: Float32Array): void {
  view.setInt16(at, vector.length);
  view.setInt16(at + 2, 0);
  for (let i = 0; i < vector.length; i++) view.setFloat32(at + 4 + 4 * i, vector[i]!);
}

/**
 * A whole COPY stream of rows (id int4, word text, embedding vector) in pieces of about 256 KB; the id is the
 * row's position in the data set.
 *
 * @param rows which rows, in this order
 * @param onRows called with the number of rows encoded so far, once a piece
 */
export function* encodeCopy(
  data: WordVectors,
  rows: Uint32Array,
  onRows?: (rows: number) => void,
): Generator<Buffer> {
  const vectorBytes = 4 + 4 * data.dimensions;
  yield COPY_HEADER;
  let batch = Buffer.allocUnsafe(BATCH_BYTES);
  let view = new DataView(batch.buffer, batch.byteOffset, batch.length);
  let at = 0;
  for (let n = 0; n < rows.length; n++) {
    const row = rows[n]!;
    const word = data.words[row]!;
    const wordBytes = Buffer.byteLength(word);
    const rowBytes = 2 + 4 + 4 + 4 + wordBytes + 4 + vectorBytes;
    if (at + rowBytes > batch.length) {
      if (at > 0) yield batch.subarray(0, at);
      onRows?.(n);
      // A yielded piece belongs to the socket until it is sent: each piece has its own memory.
      batch = Buffer.allocUnsafe(Math.max(BATCH_BYTES, rowBytes));
      view = new DataView(batch.buffer, batch.byteOffset, batch.length);
      at = 0;
    }
    view.setInt16(at, FIELDS);
    view.setInt32(at + 2, 4);
    view.setInt32(at + 6, row);
    view.setInt32(at + 10, wordBytes);
    batch.write(word, at + 14);
    at += 14 + wordBytes;
    view.setInt32(at, vectorBytes);
    writeVector(view, at + 4, vectorOf(data, row));
    at += 4 + vectorBytes;
  }
  if (at > 0) yield batch.subarray(0, at);
  onRows?.(rows.length);
  yield COPY_TRAILER;
}
