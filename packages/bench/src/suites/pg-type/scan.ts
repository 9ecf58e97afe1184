import { checkValue, type OperationName, type Reference, references } from '../../distances.js';
import { BenchError } from '../../errors.js';
import type { Case } from '../../suite.js';
import type { Contender } from '../pg/contender.js';
import { encodeVectors, vectorText } from '../pg/copy-format.js';
import { defineTimed, timedEntrant } from '../pg/timed.js';
import { makeValues } from './rows.js';
import type { PgSession } from './session.js';

/** A distance operator and the operation whose reference it has. */
export interface DistanceOperator {
  readonly symbol: '<->' | '<#>' | '<=>' | '<+>';
  readonly operation: OperationName;
  /** From the operation's value to the operator's. */
  readonly finish: (value: number) => number;
}

const same = (value: number): number => value;

export const operators: readonly DistanceOperator[] = [
  { symbol: '<->', operation: 'l2sq', finish: Math.sqrt },
  { symbol: '<#>', operation: 'dot', finish: (value) => -value },
  { symbol: '<=>', operation: 'cosine', finish: same },
  { symbol: '<+>', operation: 'l1', finish: same },
];

/** `external` is the type's default: values above 2 kB lie in the TOAST table. `plain` keeps them in the row. */
export type Storage = 'external' | 'plain';

/**
 * What a scan reads, in bytes. `memory`, as users' tables: beyond a core's private caches, far below an eighth of
 * shared_buffers. `cache`: within a level-2 cache, so that the distance itself weighs more than the wait for rows.
 */
const tableBytes = { memory: 32 * 2 ** 20, cache: 2 ** 19 } as const;

/** Where the rows come from. */
export type Residence = keyof typeof tableBytes;

/** Rows of such a table; 28 bytes of tuple header and line pointer, 12 of id and vector header. */
export function scanRows(dimensions: number, residence: Residence): number {
  return Math.min(200_000, Math.floor(tableBytes[residence] / (4 * dimensions + 40)));
}

const QUERIES = 4;
const CHECKED_ROWS = 500;

interface Scanned {
  readonly rows: readonly Float32Array[];
  readonly queries: readonly Float32Array[];
}

function makeScanned(rows: number, dimensions: number): Scanned & { values: Float32Array } {
  const all = makeValues('floats', rows + QUERIES, dimensions);
  const vectors = Array.from({ length: rows + QUERIES }, (_, row) =>
    all.subarray(row * dimensions, (row + 1) * dimensions),
  );
  return {
    values: all.subarray(0, rows * dimensions),
    rows: vectors.slice(0, rows),
    queries: vectors.slice(rows),
  };
}

/**
 * Order of a table's pages in shared buffers. `rising` is that of a new server; `falling` comes of taking the pages from
 * the free list that a dropped table leaves (see `session.ts`).
 */
export type PageOrder = 'rising' | 'falling';

/** Leaves a free list of falling addresses, longer than a table. The sum brings all pages in. */
const FALLING =
  "CREATE TABLE spacer AS SELECT repeat('x', 500) AS t FROM generate_series(1, 100000); " +
  'SELECT sum(octet_length(t)) FROM spacer; DROP TABLE spacer; ';

async function loadItems(
  session: PgSession,
  { dimensions, storage = 'external', pages = 'rising' }: Table,
  values: Float32Array,
): Promise<void> {
  await session.load(`items ${values.length} ${dimensions} ${storage} ${pages}`, () => ({
    name: 'items',
    create:
      `${pages === 'falling' ? FALLING : ''}CREATE TABLE items (id integer, v vector(${dimensions})); ` +
      `ALTER TABLE items ALTER COLUMN v SET STORAGE ${storage}`,
    chunks: [...encodeVectors(values, dimensions)],
  }));
}

function referenceOf(operator: DistanceOperator, query: Float32Array, row: Float32Array): Reference {
  const { value, scale } = references[operator.operation](query, row);
  const finished = operator.finish(value);
  // The root halves the relative error of l2sq; its scale is the distance itself.
  return { value: finished, scale: operator.symbol === '<->' ? finished : scale };
}

/** Every distance of the first rows against double precision. */
async function checkDistances(contender: Contender, operator: DistanceOperator, { rows, queries }: Scanned) {
  const query = queries[0] as Float32Array;
  const checked = Math.min(CHECKED_ROWS, rows.length);
  const { distances } = await contender.row<{ distances: number[] }>(
    `SELECT array_agg(v ${operator.symbol} $1::vector ORDER BY id) AS distances FROM items WHERE id < $2`,
    [vectorText(query), checked],
  );
  if (distances.length !== checked)
    throw new BenchError(
      'BENCH_DISAGREEMENT',
      `${contender.name} has ${distances.length} of ${checked} rows`,
    );
  for (const [row, value] of distances.entries())
    checkValue(
      contender.name,
      `row ${row} ${operator.symbol} query`,
      value,
      referenceOf(operator, query, rows[row] as Float32Array),
    );
}

interface ExplainNode {
  readonly 'Node Type': string;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly ExplainNode[];
}

