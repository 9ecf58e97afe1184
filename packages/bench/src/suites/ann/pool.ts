/**
 * Processes with an index in memory. They stay for later samples and cases while they fit together; a million rows of 768
 * dimensions are 3 GB and more in each of eight processes, so those that were used longest ago make room.
 */
import { stat } from 'node:fs/promises';
import type { Contender } from './contender.js';
import type { AnnCorpus, Files } from './data.js';
import { DriverProcess } from './driver-process.js';
import type { Settings } from './drivers/engine.js';

/** An index that can be searched. */
export interface Index {
  readonly contender: Contender;
  readonly corpus: AnnCorpus;
  readonly settings: Settings;
  readonly file: string;
  /** Identifies it. */
  readonly key: string;
  readonly bytes: number;
}

export interface LoadedIndex {
  readonly process: DriverProcess;
}

/** What a process has beside its index: its program, queries, and what the library allocates. */
const BASE_BYTES = 2 ** 27;
const OVERHEAD = 1.25;

export class ProcessPool implements AsyncDisposable {
  readonly #limit: number;
  readonly #signal: AbortSignal;
  /** By key; the one that was used last is the last. */
  readonly #running = new Map<string, LoadedIndex & { readonly bytes: number }>();

  /** @param limit bytes that the processes may have together; one alone may have more */
  constructor(limit: number, signal: AbortSignal) {
    this.#limit = limit;
    this.#signal = signal;
  }

  get size(): number {
    return this.#running.size;
  }

  /**
   * A process with the index.
   *
   * @param processor that it is bound to; undefined for any
   */
  async acquire(index: Index, files: Files, processor: number | undefined): Promise<LoadedIndex> {
    const key = `${index.key} ${processor ?? 'any'}`;
    const known = this.#running.get(key);
    if (known !== undefined) {
      this.#running.delete(key);
      if (known.process.sound) {
        this.#running.set(key, known);
        return known;
      }
      known.process.kill();
      await known.process[Symbol.asyncDispose]();
    }
    if (index.contender.exclusive) await this.drop(index.key);
    const bytes = BASE_BYTES + OVERHEAD * index.bytes;
    await this.#makeRoom(bytes);
    // Where the file is gone, the library's own words say less.
    await stat(index.file);
    const process = await DriverProcess.start(index.contender, { signal: this.#signal, processor });
    try {
      await process.data(index.corpus, files);
      await process.load(index.file, index.settings, index.contender.opens ?? 'load');
      const entry = { process, bytes };
      this.#running.set(key, entry);
      return entry;
    } catch (error) {
      process.kill();
      await process[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #makeRoom(bytes: number): Promise<void> {
    let used = [...this.#running.values()].reduce((sum, each) => sum + each.bytes, 0);
    for (const [key, each] of [...this.#running]) {
      if (used + bytes <= this.#limit) return;
      this.#running.delete(key);
      used -= each.bytes;
      await each.process[Symbol.asyncDispose]();
    }
  }

  /** Ends what has an index of a contender: after a crash, or when its index is not needed again. */
  async drop(key: string): Promise<void> {
    for (const [name, { process }] of [...this.#running]) {
      if (!name.startsWith(`${key} `)) continue;
      this.#running.delete(name);
      process.kill();
      await process[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#running.values()];
    this.#running.clear();
    for (const { process } of all) await process[Symbol.asyncDispose]();
  }
}
