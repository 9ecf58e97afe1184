import { IntegrityError } from '../errors.js';
import { type Elimination, eliminationWork } from './minimum-degree.js';

/**
 * The plan of a multifrontal factorisation (Duff and Reid, ACM Trans. Math. Software 9 (1983) 302-325): dense *fronts*, numbered so that
 * each comes after its children and right after the last one, children's subtrees being consecutive. *Positions* are the places of nodes in
 * the elimination order.
 */
export interface AssemblyTree {
  /** Number of nodes. */
  readonly size: number;
  readonly fronts: number;
  /** The node at each position, and the position of each node. */
  readonly order: Int32Array;
  readonly position: Int32Array;
  /** Pivots of front f are the positions `pivotStart[f]` up to `pivotStart[f + 1]`. */
  readonly pivotStart: Int32Array;
  /** The other rows of front f: positions, ascending. */
  readonly rows: Int32Array;
  readonly rowStart: Int32Array;
  readonly children: Int32Array;
  /** Where front f's panel (its pivots' columns, full height) begins among all of them. */
  readonly panelStart: Int32Array;
  /** Most numbers that contribution blocks take at a time. */
  readonly stackSize: number;
  /** Multiply-adds of a factorisation. */
  readonly work: number;
  /** For each position: how many products are summed up in an entry of its row of the factor, at most. */
  readonly terms: Int32Array;
}

/** Most numbers in the panels or in the blocks; also keeps every offset a small integer, which the inner loops need to be fast. */
const MAX_NUMBERS = 2 ** 25;

/** Merges elements where that costs less than passing a block from one to the other, and orders the rest by depth-first search. */
export function planFronts(n: number, elimination: Elimination): AssemblyTree {
  const { count, parent } = elimination;
  const { mergedInto, pivotCount } = mergeElements(elimination);

  const { sequence, childCount } = postorder(count, parent, mergedInto);
  const fronts = sequence.length;
  const frontOf = new Int32Array(count).fill(-1);
  for (let f = 0; f < fronts; f++) frontOf[sequence[f]] = f;

  const pivotStart = new Int32Array(fronts + 1);
  for (let f = 0; f < fronts; f++) pivotStart[f + 1] = pivotStart[f] + pivotCount[sequence[f]];
  const order = new Int32Array(n);
  const position = new Int32Array(n);
  const fill = pivotStart.slice();
  // In the order of elimination, so that within a merged front the pivots of the child come first.
  for (let e = 0; e < count; e++) {
    const f = frontOf[target(mergedInto, e)];
    for (let k = elimination.pivotStart[e]; k < elimination.pivotStart[e + 1]; k++) {
      const node = elimination.pivots[k];
      position[node] = fill[f];
      order[fill[f]++] = node;
    }
  }

  const { rows, rowStart } = sortRows(n, sequence, elimination, position);
  return measureFronts(n, fronts, { order, position, pivotStart, rows, rowStart, children: childCount });
}

function target(mergedInto: Int32Array, element: number): number {
  let e = element;
  while (mergedInto[e] >= 0) e = mergedInto[e];
  return e;
}

function mergeElements(elimination: Elimination): { mergedInto: Int32Array; pivotCount: Int32Array } {
  const { count, parent, pivotStart, rowStart, rowEnd } = elimination;
  const mergedInto = new Int32Array(count).fill(-1);
  const pivotCount = new Int32Array(count);
  for (let e = 0; e < count; e++) pivotCount[e] = pivotStart[e + 1] - pivotStart[e];
  // Children come before their parents, so each is complete when its turn comes.
  for (let e = 0; e < count; e++) {
    const above = parent[e];
    if (above < 0) continue;
    const passed = rowEnd[e] - rowStart[e];
    const size = pivotCount[above] + rowEnd[above] - rowStart[above];
    const apart =
      eliminationWork(pivotCount[e], pivotCount[e] + passed) + eliminationWork(pivotCount[above], size);
    const together = eliminationWork(pivotCount[e] + pivotCount[above], pivotCount[e] + size);
    // Adding the block of a child up costs about two multiply-adds an entry, and a front some hundred.
    if (together - apart > 3 * passed * passed + 100) continue;
    mergedInto[e] = above;
    pivotCount[above] += pivotCount[e];
  }
  return { mergedInto, pivotCount };
}

