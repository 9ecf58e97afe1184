import type { CutProblem } from '../cut/problem.js';
import { IntegrityError } from '../errors.js';

/** More nodes than this is no contracted graph. */
export const MAX_NODES = 16_384;
/** More edges than this is no contracted graph. */
export const MAX_EDGES = 2_097_152;
/** Beyond this the sum of the weights, and so lambda2 itself, could leave the range of a double. */
const MAX_WEIGHT = 2 ** 1000;
/** Below this, beside a largest weight of 1, a weight is left out of the arithmetic: see {@link SpectralGraph.dropped}. */
const DROP_BELOW = 2 ** -900;

/**
 * A checked graph, ready for arithmetic: no loops, parallel edges added up, weights scaled by a power of two so that the
 * largest is about 1 and nothing over- or underflows.
 */
export interface SpectralGraph {
  /** Number of nodes. */
  readonly size: number;
  /**
   * Row r is node `order[r]`: rows are sorted by their length, so that the end of a row comes when the processor expects
   * it. This makes products with the matrix three times as fast. Everything in this directory works in this numbering.
   */
  readonly order: Int32Array;
  /** Row r of the adjacency matrix is the places `rowStart[r]` to `rowStart[r + 1] - 1`. */
  readonly rowStart: Int32Array;
  readonly columns: Int32Array;
  /** Scaled by 2^-exponent; symmetric to the last bit. */
  readonly weights: Float64Array;
  readonly exponent: number;
  /** Relative error that adding parallel edges up may have left in a weight. */
  readonly weightError: number;
  /** Connected components over all edges of positive weight, dropped ones included. */
  readonly components: number;
  /**
   * Number of edges whose weight is more than 2^900 times smaller than the largest. They are not in the rows. What they
   * could add to an eigenvalue is below 2^-870 of the largest weight, and leaving an edge out never raises one.
   */
  readonly dropped: number;
  /** A component number for each node (not row), over the edges in the rows: with `dropped` 0 this is what `components` counts. */
  readonly labels: Int32Array;
  /** How many different numbers `labels` has. */
  readonly labelCount: number;
}

/** `x * 2^exponent` without over- or underflow on the way. */
export function scaleByPowerOfTwo(x: number, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return x * 2 ** half * 2 ** (exponent - half);
}

/**
 * Checks a problem and builds its rows.
 *
 * Time and space O(nodes + edges).
 *
 * @throws IntegrityError `ERR_INTEGRITY_ARGUMENT` for wrong types, lengths or endpoints, `ERR_INTEGRITY_CAPACITY` for a
 *   weight that is negative, not finite or above 2^1000, `ERR_INTEGRITY_LIMIT` above {@link MAX_NODES} or {@link MAX_EDGES}
 */
export function readGraph(problem: CutProblem): SpectralGraph {
  const largest = check(problem);
  const { nodeCount: n, sources, targets, weights } = problem;
  const m = weights.length;
  const exponent = largest > 0 ? Math.floor(Math.log2(largest)) : 0;
  const half = Math.trunc(-exponent / 2);
  const scaleA = 2 ** half;
  const scaleB = 2 ** (-exponent - half);

  const scaled = new Float64Array(m);
  let dropped = 0;
  for (let e = 0; e < m; e++) {
    if (weights[e] === 0 || sources[e] === targets[e]) continue;
    const w = weights[e] * scaleA * scaleB;
    if (w < DROP_BELOW) dropped++;
    else scaled[e] = w;
  }
  const { multiplicity, ...rows } = buildRows(n, sources, targets, scaled);
  const { labels, count } = labelParts(rows);
  return {
    size: n,
    ...sortByLength(rows),
    exponent,
    weightError: (multiplicity - 1) * Number.EPSILON,
    components: dropped === 0 ? count : joinParts(labels, count, problem),
    dropped,
    labels,
    labelCount: count,
  };
}

