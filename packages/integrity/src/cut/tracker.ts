/**
 * The minimum cut under updates, with as few computations as can be.
 *
 * Kept are a lower and an upper bound of lambda in whole units, cuts whose present weights are known (`known-cuts.ts`), and a
 * kernel of a few nodes with all light cuts (`cut-kernel.ts`). The upper bound is the lightest known cut, so lambda = lower =
 * upper is exact and has a witness. Say the weight between u and v changes by d, lambda to lambda', and every cut weighed at
 * least `lower` before.
 *
 * (a) d > 0. No cut gets lighter: lambda' >= lower. A known cut that does not part u and v weighs what it did; if one of
 *     weight `lower` is left, lambda' = lower. That is every increase inside the sides of the witness, and every other one that
 *     leaves another known minimum cut alone. Only where the last of them is crossed something must be found out: the least
 *     cut of the kernel if that is below its ceiling, else a minimum cut of the whole graph.
 * (b) d < 0 across a witness, bounds equal. It weighs lambda + d now, and no cut lost more: lambda' = lambda + d.
 * (c) d < 0 else. Cuts that do not part u and v weigh at least `lower` still. Those that do weigh at least lower + d, and at least
 *     what ties u and v: their edge and common neighbours, or the kernel's ceiling where it merges them. If that is at least
 *     `lower`, so is lambda'. Else the kernel is asked as in (a), and where it cannot say there is a flow from u to v, stopped at
 *     `lower`: if it gets there, the same holds; if it ends at f below, its cut weighs f and no cut weighs less, so
 *     lambda' = f. *A decrease never needs a computation.*
 *
 * Mode `interval` lets bounds drift apart, (a) with the upper and (c) with the lower one, as long as every threshold T is
 * outside of (lower, upper]: T <= lower says that lambda is not below T, T > upper that it is. When one comes inside, (c) has its
 * kernel, or its flow, which restores the lower bound of before, or gives lambda itself: either decides T as the bounds of before did
 * or by the upper one. So here, too, only increases lead to computations.
 */
import { checkInteger, checkNumber, checkObject, describe } from '../check.js';
import { IntegrityError } from '../errors.js';
import { compareSides } from './canonical.js';
import { componentsOf } from './components.js';
import { degreeOf } from './csr.js';
import { CutKernel } from './cut-kernel.js';
import { CutEngine } from './engine.js';
import { KnownCuts } from './known-cuts.js';
import { type MinCut, minCut } from './min-cut.js';
import type { CutProblem } from './problem.js';
import { TrackedGraph } from './tracked-graph.js';
import type { TrackerOptions, TrackerRule, TrackerStep, WeightChange } from './tracker-types.js';
import { checkNode, checkProblem, isPowerOfTwo, MOST_NODES, MOST_UNITS } from './units.js';

/** How many of several minimum cuts that turn up together are remembered. */
const REMEMBERED = 8;

/**
 * Follows the minimum cut of a graph whose weights change.
 *
 * @example
 * const tracker = new CutTracker({
 *   nodeCount: 3,
 *   sources: Uint32Array.of(0, 1, 2),
 *   targets: Uint32Array.of(1, 2, 0),
 *   weights: Float64Array.of(5, 5, 5),
 * });
 * console.log(tracker.value); // 10
 * console.log(tracker.update(0, 1, 3)); // { value: 8, lower: 8, upper: 8, rule: 'decrease-across', recomputed: false }
 */
export class CutTracker {
  readonly unit: number;
  readonly mode: 'exact' | 'interval';
  /**
   * How often each rule settled a step. `kernel` and `recomputed` count what `value` and `isBelow` had to find out, too; `kernel`
   * also where a kernel that was built after a flow made the bounds of mode `interval` equal.
   */
  readonly stats: Record<TrackerRule, number> = {
    none: 0,
    'increase-inside': 0,
    'decrease-across': 0,
    'known-cut': 0,
    certificate: 0,
    flow: 0,
    kernel: 0,
    interval: 0,
    recomputed: 0,
  };
  /** In units. */
  readonly #thresholds: readonly number[];
  readonly #graph: TrackedGraph;
  readonly #known: KnownCuts;
  readonly #kernel = new CutKernel();
  readonly #engine = new CutEngine();
  /** By how many units the weight of a pair may be rounded, where it is. */
  readonly #rounding = new Map<number, number>();
  #rounded = 0;
  #kernels = 0;
  #lower = 0;
  #upper = 0;

