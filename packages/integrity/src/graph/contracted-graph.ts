/**
 * The contracted graph: what an operator would draw on a board, and no more.
 *
 * The hard rule: raw rows never enter. A node stands for many things (a worker, a queue, a region of an index), carries
 * a name, a type, a health and a weight, and nothing else: there is no field that could hold a row, a vector or a
 * document, types can be declared with how many nodes each may have, and beyond `maxNodes` the graph refuses to grow.
 * The rule is what makes the rest affordable: an exact minimum cut of 1,000 nodes is a matter of a millisecond.
 *
 * Invariants
 * - An edge's ends are nodes of the graph and differ; removing a node removes its edges.
 * - A failed change changes nothing; a failed batch neither.
 * - `version` grows with each change that changed something, `shape` only when nodes or edges came or went.
 * - The order of a snapshot is that of the names, so that a cut's canonical side does not depend on who came first.
 */
import { checkInteger, checkName, checkNumber, checkObject, describe } from '../check.js';
import { IntegrityError } from '../errors.js';
import { GraphSnapshot } from './snapshot.js';
import type {
  EdgeInput,
  EdgeKey,
  GraphChange,
  GraphEdge,
  GraphLimits,
  GraphNode,
  NodeInput,
} from './types.js';

const LONGEST_TYPE = 64;
const MOST_TYPES = 64;
const MOST_COMMODITIES = 16;
const HARD_MAX_NODES = 4096;
const HARD_MAX_EDGES = 1_000_000;
const noNumbers: ReadonlyMap<string, number> = new Map();

/** The edge's identity as one string. Lengths in front keep names with any characters apart. */
function keyOf(edge: EdgeKey): string {
  const { source, target, type, directed = false } = checkObject(edge, 'edge') as unknown as EdgeKey;
  for (const [field, name] of [
    ['source', source],
    ['target', target],
    ['type', type],
  ] as const)
    checkName(name, field);
  const [a, b] = !directed && target < source ? [target, source] : [source, target];
  return `${directed ? '>' : '-'}${a.length}:${b.length}:${a}${b}${type}`;
}

function capacityOf(value: unknown, field: string): number {
  return checkNumber(value, field, { least: 0 }, 'ERR_INTEGRITY_CAPACITY');
}

function shareOf(value: unknown, field: string): number {
  return checkNumber(value, field, { least: 0, most: 1 });
}

/** Rates or costs by commodity. */
function numbersOf(value: unknown, field: string, positive: boolean): ReadonlyMap<string, number> {
  const entries = Object.entries(checkObject(value, field));
  if (entries.length === 0) return noNumbers;
  if (entries.length > MOST_COMMODITIES)
    throw new IntegrityError(
      'ERR_INTEGRITY_LIMIT',
      `${field} has ${entries.length} commodities, at most ${MOST_COMMODITIES} are allowed`,
      { field },
    );
  const numbers = new Map<string, number>();
  for (const [name, number] of entries) {
    const place = `${field}.${checkName(name, field, LONGEST_TYPE)}`;
    numbers.set(name, capacityOf(number, place));
    if (positive && !((numbers.get(name) as number) > 0))
      throw new IntegrityError(
        'ERR_INTEGRITY_CAPACITY',
        `${place} must be > 0: an operation that costs nothing is not carried`,
        {
          field: place,
        },
      );
  }
  return numbers;
}

interface Place<T> {
  readonly kind: 'node' | 'edge';
  readonly key: string;
  /** What was there before, or undefined. */
  readonly before: T | undefined;
}

/**
 * Named nodes and typed edges with capacity, demand and health.
 *
 * @example
 * const graph = new ContractedGraph();
 * graph.batch([
 *   { op: 'node', name: 'api', type: 'service' },
 *   { op: 'node', name: 'db', type: 'store' },
 *   { op: 'edge', source: 'api', target: 'db', type: 'calls', capacity: 100 },
 * ]);
 * graph.updateEdge({ source: 'api', target: 'db', type: 'calls' }, { health: 0.5 });
 * console.log(graph.snapshot().weights[0]); // 50
 */
export class ContractedGraph {
  readonly maxNodes: number;
  readonly maxEdges: number;
  readonly #nodeTypes: ReadonlyMap<string, number> | undefined;
  readonly #edgeTypes: ReadonlySet<string> | undefined;
  readonly #nodes = new Map<string, GraphNode>();
  readonly #edges = new Map<string, GraphEdge>();
  /** Keys of the edges at each node. */
  readonly #incident = new Map<string, Set<string>>();
  readonly #nodesOfType = new Map<string, number>();
  readonly #edgesOfType = new Map<string, number>();
  #version = 0;
  #shape = 0;
  #snapshot: GraphSnapshot | undefined;
  /** What to put back when a batch fails; undefined outside of one. */
  #undo: Place<GraphNode | GraphEdge>[] | undefined;

