/** Undirected graphs in compressed rows, and their contraction: the form on which contraction rounds run. */

/** A graph without loops, each edge in the rows of both its ends; the row of node v is first[v] .. first[v + 1]. */
export interface Csr {
  nodeCount: number;
  readonly first: Uint32Array;
  readonly ends: Uint32Array;
  readonly weights: Float64Array;
}

export function newCsr(nodes: number, entries: number): Csr {
  return {
    nodeCount: 0,
    first: new Uint32Array(nodes + 1),
    ends: new Uint32Array(entries),
    weights: new Float64Array(entries),
  };
}

/** The weighted degree of a node: the weight of the cut that takes it off. */
export function degreeOf({ first, weights }: Csr, v: number): number {
  let degree = 0;
  const stop = first[v + 1] as number;
  for (let i = first[v] as number; i < stop; i++) degree += weights[i] as number;
  return degree;
}

/** Scratch of `contract`: arrays of one number a node. */
export interface CsrScratch {
  /** Where in the row that is being written a node stands; only valid below the row's start. */
  readonly slot: Int32Array;
  readonly count: Uint32Array;
  readonly members: Uint32Array;
}

export function newCsrScratch(nodes: number): CsrScratch {
  return {
    slot: new Int32Array(nodes),
    count: new Uint32Array(nodes + 1),
    members: new Uint32Array(nodes),
  };
}

/**
 * Fills `out` with a graph given by edges, loops and edges of weight 0 left out. Parallel edges stay apart: what reads rows
 * adds them up just as well, and the first contraction merges them. O(n + m).
 */
export function csrOfEdges(
  nodeCount: number,
  sources: Uint32Array,
  targets: Uint32Array,
  weights: Float64Array,
  out: Csr,
): void {
  const { first, ends, weights: rows } = out;
  first.fill(0, 0, nodeCount + 1);
  for (let i = 0; i < weights.length; i++) {
    const u = sources[i] as number;
    const v = targets[i] as number;
    if (u === v || weights[i] === 0) continue;
    first[u] = (first[u] as number) + 1;
    first[v] = (first[v] as number) + 1;
  }
  let sum = 0;
  for (let v = 0; v <= nodeCount; v++) {
    sum += first[v] as number;
    first[v] = sum;
  }
  // first[v] is where row v ends, and moves down to where it starts as the row fills.
  for (let i = weights.length - 1; i >= 0; i--) {
    const u = sources[i] as number;
    const v = targets[i] as number;
    const weight = weights[i] as number;
    if (u === v || weight === 0) continue;
    const atU = (first[u] as number) - 1;
    first[u] = atU;
    ends[atU] = v;
    rows[atU] = weight;
    const atV = (first[v] as number) - 1;
    first[v] = atV;
    ends[atV] = u;
    rows[atV] = weight;
  }
  out.nodeCount = nodeCount;
}

/**
 * Fills `out` with a graph whose nodes are merged by label, and parallel edges with them. O(n + m).
 *
 * @param label the new node of each node: 0 .. count - 1
 */
export function contract(
  graph: Csr,
  label: Uint32Array,
  labels: number,
  out: Csr,
  { slot, count, members }: CsrScratch,
): void {
  const { nodeCount: n, first, ends, weights } = graph;
  count.fill(0, 0, labels + 1);
  for (let v = 0; v < n; v++) count[label[v] as number] = (count[label[v] as number] as number) + 1;
  let sum = 0;
  for (let b = 0; b <= labels; b++) {
    const own = count[b] as number;
    count[b] = sum;
    sum += own;
  }
  for (let v = 0; v < n; v++) {
    const b = label[v] as number;
    members[count[b] as number] = v;
    count[b] = (count[b] as number) + 1;
  }
  slot.fill(-1, 0, labels);
  let at = 0;
  for (let b = 0; b < labels; b++) {
    const start = at;
    out.first[b] = start;
    const stop = count[b] as number;
    for (let m = b === 0 ? 0 : (count[b - 1] as number); m < stop; m++) {
      const v = members[m] as number;
      const rowEnd = first[v + 1] as number;
      for (let i = first[v] as number; i < rowEnd; i++) {
        const end = label[ends[i] as number] as number;
        if (end === b) continue;
        const place = slot[end] as number;
        if (place >= start) out.weights[place] = (out.weights[place] as number) + (weights[i] as number);
        else {
          slot[end] = at;
          out.ends[at] = end;
          out.weights[at] = weights[i] as number;
          at++;
        }
      }
    }
  }
  out.first[labels] = at;
  out.nodeCount = labels;
}
