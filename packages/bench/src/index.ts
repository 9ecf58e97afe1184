export { cacheKey, canonicalJson, FileCache, type Json } from './cache.js';
export { abortOnSignals, type CliHost, runCli, type SignalSource } from './cli.js';
export { BenchError, type BenchErrorCode } from './errors.js';
export { describeMachine, type Machine } from './machine.js';
export { elapsedMs, measureRounds, repeatFor, type Series } from './measure.js';
export { Random } from './random.js';
export type { BenchFailure, BenchReport, BenchResult } from './report.js';
export { type Progress, type RunOptions, runSuite } from './runner.js';
export { type Better, type Comparison, compare, median, quantile, ratioOf } from './statistics.js';
export {
  type AbsentPeer,
  type Budget,
  type Case,
  type CaseContext,
  type Entrant,
  emptySession,
  type Metric,
  type Mode,
  type Plan,
  type PlanContext,
  type PreparedCase,
  type Sample,
  type Subject,
  type Suite,
} from './suite.js';
export { suites } from './suites/index.js';
export { formatReport } from './table.js';
export { validateReport, validateResult } from './validate.js';