  /** @throws IntegrityError as `minCut`; `ERR_INTEGRITY_ARGUMENT` for a unit that is no power of two, a mode or threshold */
  constructor(problem: CutProblem, options: TrackerOptions = {}) {
    checkProblem(problem);
    const { unit, mode = 'exact', thresholds = [] }: TrackerOptions = checkObject(options, 'options');
    const { nodeCount, sources, targets, weights } = problem;
    if (mode !== 'exact' && mode !== 'interval')
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `mode must be exact or interval, not ${describe(mode)}`,
        { field: 'mode' },
      );
    this.mode = mode;
    this.unit = unit ?? defaultUnit(weights);
    if (!isPowerOfTwo(this.unit))
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `unit must be a power of two, not ${describe(unit)}`,
        { field: 'unit' },
      );
    this.#thresholds = thresholds.map(
      (threshold, i) => checkNumber(threshold, `thresholds[${i}]`, { least: 0 }) / this.unit,
    );
    this.#graph = new TrackedGraph(nodeCount);
    this.#known = new KnownCuts(nodeCount);
    for (let i = 0; i < weights.length; i++) {
      const [u, v] = [sources[i] as number, targets[i] as number];
      const whole = this.#whole(weights[i] as number, `weights[${i}]`);
      if (u === v || whole === 0) continue;
      this.#checkTotal(whole);
      this.#known.add(u, v, this.#graph.set(u, v, this.#graph.weight(u, v) + whole));
      if (whole * this.unit !== weights[i]) this.#roundedBy(u, v, this.#roundingOf(u, v) + 1);
    }
    this.#recompute();
  }

  get nodeCount(): number {
    return this.#graph.nodeCount;
  }

  /** lambda, exactly; found out where only bounds are known. */
  get value(): number {
    if (this.#lower !== this.#upper) this.#find();
    return this.#lower * this.unit;
  }

  /** What is known without finding anything out. */
  get bounds(): { readonly lower: number; readonly upper: number } {
    return { lower: this.#lower * this.unit, upper: this.#upper * this.unit };
  }

  /**
   * How often the kernel was built, beside each computation and after flows: one or two rounds over the whole graph, less than
   * a computation, and counted by no rule.
   */
  get kernels(): number {
    return this.#kernels;
  }

  /** How far values may be from those of the weights as they were given: 0 where all are multiples of the unit. */
  get errorBound(): number {
    return this.#rounded * this.unit;
  }

  /** The weight between two nodes. @throws IntegrityError `ERR_INTEGRITY_UNKNOWN_NODE` */
  weight(u: number, v: number): number {
    checkNode(u, this.nodeCount, 'u');
    checkNode(v, this.nodeCount, 'v');
    return this.#graph.weight(u, v) * this.unit;
  }

  /**
   * Whether lambda < threshold. Certain, and free for the thresholds of the options.
   *
   * @throws IntegrityError `ERR_INTEGRITY_ARGUMENT` for a threshold that is not finite
   */
  isBelow(threshold: number): boolean {
    const limit = checkNumber(threshold, 'threshold') / this.unit;
    if (this.#upper < limit) return true;
    if (this.#lower >= limit) return false;
    return this.value < threshold;
  }

  /** A side of the lightest known cut, sorted; canonical only in `minCut`. */
  witness(): Uint32Array {
    return this.#known.side();
  }

  /** The canonical minimum cut of the present graph, computed; `edges` are indices into `problem()`. */
  minCut(): MinCut {
    return minCut(this.problem());
  }

  /** The present graph: one edge for each pair of nodes with weight, u < v, sorted; whatever changes led to it. */
  problem(): CutProblem {
    const { nodeCount, sources, targets, weights } = this.#graph;
    const byPair = new Map<number, number>();
    for (let i = 0; i < weights.length; i++)
      if ((weights[i] as number) > 0)
        byPair.set(pairKey(sources[i] as number, targets[i] as number), weights[i] as number);
    const pairs = Float64Array.from(byPair.keys()).sort();
    return {
      nodeCount,
      sources: Uint32Array.from(pairs, (pair) => Math.floor(pair / MOST_NODES)),
      targets: Uint32Array.from(pairs, (pair) => pair % MOST_NODES),
      weights: Float64Array.from(pairs, (pair) => (byPair.get(pair) as number) * this.unit),
    };
  }

  /** Adds a node without edges, and returns it. Then lambda is 0. @throws IntegrityError `ERR_INTEGRITY_LIMIT` */
  addNode(): number {
    const node = this.nodeCount;
    if (node >= MOST_NODES)
      throw new IntegrityError('ERR_INTEGRITY_LIMIT', `there are ${MOST_NODES} nodes already`, {
        field: 'nodeCount',
      });
    this.#graph.addNode();
    this.#known.addNode();
    this.#kernel.addNode();
    this.#lower = 0;
    this.#upper = 0;
    return node;
  }

  /**
   * Sets the weight between two nodes.
   *
   * @throws IntegrityError `ERR_INTEGRITY_UNKNOWN_NODE`, `ERR_INTEGRITY_ARGUMENT` for u = v, `ERR_INTEGRITY_CAPACITY` for a weight
   *   that is negative, not finite, or makes the total more than 2^52 units; then nothing has changed
   */
  update(u: number, v: number, weight: number): TrackerStep {
    return this.batch([{ u, v, weight }]);
  }

  /**
   * Changes the weight between two nodes by a difference, in whole units: adding and taking away the same leaves what was.
   *
   * @param delta finite; rounded to units
   * @throws IntegrityError as `update`
   */
  add(u: number, v: number, delta: number): TrackerStep {
    this.#checkPair(u, v, '');
    const units = Math.round(checkNumber(delta, 'delta', {}, 'ERR_INTEGRITY_CAPACITY') / this.unit);
    const weight = this.#graph.weight(u, v) + units;
    if (!(weight >= 0))
      throw new IntegrityError(
        'ERR_INTEGRITY_CAPACITY',
        `delta must leave a weight >= 0, but ${this.#graph.weight(u, v) * this.unit} ${describe(delta)} is ${weight * this.unit}`,
        { field: 'delta' },
      );
    this.#checkTotal(units);
    const rounding = this.#roundingOf(u, v) + (units * this.unit === delta ? 0 : 1);
    return this.#apply([[u, v, weight, rounding]]);
  }

  /**
   * Several updates, and at most one computation at their end. All are checked before the first is done.
   *
   * @returns what is known at the end; the rule is that of the last update that changed anything, or of what came after it
   * @throws IntegrityError as `update`
   */
  batch(changes: readonly WeightChange[]): TrackerStep {
    if (!Array.isArray(changes))
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `changes must be an array, not ${describe(changes)}`,
        { field: 'changes' },
      );
    checkInteger(changes.length, 'changes.length', 0, 1e7);
    let growth = 0;
    const pairs = changes.map((change: WeightChange, i): Change => {
      const place = changes.length === 1 ? '' : `changes[${i}].`;
      const { u, v, weight } = checkObject(change, `changes[${i}]`) as unknown as WeightChange;
      this.#checkPair(u, v, place);
      const whole = this.#whole(weight, `${place}weight`);
      growth += whole;
      return [u, v, whole, whole * this.unit === weight ? 0 : 1];
    });
    this.#checkTotal(growth);
    return this.#apply(pairs);
  }

  #apply(changes: readonly Change[]): TrackerStep {
    const before = this.#lower;
    let rule: TrackerRule = 'none';
    for (const [u, v, weight, rounding] of changes) {
      this.#roundedBy(u, v, rounding);
      const settled = this.#step(u, v, weight);
      if (settled !== 'none') rule = settled;
    }
    if (this.#isSettled()) {
      // In mode `interval` a rule that leaves bounds apart is called so.
      if (rule !== 'none' && this.#lower !== this.#upper) rule = 'interval';
      else if (rule === 'interval') rule = 'known-cut';
      this.stats[rule]++;
    } else {
      const [first] = changes;
      if (changes.length === 1 && first !== undefined && this.#lower < before) {
        rule = this.#askKernel() ? 'kernel' : 'flow';
        if (rule === 'flow') this.#flow(first[0], first[1], before);
      } else rule = this.#find();
    }
    const { lower, upper } = this.bounds;
    const value = lower === upper ? lower : undefined;
    return { value, lower, upper, rule, recomputed: rule === 'recomputed' };
  }

  /** One update: rules (a), (b) and (c) of the head. Both bounds hold afterwards, whether or not that is enough. */
  #step(u: number, v: number, weight: number): TrackerRule {
    const change = this.#graph.set(u, v, weight);
    if (change === 0) return 'none';
    const [lower, upper] = [this.#lower, this.#upper];
    const parted = this.#known.parts(u, v);
    this.#known.add(u, v, change);
    this.#upper = this.#known.least;
    if (change > 0) {
      this.#kernel.add(u, v, change, 0);
      return parted ? 'known-cut' : 'increase-inside';
    }
    const tied = this.#graph.tiedBy(u, v);
    this.#kernel.add(u, v, change, tied);
    const certain = Math.max(tied, this.#kernel.merges(u, v) ? this.#kernel.ceiling : 0);
    this.#lower = Math.max(0, Math.min(lower, Math.max(lower + change, certain)));
    if (this.#lower >= this.#upper) {
      this.#lower = this.#upper;
      return parted ? 'decrease-across' : this.#upper < upper ? 'known-cut' : 'certificate';
    }
    return certain >= lower ? 'certificate' : 'interval';
  }

  #isSettled(): boolean {
    if (this.#lower === this.#upper) return true;
    if (this.mode === 'exact') return false;
    return !this.#thresholds.some((threshold) => this.#lower < threshold && threshold <= this.#upper);
  }

  /** lambda, from the kernel where it can say, else from the whole graph. */
  #find(): 'kernel' | 'recomputed' {
    if (this.#askKernel()) return 'kernel';
    this.#recompute();
    this.stats.recomputed++;
    return 'recomputed';
  }

  /** Whether the kernel has a cut so light that it is a minimum cut of the whole graph; then both bounds are its weight. */
  #askKernel(): boolean {
    const { ceiling } = this.#kernel;
    if (ceiling < 0 || ceiling < this.#lower) return false;
    const { value, inSide } = this.#kernel.least();
    this.#known.remember(inSide, value);
    this.#upper = this.#known.least;
    if (value > ceiling) return false;
    this.#lower = value;
    this.stats.kernel++;
    return true;
  }

  /**
   * Rule (c) by a flow: the weight between u and v fell, no cut was lighter than `lower` before, and no other cut is.
   * Afterwards the bounds are equal, or the lower one is what it was.
   */
  #flow(u: number, v: number, lower: number): void {
    const limit = Math.min(lower, this.#upper);
    const { network } = this.#graph;
    const flow = network.run(u, v, limit);
    this.#lower = Math.min(flow, limit);
    if (flow < limit) {
      const marks = network.sourceSide(u);
      this.#known.remember((node) => marks[node] === 1, flow);
      this.#upper = this.#known.least;
    }
    this.stats.flow++;
    // Without a kernel every such decrease costs a flow; it settles the next ones, at the price of a few flows.
    if (this.#kernel.ceiling > this.#lower || !this.#kernel.isWorthwhile()) return;
    this.#load();
    this.#buildKernel();
    if (this.#lower !== this.#upper) this.#askKernel();
  }

  #recompute(): void {
    this.#lower = this.#upper = 0;
    const { nodeCount: n, sources, targets, weights } = this.#graph;
    if (n < 2) return;
    const engine = this.#engine;
    this.#load();
    const lambda = engine.solve(this.#known.least);
    this.#lower = this.#upper = lambda;
    if (lambda === 0) {
      const components = [...componentsOf(n, sources, targets, weights)].sort(compareSides);
      for (const component of components.slice(0, REMEMBERED)) {
        const nodes = new Set(component);
        this.#known.remember((node) => nodes.has(node), 0);
      }
    } else {
      const { kernel, owner } = engine;
      for (let k = 0, found = 0; k < kernel.nodeCount && found < REMEMBERED; k++)
        if (degreeOf(kernel, k) === lambda) {
          this.#known.remember((node) => owner[node] === k, lambda);
          found++;
        }
    }
    this.#buildKernel();
  }

  #load(): void {
    const { nodeCount, sources, targets, weights } = this.#graph;
    this.#engine.load(nodeCount, sources, targets, weights);
  }

  #buildKernel(): void {
    this.#kernels++;
    this.#kernel.build(this.#engine, this.#upper, this.#graph.total);
  }

  #checkPair(u: number, v: number, place: string): void {
    checkNode(u, this.nodeCount, `${place}u`);
    checkNode(v, this.nodeCount, `${place}v`);
    if (u === v)
      throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', `u and v are both node ${u}: no cut parts a node`, {
        field: `${place}v`,
      });
  }

  #checkTotal(growth: number): void {
    if (this.#graph.total + growth <= MOST_UNITS) return;
    throw new IntegrityError(
      'ERR_INTEGRITY_CAPACITY',
      `all weights together would be more than 2^52 units of ${this.unit}; give the tracker a larger unit`,
      { field: 'weight' },
    );
  }

  /** A weight in units; never 0 where there is one. */
  #whole(weight: number, field: string): number {
    const units = checkNumber(weight, field, { least: 0 }, 'ERR_INTEGRITY_CAPACITY') / this.unit;
    return units > 0 || weight > 0 ? Math.max(1, Math.round(units)) : 0;
  }

  #roundingOf(u: number, v: number): number {
    return this.#rounding.get(pairKey(u, v)) ?? 0;
  }

  #roundedBy(u: number, v: number, units: number): void {
    const key = pairKey(u, v);
    this.#rounded += units - (this.#rounding.get(key) ?? 0);
    if (units === 0) this.#rounding.delete(key);
    else this.#rounding.set(key, units);
  }
}

/** Two nodes, their weight in units, and by how many units that may be rounded. */
type Change = readonly [u: number, v: number, weight: number, rounding: number];

/** One number for a pair of nodes, in the order of the pairs. */
function pairKey(u: number, v: number): number {
  return Math.min(u, v) * MOST_NODES + Math.max(u, v);
}

function defaultUnit(weights: Float64Array): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return total > 0 ? 2 ** Math.max(-1022, Math.floor(Math.log2(total)) - 36) : 2 ** -20;
}
