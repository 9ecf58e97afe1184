/**
 * A few nodes that stand for all light cuts of a graph.
 *
 * Nodes are merged that no cut lighter than a ceiling separates, which leaves a graph of at most `MOST` nodes. While it is kept:
 * *every cut that separates two merged nodes weighs at least `ceiling`*. All other cuts are cuts of the kernel. So the kernel's
 * minimum cut is that of the whole graph as long as it weighs at most `ceiling`, and it is found in some microseconds.
 *
 * A change of weight between two kernel nodes changes their edge. An increase never breaks the invariant; a decrease by d takes d
 * off the ceiling, except as far as the two nodes are known to be tied. The ceiling wears down that way until it is no longer
 * above lambda; then a kernel is built again, and meanwhile there is none.
 */
import { canonicalSide } from './canonical.js';
import { CutEngine } from './engine.js';

/** Nodes of a kernel at most: so many that finding its minimum cut stays far below a flow on the whole graph. */
const MOST = 128;

export class CutKernel {
  /** Every cut that is not one of the kernel weighs at least this, in units. -1: there is no kernel. */
  ceiling = -1;
  #label: Uint32Array = new Uint32Array(0);
  #count = 0;
  /** Weights between kernel nodes, a row of `MOST` each. */
  readonly #weights = new Float64Array(MOST * MOST);
  readonly #engine = new CutEngine();
  readonly #sources = new Uint32Array((MOST * (MOST - 1)) / 2);
  readonly #targets = new Uint32Array((MOST * (MOST - 1)) / 2);
  readonly #values = new Float64Array((MOST * (MOST - 1)) / 2);
  /** How far above the lightest known cut the ceiling is tried to be, as a share of the mean degree. */
  #reach = 0.25;
  /** How many tries in a row left too many nodes. */
  #failures = 0;
  #missed = 0;

  /**
   * Says that a kernel would have spared a flow.
   *
   * @returns whether it is time to build one: soon, but later and later where it came to nothing
   */
  isWorthwhile(): boolean {
    return ++this.#missed >= 2 ** Math.min(this.#failures, 8);
  }

  /**
   * Builds the kernel of the graph that an engine has loaded; the engine's own kernel is lost. One or two rounds of
   * contraction. Where too many nodes are left there is no kernel, and the next one is tried with a lower ceiling.
   *
   * @param atMost weight of a known cut: at least lambda, so that the kernel has a cut
   * @param total of all weights
   */
  build(engine: CutEngine, atMost: number, total: number): void {
    this.ceiling = -1;
    this.#missed = 0;
    const n = engine.graph.nodeCount;
    const cap = atMost + Math.max(1, Math.floor((this.#reach * 2 * total) / n));
    engine.reset();
    engine.keepBelow(cap);
    const { nodeCount: count, first, ends, weights } = engine.kernel;
    if (count > MOST) {
      this.#reach = Math.max(this.#reach / 2, 2 ** -20);
      this.#failures++;
      return;
    }
    this.#failures = 0;
    // Further next time, until it is too far.
    this.#reach = Math.min(this.#reach * 1.1, 1);
    this.ceiling = cap;
    this.#count = count;
    this.#label = engine.owner.slice(0, n);
    this.#weights.fill(0);
    for (let a = 0; a < count; a++)
      for (let i = first[a] as number; i < (first[a + 1] as number); i++) {
        const at = MOST * a + (ends[i] as number);
        this.#weights[at] = (this.#weights[at] as number) + (weights[i] as number);
      }
  }

  /** Whether two nodes are merged: any cut between them weighs at least `ceiling`. */
  merges(u: number, v: number): boolean {
    return this.ceiling >= 0 && this.#label[u] === this.#label[v];
  }

  /**
   * The weight between two different nodes changed by `change`.
   *
   * @param tied no cut between them weighs less than this now; counts for decreases
   */
  add(u: number, v: number, change: number, tied: number): void {
    if (this.ceiling < 0) return;
    const [a, b] = [this.#label[u] as number, this.#label[v] as number];
    if (a !== b) {
      const [ab, ba] = [MOST * a + b, MOST * b + a];
      this.#weights[ab] = (this.#weights[ab] as number) + change;
      this.#weights[ba] = this.#weights[ab] as number;
    }
    if (change < 0) this.ceiling = Math.min(this.ceiling, Math.max(this.ceiling + change, tied));
  }

  addNode(): void {
    if (this.#count === MOST) this.ceiling = -1;
    if (this.ceiling < 0) return;
    const label = new Uint32Array(this.#label.length + 1);
    label.set(this.#label);
    label[this.#label.length] = this.#count++;
    this.#label = label;
  }

  /**
   * A minimum cut of the kernel.
   *
   * @returns its weight, and which nodes are on one side; a cut of the whole graph whatever the ceiling is
   */
  least(): { readonly value: number; readonly inSide: (node: number) => boolean } {
    const k = this.#count;
    let edges = 0;
    for (let a = 0; a < k; a++)
      for (let b = a + 1; b < k; b++) {
        const weight = this.#weights[MOST * a + b] as number;
        if (weight === 0) continue;
        this.#sources[edges] = a;
        this.#targets[edges] = b;
        this.#values[edges++] = weight;
      }
    const engine = this.#engine;
    engine.load(
      k,
      this.#sources.subarray(0, edges),
      this.#targets.subarray(0, edges),
      this.#values.subarray(0, edges),
    );
    const value = engine.solve();
    const side = canonicalSide(engine.kernel, engine.owner, k, value);
    const marks = new Uint8Array(k);
    for (const a of side) marks[a] = 1;
    const label = this.#label;
    return { value, inSide: (node) => marks[label[node] as number] === 1 };
  }
}
