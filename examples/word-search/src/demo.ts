/** The demo's course: data, server, table, answers, measurement, check, index. It prints nothing. */
import pg from 'pg';
import { buildIndex, describeBuild, EF_CONSTRUCTION, INDEX_METHOD, INDEX_NAME, M } from './build.js';
import { encodeVector } from './copy.js';
import { vectorOf, type WordVectors } from './dataset/source.js';
import { finishTable, loadWords, tableSize } from './load.js';
import { measureSearch, type SearchAnswers } from './measure.js';
import { checkAnswers } from './oracle.js';
import type { Progress } from './progress.js';
import { answerable, DEFAULT_QUESTIONS, namedWords, type Questions, requireWords } from './questions.js';
import { belowFloor, RECALL_FLOOR, recallAgainst } from './recall.js';
import type { ExactReport, IndexReport, IndexSearch, Report } from './report.js';
import { analogy, explainExact, explainIndexed, nearest, vectorSearchSql } from './search.js';
import { type Split, splitDataset } from './split.js';

const HELD_OUT_QUERIES = 1000;
const HELD_OUT_SEED = 20_140_101;
/** Neighbours of a word or an analogy. */
const ANSWERS = 5;
/** Neighbours of a measured query. */
const K = 10;
const CHECKED_QUERIES = 100;
/** Values of hnsw.ef_search: how many candidates a search keeps. */
const EF_SEARCH = [40, 100, 200] as const;
/**
 * From so many rows on the planner must take the index of its own accord. In a small table a scan is cheaper than
 * the index, by its reckoning at 5,000 rows and ef_search = 200, so there scans are made unattractive.
 */
const PLANNER_DECIDES_FROM = 20_000;

/** What the demo needs of a server, as `startEmbedded` gives it. */
export interface Server {
  readonly connectionString: string;
  readonly version: string;
  stop(): Promise<void>;
}

export interface DemoOptions {
  readonly dataset: { readonly name: string; readonly version: string };
  readonly data: WordVectors;
  readonly rows?: number;
  /** What the reader asks; without it the default questions, as far as the table can answer them. */
  readonly questions?: Questions;
  /** Build the index and search by it; default true. */
  readonly index?: boolean;
  readonly startServer: () => Promise<Server>;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Called as soon as a part of the report is there. */
  readonly onLoaded?: (part: Pick<Report, 'dataset' | 'server' | 'load' | 'table'>) => void;
  readonly onAnswered?: (part: Pick<Report, 'nearest' | 'analogies'>) => void;
  readonly onMeasured?: (exact: ExactReport, rows: number) => void;
  readonly onIndexed?: (index: IndexReport, rows: number) => void;
}

/**
 * Runs the demo and stops its server, also when it fails or `signal` is aborted (then it throws the reason).
 *
 * @throws DemoError `UNKNOWN_WORD` before the server is started
 */
export async function runDemo(options: DemoOptions): Promise<Report> {
  const { data, progress, signal } = options;
  const questions = options.questions ?? DEFAULT_QUESTIONS;
  const split = splitDataset(data, {
    queries: HELD_OUT_QUERIES,
    seed: HELD_OUT_SEED,
    keep: namedWords(questions),
    ...(options.rows !== undefined && { rows: options.rows }),
  });
  if (options.rows !== undefined && options.rows > split.loaded.length)
    progress.note(`--rows ${options.rows} is more than there is: loading all ${split.loaded.length}`);
  const table = new Set(Array.from(split.loaded, (row) => data.words[row]!));
  if (options.questions !== undefined) requireWords(questions, table, data);

  const asked = answerable(questions, table);
  const skipped =
    questions.words.length + questions.analogies.length - asked.words.length - asked.analogies.length;
  if (skipped > 0)
    progress.note(`${skipped} default questions name words beyond the ${table.size} loaded; skipped`);

  signal.throwIfAborted();
  const starting = progress.step('starting PostgreSQL');
  const server = await options.startServer().finally(starting.end);
  const client = new pg.Client({ connectionString: server.connectionString });
  // A connection that breaks also fails the query on it, which is where it is dealt with.
  client.on('error', () => undefined);
  // Stopping the server ends whatever query is running.
  const onAbort = (): void => void server.stop().catch(() => undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    await client.connect();
    return await converse(client, server, split, asked, options);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await client.end().catch(() => undefined);
    await server.stop();
  }
}

