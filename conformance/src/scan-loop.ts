/**
 * Index scans in a loop while somebody else changes the index, each held against a sequential scan in the same snapshot.
 */
import pg from 'pg';
import { expectIndexScan, WITHOUT_LIMITS } from './hnsw-check.js';
import type { Random } from './random.js';

export interface ScanTally {
  scans: number;
  /** Rows that scans without limits ought to have returned, and how many of them they did not. */
  due: number;
  lost: number;
  /** Errors, rows returned twice, rows that the snapshot does not see, distances out of order. */
  readonly violations: string[];
}

export interface ScanLoopOptions {
  readonly client: pg.Client;
  readonly table: string;
  readonly dimensions: number;
  readonly random: Random;
  /** Ends the loop after the scan that is under way. */
  readonly signal: AbortSignal;
  /** Called between the two halves of a scan through a cursor. */
  readonly pause?: () => Promise<void>;
}

type Kind = 'nearest' | 'all' | 'strict' | 'cursor';

/** Scans until told to stop, and at least once. */
export async function scanLoop(options: ScanLoopOptions): Promise<ScanTally> {
  const tally: ScanTally = { scans: 0, due: 0, lost: 0, violations: [] };
  do {
    try {
      await oneScan(options, tally);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      tally.violations.push(`${error.code}: ${error.message}`);
      await options.client.query('ROLLBACK');
    }
  } while (!options.signal.aborted && tally.violations.length < 20);
  return tally;
}

async function oneScan(options: ScanLoopOptions, tally: ScanTally): Promise<void> {
  const { client, table, dimensions, random } = options;
  const kind = random.pick<Kind>(['nearest', 'all', 'strict', 'cursor']);
  const vector = random.vector(dimensions);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const select = `SELECT id::text AS id, v <-> '${vector}'::vector AS distance FROM ${table}`;
  await client.query(WITHOUT_LIMITS);
  if (kind === 'nearest') await client.query('SET LOCAL hnsw.iterative_scan = off');
  if (kind === 'strict') await client.query('SET LOCAL hnsw.iterative_scan = strict_order');
  const ordered = `${select} ORDER BY v <-> '${vector}'::vector ${kind === 'nearest' ? 'LIMIT 10' : ''}`;
  await expectIndexScan(client, ordered);
  const got = kind === 'cursor' ? await throughCursor(options, ordered) : await rowsOf(client, ordered);
  await client.query('SET LOCAL enable_seqscan = on; SET LOCAL enable_indexscan = off');
  const visible = new Set((await rowsOf(client, `${select} WHERE v IS NOT NULL`)).map(({ id }) => id));
  await client.query('COMMIT');

  tally.scans++;
  const ids = got.map(({ id }) => id);
  const distinct = new Set(ids);
  if (distinct.size !== ids.length)
    tally.violations.push(`${kind}: ${ids.length - distinct.size} rows twice`);
  const foreign = ids.filter((id) => !visible.has(id));
  if (foreign.length > 0) tally.violations.push(`${kind}: ${foreign.length} rows that are not there`);
  if (kind === 'nearest' || kind === 'strict') {
    if (got.some(({ distance }, i) => i > 0 && distance < got[i - 1]!.distance)) {
      tally.violations.push(`${kind}: out of order`);
    }
  }
  if (kind === 'all' || kind === 'cursor') {
    tally.due += visible.size;
    tally.lost += visible.size - distinct.size;
  }
}

interface Found {
  readonly id: string;
  readonly distance: number;
}

async function rowsOf(client: pg.Client, sql: string): Promise<Found[]> {
  return (await client.query(sql)).rows as Found[];
}

async function throughCursor(options: ScanLoopOptions, sql: string): Promise<Found[]> {
  const { client, pause } = options;
  await client.query(`DECLARE c NO SCROLL CURSOR FOR ${sql}`);
  const first = await rowsOf(client, 'FETCH 5 FROM c');
  await pause?.();
  const rest = await rowsOf(client, 'FETCH ALL FROM c');
  await client.query('CLOSE c');
  return [...first, ...rest];
}

/** The tallies of several connections as one. */
export function sumTallies(tallies: readonly ScanTally[]): ScanTally {
  return {
    scans: tallies.reduce((sum, { scans }) => sum + scans, 0),
    due: tallies.reduce((sum, { due }) => sum + due, 0),
    lost: tallies.reduce((sum, { lost }) => sum + lost, 0),
    violations: tallies.flatMap(({ violations }) => violations),
  };
}
