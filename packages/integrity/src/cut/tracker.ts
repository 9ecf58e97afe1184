/**
 * The minimum cut under updates, with as few computations as can be.
 *
 * Kept are a lower and an upper bound of lambda, in whole units, and some known cuts with their present weights: every
 * single node (by weighted degrees) and a pool of sides met before, each brought up to date in O(1) an update. The upper bound
 * is the lightest known cut. When the weight between u and v changes by d:
 *
 *   d > 0  No cut gets lighter: the lower bound stays. Inside both sides of the lightest known cut nothing changes at all. Across
 *          it the cut becomes heavier, and lambda is where it was only if another known cut still has that weight.
 *   d < 0  A cut loses at most |d|: lower + d is a lower bound. Where the lightest known cut is crossed it loses all of
 *          |d|, and with lower = upper before, both bounds move together: exact, in O(1).
 *          Else only cuts between u and v got lighter. If u and v are still tied by `lower` (their own edge and common
 *          neighbours prove it, Padberg and Rinaldi 1990, or a flow that is stopped there does), the bound stays; a flow
 *          that ends below it is lambda itself, since all other cuts weigh at least `lower`, and its side is a new known cut.
 *
 * So a decrease never needs a new computation when the value was exact, and an increase only across the last known
 * minimum cut. With thresholds (mode `interval`) even that waits until a threshold T lies in (lower, upper]: outside of it
 * the answer to "lambda < T" is certain.
 */
import { checkInteger, describe } from '../check.js';
import { IntegrityError } from '../errors.js';
import { FlowNetwork } from './flow-network.js';
import { type MinCut, MinCutSolver } from './min-cut.js';
import type { CutProblem } from './problem.js';
import { checkNode, checkProblem, MOST_NODES } from './units.js';

/** How a step was settled. */
export type TrackerRule =
  /** Nothing changed. */
  | 'none'
  /** An increase inside the sides of the lightest known cut. */
  | 'increase-inside'
  /** A decrease across the lightest known cut. */
  | 'decrease-across'
  /** An increase across it, and another known cut is as light as it was; or a decrease that made another one the lightest. */
  | 'known-cut'
  /** A decrease between nodes that their own edge and common neighbours still tie tightly enough. */
  | 'certificate'
  /** A decrease, settled by one flow between the two nodes. */
  | 'flow'
  /** The bounds moved apart, and no threshold lies between them. */
  | 'interval'
  /** The minimum cut was computed anew. */
  | 'recomputed';

/** What is known after an update. */
export interface TrackerStep {
  /** lambda is at least this. */
  readonly lower: number;
  /** lambda is at most this; the weight of a known cut. Equal to `lower` where lambda is known exactly. */
  readonly upper: number;
  readonly rule: TrackerRule;
  /** Whether a minimum cut was computed anew. */
  readonly recomputed: boolean;
}

/** The weight between two nodes from now on. */
export interface WeightChange {
  readonly u: number;
  readonly v: number;
  /** All edges between them together; finite, >= 0. */
  readonly weight: number;
}

export interface TrackerOptions {
  /**
   * A power of two of which all weights become multiples. Default: 2^-40 of the total at the start, so that weights keep 12
   * digits and the total can grow 4,000 times.
   */
  readonly unit?: number;
  /** `exact` (default): both bounds are equal after every update. `interval`: only what the thresholds need. */
  readonly mode?: 'exact' | 'interval';
  /** Values whose side lambda's must be certain of; finite, >= 0. For mode `interval`. */
  readonly thresholds?: readonly number[];
}

interface KnownCut {
  readonly marks: Uint8Array;
  value: number;
}

const POOL = 12;

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
 * console.log(tracker.update(0, 1, 3)); // { lower: 8, upper: 8, rule: 'decrease-across', recomputed: false }
 */
export class CutTracker {
  readonly unit: number;
  readonly mode: 'exact' | 'interval';
  /** How often each rule settled an update. */
  readonly stats: Record<TrackerRule, number> = {
    none: 0,
    'increase-inside': 0,
    'decrease-across': 0,
    'known-cut': 0,
    certificate: 0,
    flow: 0,
    interval: 0,
    recomputed: 0,
  };
  readonly #thresholds: readonly number[];
  readonly #solver = new MinCutSolver();
  /** Weights in units by neighbour. */
  readonly #near: Map<number, number>[] = [];
  #degrees: Float64Array;
  #total = 0;
  #rounded = false;
  #lower = 0;
  #upper = 0;
  #pool: KnownCut[] = [];

