/** The two libraries for a native server, and data directories that outlive one. */
import { chmodSync, mkdtempSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type EmbeddedServer,
  type ExtensionSource,
  type Settings,
  startEmbedded,
} from '@ruvector/pg-extension/embedded';

/** A library to start a server with. */
export interface Library {
  readonly name: 'ruvector' | 'pgvector';
  readonly extensions: readonly ExtensionSource[];
}

/**
 * Ours: the build, or the tree that RUVECTOR_STAGE names, as in the benchmarks. With pgvector's library in it, the tests
 * run against themselves, which shows what of a failure is theirs.
 */
export const ourLibrary: Library = {
  name: 'ruvector',
  extensions: process.env.RUVECTOR_STAGE ? [{ stage: process.env.RUVECTOR_STAGE }] : ['vector'],
};

/** pgvector for the same server: `make install DESTDIR=<dir>`, then PGVECTOR_STAGE=<dir>. */
export const pgvectorLibrary: Library | undefined = process.env.PGVECTOR_STAGE
  ? { name: 'pgvector', extensions: [{ stage: process.env.PGVECTOR_STAGE }] }
  : undefined;

/** A temporary directory that the server's account can enter, which is another one when root runs the tests. */
function temporaryDirectory(): string {
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'ruvector-conformance-')));
  chmodSync(directory, 0o711);
  return directory;
}

/** A cluster's files, to be served by one library after another. */
export class DataDirectory {
  readonly #root = temporaryDirectory();
  readonly path = path.join(this.#root, 'data');

  /** Starts a server on it; the caller stops it. */
  start(library: Library, settings: Settings = {}): Promise<EmbeddedServer> {
    return startEmbedded({
      dataDir: this.path,
      extensions: library.extensions,
      settings: { fsync: false, autovacuum: false, ...settings },
    });
  }

  remove(): Promise<void> {
    return rm(this.#root, { recursive: true, force: true, maxRetries: 5 });
  }
}
