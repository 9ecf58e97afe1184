/**
 * Two PostgreSQL servers behind one interface: ours with extension `vector` in an embedded server, and PGlite with
 * pgvector's own code as the oracle. Both answer with text, so that outputs compare byte for byte.
 */

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { type EmbeddedServer, startEmbedded } from '@ruvector/pg-extension/embedded';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { ourLibrary } from './native.js';

/** What a statement did: its rows as text, or the error that it raised. */
export type Outcome =
  | { readonly kind: 'rows'; readonly rows: readonly (readonly (string | null)[])[] }
  | {
      readonly kind: 'error';
      readonly sqlstate: string;
      readonly message: string;
      readonly detail?: string;
      readonly hint?: string;
    };

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
  readonly hint?: string | undefined;
}

function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && /^[0-9A-Z]{5}$/.test((error as unknown as ServerError).code ?? '');
}

/** Turns a server's error into an outcome; anything else (a lost connection, say) is thrown on. */
function errorOutcome(error: unknown): Outcome {
  if (!isServerError(error)) throw error;
  const { code, message, detail, hint } = error;
  return {
    kind: 'error',
    sqlstate: code,
    message,
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
  };
}

const asText = (value: unknown): unknown => value;

/** A connection as an engine; closing it ends the connection. */
export function clientEngine(name: string, client: pg.Client): SqlEngine {
  return {
    name,
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
    close: () => client.end(),
  };
}

/** A new connection to a server, as an engine. */
export async function connectEngine(
  name: string,
  server: EmbeddedServer,
): Promise<SqlEngine & { readonly client: pg.Client }> {
  const client = new pg.Client({ connectionString: server.connectionString });
  await client.connect();
  return { ...clientEngine(name, client), client };
}

/** Our extension in its own embedded server, with one connection. */
export async function ourEngine(): Promise<SqlEngine & { readonly client: pg.Client }> {
  const server = await startEmbedded({ extensions: ourLibrary.extensions });
  try {
    const engine = await connectEngine(ourLibrary.name, server);
    await engine.client.query('CREATE EXTENSION vector');
    return {
      ...engine,
      async close() {
        await engine.close();
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Types whose text PGlite would otherwise turn into JavaScript values. */
const PARSED_TYPES = [
  16, 20, 21, 23, 26, 700, 701, 1005, 1007, 1016, 1021, 1022, 1231, 1700, 17, 114, 3802, 1000,
];

/**
 * pgvector's own code in PGlite: the oracle.
 *
 * @param dataDir where its files are, or are to be; without it they are in memory
 */
export async function pgvectorEngine(dataDir?: string): Promise<SqlEngine> {
  const db = await PGlite.create({ extensions: { vector }, ...(dataDir === undefined ? {} : { dataDir }) });
  await db.exec('CREATE EXTENSION IF NOT EXISTS vector');
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

/**
 * The rows of a statement.
 *
 * @throws Error when it failed
 */
export async function rowsOf(engine: SqlEngine, sql: string, params?: readonly (string | null)[]) {
  const outcome = await engine.run(sql, params);
  if (outcome.kind === 'rows') return outcome.rows;
  throw new Error(`${engine.name}: ${outcome.sqlstate} ${outcome.message} in: ${sql.slice(0, 200)}`);
}
