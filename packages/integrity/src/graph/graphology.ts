/**
 * Graphs to and from graphology (https://graphology.github.io), by its interface and not by its package: any object that
 * has these methods will do, and nothing is imported.
 */
import { checkObject, describe } from '../check.js';
import { IntegrityError } from '../errors.js';
import { ContractedGraph } from './contracted-graph.js';
import type { EdgeInput, GraphChange, GraphLimits, NodeInput } from './types.js';

type Attributes = Readonly<Record<string, unknown>>;

/** What is read of a graphology graph. */
export interface GraphologyReader {
  forEachNode(callback: (node: string, attributes: Attributes) => void): void;
  forEachEdge(
    callback: (
      edge: string,
      attributes: Attributes,
      source: string,
      target: string,
      sourceAttributes: Attributes,
      targetAttributes: Attributes,
      undirected: boolean,
    ) => void,
  ): void;
}

/** What is called on a graphology graph to fill it: it must be of type `mixed` and `multi`, as `new MultiGraph()` is. */
export interface GraphologyWriter {
  addNode(node: string, attributes: Record<string, unknown>): unknown;
  addDirectedEdge(source: string, target: string, attributes: Record<string, unknown>): unknown;
  addUndirectedEdge(source: string, target: string, attributes: Record<string, unknown>): unknown;
}

/** How attributes of another graph become ours. */
export interface FromGraphologyOptions extends GraphLimits {
  /** Type of the nodes without an attribute `type`; default `node`. */
  readonly nodeType?: string;
  /** Type of the edges without an attribute `type`; default `edge`. */
  readonly edgeType?: string;
  /** The attribute that is the capacity; default `capacity`, and `weight` where an edge has no such attribute. */
  readonly capacity?: string;
}

function defined<K extends string>(attributes: Attributes, names: readonly K[]): Partial<Record<K, unknown>> {
  const found: Partial<Record<K, unknown>> = {};
  for (const name of names) if (attributes[name] !== undefined) found[name] = attributes[name];
  return found;
}

/**
 * A contracted graph with the nodes and edges of a graphology graph. Node attributes `type`, `health`, `weight` and
 * edge attributes `type`, `capacity` (or `weight`), `demand`, `health`, `cost`, `offered` are taken over, others are
 * left. Parallel edges of one type add up their capacity and demand; loops, which cross no cut, are left out.
 *
 * @throws IntegrityError as `ContractedGraph` does; `ERR_INTEGRITY_CAPACITY` where an edge has no capacity
 * @example
 * import { UndirectedGraph } from 'graphology';
 * const theirs = new UndirectedGraph();
 * theirs.mergeEdge('a', 'b', { weight: 3 });
 * console.log(fromGraphology(theirs).snapshot().weights); // Float64Array(1) [ 3 ]
 */
export function fromGraphology(
  graph: GraphologyReader,
  options: FromGraphologyOptions = {},
): ContractedGraph {
  if (typeof (checkObject(graph, 'graph') as { forEachNode?: unknown }).forEachNode !== 'function')
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      'graph must be a graph of graphology: it has no forEachNode',
      {
        field: 'graph',
      },
    );
  const { nodeType = 'node', edgeType = 'edge', capacity = 'capacity' } = options;
  const result = new ContractedGraph(options);
  const changes: GraphChange[] = [];
  graph.forEachNode((name, attributes) => {
    changes.push({
      op: 'node',
      ...defined(attributes, ['health', 'weight']),
      name,
      type: attributes.type ?? nodeType,
    } as { op: 'node' } & NodeInput);
  });
  const edges = new Map<string, { -readonly [K in keyof EdgeInput]: EdgeInput[K] }>();
  graph.forEachEdge((key, attributes, source, target, _source, _target, undirected) => {
    if (source === target) return;
    const amount = attributes[capacity] ?? attributes.weight;
    if (typeof amount !== 'number')
      throw new IntegrityError(
        'ERR_INTEGRITY_CAPACITY',
        `edge ${describe(key)} has no number in its attribute ${describe(capacity)} or "weight", but ${describe(amount)}`,
        { field: capacity },
      );
    const edge = {
      ...defined(attributes, ['demand', 'health', 'cost', 'offered']),
      source,
      target,
      type: attributes.type ?? edgeType,
      directed: !undirected,
      capacity: amount,
    } as EdgeInput;
    const [a, b] = undirected && target < source ? [target, source] : [source, target];
    const id = JSON.stringify([a, b, edge.type, undirected]);
    const parallel = edges.get(id);
    if (parallel === undefined) edges.set(id, edge);
    else {
      parallel.capacity += edge.capacity;
      if (edge.demand !== undefined) parallel.demand = (parallel.demand ?? 0) + edge.demand;
    }
  });
  for (const edge of edges.values()) changes.push({ op: 'edge', ...edge });
  result.batch(changes);
  return result;
}

/**
 * Writes a contracted graph into an empty graphology graph and returns it. The attributes are those that
 * `fromGraphology` reads, so that the way back gives an equal graph.
 *
 * @example
 * import { MultiGraph } from 'graphology';
 * const theirs = toGraphology(graph, new MultiGraph());
 */
export function toGraphology<G extends GraphologyWriter>(graph: ContractedGraph, into: G): G {
  const { nodes, edges } = graph.snapshot();
  for (const { name, type, health, weight } of nodes) into.addNode(name, { type, health, weight });
  for (const { source, target, type, directed, capacity, demand, health, cost, offered } of edges) {
    const attributes: Record<string, unknown> = { type, capacity, demand, health };
    if (cost.size > 0) attributes.cost = Object.fromEntries(cost);
    if (offered.size > 0) attributes.offered = Object.fromEntries(offered);
    if (directed) into.addDirectedEdge(source, target, attributes);
    else into.addUndirectedEdge(source, target, attributes);
  }
  return into;
}
