/** The pages of an index, as the server sees them, and what of a page counts. */
import type pg from 'pg';

export const PAGE_SIZE = 8192;

/**
 * Reads every page of a relation's main fork. Through the buffers where the server has `pageinspect`; without it the
 * buffers are written first, on a standby as far as it has replayed a checkpoint.
 */
export async function readPages(client: pg.Client, relation: string): Promise<Buffer[]> {
  const inspect = await client.query(
    `SELECT n.nspname AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
     WHERE extname = 'pageinspect'`,
  );
  if (inspect.rows.length === 1) {
    const schema = (inspect.rows[0] as { schema: string }).schema;
    const { rows } = await client.query(
      `SELECT "${schema}".get_raw_page($1::regclass::text, 'main', block::int) AS page
       FROM generate_series(0, pg_relation_size($1::regclass) / current_setting('block_size')::int - 1) AS block
       ORDER BY block`,
      [relation],
    );
    return (rows as { page: Buffer }[]).map(({ page }) => page);
  }
  await client.query('CHECKPOINT');
  const { rows } = await client.query(
    'SELECT pg_read_binary_file(pg_relation_filepath($1::regclass)) AS file',
    [relation],
  );
  const { file } = rows[0] as { file: Buffer };
  return Array.from({ length: file.length / PAGE_SIZE }, (_, i) =>
    file.subarray(i * PAGE_SIZE, (i + 1) * PAGE_SIZE),
  );
}

/** Creates what {@link readPages} prefers, where the server has it. */
export async function prepareReading(client: pg.Client): Promise<void> {
  const { rows } = await client.query(`SELECT FROM pg_available_extensions WHERE name = 'pageinspect'`);
  if (rows.length > 0) await client.query('CREATE EXTENSION IF NOT EXISTS pageinspect');
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
