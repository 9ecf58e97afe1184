import { constants } from 'node:fs';
import { chmod, copyFile, lchown, mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Copies a tree: directories and the files in them, symbolic links as what they point to. New files belong to this
 * process, directories are 0755 and files 0644 or 0755. Shares blocks with the source where the file system can.
 *
 * @param wanted says by name whether an entry of the top directory is copied
 */
export async function copyTree(
  from: string,
  to: string,
  wanted: (name: string) => boolean = () => true,
): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o755 });
  for (const name of await readdir(from)) {
    if (!wanted(name)) continue;
    const source = path.join(from, name);
    const info = await stat(source);
    if (info.isDirectory()) await copyTree(source, path.join(to, name));
    else if (info.isFile()) await copyOne(source, path.join(to, name), (info.mode & 0o111) !== 0);
  }
}

/** Copies one file, as {@link copyTree} does. */
export async function copyOne(from: string, to: string, executable: boolean): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await chmod(to, executable ? 0o755 : 0o644);
}

/**
 * Gives a tree to an account, contents before the directory that holds them: as long as the top is still ours and
 * 0700, nobody else can put a link in the way.
 */
export async function giveTree(directory: string, uid: number, gid: number): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) await giveTree(file, uid, gid);
    else await lchown(file, uid, gid);
  }
  await lchown(directory, uid, gid);
}
