/**
 * A cluster that outlives its server: the server can be stopped, or killed in the middle of anything, and started again.
 * Its directory lies in the system's temporary directory and is removed by `remove`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { type EmbeddedServer, type Settings, startEmbedded } from '@ruvector/pg-extension/embedded';
import pg from 'pg';
import { ourLibrary } from './native.js';

/**
 * Whether a violation is one that pgvector is known for, and it is pgvector that is tested (RUVECTOR_STAGE and
 * PGVECTOR_STAGE name the same tree):
 * - `cannot load deleted element`: a scan follows an edge to an element that vacuum has marked in the meantime. On a
 *   standby, where replay takes no page locks, any scan; on a primary one that goes on after its first batch.
 */
export function knownFlaw(violation: string): boolean {
  const { RUVECTOR_STAGE: ours, PGVECTOR_STAGE: theirs } = process.env;
  return Boolean(ours) && ours === theirs && violation.includes('cannot load deleted element');
}

/** Processes are found, stopped and killed by what Linux says of them. */
export const canKill = existsSync('/proc/self/stat');

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What is common to all: no surprises from the background, and no waiting for a disk that no test pulls the plug of. */
const BASE_SETTINGS: Settings = {
  // The kernel keeps what killed processes have written.
  fsync: false,
  full_page_writes: true,
  autovacuum: false,
  jit: false,
  max_connections: 40,
  max_prepared_transactions: 4,
  timezone: 'UTC',
  log_timezone: 'UTC',
};

export class Cluster {
  readonly root: string;
  readonly dataDir: string;
  #server: EmbeddedServer | undefined;
  readonly #clients = new Set<pg.Client>();
  readonly #caretaker: Caretaker;

  private constructor() {
    this.root = realpathSync(mkdtempSync(path.join(tmpdir(), 'ruvector-cluster-')));
    this.#caretaker = new Caretaker(this.root);
    // The server's account is another one when root runs the tests.
    chmodSync(this.root, 0o711);
    this.dataDir = path.join(this.root, 'data');
  }

  static async create(settings: Settings = {}): Promise<Cluster> {
    const cluster = new Cluster();
    try {
      await cluster.start(settings);
    } catch (error) {
      await cluster.remove();
      throw error;
    }
    return cluster;
  }

  /** A copy of a stopped cluster's files. */
  static copyOf(other: Cluster): Cluster {
    if (other.#server !== undefined) throw new Error('only a stopped cluster can be copied');
    const cluster = new Cluster();
    // cp(1) keeps the owner, which Node's copying does not.
    execFileSync('cp', ['-a', other.dataDir, cluster.dataDir]);
    return cluster;
  }

  get server(): EmbeddedServer {
    if (this.#server === undefined) throw new Error('the cluster is not running');
    return this.#server;
  }

  /** Starts the server and waits until it takes connections, crash recovery included. */
  async start(settings: Settings = {}): Promise<EmbeddedServer> {
    this.#server = await startEmbedded({
      dataDir: this.dataDir,
      extensions: ourLibrary.extensions,
      settings: { ...BASE_SETTINGS, ...settings },
    });
    return this.#server;
  }

  /** A connection; it ends with the server at the latest. */
  async connect(): Promise<pg.Client> {
    const client = new pg.Client(this.server.connectionString);
    // A server that ends says so to idle clients as well.
    client.on('error', () => undefined);
    await client.connect();
    this.#clients.add(client);
    client.once('end', () => this.#clients.delete(client));
    return client;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await Promise.allSettled([...this.#clients].map((client) => client.end()));
    await server?.stop();
  }

  /**
   * Kills every process of the server. All are stopped first, the postmaster before its children, so that none sees
   * another die and does something about it.
   *
   * @param frozen is called when nothing moves any more
   */
  async kill(frozen: () => void = () => undefined): Promise<void> {
    const { server } = this;
    this.#server = undefined;
    signal(server.pid, 'SIGSTOP');
    const pids = processesOf(this.dataDir);
    for (const pid of pids) signal(pid, 'SIGSTOP');
    frozen();
    for (const pid of [server.pid, ...pids]) signal(pid, 'SIGKILL');
    for (let rest = processesOf(this.dataDir); rest.length > 0; rest = processesOf(this.dataDir)) {
      // A child may have been born just then.
      for (const pid of rest) signal(pid, 'SIGKILL');
      await sleep(2);
    }
    await server.stop();
    await Promise.allSettled([...this.#clients].map((client) => client.end()));
  }

  async remove(): Promise<void> {
    try {
      await this.stop();
    } finally {
      await rm(this.root, { recursive: true, force: true, maxRetries: 5 });
      this.#caretaker.dismiss();
    }
  }

  /** Leaves the files of a stopped cluster where they are. */
  keep(): string {
    this.#caretaker.dismiss();
    return this.dataDir;
  }
}

/** A shell that removes a directory when this process ends without having done it, whatever ends it. */
class Caretaker {
  readonly #child: ChildProcess & { stdin: Writable };

  constructor(root: string) {
    // A server that is running is being stopped by its own supervisor at that moment.
    const script = `read -r word && exit; n=0
      while [ -e "$1/data/postmaster.pid" ] && [ $n -lt 100 ]; do sleep 0.2; n=$((n + 1)); done; rm -rf -- "$1"`;
    this.#child = spawn('/bin/sh', ['-c', script, 'ruvector-cluster-caretaker', root], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    }) as ChildProcess & { stdin: Writable };
    this.#child.stdin.on('error', () => undefined);
    this.#child.unref();
    (this.#child.stdin as unknown as { unref?(): void }).unref?.();
  }

  dismiss(): void {
    if (!this.#child.stdin.writableEnded) this.#child.stdin.end('done\n');
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Every process of PostgreSQL has its data directory as its working directory. A zombie has none. */
function processesOf(dataDir: string): number[] {
  const pids: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (readlinkSync(`/proc/${name}/cwd`) === dataDir) pids.push(Number(name));
    } catch {
      // It has ended, or is somebody else's.
    }
  }
  return pids;
}
