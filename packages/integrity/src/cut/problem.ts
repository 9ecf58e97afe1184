/**
 * The form in which every algorithm of `cut/` and `spectral/` takes an undirected weighted graph: nodes are the numbers
 * 0 to nodeCount - 1, edge i joins `sources[i]` and `targets[i]` with weight `weights[i]`. Parallel edges add up;
 * loops are allowed and cross no cut. Inputs are never changed.
 */
export interface CutProblem {
  readonly nodeCount: number;
  readonly sources: Uint32Array;
  readonly targets: Uint32Array;
  /** Finite, >= 0. An edge of weight 0 connects nothing. */
  readonly weights: Float64Array;
}
