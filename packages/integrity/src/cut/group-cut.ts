/** Cuts between nodes and groups of nodes that somebody named: tenants, zones, services. */
import { describe } from '../check.js';
import { IntegrityError } from '../errors.js';
import { FlowNetwork } from './flow-network.js';
import { listOf } from './max-flow.js';
import { crossing } from './min-cut.js';
import type { CutProblem } from './problem.js';
import { checkNode, checkProblem, roundingOf } from './units.js';

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

/** A group of nodes without doubles. */
function groupOf(nodes: ArrayLike<number>, nodeCount: number, field: string): ReadonlySet<number> {
  if (typeof nodes !== 'object' || nodes === null || !Number.isInteger(nodes.length))
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `${field} must be an array of nodes, not ${describe(nodes)}`,
      {
        field,
      },
    );
  if (nodes.length === 0)
    throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', `${field} must have at least one node`, { field });
  const group = new Set<number>();
  for (let i = 0; i < nodes.length; i++)
    group.add(checkNode(nodes[i] as number, nodeCount, `${field}[${i}]`));
  return group;
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
  const side = listOf(marks, n);
  return {
    value: value * whole.unit,
    side,
    edges: crossing(problem, side),
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
