/**
 * `lambda_flow`: how much of the offered load the network could carry beyond what it is asked to.
 *
 * Units differ from edge to edge (pages a second, bytes a second, slots), so each capacity is converted to operations a
 * second of the commodity that is looked at, by what one operation of it costs there. Commodities share edges; each is
 * looked at alone, with what the others ask for taken off first:
 *
 *     room(e, c) = max(0, capacity(e) - demand(e) - sum over d != c of cost(e, d) * offered(e, d)) / cost(e, c)
 *     lambda_c   = clamp((maxflow_c / offered_c - 1) / (H - 1), 0, 1)          1 where nothing is offered
 *     lambda_flow = the least lambda_c
 *
 * with capacity(e) at the present health, offered(e, d) as measured at the edge, else the whole offered rate of d: where
 * d has several paths that takes its rate off each of them, so the room is a lower bound. Offered, not admitted: a
 * signal that looked at admitted load would be lifted by the throttling that it caused, and swing.
 *
 * A reserve that runs out (disk space, a slot's kept log) counts by time: ratio = time to exhaustion / reaction time.
 */
import { checkKeys, checkName, checkNumber, checkObject, describe } from '../check.js';
import { type FlowProblem, maxFlow } from '../cut/max-flow.js';
import { IntegrityError } from '../errors.js';
import type { GraphSnapshot } from '../graph/snapshot.js';
import type { EdgeKey, GraphEdge } from '../graph/types.js';
import { lambdaOf } from './scale.js';

/** Where a commodity enters or leaves: nodes by name, or all nodes of a type. */
export type Terminals = readonly string[] | { readonly type: string };

/** A kind of load that flows from sources to sinks: reads, durable writes, cleanup, jobs. */
export interface Commodity {
  readonly name: string;
  readonly sources: Terminals;
  readonly sinks: Terminals;
}

/** Something that is used up, and the edge or part that goes when it is gone. */
export interface Reserve {
  readonly name: string;
  /** What is left, in any unit; >= 0. */
  readonly free: number;
  /** Units a second by which it shrinks; <= 0: it does not. */
  readonly growth: number;
  /** How long somebody needs to react, in seconds; > 0. */
  readonly reactionSeconds: number;
  /** The edge that the witness names. */
  readonly edge?: EdgeKey;
}

export interface FlowOptions {
  readonly commodities: readonly Commodity[];
  /** H: capacity over offered load at which lambda is 1; > 1, default 2. Then 0.8 and 0.3 are 56 % and 77 % utilisation. */
  readonly headroom?: number;
}

export interface CommodityFlow {
  readonly name: string;
  /** Operations a second. */
  readonly offered: number;
  /** What the network could carry of it, operations a second, beside the others. */
  readonly maxFlow: number;
  readonly lambda: number;
  /** At most so far is `maxFlow` from the true value, by rounding of capacities to one unit. */
  readonly errorBound: number;
  /** Indices of the edges of the minimum cut in the snapshot: the bottleneck. */
  readonly edges: Uint32Array;
  /** Indices of the nodes on the side of the sources, nearest to them. */
  readonly side: Uint32Array;
  /** `source` or `sink` where no node of the graph is one: nothing can flow then. */
  readonly missing: 'source' | 'sink' | undefined;
}

export interface ReserveState {
  readonly name: string;
  /** Seconds until it is used up; Infinity where it does not shrink. */
  readonly secondsLeft: number;
  readonly lambda: number;
  readonly edge: EdgeKey | undefined;
}

export interface FlowSignal {
  readonly lambda: number;
  readonly commodities: readonly CommodityFlow[];
  readonly reserves: readonly ReserveState[];
  /** What decided: the commodity or reserve with the least lambda, the first of equals. */
  readonly binding: { readonly kind: 'commodity' | 'reserve'; readonly name: string } | undefined;
  /** Indices of the witness edges in the snapshot. */
  readonly edges: Uint32Array;
  /** Indices of the nodes on the near side of the binding cut; empty for a reserve. */
  readonly side: Uint32Array;
}

const none = new Uint32Array(0);

