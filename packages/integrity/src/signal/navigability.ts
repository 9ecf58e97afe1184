/**
 * `lambda_nav`: whether a search that walks an index can still get everywhere.
 *
 * The index is contracted to regions (64 to 256 of them, fixed when it is built); a region's weight is its live rows, an
 * edge's capacity the number of links between two regions, both ways together. Rows that are deleted but still
 * walked through count as links: leaving them out raises false alarms.
 *
 *     x          = min over the cuts of a Gomory-Hu tree with at least minShare of all rows on both sides (where regions
 *                  are smaller than that: with at least the rows of an average region)
 *                  of  (links cut) / (rows on the side that has fewer)
 *     lambda_nav = clamp((x / x0 - r) / (1 - r), 0, 1)
 *
 * x0 is x right after the build, r the ratio at which recall misses its target (`failRatio`, measured, default 0.5).
 *
 * What is exact and what is not: each of the n - 1 cuts of the tree is a minimum cut between two regions, so x is exact
 * over that family. The least cut per row over *all* 2^(n-1) cuts can be smaller, for then the search is that for a
 * sparsest cut, which is NP-hard; x is an upper bound of it. The tests compare both up to 16 regions.
 */
import { checkNumber } from '../check.js';
import { compareSides } from '../cut/canonical.js';
import { gomoryHuTree } from '../cut/gomory-hu.js';
import { crossing } from '../cut/min-cut.js';
import type { CutProblem } from '../cut/problem.js';
import { type AbortSignalLike, IntegrityError } from '../errors.js';
import type { GraphSnapshot } from '../graph/snapshot.js';
import { checkBaseline, lambdaOf } from './scale.js';

export interface LeastCutOptions {
  /**
   * Least share of all rows that both sides of a cut must have; 0..0.5, default 0.01. Of many small regions none has it alone: then the
   * share of an average region counts instead.
   */
  readonly minShare?: number;
  readonly signal?: AbortSignalLike;
}

/** The cut that costs the fewest links for each row that it takes away. */
export interface RegionCut {
  /** Links cut for each row of the side with fewer rows. */
  readonly perRow: number;
  /** Links cut. */
  readonly value: number;
  /** Rows of the side with fewer rows. */
  readonly rows: number;
  /** That side: sorted indices of regions. */
  readonly side: Uint32Array;
  /** Indices of all edges between the sides: the witness. */
  readonly edges: Uint32Array;
}

/**
 * The least cut per row over the cuts of a Gomory-Hu tree; of equals the one with fewer regions on its smaller side,
 * then the one whose list of regions comes first. n - 1 maximum flows.
 *
 * @param regions links between regions
 * @param rows live rows of each region; finite, >= 0
 * @returns undefined where no cut of the tree has enough rows on both sides: nothing can be said then
 * @throws IntegrityError `ERR_INTEGRITY_CAPACITY`, `ERR_INTEGRITY_ARGUMENT`, `ERR_INTEGRITY_ABORTED`
 * @example
 * // Two regions of 100 and 50 rows with 10 links: 10 / 50
 * const links = { nodeCount: 2, sources: Uint32Array.of(0), targets: Uint32Array.of(1), weights: Float64Array.of(10) };
 * console.log(leastCutPerRow(links, Float64Array.of(100, 50))?.perRow); // 0.2
 */
export function leastCutPerRow(
  regions: CutProblem,
  rows: Float64Array,
  { minShare = 0.01, signal }: LeastCutOptions = {},
): RegionCut | undefined {
  checkNumber(minShare, 'minShare', { least: 0, most: 0.5 });
  if (rows.length !== regions.nodeCount)
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `rows must have one number for each of the ${regions.nodeCount} regions, not ${rows.length}`,
      { field: 'rows' },
    );
  let total = 0;
  for (let i = 0; i < rows.length; i++)
    total += checkNumber(rows[i], `rows[${i}]`, { least: 0 }, 'ERR_INTEGRITY_CAPACITY');
  if (regions.nodeCount < 2 || total === 0) return undefined;
  const least = Math.min(minShare * total, total / regions.nodeCount);

  const tree = gomoryHuTree(regions, signal === undefined ? {} : { signal });
  let best:
    | { readonly perRow: number; readonly value: number; readonly rows: number; readonly side: Uint32Array }
    | undefined;
  for (const node of tree.order) {
    if (tree.parent[node] === node) continue;
    const inside = tree.side(node);
    const insideRows = inside.reduce((sum, each) => sum + (rows[each] as number), 0);
    const fewer = Math.min(insideRows, total - insideRows);
    // A share is a quotient of sums of rows: equal regions must not miss it by a rounding.
    if (fewer === 0 || fewer < least * (1 - 1e-9)) continue;
    const value = tree.value[node] as number;
    const perRow = value / fewer;
    if (best !== undefined && perRow > best.perRow) continue;
    const isInside = new Set(inside);
    const outside = Uint32Array.from(rows.keys()).filter((i) => !isInside.has(i));
    const excess = 2 * insideRows - total;
    const side = (excess === 0 ? compareSides(inside, outside) : excess) <= 0 ? inside : outside;
    if (best === undefined || perRow < best.perRow || compareSides(side, best.side) < 0)
      best = { perRow, value, rows: fewer, side };
  }
  return best && { ...best, edges: crossing(regions, best.side) };
}

