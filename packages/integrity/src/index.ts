export {
  type AbortSignalLike,
  IntegrityError,
  type IntegrityErrorCode,
  type IntegrityErrorOptions,
} from './errors.js';
export { ContractedGraph } from './graph/contracted-graph.js';
export {
  type FromGraphologyOptions,
  fromGraphology,
  type GraphologyReader,
  type GraphologyWriter,
  toGraphology,
} from './graph/graphology.js';
export type { GraphSnapshot } from './graph/snapshot.js';
export type {
  EdgeInput,
  EdgeKey,
  GraphChange,
  GraphEdge,
  GraphLimits,
  GraphNode,
  NodeInput,
} from './graph/types.js';
