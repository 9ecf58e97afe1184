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
  const names = (await readdir(from)).filter(wanted);
  await Promise.all(
    names.map(async (name) => {
      const source = path.join(from, name);
      const info = await stat(source);
      if (info.isDirectory()) await copyTree(source, path.join(to, name));
      else if (info.isFile())
        await copyWithMode(source, path.join(to, name), info.mode, (info.mode & 0o111) !== 0);
    }),
  );
}

/** Copies one file, as {@link copyTree} does. */
export async function copyOne(from: string, to: string, executable: boolean): Promise<void> {
  await copyWithMode(from, to, undefined, executable);
}

async function copyWithMode(
  from: string,
  to: string,
  mode: number | undefined,
  executable: boolean,
): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  const wanted = executable ? 0o755 : 0o644;
  // The copy has the source's mode.
  if (mode === undefined || (mode & 0o7777) !== wanted) await chmod(to, wanted);
}

/**
 * Gives a tree to an account, contents before the directory that holds them: as long as the top is still ours and
 * 0700, nobody else can put a link in the way.
 */
export async function giveTree(directory: string, uid: number, gid: number): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true });
  await Promise.all(
    entries.map((entry) => {
      const file = path.join(directory, entry.name);
      return entry.isDirectory() ? giveTree(file, uid, gid) : lchown(file, uid, gid);
    }),
  );
  await lchown(directory, uid, gid);
}
