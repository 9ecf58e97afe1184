/**
 * Algebraic connectivity with a proved error bound.
 *
 * A solver that stops at a small residual knows that some eigenvalue is near its value, not that it is the second one: a start that is
 * orthogonal to the Fiedler vector, or nearly so, converges to a higher one with residuals as small as one likes. So the work here is in two
 * parts. The *value* is a Rayleigh quotient of a vector orthogonal to the constant and thus never below lambda2; the *lower bound* comes from a proof
 * that does not look at the residual:
 *
 * - `inertia`: one factorisation of L - sigma I counts the eigenvalues below sigma (factored.ts, ldl.ts). Unconditional. Its cost is
 *   known after the elimination order, so it is taken where the graph is easy to eliminate: rings, trees, grids, chains of clusters, small graphs.
 * - `start`: Lanczos from a random start in a matrix that is congruent to L - sigma I counts them, too (count-by-start.ts). True but for a stated
 *   probability, over the random numbers, not over graphs. It costs products only, and few on graphs that are expensive to eliminate: expanders.
 */
import type { CutProblem } from '../cut/problem.js';
import { IntegrityError, throwIfAborted } from '../errors.js';
import { type AssemblyTree, planFronts } from './assembly-tree.js';
import { proveByInertia, searchFactored } from './factored.js';
import { readGraph } from './graph.js';
import { type Laplacian, makeLaplacian } from './laplacian.js';
import { minimumDegree } from './minimum-degree.js';
import { type Lambda2Options, readOptions, type Settings } from './options.js';
import { seededBy } from './random.js';
import { type Found, finish, type Lambda2Result, ofParts, ofTwoNodes } from './result.js';
import { type BoundedPair, type SearchOptions, searchByProducts, searchPair, type Work } from './search.js';
import { deflate, normalize } from './vector.js';

/** In 'auto', when the cheap way did not get there, the factorisation may take this many times `factorWork`. */
const FALLBACK = 32;
/** Some 20 seconds. */
const MOST_WORK = 4e10;

/**
 * The algebraic connectivity of a graph, the second smallest eigenvalue of its Laplacian L = D - A (Fiedler 1973), with bounds on both sides and
 * the Fiedler vector. It is 0 when the graph is in several components, and at most n / (n - 1) times the least weighted degree.
 *
 * It is meant as a *drift signal*: it moves slowly as a graph as a whole becomes easier or harder to split, where the minimum cut often watches one
 * weak node. It scales with the weights and has no natural threshold. No state is decided by it.
 *
 * Time, for n nodes and m edges: O(m) for each of some tens to hundreds of steps, or the work of the factorisation.
 *
 * @returns always with true bounds; `converged` says whether they are as narrow as asked for
 * @throws IntegrityError `ERR_INTEGRITY_ARGUMENT` for options or arrays of the wrong form, `ERR_INTEGRITY_CAPACITY` for a bad weight,
 *   `ERR_INTEGRITY_LIMIT` for more than 16,384 nodes or 2,097,152 edges or a factor that is too large, `ERR_INTEGRITY_ABORTED`
 * @example
 * // A path of three nodes: 2 - 2 cos(pi / 3) = 1
 * const { value, lower } = lambda2({
 *   nodeCount: 3,
 *   sources: Uint32Array.of(0, 1),
 *   targets: Uint32Array.of(1, 2),
 *   weights: Float64Array.of(1, 1),
 * });
 * Math.abs(value - 1) < 1e-6 && lower > 0.999; // true
 */
export function lambda2(problem: CutProblem, options: Lambda2Options = {}): Lambda2Result {
  const graph = readGraph(problem);
  const settings = readOptions(options, graph.size);
  throwIfAborted(settings.signal);
  if (settings.normalized && graph.dropped > 0)
    throw new IntegrityError(
      'ERR_INTEGRITY_CAPACITY',
      'the weights of a normalised Laplacian may differ by a factor of 2^900 at most',
      { field: 'weights' },
    );
  if (graph.size < 2 || graph.labelCount > 1) return ofParts(problem, graph, settings.normalized);

  const laplacian = makeLaplacian(graph, settings.normalized);
  const work: Work = { iterations: 0, products: 0, solves: 0 };
  if (graph.size === 2) return finish(laplacian, ofTwoNodes(laplacian, work), settings, work);
  const start = usableStart(laplacian, settings.start);
  const search: SearchOptions = {
    ...settings,
    start,
    random: settings.random ?? seededBy(graph, start),
    work,
  };
  return finish(laplacian, find(laplacian, settings, search), settings, work);
}

/** A warm start by rows, of unit norm; undefined when rounding is all that is left of it beside the kernel. */
function usableStart(
  { graph, kernel }: Laplacian,
  start: Float64Array | undefined,
): Float64Array | undefined {
  if (start === undefined) return undefined;
  const byRow = start.map((_, row) => start[graph.order[row]]);
  normalize(byRow);
  deflate(byRow, kernel);
  return normalize(byRow) > 1e-10 ? byRow : undefined;
}

/** Chooses between the two ways. */
function find(
  laplacian: Laplacian,
  { certificate, factorWork, tolerance }: Settings,
  search: SearchOptions,
): Found {
  if (certificate === 'start') return byStart(searchByProducts(laplacian, search));
  if (certificate === 'auto') {
    const cheap = plan(laplacian, factorWork);
    if (cheap !== undefined) return searchFactored(laplacian, cheap, search);
    const found = searchByProducts(laplacian, search);
    if (isNarrow(found, tolerance)) return byStart(found);
    const tree = plan(laplacian, FALLBACK * factorWork);
    if (tree === undefined) return byStart(found);
    const factored = searchFactored(laplacian, tree, { ...search, start: found.vector });
    return isNarrow(factored, tolerance) || factored.lower >= found.lower ? factored : byStart(found);
  }

  const tree = plan(laplacian, MOST_WORK);
  if (tree === undefined)
    throw new IntegrityError(
      'ERR_INTEGRITY_LIMIT',
      `factorising this graph takes more than ${MOST_WORK} multiply-adds: contract it, or use certificate 'start'`,
      { field: 'certificate' },
    );
  if (tree.work <= factorWork) return searchFactored(laplacian, tree, search);
  // The vector is cheaper by products; one factorisation is then enough, unless it refutes the vector.
  const pair = searchPair(laplacian, search);
  if (pair.residual <= tolerance * pair.value) {
    const proved = proveByInertia(laplacian, tree, pair, search);
    if (proved.lower >= pair.value * (1 - tolerance)) return { ...pair, ...proved };
  }
  return searchFactored(laplacian, tree, { ...search, start: undefined });
}

function plan(laplacian: Laplacian, limit: number): AssemblyTree | undefined {
  const { size, graph } = laplacian;
  const elimination = minimumDegree(size, graph.rowStart, graph.columns, limit);
  return elimination === undefined ? undefined : planFronts(size, elimination);
}

function byStart(found: BoundedPair): Found {
  return { ...found, certificate: 'start' };
}

function isNarrow({ value, lower, residual }: BoundedPair, tolerance: number): boolean {
  return value - lower <= tolerance * value && residual <= tolerance * value;
}
