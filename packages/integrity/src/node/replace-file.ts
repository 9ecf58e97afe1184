/** Small files that are replaced whole or not at all. */
import { randomBytes } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { storeError, syncDirectory } from './log-file.js';

/**
 * Puts a text in the place of a file: written aside, synced, renamed, the directory synced (rename(2) is atomic on POSIX).
 *
 * @throws IntegrityError `ERR_INTEGRITY_STORE`; the file is then what it was, or already the new one
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const aside = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    const file = await open(aside, 'wx', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
    await syncDirectory(dirname(path));
  } catch (cause) {
    await unlink(aside).catch(() => undefined);
    throw storeError(`cannot write ${path}`, cause);
  }
}
