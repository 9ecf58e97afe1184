/** From a graph to one number and what explains it: the part of a sample that is a pure function. */
import { checkKeys, checkName, checkNumber, checkObject, describe } from '../check.js';
import { lambdaPpm, PPM } from '../control/states.js';
import { type MinCut, minCut } from '../cut/min-cut.js';
import { IntegrityError } from '../errors.js';
import type { GraphSnapshot } from '../graph/snapshot.js';
import type { GraphEdge, GraphNode } from '../graph/types.js';
import { checkFlowOptions, type FlowOptions, flowSignal, type Reserve } from '../signal/flow.js';
import { type NavigabilityOptions, navigability, regionsOf } from '../signal/navigability.js';
import { checkBaseline } from '../signal/scale.js';
import { type StructureOptions, structureOf } from '../signal/structure.js';
import type { SignalView, WitnessEdge } from './view.js';

/** `lambda_nav` of the nodes of some types, with the edges of some types as links. */
export interface NavigabilityContract extends Omit<NavigabilityOptions, 'signal'> {
  /** Types of the nodes that are regions; their weights are their live rows. */
  readonly nodeTypes: readonly string[];
  /** Types of the edges that are links. */
  readonly edgeTypes: readonly string[];
}

/** Which signals make lambda; the least of them decides. At least one. */
export interface SignalContract {
  readonly flow?: FlowOptions;
  readonly navigability?: NavigabilityContract;
  readonly structure?: StructureOptions;
}

/** What the graph says at one moment. */
export interface Reading {
  /** The least of the signals; null where one failed. */
  readonly lambdaPpm: number | null;
  readonly signals: readonly SignalView[];
  /** The signal that decided: the first of those with the least lambda. */
  readonly binding: string | null;
  /**
   * Indices in the snapshot: the edges of the cut that decided; none where what decided has none; those of the global minimum
   * cut where lambda is 1 and nothing was binding.
   */
  readonly witness: Uint32Array;
  /** Indices in the snapshot of the nodes on one side of it. */
  readonly side: Uint32Array;
  /** Undefined where no signal needed it, and it was too much or failed. */
  readonly minCut: MinCut | undefined;
  /** What went wrong in signals that failed. */
  readonly failures: readonly { readonly signal: string; readonly error: unknown }[];
}

interface SignalReading {
  readonly lambda: number;
  readonly about: string;
  readonly witness: Uint32Array;
  readonly side: Uint32Array;
}

/** @throws IntegrityError `ERR_INTEGRITY_POLICY` where there is no signal; what the signals throw for their options */
export function checkSignals(signals: SignalContract): void {
  checkKeys(checkObject(signals, 'signals'), 'signals', ['flow', 'navigability', 'structure']);
  if (signals.flow !== undefined) within('flow', () => checkFlowOptions(signals.flow as FlowOptions));
  if (signals.navigability !== undefined)
    within('navigability', () => checkNavigability(signals.navigability));
  if (signals.structure !== undefined) within('structure', () => checkStructure(signals.structure));
  if (signals.flow === undefined && signals.navigability === undefined && signals.structure === undefined)
    throw new IntegrityError(
      'ERR_INTEGRITY_POLICY',
      'signals must name at least one of flow, navigability and structure: without a signal there is no lambda',
      { field: 'signals' },
    );
}

/** The most edges of a graph whose minimum cut is computed only to be shown. */
const SHOWN_CUT_EDGES = 20_000;
const nothing = new Uint32Array(0);

/** Names the place in the contract. What is wrong with it is a matter of policy, whatever the check that found it. */
function within(place: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error;
    throw new IntegrityError('ERR_INTEGRITY_POLICY', `signals.${place}: ${error.message}`, {
      field: `signals.${place}${error.field === undefined || error.field === 'options' ? '' : `.${error.field}`}`,
      cause: error,
    });
  }
}

function checkNavigability(value: unknown): void {
  const {
    nodeTypes,
    edgeTypes,
    baseline,
    failRatio = 0.5,
    minShare = 0.01,
    ...rest
  } = checkObject(value, 'options');
  checkKeys(rest, 'options', []);
  for (const [field, types] of [
    ['nodeTypes', nodeTypes],
    ['edgeTypes', edgeTypes],
  ] as const) {
    if (!Array.isArray(types) || types.length === 0)
      throw new IntegrityError(
        'ERR_INTEGRITY_POLICY',
        `${field} must be an array of at least one type, not ${describe(types)}`,
        {
          field,
        },
      );
    for (const [i, type] of types.entries()) checkName(type, `${field}[${i}]`, 64);
  }
  checkBaseline(baseline, failRatio, 'the perRow of leastCutPerRow after the build');
  checkNumber(minShare, 'minShare', { least: 0, most: 0.5 });
}

