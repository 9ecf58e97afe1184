/** How far down an order of estimates the true neighbours are: every recall, with any number of reranked, follows from that. */

/**
 * The place of each wanted row, from 0 on: how many are estimated to be nearer, of equals the earlier. NaN goes last.
 *
 * @param estimates smaller is nearer
 */
export function ranksOf(estimates: Float32Array, wanted: Uint32Array): Uint32Array {
  const ranks = new Uint32Array(wanted.length);
  const scores = Float64Array.from(wanted, (row) => estimates[row]);
  let worst = Math.max(...scores);
  if (Number.isNaN(worst)) worst = Number.POSITIVE_INFINITY;
  for (let i = 0; i < estimates.length; i++) {
    const score = estimates[i];
    // Most are beyond all of them.
    if (score > worst) continue;
    for (let j = 0; j < scores.length; j++)
      if (score < scores[j] || (score === scores[j] && i < wanted[j])) ranks[j]++;
  }
  for (let j = 0; j < scores.length; j++) if (Number.isNaN(scores[j])) ranks[j] = estimates.length;
  return ranks;
}

/** A share with its standard error over the queries. */
export interface Share {
  readonly value: number;
  readonly error: number;
}

/** The mean of one number a query. */
export function meanOf(values: readonly number[]): Share {
  const value = values.reduce((sum, each) => sum + each, 0) / values.length;
  const squares = values.reduce((sum, each) => sum + (each - value) ** 2, 0);
  const { length } = values;
  return { value, error: length < 2 ? 0 : Math.sqrt(squares / (length - 1) / length) };
}

/** The share of wanted rows among the first `count`. */
export function recallAt(ranks: readonly Uint32Array[], count: number): Share {
  return meanOf(ranks.map((each) => each.filter((rank) => rank < count).length / each.length));
}

/** The least number of reranked rows, the same for every query, with which a share of all wanted rows is found. */
export function countFor(ranks: readonly Uint32Array[], share: number): number {
  const all = ranks.flatMap((each) => [...each]).sort((a, b) => a - b);
  return all[Math.ceil(share * all.length - 1e-9) - 1] + 1;
}
