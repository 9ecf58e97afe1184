/**
 * The links of a hierarchical graph (Y. Malkov, D. Yashunin, arXiv 1603.09320).
 *
 * A list of links is a run of 32-bit words: how many, then the slots. Those of layer 0 lie side by side, a run of
 * 1 + 2 m words for each slot. A node of level L > 0 has L runs of 1 + m words more, together, in `upper`; `upperAt`
 * says where, in runs. Runs of nodes that have gone are kept by level, for others of that level.
 */
import { Random } from './random.js';
import { allocate } from './store.js';

/** Of 2^53 draws at m = 2 the highest has 53. */
const maxLevel = 63;

export const none = -1;

export class Graph {
  readonly m: number;
  links: Uint32Array;
  levels: Uint8Array;
  upperAt: Uint32Array;
  upper = new Uint32Array(0);
  /** Runs of `upper` that were ever used. */
  upperEnd = 0;
  /** By level: where runs begin that are free. */
  readonly freeUpper: number[][] = [];
  /** Where searches begin: a node of the highest level; {@link none} in an empty graph. */
  entry = none;
  readonly random: Random;

  constructor(m: number, seed: number, capacity: number) {
    this.m = m;
    this.random = new Random(seed);
    const arrays = this.#arrays(capacity);
    this.links = arrays.links;
    this.levels = arrays.levels;
    this.upperAt = arrays.upperAt;
  }

  #arrays(capacity: number) {
    return allocate(`links of ${capacity} rows`, () => ({
      links: new Uint32Array(capacity * (1 + this.limit(0))),
      levels: new Uint8Array(capacity),
      upperAt: new Uint32Array(capacity),
    }));
  }

  /** Links that a node has at most. */
  limit(layer: number): number {
    return layer === 0 ? 2 * this.m : this.m;
  }

  get top(): number {
    return this.entry === none ? none : this.levels[this.entry];
  }

  /** Level l with probability m^-l (1 - 1/m), by the paper's 1 / ln m. */
  drawLevel(): number {
    return Math.min(maxLevel, Math.floor(-Math.log(1 - this.random.unit()) / Math.log(this.m)));
  }

  /** @throws {HnswError} `ERR_HNSW_MEMORY`; nothing has changed then */
  reserve(capacity: number): void {
    if (capacity <= this.levels.length) return;
    const { links, levels, upperAt } = this.#arrays(capacity);
    links.set(this.links);
    levels.set(this.levels);
    upperAt.set(this.upperAt);
    this.links = links;
    this.levels = levels;
    this.upperAt = upperAt;
  }

  /** Room for one more node of a level. @throws {HnswError} `ERR_HNSW_MEMORY`; nothing has changed then */
  reserveUpper(level: number): void {
    if (level === 0 || (this.freeUpper[level]?.length ?? 0) > 0) return;
    const words = (this.upperEnd + level) * (1 + this.m);
    if (words <= this.upper.length) return;
    const upper = allocate(
      'links of upper layers',
      () => new Uint32Array(Math.max(words, 2 * this.upper.length)),
    );
    upper.set(this.upper);
    this.upper = upper;
  }

  /** Makes a slot a node without links; there is room. */
  open(slot: number, level: number): void {
    this.levels[slot] = level;
    this.links[slot * (1 + 2 * this.m)] = 0;
    if (level === 0) return;
    let at = this.freeUpper[level]?.pop();
    if (at === undefined) {
      at = this.upperEnd;
      this.upperEnd += level;
    }
    this.upperAt[slot] = at;
    for (let layer = 1; layer <= level; layer++) this.upper[this.at(slot, layer)] = 0;
  }

  /** Nobody has a link to the slot any more. */
  shut(slot: number): void {
    const level = this.levels[slot];
    this.links[this.at(slot, 0)] = 0;
    if (level > 0) {
      this.freeUpper[level] ??= [];
      this.freeUpper[level].push(this.upperAt[slot]);
    }
    this.levels[slot] = 0;
  }

  /** The array that lists of a layer lie in. */
  words(layer: number): Uint32Array {
    return layer === 0 ? this.links : this.upper;
  }

  /** Where the list of a node begins in {@link words}. */
  at(slot: number, layer: number): number {
    return layer === 0 ? slot * (1 + 2 * this.m) : (this.upperAt[slot] + layer - 1) * (1 + this.m);
  }

  /** The slots that a node has links to, on the graph's memory. */
  list(slot: number, layer: number): Uint32Array {
    const [words, at] = [this.words(layer), this.at(slot, layer)];
    return words.subarray(at + 1, at + 1 + words[at]);
  }

  /** At most {@link limit} of them. */
  setList(slot: number, layer: number, slots: Uint32Array, count: number): void {
    const [words, at] = [this.words(layer), this.at(slot, layer)];
    for (let i = 0; i < count; i++) words[at + 1 + i] = slots[i];
    words[at] = count;
  }

  get bytes(): number {
    return this.links.byteLength + this.upper.byteLength + this.levels.byteLength + this.upperAt.byteLength;
  }
}
