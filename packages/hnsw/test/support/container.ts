/** Files for the fallback's sections, as far as tests of the contract need them: all at once, with one checksum. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IndexSettings, Writer } from '../../src/backend.js';
import { readSettings } from '../../src/create.js';
import { HnswError } from '../../src/errors.js';
import { Core } from '../../src/fallback/core.js';
import { FallbackIndex } from '../../src/fallback/index.js';
import { fromSections, type Sections } from '../../src/fallback/sections.js';
import type { KeyType, VectorIndex, VectorType } from '../../src/types.js';

const magic = Buffer.from('test index\n');

function sum(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function refusing<R>(path: string, body: () => R): R {
  try {
    return body();
  } catch (cause) {
    throw new HnswError('ERR_HNSW_IO', `cannot use ${path}`, { cause });
  }
}

export const write: Writer = async (path, sections, { signal }) => {
  if (signal?.aborted) throw new HnswError('ERR_HNSW_ABORTED', 'save: ended', { cause: signal.reason });
  const table = JSON.stringify([...sections].map(([name, bytes]) => [name, bytes.length]));
  const body = Buffer.concat([Buffer.from(`${table}\n`), ...sections.values()]);
  refusing(path, () => {
    writeFileSync(`${path}.new`, Buffer.concat([magic, sum(body), body]));
    renameSync(`${path}.new`, path);
  });
};

export async function load(path: string): Promise<VectorIndex> {
  const file = refusing(path, () => readFileSync(path));
  if (!file.subarray(0, magic.length).equals(magic)) throw new HnswError('ERR_HNSW_FORMAT', 'no index');
  const body = file.subarray(magic.length + 32);
  if (!sum(body).equals(file.subarray(magic.length, magic.length + 32))) {
    throw new HnswError('ERR_HNSW_CORRUPT', 'the checksum is another');
  }
  const end = body.indexOf('\n');
  let at = end + 1;
  const sections: Sections = new Map(
    (JSON.parse(body.subarray(0, end).toString()) as [string, number][]).map(([name, length]) => {
      at += length;
      return [name, new Uint8Array(body.subarray(at - length, at))];
    }),
  );
  const parts = fromSections(sections, readSettings);
  return new FallbackIndex<KeyType, VectorType>(
    parts.settings as IndexSettings<KeyType, VectorType>,
    new Core(parts.settings, parts),
  );
}

const folders: string[] = [];

export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'hnsw-contract-'));
  folders.push(made);
  return made;
}

export function removeFolders(): void {
  for (const each of folders.splice(0)) rmSync(each, { recursive: true, force: true });
}
