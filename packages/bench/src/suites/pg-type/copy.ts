/**
 * COPY to and from files of the server. Out goes to /dev/null: rows are formatted, nothing is stored. In reads a file
 * that the same server wrote, from the page cache, into an unlogged table that is emptied before each run; the heap's
 * own work is part of the figure, as it is of a user's load.
 */
import type { Case } from '../../suite.js';
import type { Contender } from '../pg/contender.js';
import { defineTimed, timedEntrant } from '../pg/timed.js';
import type { PgSession } from './session.js';
import { loadTexts, loadVectors, sameAnswer, textRows } from './text.js';

const perRow = [{ name: 'time', unit: 'ns/row', better: 'lower' as const }];

/** A file that the server's account can write: in its data directory. */
async function fileOf(contender: Contender): Promise<string> {
  const { data_directory: directory } = await contender.row<{ data_directory: string }>(
    'SHOW data_directory',
  );
  return `${directory}/bench.copy`;
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** `SELECT` of the digest of the file that `fileOf` names. */
const FILE_DIGEST = `SELECT md5(pg_read_binary_file(current_setting('data_directory') || '/bench.copy'))`;

/** Binary COPY from a table of vectors. */
export function copyOutCase(dimensions: number): Case<PgSession> {
  const rows = textRows(dimensions);
  return {
    name: `copy out, binary, ${dimensions} dims`,
    parameters: { shape: 'copy out', format: 'binary', dimensions, rows },
    metrics: perRow,
    prepare: async (session, { budget }) => {
      await loadVectors(session, 'floats', dimensions);
      for (const contender of session.contenders)
        await defineTimed(contender, {
          statement: `EXECUTE $copy$ COPY items TO '/dev/null' (FORMAT binary) $copy$;`,
        });
      return {
        entrants: session.contenders.map((each) => timedEntrant(each, budget, rows)),
        verify: async () => {
          for (const contender of session.contenders)
            await contender.client.query(`COPY items TO ${quote(await fileOf(contender))} (FORMAT binary)`);
          await sameAnswer(session, 'COPY file', FILE_DIGEST);
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

/** COPY into a table of vectors: from binary, or from texts with 8-digit floats. */
export function copyInCase(format: 'binary' | 'text', dimensions: number): Case<PgSession> {
  const rows = textRows(dimensions);
  return {
    name: `copy in, ${format}, ${dimensions} dims`,
    parameters: { shape: 'copy in', format, dimensions, rows },
    metrics: perRow,
    prepare: async (session, { budget }) => {
      if (format === 'binary') await loadVectors(session, 'floats', dimensions);
      else await loadTexts(session, '8-digit floats', dimensions);
      const source = format === 'binary' ? 'items' : 'texts';
      for (const contender of session.contenders) {
        const file = quote(await fileOf(contender));
        await contender.client.query(`COPY ${source} TO ${file} (FORMAT ${format})`);
        await contender.client.query(`CREATE UNLOGGED TABLE target (id integer, v vector(${dimensions}))`);
        await defineTimed(contender, {
          before: 'TRUNCATE target;',
          statement: `EXECUTE $copy$ COPY target FROM ${file} (FORMAT ${format}) $copy$;`,
        });
      }
      return {
        entrants: session.contenders.map((each) => timedEntrant(each, budget, rows)),
        verify: async () => {
          await sameAnswer(session, 'COPY file', FILE_DIGEST);
          for (const contender of session.contenders) await contender.client.query(`SELECT timed('', 1)`);
          const loaded = await sameAnswer(
            session,
            'loaded vectors',
            `SELECT count(*) || md5(string_agg(md5(vector_send(v)), '' ORDER BY id)) FROM target`,
          );
          const column = format === 'binary' ? 'v' : 't::vector';
          const expected = await sameAnswer(
            session,
            'source vectors',
            `SELECT count(*) || md5(string_agg(md5(vector_send(${column})), '' ORDER BY id)) FROM ${source}`,
          );
          if (loaded !== expected) throw new RangeError(`COPY loaded ${loaded}, its source is ${expected}`);
        },
        [Symbol.asyncDispose]: async () => {
          for (const contender of session.contenders) await contender.client.query('DROP TABLE target');
        },
      };
    },
  };
}
