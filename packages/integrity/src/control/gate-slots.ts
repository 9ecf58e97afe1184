/** A gate's rules as it uses them: one slot for each class, state, relation and basis, with its throttle and decisions. */
import { admission, type DecisionGround } from './gate-decisions.js';
import { Throttle } from './gate-throttle.js';
import type { GateDecision, GateMode, StateBasis } from './gate-types.js';
import {
  type GatePolicy,
  OPERATION_CLASSES,
  type OperationClass,
  RELATIONS,
  type Relation,
  type Rule,
} from './policy-types.js';
import { STATE_NAMES, type StateName } from './states.js';

/** One rule in force. */
export class Slot implements DecisionGround {
  readonly state: StateName;
  readonly basis: StateBasis;
  readonly class: OperationClass;
  readonly relation: Relation;
  readonly rule: Rule;
  readonly throttle: Throttle | null;
  // What lets through is shared, so that a check that allows makes no garbage.
  readonly off: GateDecision;
  readonly allowed: GateDecision;
  readonly within: GateDecision;
  readonly reserve: GateDecision;
  readonly probe: GateDecision;
  /** The rejection for what is published now. */
  rejected: GateDecision | null = null;

  constructor(ground: DecisionGround, rule: Rule, mode: GateMode, settings: GatePolicy['throttle']) {
    this.state = ground.state;
    this.basis = ground.basis;
    this.class = ground.class;
    this.relation = ground.relation;
    this.rule = rule;
    this.throttle = rule.action === 'throttle' ? new Throttle(rule, settings) : null;
    this.off = admission(ground, mode, 'gate-off');
    this.allowed = admission(
      ground,
      mode,
      ground.class === 'exempt' ? 'exempt' : ground.state === 'unknown' ? 'unknown-state' : 'allowed',
    );
    this.within = admission(ground, mode, 'within-share');
    this.reserve = admission(ground, mode, 'reserve');
    this.probe = admission(ground, mode, 'probe');
  }
}

const EXEMPT: Rule = Object.freeze({ action: 'allow', maxInFlight: null });

/** Slots of one class. */
export interface ClassSlots {
  readonly published: Readonly<Record<StateName, Readonly<Record<Relation, Slot>>>>;
  readonly unpublished: Readonly<Record<Exclude<StateBasis, 'published'>, Slot>>;
}

export function slotsOf(policy: GatePolicy, mode: GateMode): Readonly<Record<OperationClass, ClassSlots>> {
  const slots: [OperationClass, ClassSlots][] = OPERATION_CLASSES.map((each) => {
    const make = (state: StateName, basis: StateBasis, relation: Relation): Slot => {
      const ground = { state, basis, class: each, relation };
      if (each === 'exempt') return new Slot(ground, EXEMPT, mode, policy.throttle);
      const rule = policy.rules[state][each];
      return new Slot(ground, (relation === 'none' ? null : rule[relation]) ?? rule, mode, policy.throttle);
    };
    const published = STATE_NAMES.map((state) => [
      state,
      Object.fromEntries(RELATIONS.map((relation) => [relation, make(state, 'published', relation)])),
    ]);
    return [
      each,
      {
        published: Object.fromEntries(published) as ClassSlots['published'],
        unpublished: {
          'never-published': make('unknown', 'never-published', 'none'),
          stale: make('unknown', 'stale', 'none'),
          'clock-behind': make('unknown', 'clock-behind', 'none'),
        },
      },
    ];
  });
  return Object.fromEntries(slots) as Record<OperationClass, ClassSlots>;
}
