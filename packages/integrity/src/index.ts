export {
  type GomoryHuTree,
  gomoryHuTree,
  type NonTrivialCut,
  smallestNonTrivialCut,
  type TreeOptions,
} from './cut/gomory-hu.js';
export {
  type FlowProblem,
  type GroupCut,
  groupCut,
  type MaxFlow,
  maxFlow,
  minCutBetween,
  minSTCut,
  type TerminalCut,
} from './cut/max-flow.js';
export { type MinCut, MinCutSolver, minCut } from './cut/min-cut.js';
export type { CutProblem } from './cut/problem.js';
export { type ReferenceCut, stoerWagner } from './cut/stoer-wagner.js';
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
export { lambda2 } from './spectral/lambda2.js';
export type { CertificateChoice, Lambda2Options } from './spectral/options.js';
export type { Lambda2Certificate, Lambda2Result } from './spectral/result.js';
