/**
 * The best of packed codes, by their signs first: native/src/rabitq/best.cpp, decision by decision.
 *
 * A code of B bits costs B times the memory of its signs, and most codes are far from the best. So the ex-bits are looked
 * at of those alone that by the signs' estimate and its bound may be among the best, as in the RaBitQ library.
 */
import { blockRows } from '../packed.js';
import { Best } from '../topk.js';
import { metricNumbers } from './prepare.js';
import { type Scoring, scoreCodes, shapes } from './score.js';

/** @param signs an aim, for the bounds of values by signs */
export function bestPacked(
  scoring: Scoring,
  signs: Float64Array,
  metric: number,
  blocks: Uint8Array,
  count: number,
  indices: Uint32Array,
  scores: Float32Array,
): void {
  const sign = metric === metricNumbers.dot ? -1 : 1;
  const { blockBytes } = scoring.layout;
  const bySigns = { ...scoring, aim: signs };
  const found = new Best(indices.length, sign);
  const [values, bounds] = [new Float32Array(blockRows), new Float32Array(blockRows)];
  for (let first = 0; first < count; first += blockRows) {
    const rows = Math.min(blockRows, count - first);
    const block = blocks.subarray((first / blockRows) * blockBytes, (first / blockRows + 1) * blockBytes);
    // Of a whole block, so that it is the same whether the codes are looked at one by one or side by side.
    const worst = found.isFull ? sign * found.worst : Number.NaN;
    scoreCodes(bySigns, shapes.signs, block, rows, values, bounds);
    const likely: number[] = [];
    for (let i = 0; i < rows; i++) if (!(sign * values[i] - bounds[i] > worst)) likely.push(i);
    if (likely.length === 0) continue;
    scoreCodes(scoring, shapes.blocks, block, rows, values, undefined);
    for (const i of likely) found.offer(values[i], first + i);
  }
  const best = found.sorted();
  indices.set(best.indices);
  scores.set(best.scores);
}
