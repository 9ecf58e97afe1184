import type { IndexOptions, KeyOf, KeyType, VectorIndex, VectorType } from '../types.js';
import type { Subject } from './api.js';
import { clusters, keysOf, type Rows } from './data.js';
import { Oracle } from './oracle.js';

export interface Filled<K extends KeyType, T extends VectorType> {
  readonly index: VectorIndex<K, T>;
  readonly oracle: Oracle<K, T>;
  readonly rows: Rows<T>;
  readonly keys: KeyOf[K][];
}

/** An index with rows in clusters, and what is true of it. */
export async function filled<K extends KeyType = 'number', T extends VectorType = 'float32'>(
  subject: Subject,
  count: number,
  options: IndexOptions<K, T>,
  seed = 1,
): Promise<Filled<K, T>> {
  const type = options.type ?? ('float32' as T);
  const keyType = options.keyType ?? ('number' as K);
  const index = subject.create(options);
  const rows = clusters(type, options.dimensions, count, seed);
  const keys = keysOf(keyType, count);
  await index.addMany(keys, rows.vectors);
  return { index, rows, keys, oracle: new Oracle<K, T>(type, index.metric).setAll(keys, rows) };
}
