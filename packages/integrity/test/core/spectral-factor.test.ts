import { describe, expect, it } from 'vitest';
import type { CutProblem } from '../../src/index.js';
import { type AssemblyTree, planFronts } from '../../src/spectral/assembly-tree.js';
import { readGraph } from '../../src/spectral/graph.js';
import { type Laplacian, makeLaplacian, multiply, rayleighQuotient } from '../../src/spectral/laplacian.js';
import {
  backwardError,
  type Factor,
  factorLaplacian,
  factorShifted,
  negativePivots,
  solveGrounded,
} from '../../src/spectral/ldl.js';
import { eliminationWork, minimumDegree } from '../../src/spectral/minimum-degree.js';
import { smallestEigenvalue, smallestEigenvector } from '../../src/spectral/tridiagonal.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';
import {
  complete,
  grid,
  path,
  planted,
  preferential,
  randomGraph,
  reweighted,
  ringOfClusters,
  star,
} from '../support/spectral-graphs.js';
import { jacobiEigenvalues } from '../support/spectral-oracle.js';

function prepare(problem: CutProblem, normalized = false): { laplacian: Laplacian; tree: AssemblyTree } {
  const graph = readGraph(problem);
  const laplacian = makeLaplacian(graph, normalized);
  const elimination = minimumDegree(graph.size, graph.rowStart, graph.columns, Number.POSITIVE_INFINITY);
  if (elimination === undefined) throw new Error('no limit, yet given up');
  return { laplacian, tree: planFronts(graph.size, elimination) };
}

/** L - sigma M in full, in the order of elimination. */
function dense(
  { graph, degrees, mass }: Laplacian,
  { order, position, size: n }: AssemblyTree,
  sigma: number,
): Float64Array {
  const matrix = new Float64Array(n * n);
  for (let q = 0; q < n; q++) {
    const row = order[q]!;
    matrix[q * n + q] = degrees[row]! - sigma * mass[row]!;
    for (let k = graph.rowStart[row]!; k < graph.rowStart[row + 1]!; k++)
      matrix[q * n + position[graph.columns[k]!]!] = -graph.weights[k]!;
  }
  return matrix;
}

/** F D F^T in full. */
function product({ tree, panels, pivots }: Factor): Float64Array {
  const n = tree.size;
  const f = new Float64Array(n * n);
  for (let front = 0; front < tree.fronts; front++) {
    const first = tree.pivotStart[front]!;
    const p = tree.pivotStart[front + 1]! - first;
    const others = tree.rowStart[front + 1]! - tree.rowStart[front]!;
    for (let j = 0; j < p; j++) {
      for (let i = j; i < p + others; i++) {
        const row = i < p ? first + i : tree.rows[tree.rowStart[front]! + i - p]!;
        f[row * n + first + j] = panels[tree.panelStart[front]! + j * (p + others) + i]!;
      }
    }
  }
  const result = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k <= Math.min(i, j); k++)
        result[i * n + j]! += f[i * n + k]! * pivots[k]! * f[j * n + k]!;
  return result;
}

const random = new Random(31);
const families: readonly (() => CutProblem)[] = [
  () => randomGraph(random, 3 + random.below(40), random.below(120)),
  () => randomGraph(random, 20 + random.below(40), 600),
  () => preferential(random, 10 + random.below(50), 3),
  () => ringOfClusters(random, 5, 8, 20),
  () => planted(random, 40, 200, 0.05),
  () => grid(2 + random.below(6), 2 + random.below(8)),
  () => star(3 + random.below(30)),
  () => path(3 + random.below(30)),
  () => complete(3 + random.below(20)),
];

