/**
 * The graph under a `CutTracker`: weights in whole units, one edge a pair of nodes, that can be changed one by one.
 *
 * Edges are slots of flat arrays, the form in which contraction and flow take them; a map a node finds the slot of a pair. A pair
 * whose weight falls to 0 keeps its slot, so that edges which come and go do not rebuild the flow network; when most slots
 * are empty they are given up together.
 */
import { FlowNetwork } from './flow-network.js';

const SLOTS_AT_FIRST = 16;

export class TrackedGraph {
  /** Slots by neighbour, for each node. */
  readonly #near: Map<number, number>[] = [];
  #sources = new Uint32Array(SLOTS_AT_FIRST);
  #targets = new Uint32Array(SLOTS_AT_FIRST);
  #weights = new Float64Array(SLOTS_AT_FIRST);
  #slots = 0;
  #empty = 0;
  /** Sum of all weights, in units. */
  total = 0;
  #network: FlowNetwork | undefined;

  constructor(nodeCount: number) {
    for (let v = 0; v < nodeCount; v++) this.#near.push(new Map());
  }

  get nodeCount(): number {
    return this.#near.length;
  }

  /** Edges in no order, some of weight 0; views that the next change may void. */
  get sources(): Uint32Array {
    return this.#sources.subarray(0, this.#slots);
  }
  get targets(): Uint32Array {
    return this.#targets.subarray(0, this.#slots);
  }
  get weights(): Float64Array {
    return this.#weights.subarray(0, this.#slots);
  }

  addNode(): void {
    this.#near.push(new Map());
    this.#network = undefined;
  }

  weight(u: number, v: number): number {
    const slot = this.#near[u]?.get(v);
    return slot === undefined ? 0 : (this.#weights[slot] as number);
  }

  /** Sets the weight between two different nodes; returns by how much it changed. */
  set(u: number, v: number, weight: number): number {
    const slot = this.#near[u]?.get(v) ?? (weight === 0 ? -1 : this.#newSlot(u, v));
    if (slot < 0) return 0;
    const before = this.#weights[slot] as number;
    this.#weights[slot] = weight;
    this.total += weight - before;
    this.#network?.setCapacity(slot, weight);
    if (weight === 0 && before > 0 && 2 * ++this.#empty > this.#slots && this.#slots > SLOTS_AT_FIRST)
      this.#giveUpEmptySlots();
    else if (weight > 0 && before === 0) this.#empty--;
    return weight - before;
  }

  /**
   * A lower bound of every cut between two nodes: their own edge and the paths over one common neighbour share no edge (Padberg
   * and Rinaldi 1990). O(degree).
   */
  tiedBy(u: number, v: number): number {
    let [few, many] = [this.#near[u] as Map<number, number>, this.#near[v] as Map<number, number>];
    let sum = this.weight(u, v);
    if (few.size > many.size) [few, many] = [many, few];
    for (const [x, slot] of few) {
      const other = many.get(x);
      if (other !== undefined) sum += Math.min(this.#weights[slot] as number, this.#weights[other] as number);
    }
    return sum;
  }

  /** The graph as a network, which changes along with it. */
  get network(): FlowNetwork {
    this.#network ??= new FlowNetwork(this.nodeCount, this.sources, this.targets, this.weights);
    return this.#network;
  }

  #newSlot(u: number, v: number): number {
    if (this.#slots === this.#weights.length) this.#resize(2 * this.#slots);
    const slot = this.#slots++;
    this.#sources[slot] = u;
    this.#targets[slot] = v;
    this.#weights[slot] = 0;
    this.#near[u]?.set(v, slot);
    this.#near[v]?.set(u, slot);
    this.#empty++;
    this.#network = undefined;
    return slot;
  }

  #resize(slots: number): void {
    const [sources, targets, weights] = [this.#sources, this.#targets, this.#weights];
    this.#sources = new Uint32Array(slots);
    this.#targets = new Uint32Array(slots);
    this.#weights = new Float64Array(slots);
    this.#sources.set(sources.subarray(0, this.#slots));
    this.#targets.set(targets.subarray(0, this.#slots));
    this.#weights.set(weights.subarray(0, this.#slots));
  }

  #giveUpEmptySlots(): void {
    let kept = 0;
    for (let slot = 0; slot < this.#slots; slot++) {
      const [u, v] = [this.#sources[slot] as number, this.#targets[slot] as number];
      const weight = this.#weights[slot] as number;
      if (weight === 0) {
        this.#near[u]?.delete(v);
        this.#near[v]?.delete(u);
        continue;
      }
      this.#sources[kept] = u;
      this.#targets[kept] = v;
      this.#weights[kept] = weight;
      this.#near[u]?.set(v, kept);
      this.#near[v]?.set(u, kept);
      kept++;
    }
    this.#slots = kept;
    this.#empty = 0;
    this.#network = undefined;
  }
}
