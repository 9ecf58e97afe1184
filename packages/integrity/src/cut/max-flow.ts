/**
 * Maximum flow and minimum cuts between given nodes, exact: capacities become whole units (`units.ts`), flows run on
 * `FlowNetwork`.
 */
import { describe } from '../check.js';
import { IntegrityError } from '../errors.js';
import { FlowNetwork } from './flow-network.js';
import type { CutProblem } from './problem.js';
import { checkEnds, checkNode, checkProblem, roundingOf, wholeWeights } from './units.js';

/** A network: like a `CutProblem`, and each edge may be directed. */
export interface FlowProblem {
  readonly nodeCount: number;
  readonly sources: Uint32Array;
  readonly targets: Uint32Array;
  /** Finite, >= 0. */
  readonly capacities: Float64Array;
  /** Whether edges go one way only: one answer for all, or a number for each, 0 for undirected. Default true. */
  readonly directed?: boolean | Uint8Array;
}

/** A maximum flow and the minimum cut that proves that there is no larger one. */
export interface MaxFlow {
  readonly value: number;
  /** What flows through each edge from its source to its target; below 0 against that, on undirected edges. */
  readonly flows: Float64Array;
  /** The side of the source: sorted nodes; of all minimum cuts the one nearest to the source. */
  readonly side: Uint32Array;
  /** Indices of the edges from that side to the other, all of them full: the bottleneck. */
  readonly edges: Uint32Array;
  readonly exact: boolean;
  /** How far `value` may be from the true value: 0 where it is exact. */
  readonly errorBound: number;
}

/** A minimum cut that keeps two groups of nodes apart. */
export interface TerminalCut {
  readonly value: number;
  /** The side of the first group: sorted nodes; of all such minimum cuts the one nearest to it. */
  readonly side: Uint32Array;
  /** Indices of the edges of weight > 0 across the cut. */
  readonly edges: Uint32Array;
  readonly exact: boolean;
  readonly errorBound: number;
}

/** How a named group hangs together with the rest. */
export interface GroupCut {
  /** Weight of the edges that leave the group. */
  readonly value: number;
  /** Their indices. */
  readonly edges: Uint32Array;
  /**
   * `value` over the lesser of the weighted degrees inside and outside, 0..1: near 0 the group could fall off. 0 where either
   * side has no edge at all.
   */
  readonly conductance: number;
  readonly exact: boolean;
  readonly errorBound: number;
}

function listOf(marks: Uint8Array, nodeCount: number): Uint32Array {
  const found: number[] = [];
  for (let v = 0; v < nodeCount; v++) if (marks[v] === 1) found.push(v);
  return Uint32Array.from(found);
}

/** A group of nodes without doubles. */
function groupOf(nodes: ArrayLike<number>, nodeCount: number, field: string): ReadonlySet<number> {
  if (nodes.length === 0)
    throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', `${field} must have at least one node`, { field });
  const group = new Set<number>();
  for (let i = 0; i < nodes.length; i++)
    group.add(checkNode(nodes[i] as number, nodeCount, `${field}[${i}]`));
  return group;
}

/**
 * A maximum flow from one node to another. Dinic's algorithm, O(V^2 E) at worst, far less on the networks of this package.
 *
 * @throws IntegrityError `ERR_INTEGRITY_CAPACITY` for capacities that are negative or not finite, `ERR_INTEGRITY_UNKNOWN_NODE`,
 *   `ERR_INTEGRITY_ARGUMENT` for a source that is the sink
 * @example
 * const { value, edges } = maxFlow(
 *   {
 *     nodeCount: 3,
 *     sources: Uint32Array.of(0, 1),
 *     targets: Uint32Array.of(1, 2),
 *     capacities: Float64Array.of(5, 3),
 *   },
 *   0,
 *   2,
 * );
 * console.log(value, [...edges]); // 3 [ 1 ]
 */
