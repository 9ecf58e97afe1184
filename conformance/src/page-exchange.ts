/** An index's pages out of one server and into another. */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rowsOf, type SqlEngine } from './engines.js';

const PAGE_SIZE = 8192;

/** A relation's main fork, from its file: all that was changed is written first. */
export async function readPages(engine: SqlEngine, relation: string): Promise<Buffer> {
  await rowsOf(engine, 'CHECKPOINT');
  const rows = await rowsOf(
    engine,
    `SELECT encode(pg_read_binary_file(pg_relation_filepath('${relation}')), 'hex')`,
  );
  return Buffer.from(rows[0]?.[0] as string, 'hex');
}

export async function relationFile(engine: SqlEngine, relation: string): Promise<string> {
  return (await rowsOf(engine, `SELECT pg_relation_filepath('${relation}')`))[0]?.[0] as string;
}

/**
 * Pages that another server can take: without the position in the WAL that they came from, which may lie ahead of the
 * other's, and without checksum, which holds the other's block number only by chance.
 */
export function portablePages(pages: Buffer): Buffer {
  const portable = Buffer.from(pages);
  for (let at = 0; at < portable.length; at += PAGE_SIZE) portable.fill(0, at, at + 10);
  return portable;
}

/**
 * Puts pages in the place of a relation's, while no server has it.
 *
 * @throws Error when there is no such file
 */
export function replacePages(dataDir: string, file: string, pages: Buffer): void {
  const target = path.join(dataDir, file);
  if (!existsSync(target)) throw new Error(`there is no ${target}`);
  writeFileSync(target, portablePages(pages));
}