/** Checks a flow contract. @throws IntegrityError `ERR_INTEGRITY_POLICY` or `ERR_INTEGRITY_ARGUMENT`, with the field */
export function checkFlowOptions(options: FlowOptions): void {
  const { commodities, headroom = 2 } = checkObject(options, 'options') as unknown as FlowOptions;
  checkKeys(options as unknown as Record<string, unknown>, 'options', ['commodities', 'headroom']);
  if (!(typeof headroom === 'number' && Number.isFinite(headroom) && headroom > 1))
    throw new IntegrityError(
      'ERR_INTEGRITY_POLICY',
      `headroom must be a number above 1, not ${describe(headroom)}`,
      {
        field: 'headroom',
      },
    );
  if (!Array.isArray(commodities))
    throw new IntegrityError(
      'ERR_INTEGRITY_POLICY',
      `commodities must be an array, not ${describe(commodities)}`,
      {
        field: 'commodities',
      },
    );
  const names = new Set<string>();
  for (const [index, commodity] of (commodities as readonly Commodity[]).entries()) {
    const place = `commodities[${index}]`;
    checkKeys(checkObject(commodity, place), place, ['name', 'sources', 'sinks']);
    const { name, sources, sinks } = commodity;
    checkName(name, `${place}.name`, 64);
    if (names.has(name))
      throw new IntegrityError('ERR_INTEGRITY_POLICY', `two commodities are called ${describe(name)}`, {
        field: `${place}.name`,
      });
    names.add(name);
    for (const [field, ends] of Object.entries({ sources, sinks })) {
      const list: unknown = ends;
      if (Array.isArray(list)) for (const each of list) checkName(each, `${place}.${field}`);
      else checkName((list as { type?: unknown } | undefined)?.type, `${place}.${field}.type`, 64);
    }
  }
}

function terminalsOf(snapshot: GraphSnapshot, ends: Terminals): readonly number[] {
  if (!('type' in ends))
    return [...new Set(ends)].flatMap((name) => {
      const index = snapshot.indexOf(name);
      return index === undefined ? [] : [index];
    });
  return snapshot.nodes.flatMap(({ type }, index) => (type === ends.type ? [index] : []));
}

/** What edge j has left for one commodity, in its operations a second. */
function roomFor(
  edge: GraphEdge,
  weight: number,
  commodity: string,
  offered: ReadonlyMap<string, number>,
): number {
  let room = weight - edge.demand;
  for (const [other, cost] of edge.cost)
    if (other !== commodity) room -= cost * (edge.offered.get(other) ?? offered.get(other) ?? 0);
  return Math.max(0, room) / (edge.cost.get(commodity) as number);
}

function flowOf(
  snapshot: GraphSnapshot,
  { name, sources, sinks }: Commodity,
  offered: ReadonlyMap<string, number>,
  headroom: number,
): CommodityFlow {
  const rate = offered.get(name) ?? 0;
  const from = terminalsOf(snapshot, sources);
  const to = terminalsOf(snapshot, sinks);
  const both = from.find((node) => to.includes(node));
  if (both !== undefined)
    throw new IntegrityError(
      'ERR_INTEGRITY_POLICY',
      `node ${describe(snapshot.nodes[both]?.name)} is a source and a sink of commodity ${describe(name)}`,
      { field: 'commodities' },
    );
  const missing = from.length === 0 ? 'source' : to.length === 0 ? 'sink' : undefined;
  if (missing !== undefined)
    return {
      name,
      offered: rate,
      maxFlow: 0,
      lambda: rate > 0 ? 0 : 1,
      errorBound: 0,
      edges: none,
      side: none,
      missing,
    };

  const carrying = snapshot.edges.flatMap(({ cost }, index) => (cost.has(name) ? [index] : []));
  const count = carrying.length + from.length + to.length;
  const nodeCount = snapshot.nodes.length + 2;
  const [source, sink] = [nodeCount - 2, nodeCount - 1];
  const problem = {
    nodeCount,
    sources: new Uint32Array(count),
    targets: new Uint32Array(count),
    capacities: new Float64Array(count),
    directed: new Uint8Array(count).fill(1),
  } satisfies FlowProblem;
  let total = 0;
  for (const [i, j] of carrying.entries()) {
    const edge = snapshot.edges[j] as GraphEdge;
    problem.sources[i] = snapshot.sources[j] as number;
    problem.targets[i] = snapshot.targets[j] as number;
    problem.directed[i] = edge.directed ? 1 : 0;
    const room = roomFor(edge, snapshot.weights[j] as number, name, offered);
    problem.capacities[i] = room;
    total += room;
  }
  // Ends are open as wide as everything together, so that no minimum cut goes through them unless all room is used.
  let next = carrying.length;
  for (const [ends, outwards] of [
    [from, true],
    [to, false],
  ] as const)
    for (const node of ends) {
      problem.sources[next] = outwards ? source : node;
      problem.targets[next] = outwards ? node : sink;
      problem.capacities[next] = 2 * total + 1;
      next++;
    }
  const flow = maxFlow(problem, source, sink);
  // All edges across the cut, those too whose room the others took: they are the bottleneck, and full of them.
  const near = new Uint8Array(nodeCount);
  for (const node of flow.side) near[node] = 1;
  const between = carrying.filter((j) => {
    const [from, to] = [near[snapshot.sources[j] as number], near[snapshot.targets[j] as number]];
    return from !== to && (from === 1 || (snapshot.edges[j] as GraphEdge).directed === false);
  });
  const alive = between.filter((j) => (snapshot.weights[j] as number) > 0);
  // Where nothing is left alive across the cut, what died is the bottleneck.
  const across = alive.length > 0 ? alive : between;
  return {
    name,
    offered: rate,
    maxFlow: flow.value,
    lambda: rate > 0 ? lambdaOf(flow.value / rate, 1, headroom) : 1,
    errorBound: flow.errorBound,
    edges: Uint32Array.from(across),
    side: flow.side.filter((node) => node < snapshot.nodes.length),
    missing,
  };
}