describe('the elimination order', () => {
  it('has each node once, and each front passes its rows on to its parent', () => {
    for (let round = 0; round < scale(200); round++) {
      const { laplacian, tree } = prepare(random.pick(families)());
      const n = laplacian.size;
      expect(Array.from(tree.order).sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      for (let row = 0; row < n; row++) expect(tree.order[tree.position[row]!]).toBe(row);
      const open: number[] = [];
      for (let f = 0; f < tree.fronts; f++) {
        const rows = tree.rows.subarray(tree.rowStart[f], tree.rowStart[f + 1]);
        for (let r = 1; r < rows.length; r++) expect(rows[r]).toBeGreaterThan(rows[r - 1]!);
        if (rows.length > 0) expect(rows[0]).toBeGreaterThanOrEqual(tree.pivotStart[f + 1]!);
        const held = new Set<number>(rows);
        for (let q = tree.pivotStart[f]!; q < tree.pivotStart[f + 1]!; q++) held.add(q);
        for (let c = 0; c < tree.children[f]!; c++) {
          const child = open.pop()!;
          for (let r = tree.rowStart[child]!; r < tree.rowStart[child + 1]!; r++)
            expect(held.has(tree.rows[r]!)).toBe(true);
        }
        open.push(f);
      }
    }
  });

  it('eliminates a tree without fill, and a hub last', () => {
    for (const problem of [path(200), star(200), randomGraph(random, 200, 0)]) {
      const graph = readGraph(problem);
      const found = minimumDegree(200, graph.rowStart, graph.columns, Number.POSITIVE_INFINITY)!;
      let work = 0;
      for (let e = 0; e < found.count; e++) {
        const pivots = found.pivotStart[e + 1]! - found.pivotStart[e]!;
        work += eliminationWork(pivots, pivots + found.rowEnd[e]! - found.rowStart[e]!);
      }
      expect(work).toBe(199);
    }
  });

  it('gives up where the work is over the limit, and only there', () => {
    for (let round = 0; round < scale(100); round++) {
      const problem = random.pick(families)();
      const graph = readGraph(problem);
      const { tree } = prepare(problem);
      expect(
        minimumDegree(graph.size, graph.rowStart, graph.columns, 50 * tree.work + 10_000),
      ).not.toBeUndefined();
      if (tree.work > 2000)
        expect(minimumDegree(graph.size, graph.rowStart, graph.columns, tree.work / 10)).toBeUndefined();
    }
  });
});

describe('the factor of L - sigma M', () => {
  it('multiplies back to the matrix, within the bound that is computed from it', () => {
    for (let round = 0; round < scale(150); round++) {
      const normalized = random.float() < 0.3;
      const { laplacian, tree } = prepare(random.pick(families)(), normalized);
      const n = laplacian.size;
      const sigma = random.float() * (normalized ? 2 : 8);
      const factor = factorShifted(laplacian, tree, sigma);
      if (negativePivots(factor) === undefined) continue;
      const eta = backwardError(laplacian, factor, sigma);
      const exact = dense(laplacian, tree, sigma);
      const back = product(factor);
      let worst = 0;
      for (let i = 0; i < n; i++) {
        let row = 0;
        for (let j = 0; j < n; j++) row += Math.abs(back[i * n + j]! - exact[i * n + j]!);
        worst = Math.max(worst, row / laplacian.mass[tree.order[i]!]!);
      }
      // The product is itself rounded, as the factor is; twice the bound covers both.
      expect(worst).toBeLessThanOrEqual(2 * eta);
    }
  });

  it('has as many negative pivots as there are eigenvalues below sigma', () => {
    for (let round = 0; round < scale(150, 75); round++) {
      const { laplacian, tree } = prepare(random.pick(families)());
      const n = laplacian.size;
      const spectrum = jacobiEigenvalues(dense(laplacian, tree, 0), n);
      for (let k = 0; k < 4; k++) {
        const at = random.below(n - 1);
        const low = spectrum[at]!;
        const high = spectrum[at + 1]!;
        if (high - low < 1e-9) continue;
        const sigma = low + (high - low) * (0.01 + 0.98 * random.float());
        expect(negativePivots(factorShifted(laplacian, tree, sigma))).toBe(at + 1);
      }
    }
  });

  it('bounds its error by a number that a shift close to an eigenvalue of a leading block makes large, but not wrong', () => {
    // The first pivot of a path is 1 - sigma: almost 0 here.
    const { laplacian, tree } = prepare(path(12));
    const near = factorShifted(laplacian, tree, 1 - 1e-12);
    const far = factorShifted(laplacian, tree, 0.9);
    expect(backwardError(laplacian, near, 1)).toBeGreaterThan(1e6 * backwardError(laplacian, far, 0.9));
    expect(negativePivots(factorShifted(laplacian, tree, 1))).toBeUndefined();
  });
});

describe('the grounded factor of the Laplacian', () => {
  it('solves L x = b for a b that sums to 0', () => {
    for (let round = 0; round < scale(150); round++) {
      const { laplacian, tree } = prepare(random.pick(families)());
      const n = laplacian.size;
      const b = Float64Array.from({ length: n }, () => random.normal());
      const mean = b.reduce((a, x) => a + x, 0) / n;
      for (let i = 0; i < n; i++) b[i]! -= mean;
      const x = Float64Array.from(tree.order, (row) => b[row]!);
      solveGrounded(factorLaplacian(laplacian, tree), x);
      const byRow = new Float64Array(n);
      for (let q = 0; q < n; q++) byRow[tree.order[q]!] = x[q]!;
      const image = new Float64Array(n);
      multiply(laplacian, byRow, image);
      for (let i = 0; i < n; i++) expect(Math.abs(image[i]! - b[i]!)).toBeLessThan(1e-9);
    }
  });

  it('is right to the last digits when weights differ by 10^30', () => {
    // A path: from its grounded end the potential of a unit current adds the resistances up.
    const problem = reweighted(path(40), (_, e) => (e % 3 === 0 ? 1e-15 : 1e15));
    const { laplacian, tree } = prepare(problem);
    const x = new Float64Array(40);
    const from = tree.order.findIndex((row) => laplacian.graph.order[row] === 0);
    const ground = laplacian.graph.order[tree.order[39]!]!;
    x[from] = 1;
    x[39] = -1;
    solveGrounded(factorLaplacian(laplacian, tree), x);
    let resistance = 0;
    for (let e = 0; e < ground; e++) resistance += 1 / problem.weights[e]!;
    expect(x[from]! / 2 ** laplacian.graph.exponent / resistance).toBeCloseTo(1, 13);
  });
});

describe('the Rayleigh quotient', () => {
  it('does not change when a constant is added, however large', () => {
    const { laplacian } = prepare(randomGraph(random, 30, 60));
    const x = Float64Array.from({ length: 30 }, () => random.below(1000));
    const quotient = rayleighQuotient(laplacian, x);
    expect(
      rayleighQuotient(
        laplacian,
        x.map((v) => v + 2 ** 40),
      ) / quotient,
    ).toBeCloseTo(1, 12);
  });
});

describe('the smallest eigenpair of a tridiagonal matrix', () => {
  it('is that of the dense solver, the vector with alternating signs', () => {
    for (let round = 0; round < scale(200); round++) {
      const n = 1 + random.below(20);
      const alpha = Float64Array.from({ length: n }, () => 10 * random.float());
      const beta = Float64Array.from({ length: n }, () => 0.01 + 5 * random.float());
      const full = new Float64Array(n * n);
      for (let i = 0; i < n; i++) {
        full[i * n + i] = alpha[i]!;
        if (i + 1 < n) full[i * n + i + 1] = full[(i + 1) * n + i] = beta[i]!;
      }
      const exact = jacobiEigenvalues(full, n)[0]!;
      const theta = smallestEigenvalue(alpha, beta, n, -100, 20, 1e-14, 1e-14);
      expect(Math.abs(theta - exact)).toBeLessThan(1e-12);
      const y = smallestEigenvector(alpha, beta, n, theta);
      let worst = 0;
      for (let i = 0; i < n; i++) {
        let r = (alpha[i]! - theta) * y[i]!;
        if (i > 0) r += beta[i - 1]! * y[i - 1]!;
        if (i + 1 < n) r += beta[i]! * y[i + 1]!;
        worst = Math.max(worst, Math.abs(r));
        if (i > 0) expect(y[i]! * y[i - 1]!).toBeLessThanOrEqual(0);
      }
      expect(worst).toBeLessThan(1e-9);
    }
  });
});
