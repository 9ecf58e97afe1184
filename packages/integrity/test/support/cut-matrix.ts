import type { CutProblem } from '../../src/cut/problem.js';

/**
 * A graph as a matrix, with a minimum cut of its own (Stoer and Wagner 1997 on flat arrays): what trackers are held against.
 * It shares nothing with the code under test, and is fast enough to run after every single update.
 */
export class MatrixGraph {
  readonly n: number;
  readonly weights: Float64Array;

  constructor({ nodeCount: n, sources, targets, weights }: CutProblem) {
    this.n = n;
    this.weights = new Float64Array(n * n);
    for (let i = 0; i < weights.length; i++) {
      const [u, v] = [sources[i] as number, targets[i] as number];
      if (u !== v) this.set(u, v, this.weight(u, v) + (weights[i] as number));
    }
  }

  weight(u: number, v: number): number {
    return this.weights[u * this.n + v] as number;
  }

  set(u: number, v: number, weight: number): void {
    this.weights[u * this.n + v] = weight;
    this.weights[v * this.n + u] = weight;
  }

  /** Weight of the edges between a set of nodes and the rest. */
  cutOf(side: Iterable<number>): number {
    const inside = new Uint8Array(this.n);
    for (const v of side) inside[v] = 1;
    let sum = 0;
    for (let u = 0; u < this.n; u++)
      for (let v = u + 1; v < this.n; v++) if (inside[u] !== inside[v]) sum += this.weight(u, v);
    return sum;
  }

  leastCut(): number {
    const { n } = this;
    const w = this.weights.slice();
    const alive = Array.from({ length: n }, (_, v) => v);
    const tight = new Float64Array(n);
    const added = new Uint8Array(n);
    let best = Number.POSITIVE_INFINITY;
    while (alive.length > 1) {
      for (const v of alive) {
        tight[v] = 0;
        added[v] = 0;
      }
      let last = -1;
      let beforeLast = -1;
      for (let step = 0; step < alive.length; step++) {
        let next = -1;
        for (const v of alive)
          if (added[v] === 0 && (next < 0 || (tight[v] as number) > (tight[next] as number))) next = v;
        added[next] = 1;
        beforeLast = last;
        last = next;
        for (const v of alive)
          if (added[v] === 0) tight[v] = (tight[v] as number) + (w[next * n + v] as number);
      }
      best = Math.min(best, tight[last] as number);
      for (const v of alive) {
        const sum = (w[beforeLast * n + v] as number) + (w[last * n + v] as number);
        w[beforeLast * n + v] = sum;
        w[v * n + beforeLast] = sum;
      }
      w[beforeLast * n + beforeLast] = 0;
      alive.splice(alive.indexOf(last), 1);
    }
    return best;
  }
}
