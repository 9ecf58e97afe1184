/** What the cases share: data, exact neighbours, built indexes, processes that have them, recalls. */
import { setMaxListeners } from 'node:events';
import { cacheKey, FileCache } from '../../cache.js';
import { K } from '../quant/corpora.js';
import { type BuildOptions, BuildStore, type Built, buildParts } from './builds.js';
import type { Contender, OurKind } from './contender.js';
import { type AnnCorpus, type Files, parametersOf, type Told } from './data.js';
import type { DriverProcess } from './driver-process.js';
import type { Settings } from './drivers/engine.js';
import { type Index, type LoadedIndex, ProcessPool } from './pool.js';
import { findNeighbours, type Neighbours, recallIn } from './truth.js';
import { candidateScale, coarseScale, type EffortScale, leastEffort, listScale } from './tuning.js';

export interface SessionOptions {
  readonly ours: ReadonlyMap<OurKind, Contender>;
  readonly peers: readonly Contender[];
  /** Where data, indexes and what is known of them are kept. */
  readonly directory: string;
  /** Rows that settings are found at; undefined for the standard ones. */
  readonly tuningRows: number | undefined;
  readonly buildLimitSeconds: number;
  /** Bytes that processes may have together. */
  readonly memory: number;
  /** That work of one thread is bound to. */
  readonly processor: number | undefined;
  readonly signal: AbortSignal;
}

/** Warm-up of a process: as many candidates or lists as an ordinary search. */
const WARM_EFFORT = 40;

/** Writing 3 GB takes seconds: a hundredth of the time. */
const CHECKPOINT_SECONDS = 300;

export class AnnSession implements AsyncDisposable {
  readonly options: SessionOptions;
  readonly cache: FileCache;
  readonly #builds: BuildStore;
  readonly #pool: ProcessPool;
  readonly #recalls = new Map<string, number>();
  readonly #warm = new WeakSet<DriverProcess>();
  readonly #once = new Map<string, Promise<unknown>>();

  constructor(options: SessionOptions) {
    this.options = options;
    // Every process listens.
    setMaxListeners(0, options.signal);
    this.cache = new FileCache(options.directory);
    this.#builds = new BuildStore(options.directory, {
      limitSeconds: options.buildLimitSeconds,
      checkpointSeconds: CHECKPOINT_SECONDS,
    });
    this.#pool = new ProcessPool(options.memory, options.signal);
  }

  /** The value of a step that is done once in a session; where it fails, it has failed for all that ask later. */
  once<T>(key: string, compute: () => Promise<T>): Promise<T> {
    const known = this.#once.get(key) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const value = compute();
    this.#once.set(key, value);
    return value;
  }

  told(step: (what: string) => void): Told {
    return { signal: this.options.signal, step };
  }

  files(corpus: AnnCorpus, told: Told): Promise<Files> {
    const { identity } = corpus;
    const whole = corpus.whole ?? corpus;
    const key = cacheKey({ step: 'files', identity, rows: whole.rows, queries: whole.queries });
    return this.once(key, () => whole.files(`${this.options.directory}/data`, told));
  }

  neighbours(corpus: AnnCorpus, told: Told): Promise<Neighbours> {
    const parts = { version: 1, ...parametersOf(corpus) };
    return this.once(cacheKey({ step: 'neighbours', ...parts }), async () => {
      const known = (await this.cache.get('neighbours', parts)) as Neighbours | undefined;
      if (known !== undefined) return known;
      const found = await findNeighbours(corpus, await this.files(corpus, told), told);
      await this.cache.put('neighbours', parts, found);
      return found;
    });
  }

  /** @throws BenchError as {@link BuildStore.ensure} does; at once where it has failed before */
  build(options: BuildOptions, told: Told): Promise<Built> {
    const key = cacheKey({ step: 'build', parts: buildParts(options) });
    return this.once(key, async () =>
      this.#builds.ensure(options, await this.files(options.corpus, told), this.options.processor, told),
    );
  }

  /** An index of one thread's build, made where it is not there. */
  async index(contender: Contender, corpus: AnnCorpus, settings: Settings, told: Told): Promise<Index> {
    const built = await this.build({ contender, corpus, settings, threads: 1 }, told);
    return { contender, corpus, settings, file: built.file, key: built.key, bytes: built.bytes };
  }

  /**
   * A process with the index in memory, warm.
   *
   * @param threads 1: all its threads share one processor
   */
  async acquire(index: Index, threads: number, told: Told): Promise<LoadedIndex> {
    const files = await this.files(index.corpus, told);
    const processor = threads === 1 ? this.options.processor : undefined;
    const running = await this.#pool.acquire(index, files, processor);
    if (!this.#warm.has(running.process) && !index.contender.costlyEffort) {
      const count = index.corpus.queries;
      const effort = index.contender.effort === 'lists' ? 1 : WARM_EFFORT;
      await running.process.time({ k: K, effort, first: 0, count }, 1, 1);
      this.#warm.add(running.process);
    }
    return running;
  }

  /** Ends the processes of an index. */
  drop({ key }: Index): Promise<void> {
    return this.#pool.drop(key);
  }

  /** recall@10 of an index with an effort; known from earlier runs where it is the same index. */
  async recall(index: Index, effort: number, told: Told): Promise<number> {
    const parts = { version: 1, index: index.key, effort };
    const key = cacheKey(parts);
    const known = this.#recalls.get(key) ?? ((await this.cache.get('recalls', parts)) as number | undefined);
    if (known !== undefined) return known;
    const { corpus, contender } = index;
    const { process } = await this.acquire(index, 1, told);
    const answers = await process.found(K, effort);
    const neighbours = await this.neighbours(corpus, told);
    const files = await this.files(corpus, told);
    const recall = await recallIn(contender.subject.name, answers, corpus, files, neighbours);
    this.#recalls.set(key, recall);
    await this.cache.put('recalls', parts, recall);
    return recall;
  }

  /** The least effort that reaches a recall, or the best recall that there is. */
  async effortFor(index: Index, target: number, told: Told) {
    const recall = (effort: number): Promise<number> => this.recall(index, effort, told);
    return leastEffort(target, scaleOf(index.contender), recall, told.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }
}

function scaleOf({ effort, costlyEffort }: Contender): EffortScale {
  if (effort === 'lists') return listScale;
  return costlyEffort ? coarseScale : candidateScale;
}
