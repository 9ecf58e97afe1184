import type { AssemblyTree } from './assembly-tree.js';
import type { Laplacian } from './laplacian.js';
import { UNIT_ROUNDOFF } from './vector.js';

/**
 * L - sigma M = F D F^T over an assembly tree: F unit lower triangular, D diagonal, no pivoting.
 *
 * `panels` holds F by fronts: `panelStart[f]` is where the pivots' columns of front f begin, each of them as high as the front.
 * Above the diagonal they hold numbers without a meaning.
 */
export interface Factor {
  readonly tree: AssemblyTree;
  readonly panels: Float64Array;
  /** D, by position. */
  readonly pivots: Float64Array;
}

/**
 * The factor of the Laplacian itself, grounded at the last position: its pivot is 0 and stands for a node held at 0.
 *
 * A Laplacian eliminates into Laplacians, so pivot j is the sum of what stands below it in its column, with the sign turned. Taken
 * from there instead of from the updated diagonal (Grassmann, Taksar and Heyman 1985) nothing is ever subtracted: F and D come
 * out right to n^3 u or better in each entry, however different the weights, and a graph all but split does not break down (O'Cinneide, Numer. Math. 65 (1993)
 * 109-120).
 */
export function factorLaplacian(laplacian: Laplacian, tree: AssemblyTree): Factor {
  return factorise(laplacian, tree, undefined);
}

/** The factor of L - sigma M, whose inertia is that of D; see {@link backwardError}. Pivots may come out 0 or not finite. */
export function factorShifted(laplacian: Laplacian, tree: AssemblyTree, sigma: number): Factor {
  return factorise(laplacian, tree, sigma);
}

function factorise(laplacian: Laplacian, tree: AssemblyTree, sigma: number | undefined): Factor {
  const { size: n, fronts, pivotStart, rowStart, rows, children, panelStart, stackSize } = tree;
  const panels = new Float64Array(panelStart[fronts]);
  const stack = new Float64Array(stackSize);
  const pivots = new Float64Array(n);
  const local = new Int32Array(n);
  // Fronts whose blocks are on the stack, and where these begin.
  const waiting = new Int32Array(fronts);
  const blockStart = new Int32Array(fronts + 1);
  let depth = 0;

  for (let f = 0; f < fronts; f++) {
    const firstPivot = pivotStart[f];
    const p = pivotStart[f + 1] - firstPivot;
    const others = rowStart[f + 1] - rowStart[f];
    const height = p + others;
    const panel = panelStart[f];
    const block = blockStart[depth];
    stack.fill(0, block, block + others * others);
    for (let j = 0; j < p; j++) local[firstPivot + j] = j;
    for (let r = 0; r < others; r++) local[rows[rowStart[f] + r]] = p + r;

    assembleEntries(laplacian, tree, f, sigma ?? 0, panels, local);
    for (let c = 0; c < children[f]; c++) {
      depth--;
      addBlock(tree, waiting[depth], stack, blockStart[depth], local, panels, panel, p, height, block);
    }
    eliminate(panels, panel, p, height, pivots, firstPivot, sigma === undefined);
    updateBlock(stack, block, others, panels, panel, p, height, pivots, firstPivot);

    const home = blockStart[depth];
    if (home !== block) stack.copyWithin(home, block, block + others * others);
    waiting[depth++] = f;
    blockStart[depth] = home + others * others;
  }
  return { tree, panels, pivots };
}

/** Puts the pivots' columns of L - sigma M into a front. */
function assembleEntries(
  laplacian: Laplacian,
  tree: AssemblyTree,
  f: number,
  sigma: number,
  panels: Float64Array,
  local: Int32Array,
): void {
  const { rowStart, columns, weights } = laplacian.graph;
  const { order, position, pivotStart } = tree;
  const height = pivotStart[f + 1] - pivotStart[f] + tree.rowStart[f + 1] - tree.rowStart[f];
  let column = tree.panelStart[f];
  for (let q = pivotStart[f]; q < pivotStart[f + 1]; q++, column += height) {
    const node = order[q];
    panels[column + local[q]] = laplacian.degrees[node] - sigma * laplacian.mass[node];
    for (let k = rowStart[node]; k < rowStart[node + 1]; k++) {
      const other = position[columns[k]];
      if (other > q) panels[column + local[other]] = -weights[k];
    }
  }
}

/** Adds a child's contribution block to its parent's panel and block. */
function addBlock(
  tree: AssemblyTree,
  child: number,
  stack: Float64Array,
  from: number,
  local: Int32Array,
  panels: Float64Array,
  panel: number,
  p: number,
  height: number,
  block: number,
): void {
  const first = tree.rowStart[child];
  const size = tree.rowStart[child + 1] - first;
  const { rows } = tree;
  const others = height - p;
  for (let b = 0; b < size; b++) {
    const column = local[rows[first + b]];
    const source = from + b * size;
    // Rows ascend in child and parent alike, so what is below the diagonal stays below it.
    if (column < p) {
      const to = panel + column * height;
      for (let a = b; a < size; a++) panels[to + local[rows[first + a]]] += stack[source + a];
    } else {
      const to = block + (column - p) * others - p;
      for (let a = b; a < size; a++) stack[to + local[rows[first + a]]] += stack[source + a];
    }
  }
}

