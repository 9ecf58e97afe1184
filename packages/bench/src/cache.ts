import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A value that JSON can carry. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

/**
 * JSON with the names of every object in order, so that equal values have equal text.
 *
 * @throws RangeError for NaN and infinities, which JSON would turn into null
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`JSON has no ${value}`);
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonicalJson(item)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value as { readonly [name: string]: Json | undefined })
      .filter((entry): entry is [string, Json] => entry[1] !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${canonicalJson(item)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** SHA-256 of the canonical text, in hexadecimal. */
export function cacheKey(parts: Json): string {
  return createHash('sha256').update(canonicalJson(parts)).digest('hex');
}

/**
 * One JSON file per key. A file is written whole to another name and renamed, so an interrupted run leaves whole files
 * only and two runs at once do no harm; each holds its key's parts, so a reader can see what a figure belongs to.
 */
export class FileCache {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  #path(folder: string, parts: Json): string {
    return join(this.#directory, folder, `${cacheKey(parts)}.json`);
  }

  /** The value kept for these parts, or undefined when there is none or its file is damaged. */
  async get(folder: string, parts: Json): Promise<unknown> {
    let text: string;
    try {
      text = await readFile(this.#path(folder, parts), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      const file = JSON.parse(text) as { parts: Json; value: unknown };
      return canonicalJson(file.parts) === canonicalJson(parts) ? file.value : undefined;
    } catch {
      return undefined;
    }
  }

  async put(folder: string, parts: Json, value: unknown): Promise<void> {
    const path = this.#path(folder, parts);
    const temporary = `${path}.${process.pid}.tmp`;
    await mkdir(join(this.#directory, folder), { recursive: true });
    try {
      await writeFile(temporary, `${JSON.stringify({ parts, value }, null, 1)}\n`);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}
