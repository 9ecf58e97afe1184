/** What goes into a contracted graph and comes out of it. */

/** A part of the system: a worker, a queue, a shard, a region of an index. Never a row. */
export interface NodeInput {
  /** Unique in the graph; 1 to 128 characters. */
  readonly name: string;
  /** What kind of part it is; 1 to 64 characters. */
  readonly type: string;
  /** 0 (gone) to 1 (healthy); default 1. Scales every edge at the node. */
  readonly health?: number;
  /** How much the node stands for, for instance live rows of a region; finite, >= 0, default 1. */
  readonly weight?: number;
}

/** How an edge is found: both ends and its type. For an undirected edge the order of the ends does not matter. */
export interface EdgeKey {
  readonly source: string;
  readonly target: string;
  /** 1 to 64 characters. Several edges of different types may join two nodes. */
  readonly type: string;
  /** Default false. A directed and an undirected edge of one type may join the same nodes. */
  readonly directed?: boolean;
}

/** A dependency between two parts. */
export interface EdgeInput extends EdgeKey {
  /** Units a second (or any one unit for all edges of a graph) at full health; finite, >= 0. */
  readonly capacity: number;
  /** Units a second in use by load that belongs to no commodity; finite, >= 0, default 0. */
  readonly demand?: number;
  /** 0 (broken) to 1 (healthy), for instance 1 - error rate; default 1. */
  readonly health?: number;
  /**
   * Which commodities the edge carries: units of capacity that one operation of each costs here, measured; > 0.
   * Default: none, and then the edge takes part in no flow.
   */
  readonly cost?: Readonly<Record<string, number>>;
  /** Operations a second of a commodity offered to this edge, where they are measured; else its whole rate counts. */
  readonly offered?: Readonly<Record<string, number>>;
}

/** A node as the graph has it. */
export interface GraphNode {
  readonly name: string;
  readonly type: string;
  readonly health: number;
  readonly weight: number;
}

/** An edge as the graph has it. */
export interface GraphEdge {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly directed: boolean;
  readonly capacity: number;
  readonly demand: number;
  readonly health: number;
  readonly cost: ReadonlyMap<string, number>;
  readonly offered: ReadonlyMap<string, number>;
}

/** Changes of a batch, done in order, all or none. */
export type GraphChange =
  | ({ readonly op: 'node' } & NodeInput)
  | ({ readonly op: 'edge' } & EdgeInput)
  | ({ readonly op: 'update-node'; readonly name: string } & Partial<Omit<NodeInput, 'name' | 'type'>>)
  | ({ readonly op: 'update-edge' } & EdgeKey & Partial<Omit<EdgeInput, keyof EdgeKey>>)
  | { readonly op: 'remove-node'; readonly name: string }
  | ({ readonly op: 'remove-edge' } & EdgeKey);

/** Limits that keep a graph contracted. */
export interface GraphLimits {
  /** Default 2,000, at most 4,096. */
  readonly maxNodes?: number;
  /** Default 200,000, at most 1,000,000. */
  readonly maxEdges?: number;
  /** The node types that may occur, each with how many nodes of it; default: any type. */
  readonly nodeTypes?: Readonly<Record<string, number>>;
  /** The edge types that may occur; default: any type, at most 64 of them. */
  readonly edgeTypes?: readonly string[];
}
