/**
 * A process of one contender. Each has one of its own, so that a crash is the failure of that contender by name, its memory is
 * its own, and the processor that it is bound to binds all its threads.
 */
import { BenchError, throwIfAborted } from '../../errors.js';
import { PeerProcess } from '../../peer-process.js';
import type { Contender } from './contender.js';
import type { AnnCorpus, Files } from './data.js';
import type { Settings } from './drivers/engine.js';

export interface BuildFacts {
  /** Seconds of the library's work, rows read and file written excluded. */
  readonly wall: number;
  /** Seconds of all its threads. */
  readonly cpu: number;
  /** Bytes of the process at its largest. */
  readonly peak: number;
  /** Of the file. */
  readonly bytes: number;
}

export interface LoadFacts {
  /** Seconds. */
  readonly wall: number;
}

/** Bytes of the process that came with the index and the searches since. */
export interface MemoryFacts {
  /** What it has for itself. */
  readonly anonymous: number;
  /** Pages of files, such as a mapped index, that it has looked at; the system may take them back. */
  readonly mapped: number;
}

/** Means over the queries; a library that does not tell has none. */
export interface CounterFacts {
  readonly hops?: number;
  readonly distances?: number;
  readonly estimates?: number;
  readonly bytes?: number;
}

/** Which queries, and how. */
export interface Ask {
  readonly k: number;
  readonly effort: number;
  readonly first: number;
  readonly count: number;
}

type Fields = Readonly<Record<string, string | number>>;

export interface ProcessOptions {
  readonly signal: AbortSignal;
  /** The processor that all its threads share; undefined for any. */
  readonly processor?: number | undefined;
}

export class DriverProcess implements AsyncDisposable {
  readonly #process: PeerProcess;
  readonly #name: string;
  readonly #signal: AbortSignal;
  readonly #kill = (): void => this.#process.kill();
  #sound = true;

  private constructor({ subject, command }: Contender, { signal, processor }: ProcessOptions) {
    const { program, args, env } = command;
    const bound = processor === undefined ? [] : ['taskset', '--cpu-list', String(processor)];
    const [first = program, ...rest] = [...bound, program, ...args];
    this.#name = subject.name;
    this.#process = new PeerProcess(subject.name, first, { args: rest, ...(env && { env }) });
    this.#signal = signal;
    signal.addEventListener('abort', this.#kill, { once: true });
  }

  /** @throws BenchError `BENCH_CASE_FAILED` where it does not start, `BENCH_ABORTED` */
  static async start(contender: Contender, options: ProcessOptions): Promise<DriverProcess> {
    const started = new DriverProcess(contender, options);
    try {
      await started.#ask('start', {});
      return started;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** False after any failure: what state it is in, or whether it still runs, nobody knows. */
  get sound(): boolean {
    return this.#sound;
  }

  async #ask<T>(verb: string, fields: Fields): Promise<T> {
    const line = [verb, ...Object.entries(fields).map(([name, value]) => `${name}=${value}`)].join('\t');
    if (line.includes('\n')) throw new RangeError(`a request has one line: ${line}`);
    let answer: string;
    try {
      answer = await this.#process.ask(line);
    } catch (error) {
      this.#sound = false;
      throwIfAborted(this.#signal);
      throw error;
    }
    try {
      return JSON.parse(answer) as T;
    } catch (cause) {
      this.#sound = false;
      const message = `${this.#name} answered "${answer.slice(0, 200)}"`;
      throw new BenchError('BENCH_CASE_FAILED', message, { cause });
    }
  }

  async data({ rows, dimensions, queries }: AnnCorpus, files: Files): Promise<void> {
    await this.#ask('data', {
      rows: files.rows,
      count: rows,
      dimensions,
      queries: files.queries,
      asked: queries,
    });
  }

  /** @param checkpoint seconds after which a build that can be resumed is kept, again and again */
  build(file: string, settings: Settings, threads: number, checkpoint: number): Promise<BuildFacts> {
    return this.#ask('build', { ...settings, file, threads, checkpoint });
  }

  load(file: string, settings: Settings, how: 'load' | 'view'): Promise<LoadFacts> {
    return this.#ask('load', { ...settings, file, how });
  }

  memory(): Promise<MemoryFacts> {
    return this.#ask('memory', {});
  }

  /** Ids of all queries, nearest first. */
  async found(k: number, effort: number): Promise<readonly (readonly number[])[]> {
    return (await this.#ask<{ ids: number[][] }>('found', { k, effort })).ids;
  }

  /** Nanoseconds of the queries, so many times. */
  async time(ask: Ask, repeats: number, threads: number): Promise<number> {
    return (await this.#ask<{ ns: number }>('time', { ...ask, repeats, threads })).ns;
  }

  /** Nanoseconds of each query. */
  async latencies(ask: Ask): Promise<readonly number[]> {
    return (await this.#ask<{ ns: number[] }>('latencies', { ...ask })).ns;
  }

  counters(k: number, effort: number): Promise<CounterFacts> {
    return this.#ask('counters', { k, effort });
  }

  /** Ends the process at once. */
  kill(): void {
    this.#process.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener('abort', this.#kill);
    await this.#process[Symbol.asyncDispose]();
  }
}