function reserveOf({ name, free, growth, reactionSeconds, edge }: Reserve, headroom: number): ReserveState {
  checkName(name, 'reserves.name', 64);
  checkNumber(free, `reserves.${name}.free`, { least: 0 }, 'ERR_INTEGRITY_CAPACITY');
  checkNumber(growth, `reserves.${name}.growth`, {}, 'ERR_INTEGRITY_CAPACITY');
  if (!(checkNumber(reactionSeconds, `reserves.${name}.reactionSeconds`, { least: 0 }) > 0))
    throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', `reserves.${name}.reactionSeconds must be > 0`, {
      field: `reserves.${name}.reactionSeconds`,
    });
  // What is full cannot grow: no growth is no comfort then.
  const secondsLeft = free === 0 ? 0 : growth > 0 ? free / growth : Number.POSITIVE_INFINITY;
  return { name, secondsLeft, lambda: lambdaOf(secondsLeft / reactionSeconds, 1, headroom), edge };
}

function edgeIndex(snapshot: GraphSnapshot, key: EdgeKey | undefined): Uint32Array {
  if (key === undefined) return none;
  const { source, target, type, directed = false } = key;
  const index = snapshot.edges.findIndex(
    (edge) =>
      edge.type === type &&
      edge.directed === directed &&
      ((edge.source === source && edge.target === target) ||
        (!directed && edge.source === target && edge.target === source)),
  );
  return index < 0 ? none : Uint32Array.of(index);
}

/**
 * `lambda_flow` of a graph under an offered load. One maximum flow a commodity: O(V^2 E) at worst, about a millisecond
 * for a hundred nodes.
 *
 * @param offered operations a second of each commodity; a commodity without a rate is offered nothing
 * @param reserves what runs out
 * @throws IntegrityError `ERR_INTEGRITY_CAPACITY` for rates that are negative or not finite; `ERR_INTEGRITY_POLICY`
 * @example
 * // One pipe of 100 jobs a second, 60 offered: (100 / 60 - 1) / (2 - 1) = 0.667
 * graph.upsertEdge({ source: 'in', target: 'out', type: 'pipe', directed: true, capacity: 100, cost: { job: 1 } });
 * const options = { commodities: [{ name: 'job', sources: ['in'], sinks: ['out'] }] };
 * console.log(flowSignal(graph.snapshot(), options, new Map([['job', 60]])).lambda.toFixed(3)); // 0.667
 */
export function flowSignal(
  snapshot: GraphSnapshot,
  options: FlowOptions,
  offered: ReadonlyMap<string, number>,
  reserves: readonly Reserve[] = [],
): FlowSignal {
  checkFlowOptions(options);
  const { commodities, headroom = 2 } = options;
  for (const [name, rate] of offered)
    checkNumber(rate, `offered.${name}`, { least: 0 }, 'ERR_INTEGRITY_CAPACITY');
  const flows = commodities.map((commodity) => flowOf(snapshot, commodity, offered, headroom));
  const states = reserves.map((reserve) => reserveOf(reserve, headroom));
  let least: CommodityFlow | ReserveState | undefined;
  for (const each of [...flows, ...states])
    if (least === undefined || each.lambda < least.lambda) least = each;
  if (least === undefined)
    return { lambda: 1, commodities: flows, reserves: states, binding: undefined, edges: none, side: none };
  const isFlow = 'maxFlow' in least;
  return {
    lambda: least.lambda,
    commodities: flows,
    reserves: states,
    binding: { kind: isFlow ? 'commodity' : 'reserve', name: least.name },
    edges: 'maxFlow' in least ? least.edges : edgeIndex(snapshot, least.edge),
    side: 'maxFlow' in least ? least.side : none,
  };
}
