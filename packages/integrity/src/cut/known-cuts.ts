/**
 * Cuts whose present weights are known: every single node, by its weighted degree, and a pool of sides that were minimum once.
 * A change of one weight brings all of them up to date in O(log n + pool). The lightest is an upper bound of lambda.
 */

interface KnownCut {
  /** 1 for the nodes of the side without node 0. */
  readonly marks: Uint8Array;
  value: number;
}

/** Sides that are kept; the heaviest gives way. */
const POOL = 16;

export class KnownCuts {
  #nodes: number;
  /** A power of two, at least the number of nodes. */
  #leaves: number;
  /** Degrees as the leaves of a tournament: entry i is the least of entries 2i and 2i + 1. */
  #degrees: Float64Array;
  #pool: KnownCut[] = [];
  /** The lightest cut: -1 - v for node v alone, i >= 0 for the pool's. It stays the witness as long as it is lightest. */
  #witness = -1;

  constructor(nodes: number) {
    this.#nodes = nodes;
    this.#leaves = 1;
    while (this.#leaves < nodes) this.#leaves *= 2;
    this.#degrees = new Float64Array(2 * this.#leaves).fill(Number.POSITIVE_INFINITY);
    for (let v = 0; v < nodes; v++) this.#setDegree(v, 0);
  }

  /** Weight of the lightest known cut, in units; 0 below two nodes, where there is none. */
  get least(): number {
    return this.#nodes < 2 ? 0 : this.#weightOf(this.#witness);
  }

  /** Whether the witness, a lightest known cut, parts two nodes. */
  parts(u: number, v: number): boolean {
    if (this.#witness < 0) return u === -1 - this.#witness || v === -1 - this.#witness;
    const { marks } = this.#pool[this.#witness] as KnownCut;
    return marks[u] !== marks[v];
  }

  /** The side of the witness without node 0, or node 0 alone; sorted. */
  side(): Uint32Array {
    if (this.#nodes < 2) return new Uint32Array(0);
    if (this.#witness < 0) return Uint32Array.of(-1 - this.#witness);
    const { marks } = this.#pool[this.#witness] as KnownCut;
    const side: number[] = [];
    for (let v = 0; v < marks.length; v++) if (marks[v] === 1) side.push(v);
    return Uint32Array.from(side);
  }

  /** The weight between two different nodes changed by `change`. */
  add(u: number, v: number, change: number): void {
    this.#setDegree(u, this.#degree(u) + change);
    this.#setDegree(v, this.#degree(v) + change);
    for (const cut of this.#pool) if (cut.marks[u] !== cut.marks[v]) cut.value += change;
    this.#chooseWitness();
  }

  addNode(): void {
    if (this.#nodes === this.#leaves) {
      const old = this.#degrees;
      const leaves = this.#leaves;
      this.#leaves *= 2;
      this.#degrees = new Float64Array(2 * this.#leaves).fill(Number.POSITIVE_INFINITY);
      for (let v = 0; v < this.#nodes; v++) this.#setDegree(v, old[leaves + v] as number);
    }
    this.#nodes++;
    this.#setDegree(this.#nodes - 1, 0);
    this.#pool = this.#pool.map(({ marks, value }) => {
      const grown = new Uint8Array(this.#nodes);
      grown.set(marks);
      return { marks: grown, value };
    });
    this.#chooseWitness();
  }

  /**
   * Takes a cut up: from now on its weight is followed.
   *
   * @param inSide whether a node is on one side of it
   */
  remember(inSide: (node: number) => boolean, value: number): void {
    const n = this.#nodes;
    const wanted = !inSide(0);
    const marks = new Uint8Array(n);
    let count = 0;
    for (let v = 0; v < n; v++)
      if (inSide(v) === wanted) {
        marks[v] = 1;
        count++;
      }
    // Single nodes are known anyway.
    if (count <= 1 || count >= n - 1) return;
    if (this.#pool.some((cut) => cut.value === value && cut.marks.every((mark, v) => mark === marks[v])))
      return;
    let place = this.#pool.length;
    if (place === POOL) {
      place = 0;
      for (let i = 1; i < POOL; i++)
        if ((this.#pool[i] as KnownCut).value > (this.#pool[place] as KnownCut).value) place = i;
    }
    this.#pool[place] = { marks, value };
    this.#chooseWitness();
  }

  #weightOf(cut: number): number {
    return cut < 0 ? this.#degree(-1 - cut) : (this.#pool[cut] as KnownCut).value;
  }

  #chooseWitness(): void {
    let least = this.#degrees[1] as number;
    let best = -1;
    for (let i = 0; i < this.#pool.length; i++) {
      const { value } = this.#pool[i] as KnownCut;
      if (value < least) {
        least = value;
        best = i;
      }
    }
    if (this.#weightOf(this.#witness) === least) return;
    if (best < 0) {
      let at = 1;
      while (at < this.#leaves) at = this.#degrees[2 * at] === least ? 2 * at : 2 * at + 1;
      best = this.#leaves - at - 1;
    }
    this.#witness = best;
  }

  #degree(v: number): number {
    return this.#degrees[this.#leaves + v] as number;
  }

  #setDegree(v: number, degree: number): void {
    const degrees = this.#degrees;
    let at = this.#leaves + v;
    degrees[at] = degree;
    for (at >>= 1; at >= 1; at >>= 1)
      degrees[at] = Math.min(degrees[2 * at] as number, degrees[2 * at + 1] as number);
  }
}
