export { type ExpressResponse, expressGate } from './adapters/express.js';
export { type FastifyReply, fastifyGate } from './adapters/fastify.js';
export type { GateAnswer, GateHttpOptions, GateQuestion, HttpGate } from './adapters/gate-http.js';
export { type Attributes, MEASURES, type Measure, type MeasuredValue } from './adapters/measures.js';
export { type BatchResultLike, type MeterLike, observeIntegrity } from './adapters/opentelemetry.js';
export { prometheusContentType, prometheusText } from './adapters/prometheus.js';
export type { ServedEntry, ServedKey, ServedLog, ServedView, ViewSource } from './adapters/source.js';
export {
  type CanonicalLimits,
  type CanonicalObject,
  type CanonicalValue,
  canonicalBytes,
} from './audit/canonical.js';
export { parseCanonical } from './audit/canonical-parse.js';
export {
  type Checkpoint,
  checkpointText,
  parseCheckpoint,
  signCheckpoint,
  type TreeHead,
} from './audit/checkpoint.js';
export type { CheckpointReport, WitnessPolicy } from './audit/checkpoint-check.js';
export { joinRecords, readRecords, splitRecords, type UnfinishedRecord } from './audit/frames.js';
export type { Genesis, KeyRecord, KeyRevocation, KeyRole } from './audit/keyring.js';
export { createSigner, fingerprint, type Signer, shortFingerprint } from './audit/keys.js';
export {
  type AppendedRecord,
  type AuditEvent,
  AuditLog,
  type AuditLogOptions,
  type LogEntry,
} from './audit/log.js';
export { memoryStore } from './audit/memory-store.js';
export { CompactTree, emptyRoot, hashChildren, hashLeaf } from './audit/merkle.js';
export {
  formatNote,
  formatNoteKey,
  type Note,
  type NoteKey,
  type NoteKeyType,
  type NoteSignature,
  noteKey,
  parseNote,
  parseNoteKey,
  type VerifiedSignature,
  verifyNote,
} from './audit/note.js';
export {
  type ConsistencyClaim,
  type InclusionClaim,
  verifyConsistency,
  verifyInclusion,
} from './audit/proofs.js';
export type { LogHealth, LogState } from './audit/queue.js';
export {
  type EventDraft,
  type EventType,
  emptyHead,
  headAfter,
  type LogHead,
  type LogRecord,
  maxRecordBytes,
  parseRecord,
  recordHash,
  type SealedRecord,
  seal,
} from './audit/record.js';
export { type AuditStore, readStore, type StoreRecovery } from './audit/store.js';
export { auditStoreContract, type StoreContractCase, type StoreHarness } from './audit/store-contract.js';
export {
  formatRecordProof,
  type ProvenRecord,
  parseRecordProof,
  type RecordProof,
  verifyRecordProof,
} from './audit/tlog-proof.js';
export { LogTree, type RecordSource } from './audit/tree.js';
export {
  type Finding,
  LogVerifier,
  type ProblemCode,
  type VerifyOptions,
  type VerifyReport,
  verifyLog,
  type WarningCode,
} from './audit/verify.js';
export {
  type Cosignature,
  type CosignOptions,
  cosign,
  formatWitnessRequest,
  parseWitnessRequest,
  type WitnessedTree,
  type WitnessRequest,
} from './audit/witness.js';
export { Gate, type GateOptions } from './control/gate.js';
export { decisionError } from './control/gate-decisions.js';
export type {
  CheckOptions,
  GateCounters,
  GateCounts,
  GateDecision,
  GateEvidence,
  GateMode,
  GateReason,
  GateStatus,
  GateTicket,
  StateBasis,
} from './control/gate-types.js';
export { DEFAULT_POLICY, resolvePolicy } from './control/policy.js';
export type {
  AllowRule,
  DeferRule,
  GateAction,
  GatePolicy,
  GatePolicyInput,
  OperationClass,
  OperationPolicy,
  RejectRule,
  Relation,
  Rule,
  RuledClass,
  RuleInput,
  RuleWithRelations,
  RuleWithRelationsInput,
  ThrottleRule,
} from './control/policy-types.js';
export {
  initialIntegrityState,
  integrityState,
  replayStates,
  StateMachine,
  type StateStart,
} from './control/state-machine.js';
export {
  type ResolvedStateOptions,
  resolveStateOptions,
  type StateMachineOptions,
  type StateThresholds,
} from './control/state-options.js';
export { stepState } from './control/state-step.js';
export {
  type ClearInput,
  type IntegrityState,
  type KnownState,
  lambdaPpm,
  type OverrideInput,
  type SampleInput,
  STATE_NAMES,
  type StateInput,
  type StateName,
  type StateOverride,
  type StateReason,
  type StateReasonCode,
  type StateTransition,
  type StepResult,
  type TickInput,
} from './control/states.js';
export { TokenBucket } from './control/token-bucket.js';
export { nobleCrypto } from './crypto/noble.js';
export { nodeCrypto } from './crypto/node.js';
export { type CryptoProvider, defaultCrypto, type Ed25519Key } from './crypto/provider.js';
export {
  type GomoryHuTree,
  gomoryHuTree,
  type NonTrivialCut,
  smallestNonTrivialCut,
  type TreeOptions,
} from './cut/gomory-hu.js';
export { type GroupCut, groupCut, minCutBetween, minSTCut, type TerminalCut } from './cut/group-cut.js';
export { type FlowProblem, type MaxFlow, type MaxFlowOptions, maxFlow } from './cut/max-flow.js';
export { type MinCut, MinCutSolver, minCut } from './cut/min-cut.js';
export type { CutProblem } from './cut/problem.js';
export { type ReferenceCut, stoerWagner } from './cut/stoer-wagner.js';
export { CutTracker } from './cut/tracker.js';
export type { TrackerOptions, TrackerRule, TrackerStep, WeightChange } from './cut/tracker-types.js';
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
export {
  createIntegrity,
  Integrity,
  type TransitionEvent,
} from './runtime/integrity.js';
export type { OfferedFrom } from './runtime/offered.js';
export type { GuardQuestion, IntegrityOptions, Question } from './runtime/options.js';
export { type Replay, type ReplayedRecord, replayLog } from './runtime/replay.js';
export type { NavigabilityContract, SignalContract } from './runtime/signals.js';
export type {
  EntryView,
  GateCount,
  GraphView,
  HistoryPoint,
  IntegrityView,
  LogView,
  SampleView,
  SignalView,
  WitnessEdge,
} from './runtime/view.js';
export type { Timer } from './runtime/waiting.js';
export {
  type Commodity,
  type CommodityFlow,
  checkFlowOptions,
  type FlowOptions,
  type FlowSignal,
  flowSignal,
  type Reserve,
  type ReserveState,
  type Terminals,
} from './signal/flow.js';
export {
  type LeastCutOptions,
  leastCutPerRow,
  type NavigabilityOptions,
  type NavigabilitySignal,
  navigability,
  type RegionCut,
  type Regions,
  regionsOf,
} from './signal/navigability.js';
export { type StructureOptions, type StructureSignal, structureSignal } from './signal/structure.js';
export { lambda2 } from './spectral/lambda2.js';
export type { CertificateChoice, Lambda2Options } from './spectral/options.js';
export type { Lambda2Certificate, Lambda2Result } from './spectral/result.js';
