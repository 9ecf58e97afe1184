import type { QuantMetric } from '@ruvector/quant';
import { references } from '../../distances.js';

export const metrics = ['l2sq', 'dot', 'cosine'] as const satisfies readonly QuantMetric[];

/** In float64; cosine distances are cut off to 0 and 2, and NaN with a zero vector. */
export function trueValue(metric: QuantMetric, query: Float32Array, row: Float32Array): number {
  const { value } = references[metric](query, row);
  return metric === 'cosine' ? Math.min(2, Math.max(0, value)) : value;
}
