/**
 * Maximum flow by Dinic's algorithm (1970) on whole capacities: the engine under `maxFlow`, Gomory-Hu trees, canonical sides
 * and the tracker. Whole numbers up to 2^53 in doubles, so every residual is exact and it ends.
 *
 * Arc 2i leads from the source of edge i to its target, arc 2i + 1 back: an undirected edge has its capacity both
 * ways, a directed one none on the way back. Iterative throughout: a path may be as long as there are nodes.
 */

/** A residual network that can be used for one flow after another. */
export class FlowNetwork {
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly #first: Uint32Array;
  /** Arcs in the order of their tails. */
  readonly #arcs: Uint32Array;
  readonly #heads: Uint32Array;
  readonly #capacity: Float64Array;
  readonly #residual: Float64Array;
  readonly #level: Int32Array;
  readonly #next: Uint32Array;
  readonly #queue: Uint32Array;
  readonly #path: Uint32Array;

  /** @param back capacity of each edge from its target to its source; default: the same as there */
  constructor(
    nodeCount: number,
    sources: Uint32Array,
    targets: Uint32Array,
    capacities: Float64Array,
    back: Float64Array = capacities,
  ) {
    const count = capacities.length;
    this.nodeCount = nodeCount;
    this.edgeCount = count;
    this.#first = new Uint32Array(nodeCount + 1);
    this.#arcs = new Uint32Array(2 * count);
    this.#heads = new Uint32Array(2 * count);
    this.#capacity = new Float64Array(2 * count);
    this.#residual = new Float64Array(2 * count);
    this.#level = new Int32Array(nodeCount);
    this.#next = new Uint32Array(nodeCount);
    this.#queue = new Uint32Array(nodeCount);
    this.#path = new Uint32Array(nodeCount);
    const first = this.#first;
    for (let i = 0; i < count; i++) {
      const u = sources[i] as number;
      const v = targets[i] as number;
      first[u + 1] = (first[u + 1] as number) + 1;
      first[v + 1] = (first[v + 1] as number) + 1;
    }
    for (let v = 0; v < nodeCount; v++) first[v + 1] = (first[v + 1] as number) + (first[v] as number);
    const fill = this.#next;
    for (let v = 0; v < nodeCount; v++) fill[v] = first[v] as number;
    for (let i = 0; i < count; i++) {
      const u = sources[i] as number;
      const v = targets[i] as number;
      this.#heads[2 * i] = v;
      this.#heads[2 * i + 1] = u;
      this.#capacity[2 * i] = capacities[i] as number;
      this.#capacity[2 * i + 1] = back[i] as number;
      this.#arcs[fill[u] as number] = 2 * i;
      fill[u] = (fill[u] as number) + 1;
      this.#arcs[fill[v] as number] = 2 * i + 1;
      fill[v] = (fill[v] as number) + 1;
    }
  }

  /** Changes the capacity of edge i, both ways alike; it counts from the next `run` on. */
  setCapacity(i: number, capacity: number): void {
    this.#capacity[2 * i] = capacity;
    this.#capacity[2 * i + 1] = capacity;
  }

  /**
   * A maximum flow from `source` to `sink`, or one of at least `limit` where the maximum is above it: then the search ends early.
   * O(V^2 E) at worst.
   *
   * @returns its value, at most `limit`
   */
  run(source: number, sink: number, limit = Number.POSITIVE_INFINITY): number {
    this.#residual.set(this.#capacity);
    let value = 0;
    while (value < limit && this.#layers(source, sink)) value += this.#block(source, sink, limit - value);
    return value;
  }

  /** After `run` with a flow below its limit: marks with 1 what is reachable from the source, the least source side. */
  sourceSide(source: number): Uint8Array {
    return this.#reach(source, false);
  }

  /** After `run` with a flow below its limit: marks with 1 what reaches the sink, the least sink side. */
  sinkSide(sink: number): Uint8Array {
    return this.#reach(sink, true);
  }

  /** After `run`: how much flows through edge i from its source to its target; below 0: the other way. */
  flow(i: number): number {
    // Of an undirected edge both residuals start at the capacity and move in opposite directions.
    return (this.#capacity[2 * i] as number) - (this.#residual[2 * i] as number);
  }

  #reach(start: number, backwards: boolean): Uint8Array {
    const marks = new Uint8Array(this.nodeCount);
    const queue = this.#queue;
    marks[start] = 1;
    queue[0] = start;
    let filled = 1;
    for (let at = 0; at < filled; at++) {
      const u = queue[at] as number;
      const stop = this.#first[u + 1] as number;
      for (let i = this.#first[u] as number; i < stop; i++) {
        const arc = this.#arcs[i] as number;
        const v = this.#heads[arc] as number;
        if (marks[v] === 1 || !((this.#residual[backwards ? arc ^ 1 : arc] as number) > 0)) continue;
        marks[v] = 1;
        queue[filled++] = v;
      }
    }
    return marks;
  }

  /** Levels of a breadth-first search; whether it reached the sink. */
  #layers(source: number, sink: number): boolean {
    const level = this.#level;
    const queue = this.#queue;
    const first = this.#first;
    const arcs = this.#arcs;
    const heads = this.#heads;
    const residual = this.#residual;
    level.fill(-1);
    level[source] = 0;
    queue[0] = source;
    let filled = 1;
    for (let at = 0; at < filled; at++) {
      const u = queue[at] as number;
      const below = (level[u] as number) + 1;
      const stop = first[u + 1] as number;
      for (let i = first[u] as number; i < stop; i++) {
        const arc = arcs[i] as number;
        const v = heads[arc] as number;
        if ((level[v] as number) >= 0 || !((residual[arc] as number) > 0)) continue;
        level[v] = below;
        if (v === sink) return true;
        queue[filled++] = v;
      }
    }
    return false;
  }

  /** A blocking flow in the layers: depth-first with one pointer a node, which only moves on. */
  #block(source: number, sink: number, limit: number): number {
    const level = this.#level;
    const next = this.#next;
    const first = this.#first;
    const arcs = this.#arcs;
    const heads = this.#heads;
    const residual = this.#residual;
    const path = this.#path;
    for (let v = 0; v < this.nodeCount; v++) next[v] = first[v] as number;
    let pushed = 0;
    let depth = 0;
    let u = source;
    while (true) {
      if (u === sink) {
        let amount = limit - pushed;
        for (let i = 0; i < depth; i++) amount = Math.min(amount, residual[path[i] as number] as number);
        let firstFull = depth;
        for (let i = depth - 1; i >= 0; i--) {
          const arc = path[i] as number;
          residual[arc] = (residual[arc] as number) - amount;
          residual[arc ^ 1] = (residual[arc ^ 1] as number) + amount;
          if (residual[arc] === 0) firstFull = i;
        }
        pushed += amount;
        if (pushed >= limit) return pushed;
        depth = firstFull;
        u = heads[(path[firstFull] as number) ^ 1] as number;
        continue;
      }
      const stop = first[u + 1] as number;
      let advanced = false;
      while ((next[u] as number) < stop) {
        const arc = arcs[next[u] as number] as number;
        const v = heads[arc] as number;
        if ((residual[arc] as number) > 0 && level[v] === (level[u] as number) + 1) {
          path[depth++] = arc;
          u = v;
          advanced = true;
          break;
        }
        next[u] = (next[u] as number) + 1;
      }
      if (advanced) continue;
      if (depth === 0) return pushed;
      // A dead end: nobody comes here again in this phase.
      level[u] = -1;
      u = heads[(path[--depth] as number) ^ 1] as number;
    }
  }
}
