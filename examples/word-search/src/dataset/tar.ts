/**
 * One file out of a tar stream (POSIX.1-1988 ustar, the form that npm writes): 512-byte headers, each followed
 * by the file's bytes padded to 512.
 */
import { DatasetError } from '../errors.js';

const BLOCK = 512;

function malformed(what: string): DatasetError {
  return new DatasetError('DATASET_FORMAT', `not a valid tar archive: ${what}`);
}

function text(header: Uint8Array, offset: number, length: number): string {
  const field = header.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString('utf8');
}

function octal(header: Uint8Array, offset: number, length: number): number {
  const digits = text(header, offset, length).trim();
  if (!/^[0-7]+$/.test(digits)) throw malformed('a size or checksum is not an octal number');
  return Number.parseInt(digits, 8);
}

/** Name and size of the file that a header announces. */
function readHeader(header: Uint8Array): { path: string; size: number } {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 0x20 : header[i]!;
  if (sum !== octal(header, 148, 8)) throw malformed('a header has a wrong checksum');
  const prefix = text(header, 345, 155);
  const name = text(header, 0, 100);
  return { path: prefix === '' ? name : `${prefix}/${name}`, size: octal(header, 124, 12) };
}

/**
 * The bytes of the file `path`, in the pieces in which they arrive. The whole archive is read, so that whatever
 * checks its end (gzip's checksum) comes to its turn.
 *
 * @param chunks an uncompressed tar archive, cut anywhere
 * @throws DatasetError `DATASET_FORMAT` if the archive is malformed, cut short, or has no such file
 */
export async function* readTarEntry(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<Uint8Array> {
  const header = new Uint8Array(BLOCK);
  let headerFill = 0;
  /** Bytes of the present file, then of its padding, that are still to come. */
  let content = 0;
  let padding = 0;
  let wanted = false;
  let found = false;
  for await (const chunk of chunks) {
    let i = 0;
    while (i < chunk.length) {
      if (content > 0) {
        const take = Math.min(content, chunk.length - i);
        if (wanted) yield chunk.subarray(i, i + take);
        content -= take;
        i += take;
      } else if (padding > 0) {
        const take = Math.min(padding, chunk.length - i);
        padding -= take;
        i += take;
      } else {
        const take = Math.min(BLOCK - headerFill, chunk.length - i);
        header.set(chunk.subarray(i, i + take), headerFill);
        headerFill += take;
        i += take;
        if (headerFill < BLOCK) continue;
        headerFill = 0;
        if (header.every((byte) => byte === 0)) continue; // the end marker: two blocks of zeros
        const entry = readHeader(header);
        content = entry.size;
        padding = (BLOCK - (content % BLOCK)) % BLOCK;
        wanted = !found && entry.path === path;
        found ||= wanted;
      }
    }
  }
  if (content > 0 || headerFill > 0) throw malformed('it ends in the middle');
  if (!found) throw malformed(`it has no file ${path}`);
}
