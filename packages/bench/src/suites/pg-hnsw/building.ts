/** CREATE INDEX, watched: how long, how large, with how many workers, and what the server said. */
import { existsSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { BenchError } from '../../errors.js';
import type { CaseContext } from '../../suite.js';
import { backendOf, type Contender } from '../pg/contender.js';
import type { Dataset } from './dataset.js';
import type { HnswContender, Table } from './session.js';

/** Both sides' default. */
export const M = 16;

export interface IndexOptions {
  readonly efConstruction: number;
  /** Beside the leader. */
  readonly workers: 0 | 1;
  /** The share of the rows whose graph fits into maintenance_work_mem in pgvector; undefined: all, with room to spare. */
  readonly memory?: number;
}

export function indexKey({ efConstruction, workers, memory }: IndexOptions): string {
  return `${efConstruction} ${workers} ${memory ?? 'ample'}`;
}

/**
 * Bytes that pgvector's build holds for a row (hnsw.h: an element of 120 bytes, 33 or more candidates of 16, the vector;
 * and four chunk headers). A build at half of it must overflow about half-way, which is checked.
 */
function bytesPerRow({ dimensions }: Dataset): number {
  return 790 + 4 * dimensions;
}

/** maintenance_work_mem in KiB. */
export function buildMemory(dataset: Dataset, rows: number, memory: number | undefined): number {
  const need = (rows * bytesPerRow(dataset)) / 1024;
  // A worker asks for 32 MiB at least.
  return memory === undefined ? Math.ceil(1.5 * need) + 2 ** 16 : Math.max(1024, Math.round(memory * need));
}

/** What a server says during some work, one message a member. */
export async function noticesDuring(client: pg.Client, work: () => Promise<unknown>): Promise<string[]> {
  const notices: string[] = [];
  const listen = ({ message }: { message?: string | undefined }): void => void notices.push(message ?? '');
  client.on('notice', listen);
  try {
    await work();
  } finally {
    client.off('notice', listen);
  }
  return notices;
}

/** Most parallel workers seen at once until `done`. */
async function watchWorkers(contender: Contender, done: { value: boolean }): Promise<number> {
  let most = 0;
  while (!done.value && most === 0) {
    const { workers } = await contender.row<{ workers: number }>(
      "SELECT count(*)::integer AS workers FROM pg_stat_activity WHERE backend_type = 'parallel worker'",
    );
    most = Math.max(most, workers);
    await sleep(20);
  }
  return most;
}

/** Clock ticks in a second, as Linux shows them to every program (proc(5)). */
const TICKS = 100;

/** Processor time, in seconds, of a process or of its children that have ended; undefined where there is no /proc. */
function processorSeconds(pid: number, whose: 'own' | 'children'): number | undefined {
  try {
    // After the name, which may hold anything; its closing parenthesis is the last of the line.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const first = whose === 'own' ? 11 : 13;
    return (Number(fields[first]) + Number(fields[first + 1])) / TICKS;
  } catch {
    return undefined;
  }
}

/** What a build costs: the leader's time, and that of workers, whom the postmaster buries. */
function buildSeconds(leader: number, postmaster: number): number | undefined {
  const own = processorSeconds(leader, 'own');
  const buried = processorSeconds(postmaster, 'children');
  return own === undefined || buried === undefined ? undefined : own + buried;
}

/** Ends a connection and waits until its backend is gone, so that it is not counted with a later build's workers. */
async function leave(client: pg.Client, pid: number): Promise<void> {
  await client.end().catch(() => {});
  for (let attempt = 0; attempt < 100 && existsSync(`/proc/${pid}`); attempt++) await sleep(20);
}

export interface Built {
  readonly seconds: number;
  /** Of processor time, by all processes; undefined where the system does not tell. */
  readonly cpu: number | undefined;
  readonly bytes: number;
  /** Rows after which the graph no longer fit, as pgvector says; undefined when it did. */
  readonly overflow: number | undefined;
}

/** Makes the index of a table anew. */
export async function buildIndex(
  contender: HnswContender,
  { name, index, dataset, rows }: Table,
  options: IndexOptions,
  { step }: CaseContext,
): Promise<Built> {
  const { efConstruction, workers, memory } = options;
  const words = [`m ${M}`, `ef_construction ${efConstruction}`, workers > 0 ? `${workers} worker` : 'serial'];
  step(`${contender.name} builds an index on ${name} (${words.join(', ')})`);
  contender.indexes.delete(name);
  await contender.client.query(`DROP INDEX IF EXISTS ${index}`);
  await contender.client.query(`ALTER TABLE ${name} SET (parallel_workers = ${workers})`);
  await contender.client.query('CHECKPOINT');
  // A leader that is bound would have to share its processor with the worker, which is not.
  const client = workers > 0 ? await contender.connect() : contender.client;
  const pid = await backendOf(client);
  const done = { value: false };
  let notices: string[];
  let elapsed = Number.NaN;
  let cpu: number | undefined;
  let watched = Promise.resolve(0);
  try {
    await client.query(`SET maintenance_work_mem = '${buildMemory(dataset, rows, memory)}kB'`);
    await client.query(`SET max_parallel_maintenance_workers = ${workers}`);
    if (workers > 0) watched = watchWorkers(contender, done);
    watched.catch(() => {});
    notices = await noticesDuring(client, async () => {
      const before = buildSeconds(pid, contender.server.pid);
      const start = performance.now();
      await client.query(
        `CREATE INDEX ${index} ON ${name} USING hnsw (v ${dataset.distance.operatorClass}) ` +
          `WITH (m = ${M}, ef_construction = ${efConstruction})`,
      );
      elapsed = performance.now() - start;
      const after = buildSeconds(pid, contender.server.pid);
      if (before !== undefined && after !== undefined) cpu = after - before;
    });
  } finally {
    done.value = true;
    if (client !== contender.client) await leave(client, pid);
  }
  const seen = await watched;
  // A short build may be over before anybody looks.
  if (seen > workers || (seen < workers && elapsed > 1000))
    throw new BenchError(
      'BENCH_DISAGREEMENT',
      `${contender.name} built with ${seen} workers instead of ${workers}`,
    );
  const overflow = notices.flatMap((each) => /no longer fits .* after (\d+) tuples/.exec(each)?.[1] ?? []);
  if (memory === undefined && overflow.length > 0)
    throw new BenchError('BENCH_DISAGREEMENT', `${contender.name}: ${notices.join('; ')}`);
  const { bytes, valid } = await contender.row<{ bytes: string; valid: boolean }>(
    'SELECT pg_relation_size(indexrelid) AS bytes, indisvalid AS valid FROM pg_index WHERE indexrelid = $1::regclass',
    [index],
  );
  if (!valid)
    throw new BenchError('BENCH_DISAGREEMENT', `${contender.name} built an index that is not valid`);
  contender.indexes.set(name, { key: indexKey(options), bytes: Number(bytes), recalls: new Map() });
  return {
    seconds: elapsed / 1000,
    cpu,
    bytes: Number(bytes),
    overflow: overflow[0] === undefined ? undefined : Number(overflow[0]),
  };
}