  /** @throws IntegrityError as `minCut`; `ERR_INTEGRITY_ARGUMENT` for a unit that is no power of two, a mode or threshold */
  constructor(problem: CutProblem, { unit, mode = 'exact', thresholds = [] }: TrackerOptions = {}) {
    checkProblem(problem);
    const { nodeCount, sources, targets, weights } = problem;
    if (mode !== 'exact' && mode !== 'interval')
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `mode must be exact or interval, not ${describe(mode)}`,
        {
          field: 'mode',
        },
      );
    this.mode = mode;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.unit = unit ?? (total > 0 ? 2 ** Math.max(-1000, Math.floor(Math.log2(total)) - 40) : 2 ** -40);
    if (!(this.unit > 0 && Number.isFinite(this.unit) && Number.isInteger(Math.log2(this.unit))))
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `unit must be a power of two, not ${describe(unit)}`,
        {
          field: 'unit',
        },
      );
    this.#thresholds = thresholds.map((threshold, i) => {
      if (!(typeof threshold === 'number' && threshold >= 0 && Number.isFinite(threshold)))
        throw new IntegrityError(
          'ERR_INTEGRITY_ARGUMENT',
          `thresholds[${i}] must be a finite number >= 0, not ${describe(threshold)}`,
          { field: `thresholds[${i}]` },
        );
      return threshold / this.unit;
    });
    this.#degrees = new Float64Array(nodeCount);
    for (let v = 0; v < nodeCount; v++) this.#near.push(new Map());
    for (let i = 0; i < weights.length; i++) {
      const [u, v] = [sources[i] as number, targets[i] as number];
      if (u !== v)
        this.#set(u, v, (this.#near[u]?.get(v) ?? 0) + this.#whole(weights[i] as number, `weights[${i}]`));
    }
    this.#recompute();
  }

  get nodeCount(): number {
    return this.#near.length;
  }

  /** lambda, exactly; computes it where only bounds are known. */
  get value(): number {
    if (this.#lower !== this.#upper) {
      this.#recompute();
      this.stats.recomputed++;
    }
    return this.#lower * this.unit;
  }

  /** What is known without computing anything. */
  get bounds(): { readonly lower: number; readonly upper: number } {
    return { lower: this.#lower * this.unit, upper: this.#upper * this.unit };
  }

  /** How far values may be from those of the weights as they were given: 0 where all are multiples of the unit. */
  get errorBound(): number {
    if (!this.#rounded) return 0;
    let pairs = 0;
    for (const near of this.#near) pairs += near.size;
    return (pairs / 2) * this.unit;
  }

  /** The weight between two nodes. @throws IntegrityError `ERR_INTEGRITY_UNKNOWN_NODE` */
  weight(u: number, v: number): number {
    checkNode(u, this.nodeCount, 'u');
    checkNode(v, this.nodeCount, 'v');
    return (this.#near[u]?.get(v) ?? 0) * this.unit;
  }

  /** Whether lambda is below a threshold. Certain, and free for the thresholds of the options. */
  isBelow(threshold: number): boolean {
    const limit = threshold / this.unit;
    if (this.#upper < limit) return true;
    if (this.#lower >= limit) return false;
    return this.value < threshold;
  }

  /** A side of the lightest known cut, sorted; canonical only in `minCut`. */
  witness(): Uint32Array {
    const marks = this.#lightest()?.marks;
    if (marks !== undefined && this.#pool.some(({ value }) => value === this.#upper))
      return Uint32Array.from(Array.from(marks, (_, v) => v).filter((v) => marks[v] === 1));
    const node = this.#degrees.indexOf(this.#upper);
    return node < 0 ? new Uint32Array(0) : Uint32Array.of(node);
  }

  /** The canonical minimum cut of the present graph, computed; `edges` are indices into `problem()`. */
  minCut(): MinCut {
    return this.#solver.solve(this.problem());
  }

  /** The present graph: one edge for each pair of nodes, u < v, sorted. */
  problem(): CutProblem {
    const edges: [number, number, number][] = [];
    for (const [u, near] of this.#near.entries())
      for (const [v, weight] of near) if (u < v) edges.push([u, v, weight]);
    edges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    return {
      nodeCount: this.nodeCount,
      sources: Uint32Array.from(edges, ([u]) => u),
      targets: Uint32Array.from(edges, ([, v]) => v),
      weights: Float64Array.from(edges, ([, , weight]) => weight * this.unit),
    };
  }

  /** Adds a node without edges, and returns it. Then lambda is 0. @throws IntegrityError `ERR_INTEGRITY_LIMIT` */
  addNode(): number {
    const node = this.nodeCount;
    if (node >= MOST_NODES)
      throw new IntegrityError('ERR_INTEGRITY_LIMIT', `there are ${MOST_NODES} nodes already`, {
        field: 'nodeCount',
      });
    this.#near.push(new Map());
    const degrees = new Float64Array(node + 1);
    degrees.set(this.#degrees);
    this.#degrees = degrees;
    this.#pool = this.#pool.map(({ marks, value }) => {
      const grown = new Uint8Array(node + 1);
      grown.set(marks);
      return { marks: grown, value };
    });
    this.#lower = 0;
    this.#upper = 0;
    return node;
  }

  /**
   * Sets the weight between two nodes.
   *
   * @throws IntegrityError `ERR_INTEGRITY_UNKNOWN_NODE`, `ERR_INTEGRITY_ARGUMENT` for u = v, `ERR_INTEGRITY_CAPACITY` for a weight
   *   that is negative, not finite, or makes the total more than 2^53 units
   */
  update(u: number, v: number, weight: number): TrackerStep {
    return this.batch([{ u, v, weight }]);
  }

  /**
   * Several updates, and at most one computation at their end. All are checked before the first is done.
   *
   * @returns what is known at the end; the rule is that of the last update, or `recomputed`
   * @throws IntegrityError as `update`
   */
  batch(changes: readonly WeightChange[]): TrackerStep {
    const whole = this.#check(changes);
    let rule: TrackerRule = 'none';
    let open = false;
    for (const [i, { u, v }] of changes.entries()) {
      const weight = whole[i] as number;
      const settled = this.#step(u, v, weight, open);
      open = settled === undefined;
      rule = settled ?? 'recomputed';
      if (settled !== undefined) this.stats[settled]++;
    }
    if (open) {
      this.#recompute();
      this.stats.recomputed++;
    }
    return { ...this.bounds, rule, recomputed: open };
  }

  #check(changes: readonly WeightChange[]): readonly number[] {
    checkInteger(changes.length, 'changes.length', 0, 1e7);
    let growth = 0;
    const whole = changes.map(({ u, v, weight }, i) => {
      const place = changes.length === 1 ? '' : `changes[${i}].`;
      checkNode(u, this.nodeCount, `${place}u`);
      checkNode(v, this.nodeCount, `${place}v`);
      if (u === v)
        throw new IntegrityError(
          'ERR_INTEGRITY_ARGUMENT',
          `u and v are both node ${u}: no cut parts a node`,
          {
            field: `${place}v`,
          },
        );
      const units = this.#whole(weight, `${place}weight`);
      growth += units;
      return units;
    });
    if (this.#total + growth > 2 ** 53)
      throw new IntegrityError(
        'ERR_INTEGRITY_CAPACITY',
        `all weights together would be more than 2^53 units of ${this.unit}; give a larger unit`,
        { field: 'weight' },
      );
    return whole;
  }

  /** A weight in units; never 0 where there is one. */
  #whole(weight: number, field: string): number {
    const units = weight / this.unit;
    if (!(units >= 0 && units <= 2 ** 53))
      throw new IntegrityError(
        'ERR_INTEGRITY_CAPACITY',
        `${field} must be a finite number from 0 to 2^53 units of ${this.unit}, not ${describe(weight)}`,
        { field },
      );
    const whole = units > 0 ? Math.max(1, Math.round(units)) : 0;
    if (whole !== units) this.#rounded = true;
    return whole;
  }

  /**
   * One update.
   *
   * @param open a computation follows anyway: only bring the weights up to date
   * @returns the rule that settled it, or undefined where a computation must follow
   */
  #step(u: number, v: number, weight: number, open: boolean): TrackerRule | undefined {
    const before = this.#near[u]?.get(v) ?? 0;
    const change = weight - before;
    if (change === 0) return open ? undefined : 'none';
    const lower = this.#lower;
    const crossed = this.#crossesLightest(u, v);
    this.#set(u, v, weight);
    for (const cut of this.#pool) if (cut.marks[u] !== cut.marks[v]) cut.value += change;
    if (open) return undefined;
    this.#upper = this.#lightestKnown();
    if (change > 0) {
      if (this.#isSettled()) return crossed ? this.#named('known-cut') : this.#named('increase-inside');
      return undefined;
    }
    this.#lower = Math.max(0, lower + change);
    if (this.#upper <= this.#lower) {
      this.#lower = this.#upper;
      return crossed ? 'decrease-across' : 'known-cut';
    }
    if (!crossed && this.#tiedBy(u, v) >= lower) {
      this.#lower = Math.min(lower, this.#upper);
      return this.#isSettled() ? this.#named('certificate') : undefined;
    }
    if (this.#isSettled()) return 'interval';
    this.#flow(u, v, lower);
    return this.#isSettled() ? this.#named('flow') : undefined;
  }

  /** In mode `interval` a rule that leaves bounds apart is called so. */
  #named(rule: TrackerRule): TrackerRule {
    return this.#lower === this.#upper ? rule : 'interval';
  }

  #isSettled(): boolean {
    if (this.#lower === this.#upper) return true;
    if (this.mode === 'exact') return false;
    return !this.#thresholds.some((threshold) => this.#lower < threshold && threshold <= this.#upper);
  }

  /** Raises the lower bound again, as far as a flow between the two nodes allows. */
  #flow(u: number, v: number, lower: number): void {
    const { nodeCount, sources, targets, weights } = this.#units();
    const network = new FlowNetwork(nodeCount, sources, targets, weights);
    const value = network.run(u, v, lower);
    this.#lower = Math.min(lower, value);
    if (value >= lower) return;
    this.#remember(network.sourceSide(u), value);
    this.#upper = Math.min(this.#upper, value);
  }

  /** A lower bound of every cut between two nodes: their edge and the paths of two edges. */
  #tiedBy(u: number, v: number): number {
    let [few, many] = [this.#near[u] as Map<number, number>, this.#near[v] as Map<number, number>];
    let sum = few.get(v) ?? 0;
    if (few.size > many.size) [few, many] = [many, few];
    for (const [x, weight] of few) sum += Math.min(weight, many.get(x) ?? 0);
    return sum;
  }

  #set(u: number, v: number, weight: number): void {
    const change = weight - (this.#near[u]?.get(v) ?? 0);
    for (const [from, to] of [
      [u, v],
      [v, u],
    ] as const) {
      if (weight === 0) this.#near[from]?.delete(to);
      else this.#near[from]?.set(to, weight);
      this.#degrees[from] = (this.#degrees[from] as number) + change;
    }
    this.#total += change;
  }

  #lightest(): KnownCut | undefined {
    let best: KnownCut | undefined;
    for (const cut of this.#pool) if (best === undefined || cut.value < best.value) best = cut;
    return best;
  }

  /** Whether the lightest known cut parts two nodes. */
  #crossesLightest(u: number, v: number): boolean {
    const best = this.#lightest();
    if (best !== undefined && best.value === this.#upper) return best.marks[u] !== best.marks[v];
    return this.#degrees[u] === this.#upper || this.#degrees[v] === this.#upper;
  }

  #lightestKnown(): number {
    if (this.nodeCount < 2) return 0;
    let least = this.#lightest()?.value ?? Number.POSITIVE_INFINITY;
    const degrees = this.#degrees;
    for (let v = 0; v < degrees.length; v++) if ((degrees[v] as number) < least) least = degrees[v] as number;
    return least;
  }

  #remember(marks: Uint8Array, value: number): void {
    if (this.#pool.length < POOL) {
      this.#pool.push({ marks, value });
      return;
    }
    let heaviest = 0;
    for (let i = 1; i < POOL; i++)
      if ((this.#pool[i] as KnownCut).value > (this.#pool[heaviest] as KnownCut).value) heaviest = i;
    this.#pool[heaviest] = { marks, value };
  }

  /** The graph in units: whole numbers, which the solver takes as they are. */
  #units(): CutProblem {
    let pairs = 0;
    for (const near of this.#near) pairs += near.size;
    const sources = new Uint32Array(pairs / 2);
    const targets = new Uint32Array(pairs / 2);
    const weights = new Float64Array(pairs / 2);
    let at = 0;
    for (const [u, near] of this.#near.entries())
      for (const [v, weight] of near) {
        if (v <= u) continue;
        sources[at] = u;
        targets[at] = v;
        weights[at++] = weight;
      }
    return { nodeCount: this.nodeCount, sources, targets, weights };
  }

  #recompute(): void {
    const { value, side } = this.#solver.solve(this.#units());
    this.#lower = value;
    this.#upper = value;
    if (side.length === 0) return;
    const marks = new Uint8Array(this.nodeCount);
    for (const v of side) marks[v] = 1;
    this.#remember(marks, value);
  }
}
