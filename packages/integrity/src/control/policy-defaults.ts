/**
 * The policy that a gate has when none is given. Rows are a class, columns a state:
 *
 * | class  | normal | stress                     | critical                          | unknown |
 * | ------ | ------ | -------------------------- | --------------------------------- | ------- |
 * | low    | allow  | allow; loads: admit 80 %   | admit 80 %; loads: 50 %           | allow   |
 * | medium | allow  | admit 50 %; loads: 60 s    | defer 60 s; loads: reject         | allow   |
 * | high   | allow  | defer 300 s; loads: reject | reject                            | allow   |
 * | repair | allow  | allow; loads: admit 50 %   | admit 50 %; loads: defer 5 s      | allow   |
 *
 * An operation that relieves the present cut is allowed in every state. In `critical` at most ten operations of class
 * `low` are in flight. `unknown` is open: a sensor that died must not stop a system that works; say
 * `rules: { unknown: { high: { action: 'reject' } } }` where that is the smaller harm.
 */
import type {
  GatePolicy,
  OperationClass,
  OperationPolicy,
  RuledClass,
  RuleWithRelations,
} from './policy-types.js';

const allow = { action: 'allow', maxInFlight: null } as const;
const reject = { action: 'reject' } as const;
const admit = (admitPpm: number, maxInFlight: number | null = null) =>
  ({ action: 'throttle', admitPpm, maxPerSecond: null, maxInFlight }) as const;
const defer = (ms: number) => ({ action: 'defer', ms }) as const;

const always: RuleWithRelations = { ...allow, loads: null, relieves: null };
const open: Record<RuledClass, RuleWithRelations> = {
  low: always,
  medium: always,
  high: always,
  repair: always,
};

/** Names by class. Which edge types they load and relieve only the owner of the graph knows: none by default. */
const names: readonly (readonly [OperationClass, string])[] = [
  ['exempt', 'liveness audit_read sensor'],
  ['repair', 'compaction vacuum cleanup'],
  ['low', 'search read point_insert point_delete'],
  ['medium', 'bulk_insert bulk_delete update centroid_update graph_edge_add graph_edge_remove'],
  ['high', 'hnsw_rewire index_rebuild tier_demotion shard_move replication_reshuffle'],
];

const operations: Record<string, OperationPolicy> = {};
for (const [operationClass, list] of names)
  for (const name of list.split(' '))
    operations[name] = { class: operationClass, loads: [], relieves: [], cost: 1 };

/** The defaults before they are checked and frozen; `DEFAULT_POLICY` of policy.ts is them resolved. */
export const POLICY_DEFAULTS: GatePolicy = {
  defaultClass: 'medium',
  operations,
  rules: {
    normal: open,
    stress: {
      low: { ...allow, loads: admit(800_000), relieves: allow },
      medium: { ...admit(500_000), loads: defer(60_000), relieves: allow },
      high: { ...defer(300_000), loads: reject, relieves: allow },
      repair: { ...allow, loads: admit(500_000), relieves: allow },
    },
    critical: {
      low: { ...admit(800_000, 10), loads: admit(500_000, 10), relieves: allow },
      medium: { ...defer(60_000), loads: reject, relieves: allow },
      high: { ...reject, loads: reject, relieves: allow },
      repair: { ...admit(500_000), loads: defer(5_000), relieves: allow },
    },
    unknown: open,
  },
  staleAfterMs: 30_000,
  throttle: {
    burst: 10,
    minPerSecond: 1,
    minDelayMs: 20,
    maxDelayMs: 1000,
    windowMs: 5000,
    maxTenants: 1024,
  },
  defer: { maxMs: 900_000, jitterPpm: 250_000 },
  repair: { perSecond: 5, burst: 20 },
  probes: { perSecond: 1, burst: 1 },
};
