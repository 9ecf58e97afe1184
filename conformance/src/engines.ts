/**
 * Two PostgreSQL servers behind one interface: ours with extension `vector` in an embedded server, and PGlite with
 * pgvector's own code as the oracle. Both answer with text, so that outputs compare byte for byte.
 */

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { startEmbedded } from '@ruvector/pg-extension/embedded';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** What a statement did: its rows as text, or the error that it raised. */
export type Outcome =
  | { readonly kind: 'rows'; readonly rows: readonly (readonly (string | null)[])[] }
  | { readonly kind: 'error'; readonly sqlstate: string; readonly message: string; readonly detail?: string };

export interface SqlEngine {
  readonly name: string;
  /** Runs one statement over the simple protocol, or with text parameters over the extended one. */
  run(sql: string, params?: readonly (string | null)[]): Promise<Outcome>;
  /** `COPY <table> FROM` the bytes of a binary file. */
  copyBinary(table: string, file: Uint8Array): Promise<Outcome>;
  close(): Promise<void>;
}

interface ServerError {
  readonly code: string;
  readonly message: string;
  readonly detail?: string | undefined;
}

function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && /^[0-9A-Z]{5}$/.test((error as unknown as ServerError).code ?? '');
}

/** Turns a server's error into an outcome; anything else (a lost connection, say) is thrown on. */
function errorOutcome(error: unknown): Outcome {
  if (!isServerError(error)) throw error;
  const { code, message, detail } = error;
  return { kind: 'error', sqlstate: code, message, ...(detail === undefined ? {} : { detail }) };
}

const asText = (value: unknown): unknown => value;

/** Our extension in its own embedded server, with one connection. */
export async function ourEngine(): Promise<SqlEngine & { readonly client: pg.Client }> {
  const server = await startEmbedded();
  const client = new pg.Client({ connectionString: server.connectionString });
  try {
    await client.connect();
    await client.query('CREATE EXTENSION vector');
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    name: 'ruvector',
    client,
    async run(sql, params) {
      try {
        const result = await client.query({
          text: sql,
          rowMode: 'array',
          types: { getTypeParser: () => asText },
          ...(params === undefined ? {} : { values: [...params] }),
        });
        return { kind: 'rows', rows: result.rows as (string | null)[][] };
      } catch (error) {
        return errorOutcome(error);
      }
    },
    async copyBinary(table, file) {
      try {
        const stream = client.query(copyFrom(`COPY ${table} FROM STDIN WITH (FORMAT binary)`));
        await pipeline(Readable.from([Buffer.from(file)]), stream);
        return { kind: 'rows', rows: [] };
      } catch (error) {
        return errorOutcome(error);
      }
    },
    async close() {
      await client.end();
      await server.stop();
    },
  };
}

/** Types whose text PGlite would otherwise turn into JavaScript values. */
const PARSED_TYPES = [
  16, 20, 21, 23, 26, 700, 701, 1005, 1007, 1016, 1021, 1022, 1231, 1700, 17, 114, 3802, 1000,
];

/** pgvector's own code in PGlite: the oracle. */
export async function pgvectorEngine(): Promise<SqlEngine> {
  const db = await PGlite.create({ extensions: { vector } });
  await db.exec('CREATE EXTENSION vector');
  const parsers = Object.fromEntries(PARSED_TYPES.map((oid) => [oid, (text: string) => text]));
  return {
    name: 'pgvector',
    async run(sql, params) {
      try {
        const result = await db.query<(string | null)[]>(
          sql,
          params === undefined ? undefined : [...params],
          {
            rowMode: 'array',
            parsers,
          },
        );
        return { kind: 'rows', rows: result.rows };
      } catch (error) {
        return errorOutcome(error);
      }
    },
    async copyBinary(table, file) {
      try {
        await db.query(`COPY ${table} FROM '/dev/blob' WITH (FORMAT binary)`, [], {
          blob: new Blob([new Uint8Array(file)]),
        });
        return { kind: 'rows', rows: [] };
      } catch (error) {
        return errorOutcome(error);
      }
    },
    close: () => db.close(),
  };
}
