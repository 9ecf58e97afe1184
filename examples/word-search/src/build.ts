/** The index: how it is built, and watched from a second connection meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { rounded } from './measure.js';

export const INDEX_NAME = 'words_embedding_idx';
export const INDEX_METHOD = 'hnsw';
/** Links of a row to others; twice as many on the lowest layer. */
export const M = 16;
/** Candidates kept while a row's links are chosen. */
export const EF_CONSTRUCTION = 200;

export const CREATE_INDEX_SQL = `\
CREATE INDEX ${INDEX_NAME} ON words
USING ${INDEX_METHOD} (embedding vector_cosine_ops)
WITH (m = ${M}, ef_construction = ${EF_CONSTRUCTION})`;

const POLL_MS = 100;
/** The server's default for maintenance_work_mem. */
const LEAST_MEMORY_MB = 64;

/** One look at pg_stat_progress_create_index. */
export interface BuildProgress {
  /** In the server's words, as in "building index: loading tuples". */
  readonly phase: string;
  readonly tuplesDone: number;
  /** 0 where the index method does not say. */
  readonly tuplesTotal: number;
  readonly blocksDone: number;
  readonly blocksTotal: number;
  /** Parallel workers that help now. */
  readonly workers: number;
}

export interface BuildResult {
  /** Of the CREATE INDEX statement. */
  readonly buildSeconds: number;
  readonly rowsPerSecond: number;
  /** The most parallel workers that were seen to help the session that builds. */
  readonly workers: number;
  readonly maintenanceWorkMemMB: number;
  readonly bytes: number;
}

/** Options of {@link buildIndex}. */
export interface BuildOptions {
  readonly connectionString: string;
  readonly rows: number;
  readonly dimensions: number;
  readonly onProgress?: (progress: BuildProgress) => void;
  /** What the server remarks, such as that the memory was not enough. */
  readonly onNotice?: (message: string) => void;
}

/**
 * Megabytes for maintenance_work_mem in which the whole graph fits, at least the server's default. Of a row of 100
 * dimensions and m = 16, pgvector 0.8 keeps 1,150 bytes, and 1,936 are allowed for. A parallel build takes all of
 * it as shared memory at once, so it must not be generous beyond need.
 */
export function buildMemoryMB(rows: number, dimensions: number): number {
  const perRow = 4 * dimensions + 64 * M + 512;
  return Math.max(LEAST_MEMORY_MB, Math.ceil((rows * perRow) / 2 ** 20));
}

/** Builds the index on `words`. To cancel, stop the server. */
export async function buildIndex(client: pg.Client, options: BuildOptions): Promise<BuildResult> {
  const { rows, dimensions } = options;
  const maintenanceWorkMemMB = buildMemoryMB(rows, dimensions);
  const pid = (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]!.pid;
  await client.query(`SET maintenance_work_mem = '${maintenanceWorkMemMB}MB'`);
  const onNotice = ({ message }: { message?: string | undefined }): void => options.onNotice?.(message ?? '');
  client.on('notice', onNotice);
  let workers = 0;
  const seconds = await watching(
    options.connectionString,
    pid,
    (progress) => {
      workers = Math.max(workers, progress.workers);
      options.onProgress?.(progress);
    },
    () => createIndex(client, onNotice),
  ).finally(() => client.off('notice', onNotice));
  const size = await client.query<{ bytes: string }>(`SELECT pg_relation_size('${INDEX_NAME}') AS bytes`);
  return {
    buildSeconds: rounded(seconds, 3),
    rowsPerSecond: Math.round(rows / seconds),
    workers,
    maintenanceWorkMemMB,
    bytes: Number(size.rows[0]!.bytes),
  };
}

/** Returns seconds. Where shared memory is short, as in a container with 64 MB of it, one process builds alone. */
export async function createIndex(
  client: { query(sql: string): Promise<unknown> },
  onNotice: (notice: { message: string }) => void,
): Promise<number> {
  const timed = async (): Promise<number> => {
    const begin = performance.now();
    await client.query(CREATE_INDEX_SQL);
    return (performance.now() - begin) / 1000;
  };
  try {
    return await timed();
  } catch (error) {
    if (!isSharedMemoryShort(error)) throw error;
    onNotice({ message: `${error.message}: building without parallel workers` });
    await client.query('SET max_parallel_maintenance_workers = 0');
    return await timed();
  }
}

/** disk_full or out_of_memory from dsm_impl.c, which names the segment. */
function isSharedMemoryShort(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return (code === '53100' || code === '53200') && error.message.includes('shared memory segment');
}

/** $1 the process that builds. Counts are far below 2^53. */
const PROGRESS_SQL = `\
SELECT phase, tuples_done::float8 AS "tuplesDone", tuples_total::float8 AS "tuplesTotal",
  blocks_done::float8 AS "blocksDone", blocks_total::float8 AS "blocksTotal",
  (SELECT count(*)::int4 FROM pg_stat_activity WHERE leader_pid = progress.pid) AS workers
FROM pg_stat_progress_create_index AS progress
WHERE pid = $1`;

/**
 * Runs `build` and reports its progress ten times a second, as another connection sees it.
 *
 * @param pid the server process whose index build is watched
 */
export async function watching<T>(
  connectionString: string,
  pid: number,
  onProgress: (progress: BuildProgress) => void,
  build: () => Promise<T>,
): Promise<T> {
  const monitor = new pg.Client({ connectionString });
  // A connection that breaks also fails the query on it.
  monitor.on('error', () => undefined);
  let building = true;
  const watch = async (): Promise<void> => {
    for (; building; await sleep(POLL_MS)) {
      const { rows } = await monitor.query<BuildProgress>(PROGRESS_SQL, [pid]);
      if (rows[0] !== undefined) onProgress(rows[0]);
    }
  };
  try {
    await monitor.connect();
    const built = build().finally(() => {
      building = false;
    });
    // The build's own failure says more than the watcher's, which has lost the same server.
    const [result, watched] = await Promise.allSettled([built, watch()]);
    if (result.status === 'rejected') throw result.reason;
    if (watched.status === 'rejected') throw watched.reason;
    return result.value;
  } finally {
    await monitor.end().catch(() => undefined);
  }
}

/** What a progress line says besides the rows: "loading tuples", "300 of 450 blocks". */
export function describeBuild({ phase, blocksDone, blocksTotal }: BuildProgress): string[] {
  const step = phase.replace(/^building index: /, '');
  const count = (value: number): string => value.toLocaleString('en-US');
  return blocksTotal === 0 ? [step] : [step, `${count(blocksDone)} of ${count(blocksTotal)} blocks`];
}
