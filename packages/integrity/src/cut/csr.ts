/**
 * Undirected graphs in compressed rows, merged and contracted: the form on which contraction rounds run.
 */

/** A graph without loops and parallel edges; row of node v is first[v] .. first[v + 1]. */
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

/** Scratch of the functions here: arrays of one number a node, and one for unmerged rows. */
export interface CsrScratch {
  /** Where in the row that is being written a node stands; only valid below the row's start. */
  readonly slot: Int32Array;
  readonly count: Uint32Array;
  readonly members: Uint32Array;
  readonly rawEnds: Uint32Array;
  readonly rawWeights: Float64Array;
}

export function newCsrScratch(nodes: number, entries: number): CsrScratch {
  return {
    slot: new Int32Array(nodes),
    count: new Uint32Array(nodes + 1),
    members: new Uint32Array(nodes),
    rawEnds: new Uint32Array(entries),
    rawWeights: new Float64Array(entries),
  };
}

/**
 * Fills `out` with a graph given by edges: loops and edges of weight 0 left out, parallel edges added up. O(n + m).
 */
export function csrOfEdges(
  nodeCount: number,
  sources: Uint32Array,
  targets: Uint32Array,
  weights: Float64Array,
  out: Csr,
  { slot, count, rawEnds, rawWeights }: CsrScratch,
): void {
  count.fill(0, 0, nodeCount + 1);
  for (let i = 0; i < weights.length; i++) {
    const u = sources[i] as number;
    const v = targets[i] as number;
    if (u === v || weights[i] === 0) continue;
    count[u] = (count[u] as number) + 1;
    count[v] = (count[v] as number) + 1;
  }
  let sum = 0;
  for (let v = 0; v <= nodeCount; v++) {
    const own = count[v] as number;
    count[v] = sum;
    sum += own;
  }
  for (let i = 0; i < weights.length; i++) {
    const u = sources[i] as number;
    const v = targets[i] as number;
    const weight = weights[i] as number;
    if (u === v || weight === 0) continue;
    const atU = count[u] as number;
    rawEnds[atU] = v;
    rawWeights[atU] = weight;
    count[u] = atU + 1;
    const atV = count[v] as number;
    rawEnds[atV] = u;
    rawWeights[atV] = weight;
    count[v] = atV + 1;
  }
  // count[v] is now the end of row v, and so the start of row v + 1.
  slot.fill(-1, 0, nodeCount);
  const { first, ends, weights: sums } = out;
  let at = 0;
  for (let v = 0; v < nodeCount; v++) {
    const start = at;
    first[v] = start;
    const stop = count[v] as number;
    for (let i = v === 0 ? 0 : (count[v - 1] as number); i < stop; i++) {
      const end = rawEnds[i] as number;
      const place = slot[end] as number;
      if (place >= start) sums[place] = (sums[place] as number) + (rawWeights[i] as number);
      else {
        slot[end] = at;
        ends[at] = end;
        sums[at] = rawWeights[i] as number;
        at++;
      }
    }
  }
  first[nodeCount] = at;
  out.nodeCount = nodeCount;
}

/**
 * Fills `out` with a graph whose nodes are merged by label. O(n + m).
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
