/**
 * The data set in binary, so that a second run need not parse 307 MB of text.
 *
 * One file, in the byte order of the machine that wrote it:
 *
 *   offset  bytes
 *        0      8  magic "RVWORDS\0"
 *        8      4  format version
 *       12      4  byte-order mark 0x01020304
 *       16      4  rows n
 *       20      4  dimensions d
 *       24      4  bytes of all words w
 *       28      4  0
 *       32     64  SHA-512 of the text that names the source ("name@version integrity")
 *       96     32  SHA-256 of everything else: bytes 0 to 95 and 128 to the end
 *      128    4nd  vectors, float32, row after row
 *          4(n+1)  where word i begins among the words; the last is w
 *               w  words, UTF-8
 *
 * A file that is not exactly this, down to the last bit, is reported as damaged and never used.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DatasetError } from '../errors.js';
import { withPartialDirectory } from './partial.js';
import type { WordVectors } from './source.js';

const MAGIC = Buffer.from('RVWORDS\0', 'latin1');
const VERSION = 1;
const BYTE_ORDER_MARK = 0x01020304;
const HEADER_BYTES = 128;
const CHECKSUM_OFFSET = 96;
const IO_BYTES = 1 << 23;

function sourceDigest(source: string): Buffer {
  return createHash('sha512').update(source).digest();
}

/** A view of the bytes of a typed array. */
function bytesOf(array: Float32Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/**
 * Writes the data set beside `file` and renames it into place.
 *
 * @param source text that names what the data were made from
 */
export async function writeCache(file: string, source: string, data: WordVectors): Promise<void> {
  const rows = data.words.length;
  const encoded = data.words.map((word) => Buffer.from(word, 'utf8'));
  const offsets = new Uint32Array(rows + 1);
  for (let i = 0; i < rows; i++) offsets[i + 1] = offsets[i]! + encoded[i]!.length;

  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  const fields = Uint32Array.of(VERSION, BYTE_ORDER_MARK, rows, data.dimensions, offsets[rows]!);
  header.set(bytesOf(fields), 8);
  sourceDigest(source).copy(header, 32);
  const body = [bytesOf(data.values), bytesOf(offsets), Buffer.concat(encoded)];
  const checksum = createHash('sha256').update(header.subarray(0, CHECKSUM_OFFSET));
  for (const part of body) checksum.update(part);
  checksum.digest().copy(header, CHECKSUM_OFFSET);

  await withPartialDirectory(dirname(file), async (partial) => {
    const complete = join(partial, basename(file));
    const handle = await open(complete, 'wx');
    try {
      for (const part of [header, ...body]) await writeAll(handle, part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(complete, file);
  });
}

/**
 * Reads a data set that {@link writeCache} wrote.
 *
 * @returns `undefined` if there is no such file, or it was made from another source or by another version
 * @throws DatasetError `DATASET_CACHE` if the file is damaged
 */
export async function readCache(file: string, source: string): Promise<WordVectors | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await handle.read(header, 0, HEADER_BYTES, 0);
    if (bytesRead < HEADER_BYTES || !header.subarray(0, 8).equals(MAGIC))
      throw damaged(file, 'it does not begin as such a file does');
    const fields = new Uint32Array(new Uint8Array(header.subarray(8, 32)).buffer);
    const [version, byteOrder, rows, dimensions, wordBytes] = fields as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    if (version !== VERSION || byteOrder !== BYTE_ORDER_MARK) return undefined;
    if (!header.subarray(32, CHECKSUM_OFFSET).equals(sourceDigest(source))) return undefined;

    // The size of the file bounds what the header may ask for.
    const size = HEADER_BYTES + 4 * rows * dimensions + 4 * (rows + 1) + wordBytes;
    const actual = (await handle.stat()).size;
    if (size !== actual) throw damaged(file, `it has ${actual} bytes, its header announces ${size}`);

    const body = new Uint8Array(size - HEADER_BYTES);
    const checksum = createHash('sha256').update(header.subarray(0, CHECKSUM_OFFSET));
    for (let at = 0; at < body.length; ) {
      const piece = body.subarray(at, at + IO_BYTES);
      const { bytesRead: got } = await handle.read(piece, 0, piece.length, HEADER_BYTES + at);
      if (got === 0) throw damaged(file, 'it ends too soon');
      checksum.update(piece.subarray(0, got));
      at += got;
    }
    if (!checksum.digest().equals(header.subarray(CHECKSUM_OFFSET)))
      throw damaged(file, 'its checksum does not agree');

    const values = new Float32Array(body.buffer, 0, rows * dimensions);
    const offsets = new Uint32Array(body.buffer, values.byteLength, rows + 1);
    const text = Buffer.from(body.buffer, values.byteLength + offsets.byteLength, wordBytes);
    const words = new Array<string>(rows);
    for (let i = 0; i < rows; i++) words[i] = text.toString('utf8', offsets[i]!, offsets[i + 1]!);
    return { words, dimensions, values };
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes.subarray(at, at + IO_BYTES));
    at += bytesWritten;
  }
}

function damaged(file: string, why: string): DatasetError {
  return new DatasetError('DATASET_CACHE', `${file} is damaged: ${why}`);
}