/** The plan must be one process's sequential scan that finds every page in shared buffers. */
async function checkPlan(
  contender: Contender,
  statement: string,
  query: Float32Array | undefined,
): Promise<void> {
  const explain = async (): Promise<ExplainNode[]> => {
    const { 'QUERY PLAN': plans } = await contender.row<{ 'QUERY PLAN': { Plan: ExplainNode }[] }>(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement}`,
      [vectorText(query as Float32Array)],
    );
    const flatten = (node: ExplainNode): ExplainNode[] => [node, ...(node.Plans ?? []).flatMap(flatten)];
    return plans.flatMap(({ Plan }) => flatten(Plan));
  };
  // The first run brings the pages in.
  await explain();
  const nodes = await explain();
  const types = nodes.map((node) => node['Node Type']);
  const read = nodes[0]?.['Shared Read Blocks'];
  if (!types.includes('Seq Scan') || types.some((type) => type.startsWith('Gather')) || read !== 0)
    throw new BenchError(
      'BENCH_DISAGREEMENT',
      `${contender.name}: expected a warm sequential scan, got ${types.join(' > ')} with ${read} blocks read`,
    );
}

/** The ids that `ORDER BY ... LIMIT` gave must have the smallest distances, in order. */
function checkNearest(
  contender: Contender,
  operator: DistanceOperator,
  ids: readonly number[],
  query: Float32Array,
  rows: readonly Float32Array[],
): void {
  const all = rows.map((row) => referenceOf(operator, query, row));
  const nearest = [...all].sort((a, b) => a.value - b.value).slice(0, ids.length);
  for (const [rank, id] of ids.entries())
    checkValue(
      contender.name,
      `neighbour ${rank} (row ${id}) by ${operator.symbol}`,
      all[id]?.value ?? Number.NaN,
      nearest[rank] as Reference,
    );
}

/** The table that a case reads. */
export interface Table {
  readonly dimensions: number;
  readonly storage?: Storage;
  readonly residence?: Residence;
  readonly pages?: PageOrder;
}

interface ItemsCase {
  readonly what: string;
  readonly table: Table;
  /** PL/pgSQL declarations; the query vector is `q`. */
  readonly declare: string;
  readonly statement: string;
  verify(contender: Contender, scanned: Scanned): Promise<void>;
}

/** A case that reads the whole table `items (id, v)` once per execution, with a query vector. */
function itemsCase({ what, table, declare, statement, verify }: ItemsCase): Case<PgSession> {
  const { dimensions, storage = 'external', residence = 'memory', pages = 'rising' } = table;
  const rowCount = scanRows(dimensions, residence);
  return {
    name: [
      what,
      `${dimensions} dims`,
      ...(storage === 'plain' ? ['plain storage'] : []),
      ...(residence === 'cache' ? ['in cache'] : []),
      ...(pages === 'falling' ? ['falling pages'] : []),
    ].join(', '),
    parameters: { statement, dimensions, storage, pages, rows: rowCount },
    metrics: [{ name: 'time', unit: 'ns/row', better: 'lower' }],
    prepare: async (session, { budget }) => {
      const scanned = session.reuse(`scanned ${rowCount} ${dimensions}`, () =>
        makeScanned(rowCount, dimensions),
      );
      await loadItems(session, table, scanned.values);
      for (const contender of session.contenders)
        await defineTimed(contender, { declare: `q vector := argument; ${declare}`, statement });
      const texts = scanned.queries.map(vectorText);
      return {
        entrants: session.contenders.map((contender) =>
          timedEntrant(contender, budget, rowCount, (round) => texts.at(round % QUERIES) as string),
        ),
        verify: async () => {
          for (const contender of session.contenders) await verify(contender, scanned);
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

/** The distance of the query to every row, aggregated. */
export function scanCase(operator: DistanceOperator, table: Table): Case<PgSession> {
  const { symbol } = operator;
  return itemsCase({
    what: `scan ${symbol}`,
    table,
    declare: 'answer double precision;',
    statement: `SELECT min(v ${symbol} q) INTO answer FROM items;`,
    verify: async (contender, scanned) => {
      await checkDistances(contender, operator, scanned);
      await checkPlan(contender, `SELECT min(v ${symbol} $1::vector) FROM items`, scanned.queries[0]);
    },
  });
}

const LIMIT = 10;

/** The ten nearest rows, with the top-N sort that users run without an index. */
export function nearestCase(operator: DistanceOperator, table: Table): Case<PgSession> {
  const { symbol } = operator;
  const sql = (query: string): string => `SELECT id FROM items ORDER BY v ${symbol} ${query} LIMIT ${LIMIT}`;
  return itemsCase({
    what: `order by ${symbol} limit ${LIMIT}`,
    table,
    declare: 'answer integer[];',
    statement: `SELECT array_agg(id) INTO answer FROM (${sql('q')}) AS nearest;`,
    verify: async (contender, scanned) => {
      const query = scanned.queries[0] as Float32Array;
      await checkDistances(contender, operator, scanned);
      await checkPlan(contender, sql('$1::vector'), query);
      const { rows } = await contender.client.query<{ id: number }>(sql('$1::vector'), [vectorText(query)]);
      if (rows.length !== LIMIT)
        throw new BenchError('BENCH_DISAGREEMENT', `${contender.name} gave ${rows.length} neighbours`);
      const ids = rows.map(({ id }) => id);
      checkNearest(contender, operator, ids, query, scanned.rows);
    },
  });
}

/**
 * A scan that calls nothing of the extension: it reads each vector's header by a function of PostgreSQL's own. Its
 * time is the floor under the scans of that table, and its ratio, which must be 1, is the error of the method.
 */
export function controlCase(table: Table): Case<PgSession> {
  return itemsCase({
    what: 'control: no distance',
    table,
    declare: 'answer integer;',
    statement: 'SELECT min(pg_column_size(v)) INTO answer FROM items;',
    verify: async (contender, { rows }) => {
      const { count } = await contender.row<{ count: number }>(
        'SELECT count(*)::integer AS count FROM items',
      );
      if (count !== rows.length)
        throw new BenchError('BENCH_DISAGREEMENT', `${contender.name} has ${count} of ${rows.length} rows`);
    },
  });
}
