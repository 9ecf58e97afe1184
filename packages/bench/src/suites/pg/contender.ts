/** One build of extension `vector` in its own embedded server. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  EmbeddedError,
  type EmbeddedServer,
  type Settings,
  startEmbedded,
} from '@ruvector/pg-extension/embedded';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { BenchError, throwIfAborted } from '../../errors.js';
import { bindProcess } from './affinity.js';
import type { Stage } from './stages.js';

export interface ServerOptions {
  readonly settings: Settings;
  /** Where the backend of the connection runs; undefined leaves it to the system. */
  readonly processor?: number | undefined;
  /** A cluster to keep; without one the data go with the server. */
  readonly dataDir?: string;
  readonly signal: AbortSignal;
}

/** A server and a connection to it. */
export interface Running {
  readonly server: EmbeddedServer;
  readonly client: pg.Client;
}

/** A further connection. */
export async function connect(server: EmbeddedServer): Promise<pg.Client> {
  const client = new pg.Client(server.connectionString);
  // A lost connection fails the running query; without a listener it would end the process.
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Process id of the backend of a connection. */
export async function backendOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return (rows[0] as { pid: number }).pid;
}

/**
 * Starts a server with the extension created in it.
 *
 * @throws BenchError `BENCH_NOT_BUILT` when the server does not start or does not load the extension: a stage for
 *   another major version, say
 */
export async function startServer(
  { directory, subject }: Stage,
  { settings, processor, dataDir, signal }: ServerOptions,
): Promise<Running> {
  let server: EmbeddedServer | undefined;
  try {
    server = await startEmbedded({ extensions: [{ stage: directory }], settings, dataDir, signal });
    const client = await connect(server);
    await client.query('CREATE EXTENSION IF NOT EXISTS vector');
    if (processor !== undefined) await bindProcess(await backendOf(client), processor);
    return { server, client };
  } catch (error) {
    await server?.stop();
    throwIfAborted(signal);
    throw new BenchError(
      'BENCH_NOT_BUILT',
      `${subject.name} from ${directory} does not start: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** Which server would run; asked of a server, since only the embedded package knows how one is chosen. */
export async function probeServer(signal: AbortSignal): Promise<{ version: string; majorVersion: number }> {
  try {
    await using server = await startEmbedded({ extensions: [], signal });
    return { version: server.version, majorVersion: server.majorVersion };
  } catch (error) {
    if (error instanceof EmbeddedError)
      throw new BenchError('BENCH_NOT_BUILT', error.message, { cause: error });
    throw error;
  }
}

/** A build under its name in reports, with what every suite asks of it. */
export class Contender implements AsyncDisposable {
  readonly name: string;
  protected running: Running;

  constructor(name: string, running: Running) {
    this.name = name;
    this.running = running;
  }

  get server(): EmbeddedServer {
    return this.running.server;
  }

  get client(): pg.Client {
    return this.running.client;
  }

  /** The only row of a query. */
  async row<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row> {
    const { rows } = await this.client.query<Row>(text, [...values]);
    if (rows.length !== 1) throw new RangeError(`${rows.length} rows from: ${text}`);
    return rows[0] as Row;
  }

  /** Appends rows in COPY's binary format. */
  async copyIn(table: string, chunks: Iterable<Buffer>): Promise<void> {
    const stream = this.client.query(copyFrom(`COPY ${table} FROM STDIN (FORMAT binary)`));
    await pipeline(Readable.from(chunks), stream);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.end().catch(() => {});
    await this.server.stop();
  }
}
