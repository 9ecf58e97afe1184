import type { CutProblem } from '../cut/problem.js';
import type { GraphEdge, GraphNode } from './types.js';

/** By UTF-16 code units: the same order in every host and every locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * A contracted graph at one moment, in arrays: node i is `nodes[i]`, edge j is `edges[j]`. Nodes are ordered by name,
 * edges by source, target, type and direction, so equal graphs have equal snapshots whatever their history.
 * Never changes; do not write into its arrays.
 */
export class GraphSnapshot {
  readonly version: number;
  readonly shape: number;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Index of each edge's source. */
  readonly sources: Uint32Array;
  /** Index of each edge's target. */
  readonly targets: Uint32Array;
  /** What each edge can carry now: capacity x its health x the lesser health of its ends. In units of capacity. */
  readonly weights: Float64Array;
  readonly #index: ReadonlyMap<string, number>;
  readonly #order: readonly string[];

  private constructor(
    version: number,
    shape: number,
    nodes: readonly GraphNode[],
    edges: readonly GraphEdge[],
    order: readonly string[],
    index: ReadonlyMap<string, number>,
    ends: { readonly sources: Uint32Array; readonly targets: Uint32Array },
  ) {
    this.version = version;
    this.shape = shape;
    this.nodes = nodes;
    this.edges = edges;
    this.sources = ends.sources;
    this.targets = ends.targets;
    this.#index = index;
    this.#order = order;
    this.weights = new Float64Array(edges.length);
    for (let j = 0; j < edges.length; j++) {
      const { capacity, health } = edges[j] as GraphEdge;
      const source = (nodes[this.sources[j] as number] as GraphNode).health;
      const target = (nodes[this.targets[j] as number] as GraphNode).health;
      this.weights[j] = capacity * health * Math.min(source, target);
    }
  }

  /**
   * @param previous a snapshot of the same graph: where its shape is the same its order is taken over, not sorted again
   * @internal
   */
  static of(
    nodes: ReadonlyMap<string, GraphNode>,
    edges: ReadonlyMap<string, GraphEdge>,
    version: number,
    shape: number,
    previous: GraphSnapshot | undefined,
  ): GraphSnapshot {
    if (previous?.shape === shape) {
      const sameNodes = previous.nodes.map(({ name }) => nodes.get(name) as GraphNode);
      const sameEdges = previous.#order.map((key) => edges.get(key) as GraphEdge);
      return new GraphSnapshot(
        version,
        shape,
        sameNodes,
        sameEdges,
        previous.#order,
        previous.#index,
        previous,
      );
    }
    const sorted = [...nodes.values()].sort((a, b) => compareText(a.name, b.name));
    const index = new Map(sorted.map(({ name }, i) => [name, i]));
    const entries = [...edges.entries()].map(([key, edge]) => ({
      key,
      edge,
      source: index.get(edge.source) as number,
      target: index.get(edge.target) as number,
    }));
    entries.sort(
      (a, b) =>
        a.source - b.source ||
        a.target - b.target ||
        compareText(a.edge.type, b.edge.type) ||
        Number(a.edge.directed) - Number(b.edge.directed),
    );
    return new GraphSnapshot(
      version,
      shape,
      sorted,
      entries.map(({ edge }) => edge),
      entries.map(({ key }) => key),
      index,
      {
        sources: Uint32Array.from(entries, ({ source }) => source),
        targets: Uint32Array.from(entries, ({ target }) => target),
      },
    );
  }

  /** The index of a node, or undefined. */
  indexOf(name: string): number | undefined {
    return this.#index.get(name);
  }

  /** The graph as the cut algorithms and `lambda2` take it: undirected, weighted by what the edges can carry now. */
  cutProblem(): CutProblem {
    return {
      nodeCount: this.nodes.length,
      sources: this.sources,
      targets: this.targets,
      weights: this.weights,
    };
  }
}