export function maxFlow(problem: FlowProblem, source: number, sink: number): MaxFlow {
  if (!(problem?.capacities instanceof Float64Array))
    throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', 'capacities must be a Float64Array', {
      field: 'capacities',
    });
  const { nodeCount, sources, targets, directed = true } = problem;
  const count = problem.capacities.length;
  checkEnds(problem, count, 'capacities');
  if (typeof directed !== 'boolean' && !(directed instanceof Uint8Array && directed.length === count))
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `directed must be true, false or a Uint8Array of ${count} numbers, not ${describe(directed)}`,
      { field: 'directed' },
    );
  checkNode(source, nodeCount, 'source');
  checkNode(sink, nodeCount, 'sink');
  if (source === sink)
    throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', `source and sink are both node ${source}`, {
      field: 'sink',
    });
  const whole = wholeWeights(problem.capacities, 'capacities');
  const back = whole.weights.map((capacity, i) =>
    (typeof directed === 'boolean' ? directed : directed[i] !== 0) ? 0 : capacity,
  );
  const network = new FlowNetwork(nodeCount, sources, targets, whole.weights, back);
  const value = network.run(source, sink);
  const marks = network.sourceSide(source);
  const full: number[] = [];
  for (let i = 0; i < count; i++) {
    const from = marks[sources[i] as number];
    const to = marks[targets[i] as number];
    if ((whole.weights[i] as number) > 0 && from !== to && (from === 1 || (back[i] as number) > 0))
      full.push(i);
  }
  return {
    value: value * whole.unit,
    flows: Float64Array.from({ length: count }, (_, i) => network.flow(i) * whole.unit),
    side: listOf(marks, nodeCount),
    edges: Uint32Array.from(full),
    exact: whole.exact,
    errorBound: roundingOf(whole, count),
  };
}

/**
 * The minimum cut of an undirected graph that keeps all nodes of one group from all nodes of another.
 *
 * @param from at least one node
 * @param to at least one node, none of them in `from`
 * @throws IntegrityError as `minCut`; `ERR_INTEGRITY_ARGUMENT` where the groups share a node or one is empty
 * @example
 * const path = {
 *   nodeCount: 4,
 *   sources: Uint32Array.of(0, 1, 2),
 *   targets: Uint32Array.of(1, 2, 3),
 *   weights: Float64Array.of(3, 1, 2),
 * };
 * console.log(minCutBetween(path, [0], [3]).value); // 1
 */
export function minCutBetween(
  problem: CutProblem,
  from: ArrayLike<number>,
  to: ArrayLike<number>,
): TerminalCut {
  const whole = checkProblem(problem);
  const n = problem.nodeCount;
  const first = groupOf(from, n, 'from');
  const second = groupOf(to, n, 'to');
  for (const node of second)
    if (first.has(node))
      throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', `node ${node} is in both groups`, { field: 'to' });
  // Each group becomes one node; edges inside of it become loops, which carry nothing.
  const merge = (v: number): number => (first.has(v) ? n : second.has(v) ? n + 1 : v);
  const network = new FlowNetwork(
    n + 2,
    problem.sources.map(merge),
    problem.targets.map(merge),
    whole.weights,
  );
  const value = network.run(n, n + 1);
  const marks = network.sourceSide(n);
  for (const node of first) marks[node] = 1;
  const across: number[] = [];
  for (let i = 0; i < whole.weights.length; i++)
    if (
      marks[problem.sources[i] as number] !== marks[problem.targets[i] as number] &&
      (whole.weights[i] as number) > 0
    )
      across.push(i);
  return {
    value: value * whole.unit,
    side: listOf(marks, n),
    edges: Uint32Array.from(across),
    exact: whole.exact,
    errorBound: roundingOf(whole, whole.weights.length),
  };
}

/** The minimum cut of an undirected graph between two nodes. As `minCutBetween` with one node on each side. */
export function minSTCut(problem: CutProblem, source: number, sink: number): TerminalCut {
  return minCutBetween(problem, [source], [sink]);
}

/**
 * The cut of a named group: what ties it to the rest. O(m).
 *
 * @param group at least one node
 * @throws IntegrityError as `minCutBetween`
 * @example
 * const path = {
 *   nodeCount: 4,
 *   sources: Uint32Array.of(0, 1, 2),
 *   targets: Uint32Array.of(1, 2, 3),
 *   weights: Float64Array.of(3, 1, 2),
 * };
 * console.log(groupCut(path, [0, 1])); // value 1, conductance 1 / min(7, 5) = 0.2
 */
export function groupCut(problem: CutProblem, group: ArrayLike<number>): GroupCut {
  const whole = checkProblem(problem);
  const { weights, unit } = whole;
  const inside = groupOf(group, problem.nodeCount, 'group');
  const across: number[] = [];
  let value = 0;
  let within = 0;
  let without = 0;
  for (let i = 0; i < weights.length; i++) {
    const [u, v] = [problem.sources[i] as number, problem.targets[i] as number];
    const weight = weights[i] as number;
    if (u === v || weight === 0) continue;
    for (const end of [u, v])
      if (inside.has(end)) within += weight;
      else without += weight;
    if (inside.has(u) === inside.has(v)) continue;
    across.push(i);
    value += weight;
  }
  const lesser = Math.min(within, without);
  return {
    value: value * unit,
    edges: Uint32Array.from(across),
    conductance: lesser === 0 ? 0 : value / lesser,
    exact: whole.exact,
    errorBound: roundingOf(whole, across.length),
  };
}
