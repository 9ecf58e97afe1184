/**
 * The reference: Stoer and Wagner, A Simple Min-Cut Algorithm, J. ACM 44(4), 1997. Dense, cubic, and as plain as the
 * paper; it shares nothing with `minCut` but the conversion of weights to whole numbers.
 */
import type { CutProblem } from './problem.js';
import { checkProblem } from './units.js';

/** A minimum cut as the reference finds it. */
export interface ReferenceCut {
  readonly value: number;
  /** One side of one minimum cut, sorted; which one is not said. */
  readonly side: Uint32Array;
}

/**
 * A global minimum cut by Stoer and Wagner's algorithm. O(n^3) time and O(n^2) memory: for checking, not for use.
 *
 * @returns value 0 and an empty side for fewer than two nodes
 * @throws IntegrityError as `minCut`
 */
export function stoerWagner(problem: CutProblem): ReferenceCut {
  const { weights, unit } = checkProblem(problem);
  const n = problem.nodeCount;
  const matrix = Array.from({ length: n }, () => new Float64Array(n));
  for (let i = 0; i < weights.length; i++) {
    const [u, v] = [problem.sources[i] as number, problem.targets[i] as number];
    if (u === v) continue;
    (matrix[u] as Float64Array)[v] = ((matrix[u] as Float64Array)[v] as number) + (weights[i] as number);
    (matrix[v] as Float64Array)[u] = ((matrix[v] as Float64Array)[u] as number) + (weights[i] as number);
  }
  const merged = Array.from({ length: n }, (_, node) => [node]);
  let alive = Array.from({ length: n }, (_, node) => node);
  let best = Number.POSITIVE_INFINITY;
  let side: readonly number[] = [];
  while (alive.length > 1) {
    // MinimumCutPhase: always the most tightly connected vertex next.
    const tightness = new Float64Array(n);
    const waiting = new Set(alive);
    let last = -1;
    let beforeLast = -1;
    while (waiting.size > 0) {
      let next = -1;
      for (const node of waiting)
        if (next < 0 || (tightness[node] as number) > (tightness[next] as number)) next = node;
      waiting.delete(next);
      [beforeLast, last] = [last, next];
      for (const node of waiting)
        tightness[node] = (tightness[node] as number) + ((matrix[next] as Float64Array)[node] as number);
    }
    const cutOfThePhase = tightness[last] as number;
    if (cutOfThePhase < best) {
      best = cutOfThePhase;
      side = [...(merged[last] as number[])];
    }
    (merged[beforeLast] as number[]).push(...(merged[last] as number[]));
    const [into, from] = [matrix[beforeLast] as Float64Array, matrix[last] as Float64Array];
    for (const node of alive) {
      const sum = (into[node] as number) + (from[node] as number);
      into[node] = sum;
      (matrix[node] as Float64Array)[beforeLast] = sum;
    }
    alive = alive.filter((node) => node !== last);
  }
  return { value: n < 2 ? 0 : best * unit, side: Uint32Array.from(side).sort() };
}