  /** @throws IntegrityError `ERR_INTEGRITY_ARGUMENT` for limits out of range */
  constructor(limits: GraphLimits = {}) {
    this.maxNodes = checkInteger(limits.maxNodes ?? 2000, 'maxNodes', 1, HARD_MAX_NODES);
    this.maxEdges = checkInteger(limits.maxEdges ?? 200_000, 'maxEdges', 0, HARD_MAX_EDGES);
    if (limits.nodeTypes !== undefined) {
      const types = Object.entries(checkObject(limits.nodeTypes, 'nodeTypes'));
      this.#nodeTypes = new Map(
        types.map(([type, most]) => [
          checkName(type, 'nodeTypes', LONGEST_TYPE),
          checkInteger(most, `nodeTypes.${type}`, 0, this.maxNodes),
        ]),
      );
    }
    if (limits.edgeTypes !== undefined)
      this.#edgeTypes = new Set(limits.edgeTypes.map((type) => checkName(type, 'edgeTypes', LONGEST_TYPE)));
  }

  get nodeCount(): number {
    return this.#nodes.size;
  }

  get edgeCount(): number {
    return this.#edges.size;
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  /** Grows when a node or an edge comes or goes, not when numbers change. */
  get shape(): number {
    return this.#shape;
  }

  hasNode(name: string): boolean {
    return this.#nodes.has(name);
  }

  /** @throws IntegrityError `ERR_INTEGRITY_UNKNOWN_NODE` */
  node(name: string): GraphNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw unknownNode(name, 'name');
    return node;
  }

  hasEdge(key: EdgeKey): boolean {
    return this.#edges.has(keyOf(key));
  }

  /** @throws IntegrityError `ERR_INTEGRITY_UNKNOWN_EDGE` */
  edge(key: EdgeKey): GraphEdge {
    const edge = this.#edges.get(keyOf(key));
    if (edge === undefined) throw unknownEdge(key);
    return edge;
  }

  /** Nodes in no particular order; `snapshot()` has them by name. */
  nodes(): IterableIterator<GraphNode> {
    return this.#nodes.values();
  }

  edges(): IterableIterator<GraphEdge> {
    return this.#edges.values();
  }

  /**
   * Adds a node, or replaces the numbers of the one that has this name; what is left out keeps its value, or gets its
   * default in a new node. The type of a node does not change.
   *
   * @throws IntegrityError `ERR_INTEGRITY_ARGUMENT`, `ERR_INTEGRITY_LIMIT`
   */
  upsertNode(input: NodeInput): void {
    checkObject(input, 'node');
    const name = checkName(input.name, 'name');
    const type = checkName(input.type, 'type', LONGEST_TYPE);
    const before = this.#nodes.get(name);
    if (before !== undefined && before.type !== type)
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `node ${describe(name)} has type ${describe(before.type)}, not ${describe(type)}; remove it first`,
        { field: 'type' },
      );
    this.#setNode(name, {
      name,
      type,
      health: input.health === undefined ? (before?.health ?? 1) : shareOf(input.health, 'health'),
      weight: input.weight === undefined ? (before?.weight ?? 1) : capacityOf(input.weight, 'weight'),
    });
  }

  /**
   * Changes numbers of a node that is there.
   *
   * @throws IntegrityError `ERR_INTEGRITY_UNKNOWN_NODE`, `ERR_INTEGRITY_ARGUMENT`, `ERR_INTEGRITY_CAPACITY`
   */
  updateNode(name: string, change: Partial<Omit<NodeInput, 'name' | 'type'>>): void {
    this.upsertNode({ ...change, name, type: this.node(name).type });
  }

  /** Removes a node and its edges. @throws IntegrityError `ERR_INTEGRITY_UNKNOWN_NODE` */
  removeNode(name: string): void {
    this.node(name);
    for (const key of [...(this.#incident.get(name) ?? [])]) this.#setEdge(key, undefined);
    this.#setNode(name, undefined);
  }

  /**
   * Adds an edge, or replaces the numbers of the one with these ends and type; what is left out keeps its value, or
   * gets its default in a new edge.
   *
   * @throws IntegrityError `ERR_INTEGRITY_UNKNOWN_NODE`, `ERR_INTEGRITY_CAPACITY`, `ERR_INTEGRITY_ARGUMENT`,
   *   `ERR_INTEGRITY_LIMIT`
   */
  upsertEdge(input: EdgeInput): void {
    checkObject(input, 'edge');
    const source = checkName(input.source, 'source');
    const target = checkName(input.target, 'target');
    const type = checkName(input.type, 'type', LONGEST_TYPE);
    if (input.directed !== undefined && typeof input.directed !== 'boolean')
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `directed must be true or false, not ${describe(input.directed)}`,
        { field: 'directed' },
      );
    if (!this.#nodes.has(source)) throw unknownNode(source, 'source');
    if (!this.#nodes.has(target)) throw unknownNode(target, 'target');
    if (source === target)
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `an edge joins two nodes, not ${describe(source)} and itself`,
        {
          field: 'target',
        },
      );
    const key = keyOf(input);
    const before = this.#edges.get(key);
    const { demand, health, cost, offered } = input;
    this.#setEdge(key, {
      source: before?.source ?? source,
      target: before?.target ?? target,
      type,
      directed: input.directed ?? false,
      capacity: capacityOf(input.capacity, 'capacity'),
      demand: demand === undefined ? (before?.demand ?? 0) : capacityOf(demand, 'demand'),
      health: health === undefined ? (before?.health ?? 1) : shareOf(health, 'health'),
      cost: cost === undefined ? (before?.cost ?? noNumbers) : numbersOf(cost, 'cost', true),
      offered: offered === undefined ? (before?.offered ?? noNumbers) : numbersOf(offered, 'offered', false),
    });
  }

  /** Changes numbers of an edge that is there. @throws IntegrityError `ERR_INTEGRITY_UNKNOWN_EDGE`, and as `upsertEdge` */
  updateEdge(key: EdgeKey, change: Partial<Omit<EdgeInput, keyof EdgeKey>>): void {
    const before = this.edge(key);
    const { source, target, type, directed, capacity } = before;
    this.upsertEdge({ capacity, ...change, source, target, type, directed });
  }

  /** @throws IntegrityError `ERR_INTEGRITY_UNKNOWN_EDGE` */
  removeEdge(key: EdgeKey): void {
    this.edge(key);
    this.#setEdge(keyOf(key), undefined);
  }

  /**
   * Does all changes in order, or none of them: when one fails, the graph is as it was before the batch.
   *
   * @throws IntegrityError of the change that failed; its `field` starts with the change's place: `changes[3].capacity`
   */
  batch(changes: readonly GraphChange[]): void {
    if (!Array.isArray(changes))
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `changes must be an array, not ${describe(changes)}`,
        {
          field: 'changes',
        },
      );
    const before = { version: this.#version, shape: this.#shape };
    this.#undo = [];
    let index = 0;
    try {
      for (const change of changes) {
        this.#apply(change);
        index++;
      }
      this.#undo = undefined;
    } catch (error) {
      this.#rollBack(before);
      if (!(error instanceof IntegrityError)) throw error;
      const place = `changes[${index}]`;
      throw new IntegrityError(error.code, `${place}: ${error.message}; nothing of the batch was done`, {
        cause: error,
        field: error.field === undefined ? place : `${place}.${error.field}`,
      });
    }
  }

  /**
   * The graph as it is now, in arrays ordered by name, for algorithms. The same object until the graph changes.
   * O((n + m) log(n + m)) after a change of shape, O(n + m) after a change of numbers.
   */
  snapshot(): GraphSnapshot {
    if (this.#snapshot?.version === this.#version) return this.#snapshot;
    this.#snapshot = GraphSnapshot.of(this.#nodes, this.#edges, this.#version, this.#shape, this.#snapshot);
    return this.#snapshot;
  }

  #apply(change: GraphChange): void {
    switch (checkObject(change, 'change').op) {
      case 'node':
        this.upsertNode(change as NodeInput);
        return;
      case 'edge':
        this.upsertEdge(change as EdgeInput);
        return;
      case 'update-node': {
        const { name, health, weight } = change as NodeInput;
        this.updateNode(name, {
          ...(health === undefined ? {} : { health }),
          ...(weight === undefined ? {} : { weight }),
        });
        return;
      }
      case 'update-edge':
        this.updateEdge(change as EdgeKey, change as Partial<EdgeInput>);
        return;
      case 'remove-node':
        this.removeNode((change as { name: string }).name);
        return;
      case 'remove-edge':
        this.removeEdge(change as EdgeKey);
        return;
      default:
        throw new IntegrityError(
          'ERR_INTEGRITY_ARGUMENT',
          `op must be node, edge, update-node, update-edge, remove-node or remove-edge, not ${describe(change.op)}`,
          { field: 'op' },
        );
    }
  }

  #rollBack(before: { readonly version: number; readonly shape: number }): void {
    const undo = this.#undo ?? [];
    this.#undo = undefined;
    for (const place of undo.reverse()) {
      if (place.kind === 'node') this.#setNode(place.key, place.before as GraphNode | undefined);
      else this.#setEdge(place.key, place.before as GraphEdge | undefined);
    }
    this.#version = before.version;
    this.#shape = before.shape;
  }

  #setNode(name: string, node: GraphNode | undefined): void {
    const before = this.#nodes.get(name);
    const added = node !== undefined && before === undefined;
    if (added) this.#admitNode(node);
    this.#undo?.push({ kind: 'node', key: name, before });
    if (node === undefined) {
      this.#nodes.delete(name);
      this.#incident.delete(name);
      count(this.#nodesOfType, (before as GraphNode).type, -1);
    } else {
      this.#nodes.set(name, node);
      if (added) {
        this.#incident.set(name, new Set());
        count(this.#nodesOfType, node.type, 1);
      }
    }
    this.#version++;
    if (added || node === undefined) this.#shape++;
  }

  #setEdge(key: string, edge: GraphEdge | undefined): void {
    const before = this.#edges.get(key);
    const added = edge !== undefined && before === undefined;
    if (added) this.#admitEdge(edge);
    this.#undo?.push({ kind: 'edge', key, before });
    const { source, target, type } = (edge ?? before) as GraphEdge;
    if (edge === undefined) {
      this.#edges.delete(key);
      this.#incident.get(source)?.delete(key);
      this.#incident.get(target)?.delete(key);
      count(this.#edgesOfType, type, -1);
    } else {
      this.#edges.set(key, edge);
      if (added) {
        this.#incident.get(source)?.add(key);
        this.#incident.get(target)?.add(key);
        count(this.#edgesOfType, type, 1);
      }
    }
    this.#version++;
    if (added || edge === undefined) this.#shape++;
  }

  #admitNode({ name, type }: GraphNode): void {
    const limit = (message: string) => new IntegrityError('ERR_INTEGRITY_LIMIT', message, { field: 'name' });
    if (this.#nodes.size >= this.maxNodes)
      throw limit(
        `node ${describe(name)} would be one more than maxNodes (${this.maxNodes}): a node stands for a part of the system, ` +
          'a worker or a region, never for a row; contract the graph',
      );
    const most = this.#nodeTypes?.get(type);
    if (this.#nodeTypes !== undefined && most === undefined)
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `node type ${describe(type)} is not declared; declared are ${[...this.#nodeTypes.keys()].join(', ')}`,
        { field: 'type' },
      );
    if (most !== undefined && (this.#nodesOfType.get(type) ?? 0) >= most)
      throw limit(
        `node ${describe(name)} would be one more than the ${most} nodes that type ${describe(type)} may have`,
      );
    if (this.#nodesOfType.size >= MOST_TYPES && !this.#nodesOfType.has(type))
      throw limit(`type ${describe(type)} would be one more than ${MOST_TYPES} node types`);
  }

  #admitEdge({ type }: GraphEdge): void {
    if (this.#edges.size >= this.maxEdges)
      throw new IntegrityError(
        'ERR_INTEGRITY_LIMIT',
        `the graph has maxEdges (${this.maxEdges}) edges already`,
        {
          field: 'source',
        },
      );
    if (this.#edgeTypes !== undefined && !this.#edgeTypes.has(type))
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `edge type ${describe(type)} is not declared; declared are ${[...this.#edgeTypes].join(', ')}`,
        { field: 'type' },
      );
    if (this.#edgesOfType.size >= MOST_TYPES && !this.#edgesOfType.has(type))
      throw new IntegrityError(
        'ERR_INTEGRITY_LIMIT',
        `type ${describe(type)} would be one more than ${MOST_TYPES} edge types`,
        {
          field: 'type',
        },
      );
  }
}

function count(counts: Map<string, number>, type: string, by: number): void {
  const now = (counts.get(type) ?? 0) + by;
  if (now === 0) counts.delete(type);
  else counts.set(type, now);
}

function unknownNode(name: string, field: string): IntegrityError {
  return new IntegrityError(
    'ERR_INTEGRITY_UNKNOWN_NODE',
    `the graph has no node ${describe(name)}; add it first`,
    {
      field,
    },
  );
}

function unknownEdge({ source, target, type, directed = false }: EdgeKey): IntegrityError {
  return new IntegrityError(
    'ERR_INTEGRITY_UNKNOWN_EDGE',
    `the graph has no ${directed ? 'directed' : 'undirected'} edge of type ${describe(type)} from ${describe(source)} to ${describe(target)}`,
    { field: 'source' },
  );
}