async function converse(
  client: pg.Client,
  server: Server,
  split: Split,
  questions: Questions,
  options: DemoOptions,
): Promise<Report> {
  const { data, progress, signal } = options;
  await client.query('CREATE EXTENSION vector');
  const loading = progress.step('loading', { total: split.loaded.length, unit: 'rows' });
  const load = await loadWords(client, data, split.loaded, { signal, onProgress: loading.update }).finally(
    loading.end,
  );
  const finishing = progress.step('adding keys and statistics');
  await finishTable(client).finally(finishing.end);
  const loaded = {
    dataset: {
      name: options.dataset.name,
      version: options.dataset.version,
      rows: data.words.length,
      dimensions: data.dimensions,
      heldOut: split.heldOut.length,
    },
    server: {
      version: server.version,
      extension: 'vector',
      extensionVersion: await extensionVersion(client),
    },
    load,
    table: await tableSize(client),
  };
  options.onLoaded?.(loaded);

  const answered = await answer(client, questions);
  options.onAnswered?.(answered);

  const { exact, answers } = await measureExact(client, split, options);
  options.onMeasured?.(exact, split.loaded.length);
  const report = { ...loaded, ...answered, exact };
  if (options.index === false) return report;

  const index = await measureIndex(client, server, split, answers, options);
  options.onIndexed?.(index, split.loaded.length);
  return { ...report, index };
}

async function answer(
  client: pg.Client,
  questions: Questions,
): Promise<Pick<Report, 'nearest' | 'analogies'>> {
  const words = [];
  for (const word of questions.words) words.push(await nearest(client, word, ANSWERS));
  const analogies = [];
  for (const question of questions.analogies) analogies.push(await analogy(client, question, ANSWERS));
  return { nearest: words, analogies };
}

async function measureExact(
  client: pg.Client,
  split: Split,
  options: DemoOptions,
): Promise<{ exact: ExactReport; answers: SearchAnswers }> {
  const { data, progress, signal } = options;
  const queries = split.heldOut;
  const example = encodeVector(vectorOf(data, queries[0] ?? split.loaded[0]!));
  const plan = await explainExact(client, vectorSearchSql(K), [example]);
  const searching = progress.step('searching exactly', { total: queries.length, unit: 'queries' });
  const { answers, timing } = await measureSearch(client, data, queries, {
    k: K,
    statement: 'nearest_exactly',
    signal,
    onProgress: searching.update,
  }).finally(searching.end);

  // Evenly over all queries, the first included.
  const checks = Math.min(CHECKED_QUERIES, queries.length);
  const positions = Array.from({ length: checks }, (_, i) => Math.floor((i * queries.length) / checks));
  const checking = progress.step('checking against a double-precision scan', {
    total: checks,
    unit: 'queries',
  });
  const check = await checkAnswers(data, split.loaded, queries, answers, positions, {
    signal,
    onProgress: checking.update,
  }).finally(checking.end);
  for (const example of check.examples) progress.note(`wrong answer to ${example}`);
  const exact = { ...timing, k: K, ...plan, checked: check.checked, mismatches: check.mismatches };
  return { exact, answers };
}

/** Builds the index and asks the same queries again. `exact` holds the exact answers to them. */
async function measureIndex(
  client: pg.Client,
  server: Server,
  split: Split,
  exact: SearchAnswers,
  options: DemoOptions,
): Promise<IndexReport> {
  const { data, progress, signal } = options;
  const rows = split.loaded.length;
  const indexing = progress.step('indexing', { total: rows, unit: 'rows' });
  const build = await buildIndex(client, {
    connectionString: server.connectionString,
    rows,
    dimensions: data.dimensions,
    onProgress: (seen) =>
      indexing.update(seen.tuplesDone, { total: seen.tuplesTotal || rows, details: describeBuild(seen) }),
    onNotice: (message) => progress.note(message),
  }).finally(indexing.end);

  const enableSeqscan = rows >= PLANNER_DECIDES_FROM;
  await client.query(`SET enable_seqscan = ${enableSeqscan}`);
  const recallOf = recallAgainst(data, split.loaded, split.heldOut, exact);
  const example = encodeVector(vectorOf(data, split.heldOut[0] ?? split.loaded[0]!));
  let plan = '';
  const searches: IndexSearch[] = [];
  for (const efSearch of EF_SEARCH) {
    signal.throwIfAborted();
    await client.query(`SET hnsw.ef_search = ${efSearch}`);
    plan = await explainIndexed(client, vectorSearchSql(K), [example], INDEX_NAME);
    const searching = progress.step(`searching with ef_search = ${efSearch}`, {
      total: split.heldOut.length,
      unit: 'queries',
    });
    const { answers, timing } = await measureSearch(client, data, split.heldOut, {
      k: K,
      statement: `nearest_ef_search_${efSearch}`,
      signal,
      onProgress: searching.update,
    }).finally(searching.end);
    const { p50Ms, p99Ms, queriesPerSecond } = timing;
    searches.push({ efSearch, recallAt10: recallOf(answers), p50Ms, p99Ms, queriesPerSecond });
  }
  const shortfall = belowFloor(searches);
  if (shortfall !== undefined) progress.note(shortfall);
  const parameters = { method: INDEX_METHOD, m: M, efConstruction: EF_CONSTRUCTION };
  return { ...parameters, ...build, plan, enableSeqscan, searches, floor: RECALL_FLOOR };
}

async function extensionVersion(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ extversion: string }>(
    `SELECT extversion FROM pg_extension WHERE extname = 'vector'`,
  );
  return rows[0]!.extversion;
}
