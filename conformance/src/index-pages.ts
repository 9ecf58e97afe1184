/** The pages of an index, as the server sees them, and what of a page counts. */
import type pg from 'pg';

export const PAGE_SIZE = 8192;

/** Creates what {@link readPages} needs. Every server that tests run on comes with it. */
export async function prepareReading(client: pg.Client): Promise<void> {
  await client.query('CREATE EXTENSION IF NOT EXISTS pageinspect');
}

/** Reads every page of a relation's main fork through the server's buffers, so that nothing has to be written first. */
export async function readPages(client: pg.Client, relation: string): Promise<Buffer[]> {
  const { rows } = await client.query(
    `SELECT get_raw_page($1::regclass::text, 'main', block::int) AS page
     FROM generate_series(0, pg_relation_size($1::regclass) / ${PAGE_SIZE} - 1) AS block ORDER BY block`,
    [relation],
  );
  return (rows as { page: Buffer }[]).map(({ page }) => page);
}

/**
 * A page as replay must reproduce it: without LSN, checksum, hints, and the hole between line pointers and tuples,
 * which generic WAL leaves zero (PostgreSQL, `generic_mask`).
 */
export function maskPage(page: Buffer): Buffer {
  const masked = Buffer.from(page);
  masked.fill(0, 0, 10);
  // pd_flags: PD_HAS_FREE_LINES and PD_PAGE_FULL are hints.
  masked.writeUInt16LE(masked.readUInt16LE(10) & ~3, 10);
  // pd_prune_xid
  masked.writeUInt32LE(0, 20);
  const lower = masked.readUInt16LE(12);
  const upper = masked.readUInt16LE(14);
  if (lower >= 24 && lower <= upper && upper <= PAGE_SIZE) masked.fill(0, lower, upper);
  return masked;
}

/**
 * Where two relations differ, one line each. A server extends a file before it logs the new page, so pages of zeros at
 * the end of the longer one count as absent.
 */
export function differentPages(ours: readonly Buffer[], theirs: readonly Buffer[]): string[] {
  const empty = Buffer.alloc(PAGE_SIZE);
  const differences: string[] = [];
  for (let block = 0; block < Math.max(ours.length, theirs.length); block++) {
    const a = maskPage(ours[block] ?? empty);
    const b = maskPage(theirs[block] ?? empty);
    if (a.equals(b)) continue;
    const at = a.findIndex((byte, i) => byte !== b[i]);
    differences.push(`page ${block} differs from byte ${at} on`);
  }
  return differences;
}
