/** What kind of index `auto` becomes. */
import type { IndexKind, VectorType } from '../types.js';

/** Up to so many rows, every one is looked at: that takes less time than a search of a graph saves. */
export const flatRows = 2000;

/**
 * @param rows that are there
 * @param adding that are about to come
 */
export function chooseKind(
  type: VectorType,
  rows: number,
  adding: number,
): { readonly kind: IndexKind; readonly choice: string } {
  const total = rows + adding;
  if (total <= flatRows) {
    return { kind: 'flat', choice: `flat: up to ${flatRows} rows are compared one by one, exactly` };
  }
  if (type === 'binary') {
    return { kind: 'hnsw', choice: `hnsw: more than ${flatRows} rows, and binary vectors have no codes` };
  }
  return {
    kind: 'qg',
    choice: `qg: more than ${flatRows} rows; of the graphs, the one that answers most searches a second`,
  };
}
