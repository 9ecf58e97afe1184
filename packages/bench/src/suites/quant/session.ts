/** What the cases share: corpora in memory, and the peer's process. */
import { type Corpus, type Loaded, loadCorpus } from './corpora.js';
import { FaissProcess } from './faiss.js';

export class QuantSession implements AsyncDisposable {
  readonly #python: string | undefined;
  readonly #signal: AbortSignal;
  readonly #loaded = new Map<Corpus, Promise<Loaded>>();
  readonly #handed = new Set<Corpus>();
  #faiss: FaissProcess | undefined;

  /** @param python that has faiss; undefined where the peer is absent */
  constructor(python: string | undefined, signal: AbortSignal) {
    this.#python = python;
    this.#signal = signal;
  }

  /** A corpus with its neighbours; loaded once. */
  load(corpus: Corpus): Promise<Loaded> {
    let loaded = this.#loaded.get(corpus);
    if (loaded === undefined) {
      loaded = loadCorpus(corpus, this.#signal);
      this.#loaded.set(corpus, loaded);
    }
    return loaded;
  }

  /** The peer with a corpus in its memory; undefined where it is absent. */
  async faiss(loaded: Loaded): Promise<FaissProcess | undefined> {
    if (this.#python === undefined) return undefined;
    this.#faiss ??= new FaissProcess(this.#python, this.#signal);
    if (!this.#handed.has(loaded.corpus)) await this.#faiss.hand(loaded);
    this.#handed.add(loaded.corpus);
    return this.#faiss;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#faiss?.[Symbol.asyncDispose]();
  }
}