/** Factorises the panel of a front in place. */
function eliminate(
  panels: Float64Array,
  panel: number,
  p: number,
  height: number,
  pivots: Float64Array,
  firstPivot: number,
  grounded: boolean,
): void {
  for (let j0 = 0; j0 < p; j0 += 4) {
    const end = Math.min(j0 + 4, p);
    update(
      panels,
      panel + j0 * height + j0,
      height,
      end - j0,
      panels,
      panel + j0,
      height,
      j0,
      pivots,
      firstPivot,
      height - j0,
    );
    for (let j = j0; j < end; j++) {
      const column = panel + j * height;
      for (let k = j0; k < j; k++) {
        const source = panel + k * height;
        const factor = panels[source + j] * pivots[firstPivot + k];
        for (let i = j; i < height; i++) panels[column + i] -= panels[source + i] * factor;
      }
      let pivot = panels[column + j];
      if (grounded) {
        pivot = 0;
        for (let i = j + 1; i < height; i++) pivot -= panels[column + i];
      }
      pivots[firstPivot + j] = pivot;
      panels[column + j] = 1;
      if (grounded && j + 1 === height) continue;
      for (let i = j + 1; i < height; i++) panels[column + i] /= pivot;
    }
  }
}

/** Subtracts what the pivots contribute to the rows that are left. */
function updateBlock(
  stack: Float64Array,
  block: number,
  others: number,
  panels: Float64Array,
  panel: number,
  p: number,
  height: number,
  pivots: Float64Array,
  firstPivot: number,
): void {
  for (let j0 = 0; j0 < others; j0 += 4) {
    const columns = Math.min(4, others - j0);
    const to = block + j0 * others + j0;
    update(stack, to, others, columns, panels, panel + p + j0, height, p, pivots, firstPivot, others - j0);
  }
}

/**
 * `target[t] -= sum_k source[k] * source[k][t] * d_k` for up to 4 target columns and `count` source columns, `length` rows from the first
 * target's diagonal on. Four by four at a time, so that each number loaded serves four multiply-adds; this is where the time goes.
 */
function update(
  target: Float64Array,
  to: number,
  targetStride: number,
  targets: number,
  source: Float64Array,
  from: number,
  sourceStride: number,
  count: number,
  d: Float64Array,
  firstD: number,
  length: number,
): void {
  let k = 0;
  if (targets === 4) {
    for (; k + 3 < count; k += 4) {
      const s = from + k * sourceStride;
      updateFour(target, to, targetStride, source, s, sourceStride, d, firstD + k, length);
    }
  }
  for (; k < count; k++) {
    const s = from + k * sourceStride;
    for (let t = 0; t < targets; t++) {
      const column = to + t * targetStride;
      const factor = source[s + t] * d[firstD + k];
      for (let i = t; i < length; i++) target[column + i] -= source[s + i] * factor;
    }
  }
}

function updateFour(
  target: Float64Array,
  to: number,
  targetStride: number,
  source: Float64Array,
  s0: number,
  sourceStride: number,
  d: Float64Array,
  firstD: number,
  length: number,
): void {
  const t1 = to + targetStride;
  const t2 = t1 + targetStride;
  const t3 = t2 + targetStride;
  const s1 = s0 + sourceStride;
  const s2 = s1 + sourceStride;
  const s3 = s2 + sourceStride;
  const d0 = d[firstD];
  const d1 = d[firstD + 1];
  const d2 = d[firstD + 2];
  const d3 = d[firstD + 3];
  const f00 = source[s0] * d0;
  const f01 = source[s1] * d1;
  const f02 = source[s2] * d2;
  const f03 = source[s3] * d3;
  const f10 = source[s0 + 1] * d0;
  const f11 = source[s1 + 1] * d1;
  const f12 = source[s2 + 1] * d2;
  const f13 = source[s3 + 1] * d3;
  const f20 = source[s0 + 2] * d0;
  const f21 = source[s1 + 2] * d1;
  const f22 = source[s2 + 2] * d2;
  const f23 = source[s3 + 2] * d3;
  const f30 = source[s0 + 3] * d0;
  const f31 = source[s1 + 3] * d1;
  const f32 = source[s2 + 3] * d2;
  const f33 = source[s3 + 3] * d3;
  for (let i = 0; i < length; i++) {
    const x0 = source[s0 + i];
    const x1 = source[s1 + i];
    const x2 = source[s2 + i];
    const x3 = source[s3 + i];
    target[to + i] -= x0 * f00 + x1 * f01 + x2 * f02 + x3 * f03;
    target[t1 + i] -= x0 * f10 + x1 * f11 + x2 * f12 + x3 * f13;
    target[t2 + i] -= x0 * f20 + x1 * f21 + x2 * f22 + x3 * f23;
    target[t3 + i] -= x0 * f30 + x1 * f31 + x2 * f32 + x3 * f33;
  }
}