type Rows = Pick<SpectralGraph, 'rowStart' | 'columns' | 'weights'>;

/** Returns the largest weight of an edge that is no loop. */
function check(problem: CutProblem): number {
  if (typeof problem !== 'object' || problem === null)
    throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', `a cut problem was expected, got ${String(problem)}`);
  const { nodeCount, sources, targets, weights } = problem;
  if (!Number.isInteger(nodeCount) || nodeCount < 0)
    throw argument('nodeCount', `nodeCount must be a whole number >= 0, got ${String(nodeCount)}`);
  if (!(sources instanceof Uint32Array)) throw argument('sources', 'sources must be a Uint32Array');
  if (!(targets instanceof Uint32Array)) throw argument('targets', 'targets must be a Uint32Array');
  if (!(weights instanceof Float64Array)) throw argument('weights', 'weights must be a Float64Array');
  const m = weights.length;
  if (sources.length !== m || targets.length !== m)
    throw argument(
      'weights',
      `sources, targets and weights must have one length, got ${sources.length}, ${targets.length} and ${m}`,
    );
  if (nodeCount > MAX_NODES)
    throw new IntegrityError(
      'ERR_INTEGRITY_LIMIT',
      `lambda2 takes up to ${MAX_NODES} nodes, got ${nodeCount}: contract the graph first`,
      { field: 'nodeCount' },
    );
  if (m > MAX_EDGES)
    throw new IntegrityError(
      'ERR_INTEGRITY_LIMIT',
      `lambda2 takes up to ${MAX_EDGES} edges, got ${m}: add parallel edges up first`,
      { field: 'weights' },
    );
  let largest = 0;
  for (let e = 0; e < m; e++) {
    if (sources[e] >= nodeCount)
      throw argument(`sources[${e}]`, `node ${sources[e]} is not below nodeCount ${nodeCount}`);
    if (targets[e] >= nodeCount)
      throw argument(`targets[${e}]`, `node ${targets[e]} is not below nodeCount ${nodeCount}`);
    const w = weights[e];
    if (!(w >= 0 && w <= MAX_WEIGHT))
      throw new IntegrityError(
        'ERR_INTEGRITY_CAPACITY',
        `weight ${w} of edge ${e} must be a number from 0 to 2^1000 (about 1.07e301)`,
        { field: `weights[${e}]` },
      );
    if (w > largest && sources[e] !== targets[e]) largest = w;
  }
  return largest;
}

function argument(field: string, message: string): IntegrityError {
  return new IntegrityError('ERR_INTEGRITY_ARGUMENT', message, { field });
}

/**
 * Rows with ascending columns by two stable counting sorts, then parallel edges added up in the order of the input: the
 * same order in the rows of both ends, so the matrix stays symmetric to the last bit.
 */
function buildRows(
  n: number,
  sources: Uint32Array,
  targets: Uint32Array,
  weights: Float64Array,
): Rows & { multiplicity: number } {
  const m = weights.length;
  const start = new Int32Array(n + 1);
  for (let e = 0; e < m; e++) {
    if (weights[e] === 0) continue;
    start[sources[e] + 1]++;
    start[targets[e] + 1]++;
  }
  for (let i = 0; i < n; i++) start[i + 1] += start[i];
  const total = start[n];

  // By column first: place k of column c holds a row index and the number of an edge.
  const fill = start.slice(0, n);
  const rowOf = new Int32Array(total);
  const edgeOf = new Int32Array(total);
  for (let e = 0; e < m; e++) {
    if (weights[e] === 0) continue;
    const s = sources[e];
    const t = targets[e];
    const a = fill[t]++;
    rowOf[a] = s;
    edgeOf[a] = e;
    const b = fill[s]++;
    rowOf[b] = t;
    edgeOf[b] = e;
  }

  // Then by row, walking the columns upwards. The matrix is symmetric, so `start` serves for the rows, too.
  fill.set(start.subarray(0, n));
  const columns = new Int32Array(total);
  const values = new Float64Array(total);
  for (let c = 0; c < n; c++) {
    for (let k = start[c]; k < start[c + 1]; k++) {
      const place = fill[rowOf[k]]++;
      columns[place] = c;
      values[place] = weights[edgeOf[k]];
    }
  }

  let multiplicity = 1;
  let write = 0;
  let read = 0;
  const rowStart = new Int32Array(n + 1);
  for (let i = 0; i < n; i++) {
    const end = start[i + 1];
    while (read < end) {
      const c = columns[read];
      let w = values[read];
      let count = 1;
      for (read++; read < end && columns[read] === c; read++, count++) w += values[read];
      columns[write] = c;
      values[write] = w;
      if (count > multiplicity) multiplicity = count;
      write++;
    }
    rowStart[i + 1] = write;
  }
  return { rowStart, columns: columns.subarray(0, write), weights: values.subarray(0, write), multiplicity };
}