export interface NavigabilityOptions extends LeastCutOptions {
  /** x right after the build: `leastCutPerRow(...).perRow`; > 0. */
  readonly baseline: number;
  /** The ratio to the baseline at which recall misses its target; 0..1 exclusive of 1, default 0.5. */
  readonly failRatio?: number;
}

export interface NavigabilitySignal {
  readonly lambda: number;
  /** x / x0. */
  readonly ratio: number;
  /** The cut that decided. */
  readonly cut: RegionCut;
}

/**
 * `lambda_nav` of the links between regions.
 *
 * @throws IntegrityError as `leastCutPerRow`; `ERR_INTEGRITY_POLICY` for a baseline that is not above 0, and where nothing can be said,
 *   since no cut has enough rows on both sides: that is no data, and no good news
 * @example
 * // x = 10 / 50 = 0.2; half of the baseline 0.4; (0.5 - 0.25) / (1 - 0.25) = 0.333
 * const links = { nodeCount: 2, sources: Uint32Array.of(0), targets: Uint32Array.of(1), weights: Float64Array.of(10) };
 * const { lambda } = navigability(links, Float64Array.of(100, 50), { baseline: 0.4, failRatio: 0.25 });
 * console.log(lambda.toFixed(3)); // 0.333
 */
export function navigability(
  regions: CutProblem,
  rows: Float64Array,
  options: NavigabilityOptions,
): NavigabilitySignal {
  const { baseline, failRatio = 0.5 } = options;
  checkBaseline(baseline, failRatio, 'the perRow of leastCutPerRow after the build');
  const cut = leastCutPerRow(regions, rows, options);
  if (cut === undefined)
    throw new IntegrityError(
      'ERR_INTEGRITY_POLICY',
      `no cut of the ${regions.nodeCount} regions has enough rows on both sides: nothing can be said of them`,
      { field: 'regions' },
    );
  const ratio = cut.perRow / baseline;
  return { lambda: lambdaOf(ratio, failRatio, 1), ratio, cut };
}

/** The regions of a graph as an input of `navigability`, and which of the graph's nodes and edges they are. */
export interface Regions {
  readonly problem: CutProblem;
  readonly rows: Float64Array;
  /** Index in the snapshot of each region. */
  readonly nodes: Uint32Array;
  /** Index in the snapshot of each edge. */
  readonly edges: Uint32Array;
}

/**
 * The part of a graph that consists of the nodes of some types and the edges of some types between them.
 *
 * @param nodeTypes types that are regions; their weights are their rows
 * @param edgeTypes types that are links
 */
export function regionsOf(
  snapshot: GraphSnapshot,
  nodeTypes: readonly string[],
  edgeTypes: readonly string[],
): Regions {
  const nodes: number[] = [];
  const place = new Map<number, number>();
  for (const [index, { type }] of snapshot.nodes.entries())
    if (nodeTypes.includes(type)) {
      place.set(index, nodes.length);
      nodes.push(index);
    }
  const edges: number[] = [];
  for (const [index, { type }] of snapshot.edges.entries())
    if (
      edgeTypes.includes(type) &&
      place.has(snapshot.sources[index] as number) &&
      place.has(snapshot.targets[index] as number)
    )
      edges.push(index);
  return {
    problem: {
      nodeCount: nodes.length,
      sources: Uint32Array.from(edges, (j) => place.get(snapshot.sources[j] as number) as number),
      targets: Uint32Array.from(edges, (j) => place.get(snapshot.targets[j] as number) as number),
      weights: Float64Array.from(edges, (j) => snapshot.weights[j] as number),
    },
    rows: Float64Array.from(nodes, (i) => snapshot.nodes[i]?.weight as number),
    nodes: Uint32Array.from(nodes),
    edges: Uint32Array.from(edges),
  };
}
