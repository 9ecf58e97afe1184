/** Options of searches, checked: each is read once. */
import { checkNumber, checkOptions, checkWhole } from '../check.js';
import type { KeyType, SearchOptions } from '../types.js';
import { type ReadFilter, readFilter } from './filter.js';

export interface ReadSearch {
  readonly efSearch: number | undefined;
  readonly recall: number | undefined;
  readonly filter: ReadFilter | undefined;
}

export function checkK(operation: string, k: unknown): asserts k is number {
  checkWhole(operation, 'k', k, 1);
}

/** @throws {HnswError} `ERR_HNSW_TYPE`, `ERR_HNSW_ARGUMENT`, `ERR_HNSW_KEY` */
export function readSearch<K extends KeyType>(
  operation: string,
  owner: object,
  keyType: K,
  options: SearchOptions<K> | undefined,
): ReadSearch {
  const { efSearch, probes, recall, filter } = checkOptions(operation, options);
  if (efSearch !== undefined) checkWhole(operation, 'efSearch', efSearch, 1, 100_000);
  if (probes !== undefined) checkWhole(operation, 'probes', probes, 1, 2 ** 24);
  if (recall !== undefined) checkNumber(operation, 'recall', recall, 0.5, 1);
  return { efSearch, recall, filter: readFilter(operation, owner, keyType, filter) };
}