/** Renumbers rows and columns by the length of the rows: a counting sort, ties in the old order. */
function sortByLength({ rowStart, columns, weights }: Rows): Rows & { order: Int32Array } {
  const n = rowStart.length - 1;
  let longest = 0;
  for (let i = 0; i < n; i++) longest = Math.max(longest, rowStart[i + 1] - rowStart[i]);
  const place = new Int32Array(longest + 2);
  for (let i = 0; i < n; i++) place[rowStart[i + 1] - rowStart[i] + 1]++;
  for (let k = 0; k <= longest; k++) place[k + 1] += place[k];
  const order = new Int32Array(n);
  const rowOf = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const row = place[rowStart[i + 1] - rowStart[i]]++;
    order[row] = i;
    rowOf[i] = row;
  }
  const sorted = {
    rowStart: new Int32Array(n + 1),
    columns: new Int32Array(columns.length),
    weights: new Float64Array(weights.length),
  };
  let write = 0;
  for (let row = 0; row < n; row++) {
    const i = order[row];
    for (let k = rowStart[i]; k < rowStart[i + 1]; k++, write++) {
      sorted.columns[write] = rowOf[columns[k]];
      sorted.weights[write] = weights[k];
    }
    sorted.rowStart[row + 1] = write;
  }
  return { order, ...sorted };
}

/** Numbers the connected parts, in the order of their first nodes. */
function labelParts({ rowStart, columns }: Rows): { labels: Int32Array; count: number } {
  const n = rowStart.length - 1;
  const labels = new Int32Array(n).fill(-1);
  const queue = new Int32Array(n);
  let count = 0;
  for (let first = 0; first < n; first++) {
    if (labels[first] >= 0) continue;
    labels[first] = count;
    queue[0] = first;
    let waiting = 1;
    while (waiting > 0) {
      const i = queue[--waiting];
      for (let k = rowStart[i]; k < rowStart[i + 1]; k++) {
        const j = columns[k];
        if (labels[j] >= 0) continue;
        labels[j] = count;
        queue[waiting++] = j;
      }
    }
    count++;
  }
  return { labels, count };
}

/** How many parts there are when the edges that were dropped count, too: union-find over the parts without them. */
function joinParts(labels: Int32Array, count: number, { sources, targets, weights }: CutProblem): number {
  const parent = new Int32Array(count).map((_, i) => i);
  const find = (part: number): number => {
    let i = part;
    while (parent[i] !== i) {
      parent[i] = parent[parent[i]];
      i = parent[i];
    }
    return i;
  };
  let parts = count;
  for (let e = 0; e < weights.length; e++) {
    if (weights[e] === 0) continue;
    const a = find(labels[sources[e]]);
    const b = find(labels[targets[e]]);
    if (a === b) continue;
    parent[Math.max(a, b)] = Math.min(a, b);
    parts--;
  }
  return parts;
}
