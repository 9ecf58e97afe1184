/**
 * Built indexes on disk, by everything that they depend on: the contender's files, the data, the settings, the threads, the
 * machine. An index that is there is not built again, in no run, --fresh or not; its figures are those of the run that built
 * it. To build all anew, remove the folder.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheKey, FileCache, type Json } from '../../cache.js';
import { BenchError, throwIfAborted } from '../../errors.js';
import { describeMachine } from '../../machine.js';
import { type Contender, describeSettings } from './contender.js';
import { type AnnCorpus, type Files, parametersOf, type Told } from './data.js';
import { type BuildFacts, DriverProcess } from './driver-process.js';
import type { Settings } from './drivers/engine.js';

/** Raised when a driver builds in another way. */
const VERSION = 1;

export interface BuildOptions {
  readonly contender: Contender;
  readonly corpus: AnnCorpus;
  readonly settings: Settings;
  readonly threads: number;
  /** Builds beyond the first, for a spread; their files are not kept. */
  readonly repeat?: number;
}

export interface Built extends BuildFacts {
  /** Kept for one thread and the first repeat. */
  readonly file: string;
  /** Of all that the index depends on. */
  readonly key: string;
}

/** What an index depends on. */
export function buildParts({ contender, corpus, settings, threads, repeat = 0 }: BuildOptions): Json {
  const { subject, kind } = contender;
  return {
    version: VERSION,
    subject: subject.name,
    fingerprint: subject.fingerprint,
    kind,
    corpus: parametersOf(corpus),
    settings,
    threads,
    repeat,
    machine: describeMachine() as unknown as Json,
  };
}

export interface BuildLimits {
  /** After which a build is ended; one that can be resumed goes on in the next run. */
  readonly limitSeconds: number;
  /** After which one that can be resumed is kept, again and again. */
  readonly checkpointSeconds: number;
}

export class BuildStore {
  readonly #cache: FileCache;
  readonly #directory: string;
  readonly #limits: BuildLimits;

  constructor(directory: string, limits: BuildLimits) {
    this.#directory = directory;
    this.#limits = limits;
    this.#cache = new FileCache(directory);
  }

  /**
   * Builds an index unless it is there.
   *
   * @param processor for builds of one thread: the one that all threads of the process share
   * @throws BenchError `BENCH_CASE_FAILED` where the contender fails or takes too long, `BENCH_ABORTED`
   */
  async ensure(
    options: BuildOptions,
    files: Files,
    processor: number | undefined,
    told: Told,
  ): Promise<Built> {
    const { contender, corpus, settings, threads, repeat = 0 } = options;
    const parts = buildParts(options);
    const key = cacheKey(parts);
    const file = join(this.#directory, 'files', `${key.slice(0, 24)}.index`);
    const keep = threads === 1 && repeat === 0;
    const known = (await this.#cache.get('builds', parts)) as BuildFacts | undefined;
    if (known !== undefined && (!keep || existsSync(file))) return { ...known, file, key };
    await mkdir(join(file, '..'), { recursive: true });
    const { subject, kind } = contender;
    told.step(
      `${subject.name}${kind === undefined ? '' : ` (${kind})`} builds ${corpus.name}, ${describeSettings(settings)}${threads === 1 ? '' : `, ${threads} threads`}`,
    );
    const facts = await this.#build(options, file, files, { processor, told });
    if (!keep) await rm(file, { recursive: true, force: true });
    // A file that was lost was built again, but what it took is what it took the first time.
    if (known !== undefined) return { ...known, file, key };
    await this.#cache.put('builds', parts, facts);
    return { ...facts, file, key };
  }

  async #build(
    { contender, corpus, settings, threads }: BuildOptions,
    file: string,
    files: Files,
    { processor, told }: { readonly processor: number | undefined; readonly told: Told },
  ): Promise<BuildFacts> {
    const { signal } = told;
    await using process = await DriverProcess.start(contender, {
      signal,
      processor: threads === 1 ? processor : undefined,
    });
    const { limitSeconds, checkpointSeconds } = this.#limits;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      process.kill();
    }, 1000 * limitSeconds);
    try {
      await process.data(corpus, files);
      return await process.build(file, settings, threads, checkpointSeconds);
    } catch (error) {
      throwIfAborted(signal);
      if (!late) throw error;
      const hours = (limitSeconds / 3600).toFixed(1);
      const message = `${contender.subject.name} did not build ${corpus.name} in ${hours} h`;
      throw new BenchError('BENCH_CASE_FAILED', message, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}
