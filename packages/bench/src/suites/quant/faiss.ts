/** faiss: the library as its own project builds it for Python, in a process of its own that keeps the time itself. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheKey } from '../../cache.js';
import { throwIfAborted } from '../../errors.js';
import { findPackage } from '../../fingerprint.js';
import { PeerProcess } from '../../peer-process.js';
import type { AbsentPeer, Subject } from '../../suite.js';
import { newDirectory, removeDirectory, sweepDirectories } from '../pg-hnsw/directory.js';
import type { Loaded } from './corpora.js';

/** Not copied by the build, so found from the package's root. */
function script(): string {
  const { root } = findPackage(import.meta.dirname, '@ruvector/bench');
  return join(root, 'src', 'suites', 'quant', 'faiss_peer.py');
}

/** One thread, whoever brings threads along. */
const env = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

type Request = Readonly<Record<string, string | number>>;

export interface FaissFacts {
  /** Of a code. */
  readonly bytes: number;
  /** Mean squared distance of rows from what their codes stand for. */
  readonly error: number;
}

export class FaissProcess implements AsyncDisposable {
  readonly #process: PeerProcess;
  readonly #signal: AbortSignal | undefined;
  readonly #kill = (): void => this.#process.kill();

  constructor(python: string, signal?: AbortSignal) {
    this.#process = new PeerProcess('faiss', python, { args: [script()], env });
    this.#signal = signal;
    signal?.addEventListener('abort', this.#kill, { once: true });
  }

  /** @throws BenchError `BENCH_CASE_FAILED`, `BENCH_ABORTED` */
  async #ask<T>(request: Request): Promise<T> {
    try {
      return JSON.parse(await this.#process.ask(JSON.stringify(request))) as T;
    } catch (error) {
      if (this.#signal) throwIfAborted(this.#signal);
      throw error;
    }
  }

  version(): Promise<{ version: string; options: readonly string[]; numpy: string }> {
    return this.#ask({ do: 'version' });
  }

  /** Hands a corpus over, by files that are gone afterwards. */
  async hand({ corpus, rows, queries }: Loaded): Promise<void> {
    await sweepDirectories();
    const directory = newDirectory('faiss');
    await mkdir(directory, { mode: 0o700 });
    try {
      const write = async (name: string, values: Float32Array): Promise<string> => {
        const file = join(directory, name);
        await writeFile(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
        return file;
      };
      await this.#ask({
        do: 'load',
        name: corpus.name,
        rows: await write('rows', rows),
        queries: await write('queries', queries),
        dimensions: corpus.dimensions,
      });
    } finally {
      await removeDirectory(directory);
    }
  }

  /**
   * Trains an index on the first rows.
   *
   * @param factory what faiss's index_factory takes
   * @returns nanoseconds
   */
  train(
    name: string,
    corpus: string,
    factory: string,
    { sample, iterations }: { readonly sample: number; readonly iterations: number },
  ): Promise<number> {
    return this.#ask({ do: 'train', name, corpus, factory, sample, iterations });
  }

  /** @returns nanoseconds for the first rows */
  encode(name: string, count: number): Promise<number> {
    return this.#ask({ do: 'encode', name, count });
  }

  /** Encodes all rows. */
  fill(name: string): Promise<number> {
    return this.#ask({ do: 'fill', name });
  }

  /** @returns nanoseconds of so many queries, one after the other, so many times */
  search(name: string, count: number, k: number, repeats: number): Promise<number> {
    return this.#ask({ do: 'search', name, count, k, repeats });
  }

  /** The k nearest rows to each query. */
  found(name: string, k: number): Promise<readonly (readonly number[])[]> {
    return this.#ask({ do: 'found', name, k });
  }

  facts(name: string): Promise<FaissFacts> {
    return this.#ask({ do: 'facts', name });
  }

  /** @returns nanoseconds, and the mean squared distance from the nearest centroid */
  kmeans(
    corpus: string,
    clusters: number,
    { sample, iterations }: { readonly sample: number; readonly iterations: number },
  ): Promise<{ time: number; objective: number }> {
    return this.#ask({ do: 'kmeans', corpus, clusters, sample, iterations });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#kill);
    await this.#process[Symbol.asyncDispose]();
  }
}

/** A peer that can be started. */
export interface Faiss {
  readonly subject: Subject;
  readonly python: string;
}

const run = promisify(execFile);

/** Looks for faiss, or says why it cannot take part. */
export async function findFaiss(python: string, signal: AbortSignal): Promise<Faiss | AbsentPeer> {
  try {
    await using peer = new FaissProcess(python, signal);
    const { version, options, numpy } = await peer.version();
    const { stdout } = await run(python, ['--version'], { signal });
    return {
      python,
      subject: {
        name: 'faiss',
        version,
        fingerprint: cacheKey({ version, options, numpy, script: await readFile(script(), 'utf8') }),
        details: { build: options.join(' '), python: stdout.trim() },
      },
    };
  } catch (error) {
    throwIfAborted(signal);
    const { message } = error as Error;
    return {
      name: 'faiss',
      reason: `${python} does not run it: ${(message.trim().split('\n').at(-1) ?? '').slice(-200)}`,
      cure: 'python3 -m venv .cache/faiss && .cache/faiss/bin/pip install faiss-cpu numpy, then set FAISS_PYTHON=.cache/faiss/bin/python',
    };
  }
}