/**
 * Solves L x = b with x held at 0 at the grounded node, in place: b comes, and x goes, by position; b must sum to 0.
 * Time: two multiply-adds for each entry of F.
 */
export function solveGrounded({ tree, panels, pivots }: Factor, b: Float64Array): void {
  const { fronts, pivotStart, rowStart, rows, panelStart, size: n } = tree;
  const x = new Float64Array(n);
  for (let f = 0; f < fronts; f++) {
    const firstPivot = pivotStart[f];
    const p = pivotStart[f + 1] - firstPivot;
    const firstRow = rowStart[f];
    const height = p + rowStart[f + 1] - firstRow;
    gather(x, b, firstPivot, p, rows, firstRow, height);
    for (let j = 0; j < p; j++) {
      const column = panelStart[f] + j * height;
      const value = x[j];
      for (let i = j + 1; i < height; i++) x[i] -= panels[column + i] * value;
    }
    for (let j = 0; j < p; j++) b[firstPivot + j] = x[j];
    for (let i = p; i < height; i++) b[rows[firstRow + i - p]] = x[i];
  }
  for (let i = 0; i < n - 1; i++) b[i] /= pivots[i];
  b[n - 1] = 0;
  for (let f = fronts - 1; f >= 0; f--) {
    const firstPivot = pivotStart[f];
    const p = pivotStart[f + 1] - firstPivot;
    const firstRow = rowStart[f];
    const height = p + rowStart[f + 1] - firstRow;
    gather(x, b, firstPivot, p, rows, firstRow, height);
    for (let j = p - 1; j >= 0; j--) {
      const column = panelStart[f] + j * height;
      let value = x[j];
      for (let i = j + 1; i < height; i++) value -= panels[column + i] * x[i];
      x[j] = value;
      b[firstPivot + j] = value;
    }
  }
}

function gather(
  x: Float64Array,
  b: Float64Array,
  firstPivot: number,
  p: number,
  rows: Int32Array,
  firstRow: number,
  height: number,
): void {
  for (let j = 0; j < p; j++) x[j] = b[firstPivot + j];
  for (let i = p; i < height; i++) x[i] = b[rows[firstRow + i - p]];
}

/** Number of negative pivots; undefined when a pivot is 0 or not finite, or an entry of F is not finite. */
export function negativePivots({ pivots }: Factor): number | undefined {
  let negative = 0;
  for (let i = 0; i < pivots.length; i++) {
    const d = pivots[i];
    if (d === 0 || !Number.isFinite(d)) return undefined;
    if (d < 0) negative++;
  }
  return negative;
}

/**
 * The least eta such that what was computed is certainly the exact factor of L - sigma M + E with x^T E x <= eta x^T M x for all x.
 *
 * Each entry of the factor is a sum of products, in some order. Whatever the order, |E| <= gamma_{k+3} |F||D||F|^T entrywise, where k is the
 * number of products (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., Lemma 8.4 and section 10.1), plus the roundings
 * of the diagonal of L - sigma M. And a symmetric matrix is at most the diagonal of its absolute row sums. |F||D||F|^T 1 is
 * computed from the factor: a bound after the fact, which a small pivot makes large but not wrong.
 */
export function backwardError(laplacian: Laplacian, factor: Factor, sigma: number): number {
  const { tree, panels, pivots } = factor;
  const { fronts, pivotStart, rowStart, rows, panelStart, order, terms, size: n } = tree;
  const rowSums = new Float64Array(n);
  for (let f = 0; f < fronts; f++) {
    const firstPivot = pivotStart[f];
    const p = pivotStart[f + 1] - firstPivot;
    const firstRow = rowStart[f];
    const height = p + rowStart[f + 1] - firstRow;
    for (let j = 0; j < p; j++) {
      const column = panelStart[f] + j * height;
      let sum = 0;
      for (let i = j; i < height; i++) sum += Math.abs(panels[column + i]);
      sum *= Math.abs(pivots[firstPivot + j]);
      for (let i = j; i < p; i++) rowSums[firstPivot + i] += Math.abs(panels[column + i]) * sum;
      for (let i = p; i < height; i++) rowSums[rows[firstRow + i - p]] += Math.abs(panels[column + i]) * sum;
    }
  }
  let eta = 0;
  for (let i = 0; i < n; i++) {
    const node = order[i];
    const mass = laplacian.mass[node];
    const diagonal = 4 * (laplacian.degrees[node] + Math.abs(sigma) * mass);
    const row = (terms[i] + 5) * rowSums[i] + diagonal;
    eta = Math.max(eta, row / mass);
  }
  // A hundredth for the roundings of the sums themselves.
  return 1.01 * UNIT_ROUNDOFF * eta;
}
