/**
 * The graphs: five families of 1,000 nodes and 10,000 edges, connected, without loops and parallel edges, whole weights.
 * Each is hard in its own way:
 *
 * - `random`: the lightest cut is around one node, and no other cut is near it.
 * - `planted`: two communities joined by a few light edges, which are the cut.
 * - `power-law`: a few hubs and many nodes of ten edges; the lightest of these is the cut.
 * - `regular`: every node has 20 edges of weight 1, so that every node is a minimum cut and contraction finds nothing to merge.
 * - `ring`: 40 dense clusters in a ring. The cut takes two of the 40 gaps, and many pairs of gaps are nearly as light.
 */
import type { CutProblem } from '@ruvector/integrity';
import { Random } from '../../random.js';

export type Family = 'random' | 'planted' | 'power-law' | 'ring' | 'regular';

/** Those of every case; `regular` is for the cut itself. */
export const FAMILIES: readonly Family[] = ['random', 'planted', 'power-law', 'ring'];

/** Nodes and edges of a graph. */
export interface Size {
  readonly nodes: number;
  readonly edges: number;
}

export const SIZE: Size = { nodes: 1000, edges: 10_000 };

/** Weights of edges are 1 to this. */
export const HEAVIEST = 10;

/** A whole number in [0, bound). */
export function below(random: Random, bound: number): number {
  return Math.floor(random.uniform() * bound);
}

/** Edges between different pairs of nodes, in the order in which they came. */
class EdgeList {
  readonly #nodes: number;
  readonly #random: Random;
  readonly #pairs = new Set<number>();
  readonly #sources: number[] = [];
  readonly #targets: number[] = [];
  readonly #weights: number[] = [];

  constructor(nodes: number, random: Random) {
    this.#nodes = nodes;
    this.#random = random;
  }

  get length(): number {
    return this.#weights.length;
  }

  /** Either end of any edge, so that a node is drawn by its degree. */
  anyEnd(): number {
    const ends = below(this.#random, 2) === 0 ? this.#sources : this.#targets;
    return ends[below(this.#random, ends.length)] as number;
  }

  /** @returns false, and adds nothing, for a loop or a pair that is joined already */
  add(u: number, v: number, heaviest = HEAVIEST): boolean {
    const pair = Math.min(u, v) * this.#nodes + Math.max(u, v);
    if (u === v || this.#pairs.has(pair)) return false;
    this.#pairs.add(pair);
    this.#sources.push(u);
    this.#targets.push(v);
    this.#weights.push(1 + below(this.#random, heaviest));
    return true;
  }

  canAdd(u: number, v: number): boolean {
    return u !== v && !this.#pairs.has(Math.min(u, v) * this.#nodes + Math.max(u, v));
  }

  /** Joins u and v to the ends of an edge that it takes away, so that every degree is as after adding uv. Weight 1. */
  exchange(u: number, v: number): void {
    for (let at = 0; at < this.length; at++) {
      const [a, b] = [this.#sources[at] as number, this.#targets[at] as number];
      if (!this.canAdd(u, a) || !this.canAdd(v, b) || [a, b].some((end) => end === u || end === v)) continue;
      this.#pairs.delete(Math.min(a, b) * this.#nodes + Math.max(a, b));
      for (const list of [this.#sources, this.#targets, this.#weights]) list.splice(at, 1);
      this.add(u, a, 1);
      this.add(v, b, 1);
      return;
    }
    throw new RangeError(`no edge can make room for ${u} and ${v}`);
  }

  /** A random tree on `count` nodes from `first`, then edges among them until there are `edges`. */
  fill(first: number, count: number, edges: number): void {
    const start = this.length;
    for (let i = 1; i < count; i++) this.add(first + i, first + below(this.#random, i));
    while (this.length < start + edges)
      this.add(first + below(this.#random, count), first + below(this.#random, count));
  }

  problem(): CutProblem {
    return {
      nodeCount: this.#nodes,
      sources: Uint32Array.from(this.#sources),
      targets: Uint32Array.from(this.#targets),
      weights: Float64Array.from(this.#weights),
    };
  }
}

const CLUSTERS = 40;
/** Edges between neighbours in the ring, and between the two communities. */
const BRIDGES = 4;
/** Bridges weigh 1 to this: together less than what holds one node. */
const HEAVIEST_BRIDGE = 3;
/** Edges that a new node of a power-law graph brings (Barabasi and Albert 1999). */
const LINKS = 10;

function bridge(edges: EdgeList, random: Random, from: number, to: number, count: number): void {
  for (let added = 0; added < BRIDGES; )
    if (edges.add(from + below(random, count), to + below(random, count), HEAVIEST_BRIDGE)) added++;
}

const fillers: Readonly<Record<Family, (edges: EdgeList, random: Random, size: Size) => void>> = {
  random: (edges, _random, size) => edges.fill(0, size.nodes, size.edges),
  planted: (edges, random, size) => {
    const half = size.nodes / 2;
    const within = (size.edges - BRIDGES) / 2;
    edges.fill(0, half, within);
    edges.fill(half, half, within);
    bridge(edges, random, 0, half, half);
  },
  'power-law': (edges, _random, size) => {
    edges.add(0, 1);
    for (let node = 2; node < size.nodes; node++)
      for (let links = 0; links < Math.min(LINKS, node); ) if (edges.add(node, edges.anyEnd())) links++;
    // The first nodes had fewer to choose from.
    while (edges.length < size.edges) edges.add(edges.anyEnd(), edges.anyEnd());
  },
  ring: (edges, random, size) => {
    const nodes = size.nodes / CLUSTERS;
    for (let c = 0; c < CLUSTERS; c++) {
      edges.fill(c * nodes, nodes, size.edges / CLUSTERS - BRIDGES);
      if (c > 0) bridge(edges, random, (c - 1) * nodes, c * nodes, nodes);
    }
    bridge(edges, random, (CLUSTERS - 1) * nodes, 0, nodes);
  },
  regular: (edges, random, size) => {
    // One perfect matching after another; a pair that is joined already exchanges partners with another pair.
    for (let round = 0; round < (2 * size.edges) / size.nodes; round++) {
      const left = Array.from({ length: size.nodes }, (_, i) => i);
      for (let i = left.length - 1; i > 0; i--) {
        const j = below(random, i + 1);
        [left[i], left[j]] = [left[j] as number, left[i] as number];
      }
      while (left.length > 0) {
        const [u, v] = left.slice(-2) as [number, number];
        // Near the end of a matching all partners that are left may be taken.
        if (edges.canAdd(u, v)) edges.add(u, v, 1);
        else if (left.length > 64) {
          const j = below(random, left.length - 2);
          [left[left.length - 1], left[j]] = [left[j] as number, v];
          continue;
        } else edges.exchange(u, v);
        left.length -= 2;
      }
    }
  },
};

/** A graph of {@link SIZE}; the same for the same seed. */
export function makeGraph(family: Family, seed: number): CutProblem {
  const random = new Random(seed);
  const edges = new EdgeList(SIZE.nodes, random);
  fillers[family](edges, random, SIZE);
  return edges.problem();
}

/** Several graphs of one family. */
export function makeGraphs(family: Family, seed: number, count: number): readonly CutProblem[] {
  return Array.from({ length: count }, (_, i) => makeGraph(family, seed + i));
}
