/** Maximum flows, exact: capacities become whole units (`units.ts`), flows run on `FlowNetwork`. */
import { checkNumber, describe } from '../check.js';
import { IntegrityError } from '../errors.js';
import { FlowNetwork } from './flow-network.js';
import { checkEnds, checkNode, roundingOf, wholeWeights } from './units.js';

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

export interface MaxFlowOptions {
  /** Ends the search at a flow of this value; >= 0, default none. */
  readonly limit?: number;
}

/** A maximum flow and the minimum cut that proves that there is no larger one. */
export interface MaxFlow {
  readonly value: number;
  /**
   * Whether the search ended at the limit: `value` is the limit then, rounded up to a whole unit of the capacities, and there
   * is no cut (`side` and `edges` are empty).
   */
  readonly limited: boolean;
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

/** The nodes that are marked, sorted. */
export function listOf(marks: Uint8Array, nodeCount: number): Uint32Array {
  const found: number[] = [];
  for (let v = 0; v < nodeCount; v++) if (marks[v] === 1) found.push(v);
  return Uint32Array.from(found);
}

/**
 * A maximum flow from one node to another. Dinic's algorithm, O(V^2 E) at worst, far less on the networks of this package. The flow is whole
 * where the capacities are.
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
export function maxFlow(
  problem: FlowProblem,
  source: number,
  sink: number,
  { limit }: MaxFlowOptions = {},
): MaxFlow {
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
  if (limit !== undefined) checkNumber(limit, 'limit', { least: 0 });
  const whole = wholeWeights(problem.capacities, 'capacities');
  const back = whole.weights.map((capacity, i) =>
    (typeof directed === 'boolean' ? directed : directed[i] !== 0) ? 0 : capacity,
  );
  const network = new FlowNetwork(nodeCount, sources, targets, whole.weights, back);
  const most = limit === undefined ? Number.POSITIVE_INFINITY : Math.ceil(limit / whole.unit);
  const units = network.run(source, sink, most);
  const value = units * whole.unit;
  const flows = Float64Array.from({ length: count }, (_, i) => network.flow(i) * whole.unit);
  const [exact, errorBound] = [whole.exact, roundingOf(whole, count)];
  const none = new Uint32Array(0);
  if (units >= most) return { value, limited: true, flows, side: none, edges: none, exact, errorBound };
  const marks = network.sourceSide(source);
  const full: number[] = [];
  for (let i = 0; i < count; i++) {
    const from = marks[sources[i] as number];
    const to = marks[targets[i] as number];
    if ((whole.weights[i] as number) > 0 && from !== to && (from === 1 || (back[i] as number) > 0))
      full.push(i);
  }
  return {
    value,
    limited: false,
    flows,
    side: listOf(marks, nodeCount),
    edges: Uint32Array.from(full),
    exact,
    errorBound,
  };
}