/** Children before parents, subtrees together; ties in the order of elimination. */
function postorder(
  count: number,
  parent: Int32Array,
  mergedInto: Int32Array,
): { sequence: Int32Array; childCount: Int32Array } {
  const firstChild = new Int32Array(count).fill(-1);
  const sibling = new Int32Array(count).fill(-1);
  const children = new Int32Array(count);
  const roots: number[] = [];
  let fronts = 0;
  for (let e = count - 1; e >= 0; e--) {
    if (mergedInto[e] >= 0) continue;
    fronts++;
    if (parent[e] < 0) roots.push(e);
    else {
      const above = target(mergedInto, parent[e]);
      sibling[e] = firstChild[above];
      firstChild[above] = e;
      children[above]++;
    }
  }
  const sequence = new Int32Array(fronts);
  const childCount = new Int32Array(fronts);
  let next = 0;
  const stack = roots;
  while (stack.length > 0) {
    const e = stack[stack.length - 1];
    const child = firstChild[e];
    if (child >= 0) {
      firstChild[e] = sibling[child];
      stack.push(child);
    } else {
      stack.pop();
      childCount[next] = children[e];
      sequence[next++] = e;
    }
  }
  return { sequence, childCount };
}

/** Row lists as ascending positions, by transposing them twice: linear time. */
function sortRows(
  n: number,
  sequence: Int32Array,
  { rows, rowStart, rowEnd }: Elimination,
  position: Int32Array,
): { rows: Int32Array; rowStart: Int32Array } {
  const fronts = sequence.length;
  const start = new Int32Array(fronts + 1);
  const columnStart = new Int32Array(n + 1);
  for (let f = 0; f < fronts; f++) {
    const e = sequence[f];
    start[f + 1] = start[f] + rowEnd[e] - rowStart[e];
    for (let r = rowStart[e]; r < rowEnd[e]; r++) columnStart[position[rows[r]] + 1]++;
  }
  for (let i = 0; i < n; i++) columnStart[i + 1] += columnStart[i];
  const frontsOf = new Int32Array(start[fronts]);
  const fill = columnStart.slice();
  for (let f = 0; f < fronts; f++) {
    const e = sequence[f];
    for (let r = rowStart[e]; r < rowEnd[e]; r++) frontsOf[fill[position[rows[r]]]++] = f;
  }
  const sorted = new Int32Array(start[fronts]);
  const place = start.slice();
  for (let i = 0; i < n; i++)
    for (let k = columnStart[i]; k < columnStart[i + 1]; k++) sorted[place[frontsOf[k]]++] = i;
  return { rows: sorted, rowStart: start };
}

function tooLarge(): IntegrityError {
  return new IntegrityError(
    'ERR_INTEGRITY_LIMIT',
    `a factor of this graph takes more than ${MAX_NUMBERS} numbers: contract it, or use certificate 'start'`,
    { field: 'certificate' },
  );
}

function measureFronts(
  n: number,
  fronts: number,
  plan: Pick<AssemblyTree, 'order' | 'position' | 'pivotStart' | 'rows' | 'rowStart' | 'children'>,
): AssemblyTree {
  const panelStart = new Int32Array(fronts + 1);
  const terms = new Int32Array(n);
  const blocks: number[] = [];
  let stacked = 0;
  let stackSize = 0;
  let work = 0;
  for (let f = 0; f < fronts; f++) {
    const pivots = plan.pivotStart[f + 1] - plan.pivotStart[f];
    const others = plan.rowStart[f + 1] - plan.rowStart[f];
    panelStart[f + 1] = panelStart[f] + pivots * (pivots + others);
    work += eliminationWork(pivots, pivots + others);
    for (let j = 1; j < pivots; j++) terms[plan.pivotStart[f] + j] += j;
    for (let r = plan.rowStart[f]; r < plan.rowStart[f + 1]; r++) terms[plan.rows[r]] += pivots;
    // The new block is made above those of the children and then moved down over them.
    stackSize = Math.max(stackSize, stacked + others * others);
    if (panelStart[f + 1] > MAX_NUMBERS || stackSize > MAX_NUMBERS) throw tooLarge();
    for (let c = 0; c < plan.children[f]; c++) stacked -= blocks.pop() as number;
    blocks.push(others * others);
    stacked += others * others;
  }
  return { size: n, fronts, ...plan, panelStart, stackSize, work, terms };
}
