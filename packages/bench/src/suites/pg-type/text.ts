import { BenchError } from '../../errors.js';
import type { Case } from '../../suite.js';
import type { Contender } from '../pg/contender.js';
import { encodeTexts, encodeVectors } from '../pg/copy-format.js';
import { defineTimed, timedEntrant } from '../pg/timed.js';
import { makeTexts, makeValues, type TextKind, type ValueKind } from './rows.js';
import type { PgSession } from './session.js';

/** Numbers in a table of texts or of vectors to print. */
const NUMBERS = 2 ** 19;

/** Rows of such a table. */
export function textRows(dimensions: number): number {
  return Math.floor(NUMBERS / dimensions);
}

/** Fills `texts (id, t)`. EXTERNAL storage keeps the texts uncompressed, so that no figure holds pglz. */
export async function loadTexts(session: PgSession, kind: TextKind, dimensions: number): Promise<void> {
  await session.load(`texts ${kind} ${dimensions}`, () => ({
    name: 'texts',
    create: 'CREATE TABLE texts (id integer, t text); ALTER TABLE texts ALTER COLUMN t SET STORAGE EXTERNAL',
    chunks: [...encodeTexts(makeTexts(kind, textRows(dimensions), dimensions))],
  }));
}

/** Fills `items (id, v)` with as many numbers. */
export async function loadVectors(session: PgSession, kind: ValueKind, dimensions: number): Promise<void> {
  await session.load(`vectors ${kind} ${dimensions}`, () => ({
    name: 'items',
    create: `CREATE TABLE items (id integer, v vector(${dimensions}))`,
    chunks: [...encodeVectors(makeValues(kind, textRows(dimensions), dimensions), dimensions)],
  }));
}

/** Every server must give the same value; returns it. */
export async function sameAnswer(session: PgSession, what: string, query: string): Promise<string> {
  const answers: string[] = [];
  for (const contender of session.contenders) {
    const { answer } = await contender.row<{ answer: string }>(`SELECT (${query})::text AS answer`);
    answers.push(answer);
    if (answer !== answers[0])
      throw new BenchError(
        'BENCH_DISAGREEMENT',
        `${what}: ${contender.name} gives ${answer}, ${session.contenders[0]?.name} gives ${answers[0]}`,
      );
  }
  return answers[0] as string;
}

/** The first rows' parsed values must be the texts' numbers, rounded to float32. */
async function checkParsed(contender: Contender, texts: readonly string[]): Promise<void> {
  const { rows } = await contender.client.query<{ bytes: Buffer }>(
    'SELECT vector_send(t::vector) AS bytes FROM texts WHERE id < $1 ORDER BY id',
    [texts.length],
  );
  if (rows.length !== texts.length)
    throw new BenchError(
      'BENCH_DISAGREEMENT',
      `${contender.name} has ${rows.length} of ${texts.length} texts`,
    );
  for (const [row, text] of texts.entries()) {
    const bytes = rows[row]?.bytes as Buffer;
    for (const [index, number] of (JSON.parse(text) as number[]).entries()) {
      const value = bytes.readFloatBE(4 + 4 * index);
      // One unit in the last place: rounding a decimal twice, by way of double, may differ from rounding it once.
      if (!(Math.abs(value - number) <= 2 ** -23 * Math.abs(number)))
        throw new BenchError('BENCH_DISAGREEMENT', `${contender.name} reads ${number} as ${value}`);
    }
  }
}

const perNumber = [{ name: 'time', unit: 'ns/number', better: 'lower' as const }];

/** Text to vector. */
export function parseCase(kind: TextKind, dimensions: number): Case<PgSession> {
  const rows = textRows(dimensions);
  return {
    name: `parse ${kind}, ${dimensions} dims`,
    parameters: { shape: 'parse', kind, dimensions, rows },
    metrics: perNumber,
    prepare: async (session, { budget }) => {
      await loadTexts(session, kind, dimensions);
      for (const contender of session.contenders)
        await defineTimed(contender, {
          declare: 'answer bigint;',
          statement: 'SELECT count(t::vector) INTO answer FROM texts;',
        });
      return {
        entrants: session.contenders.map((each) => timedEntrant(each, budget, rows * dimensions)),
        verify: async () => {
          const texts = makeTexts(kind, 20, dimensions);
          for (const contender of session.contenders) await checkParsed(contender, texts);
          await sameAnswer(
            session,
            'parsed vectors',
            `SELECT md5(string_agg(md5(vector_send(t::vector)), '' ORDER BY id)) FROM texts`,
          );
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

/** The first rows' texts must read back as the values. */
async function checkPrinted(contender: Contender, values: Float32Array, dimensions: number): Promise<void> {
  const { rows } = await contender.client.query<{ t: string }>(
    'SELECT v::text AS t FROM items WHERE id < $1 ORDER BY id',
    [values.length / dimensions],
  );
  const read = rows.flatMap(({ t }) => JSON.parse(t) as number[]);
  const wrong = values.findIndex((value, index) => Math.fround(read[index] ?? Number.NaN) !== value);
  if (wrong >= 0)
    throw new BenchError('BENCH_DISAGREEMENT', `${contender.name} prints ${values[wrong]} as ${read[wrong]}`);
}

/** Vector to text. `octet_length` is constant time; `length` would count characters. */
export function printCase(kind: ValueKind, dimensions: number): Case<PgSession> {
  const rows = textRows(dimensions);
  return {
    name: `print ${kind}, ${dimensions} dims`,
    parameters: { shape: 'print', kind, dimensions, rows },
    metrics: perNumber,
    prepare: async (session, { budget }) => {
      await loadVectors(session, kind, dimensions);
      for (const contender of session.contenders)
        await defineTimed(contender, {
          declare: 'answer bigint;',
          statement: 'SELECT sum(octet_length(v::text)) INTO answer FROM items;',
        });
      return {
        entrants: session.contenders.map((each) => timedEntrant(each, budget, rows * dimensions)),
        verify: async () => {
          const values = makeValues(kind, 20, dimensions);
          for (const contender of session.contenders) await checkPrinted(contender, values, dimensions);
          await sameAnswer(
            session,
            'printed vectors',
            `SELECT md5(string_agg(md5(v::text), '' ORDER BY id)) FROM items`,
          );
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