function checkStructure(value: unknown): void {
  const { baseline, failRatio = 0, ...rest } = checkObject(value, 'options');
  checkKeys(rest, 'options', []);
  checkBaseline(baseline, failRatio, 'the minimum cut of the healthy system');
}

function edgesText(count: number): string {
  return count === 1 ? 'cut of 1 edge' : `cut of ${count} edges`;
}

/**
 * Reads all signals of a contract. A signal that throws (a baseline that is missing, a commodity whose node is source and sink) counts
 * as failed: lambda is null then, and the state machine treats that as no data, not as good news.
 *
 * @param offered operations a second by commodity
 */
export function readSignals(
  snapshot: GraphSnapshot,
  contract: SignalContract,
  offered: ReadonlyMap<string, number>,
  reserves: readonly Reserve[],
): Reading {
  let found: MinCut | undefined;
  const globalCut = (): MinCut => {
    found ??= minCut(snapshot.cutProblem());
    return found;
  };
  const readings: Record<string, (() => SignalReading) | undefined> = {
    flow:
      contract.flow &&
      (() => {
        const flow = flowSignal(snapshot, contract.flow as FlowOptions, offered, reserves);
        const about =
          flow.binding === undefined ? 'nothing offered' : `${flow.binding.kind} ${flow.binding.name}`;
        return { lambda: flow.lambda, about, witness: flow.edges, side: flow.side };
      }),
    navigability:
      contract.navigability &&
      (() => {
        const { nodeTypes, edgeTypes, ...options } = contract.navigability as NavigabilityContract;
        const regions = regionsOf(snapshot, nodeTypes, edgeTypes);
        const { lambda, cut: least } = navigability(regions.problem, regions.rows, options);
        return {
          lambda,
          about: edgesText(least.edges.length),
          witness: least.edges.map((j) => regions.edges[j] as number),
          side: least.side.map((i) => regions.nodes[i] as number),
        };
      }),
    structure:
      contract.structure &&
      (() => {
        const cut = globalCut();
        const { lambda } = structureOf(cut, contract.structure as StructureOptions);
        return { lambda, about: edgesText(cut.edges.length), witness: cut.edges, side: cut.side };
      }),
  };
  const signals: SignalView[] = [];
  const failures: { signal: string; error: unknown }[] = [];
  let least: (SignalReading & { readonly name: string; readonly ppm: number }) | undefined;
  for (const [name, read] of Object.entries(readings)) {
    if (read === undefined) continue;
    try {
      const reading = read();
      const ppm = lambdaPpm(reading.lambda) as number;
      signals.push({ name, lambdaPpm: ppm, about: reading.about });
      if (least === undefined || ppm < least.ppm) least = { ...reading, name, ppm };
    } catch (error) {
      signals.push({
        name,
        lambdaPpm: null,
        about: error instanceof Error ? error.message.slice(0, 200) : 'failed',
      });
      failures.push({ signal: name, error });
    }
  }
  // What decided is blamed, also where it has no cut: a reserve without an edge must not accuse the weakest part of the graph.
  // Where nothing is amiss and no cut is named, that part is what there is to show.
  const explains = least !== undefined && (least.witness.length > 0 || least.ppm < PPM) ? least : undefined;
  const cut = found ?? shownCut(snapshot, globalCut);
  return {
    lambdaPpm: failures.length > 0 || least === undefined ? null : least.ppm,
    signals,
    binding: least?.name ?? null,
    witness: explains?.witness ?? cut?.edges ?? nothing,
    side: explains?.side ?? cut?.side ?? nothing,
    minCut: cut,
    failures,
  };
}

/**
 * The global minimum cut where no signal asked for it: it is shown, and decides nothing. So it must neither fail nor hold up a sample, and
 * larger graphs go without.
 */
function shownCut(snapshot: GraphSnapshot, globalCut: () => MinCut): MinCut | undefined {
  if (snapshot.edges.length > SHOWN_CUT_EDGES) return undefined;
  try {
    return globalCut();
  } catch {
    return undefined;
  }
}

/** Edges of a witness by name. */
export function witnessOf({ edges, weights }: GraphSnapshot, indices: Uint32Array): readonly WitnessEdge[] {
  return Array.from(indices, (j) => {
    const { source, target, type, directed } = edges[j] as GraphEdge;
    return { source, target, type, directed, weight: weights[j] as number };
  });
}

/** Nodes by name. */
export function namesOf({ nodes }: GraphSnapshot, indices: Uint32Array): readonly string[] {
  return Array.from(indices, (i) => (nodes[i] as GraphNode).name);
}
