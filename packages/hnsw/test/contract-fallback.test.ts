/** The contract, held by the indexes in TypeScript. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Backend, setWriter } from '../src/backend.js';
import { readSettings } from '../src/create.js';
import { fallback } from '../src/fallback/backend.js';
import { contract, type Supports } from '../src/testing/index.js';
import type { IndexKind, IndexOptions, KeyType, VectorType } from '../src/types.js';
import { folder, load, removeFolders, write } from './support/container.js';

beforeAll(() => setWriter(write));
afterAll(removeFolders);

const everything = {
  types: ['float32', 'float16', 'int8', 'binary'],
  metrics: ['l2', 'ip', 'cosine', 'hamming', 'jaccard'],
  keyTypes: ['number', 'bigint', 'string'],
  share: false,
} as const;

function hold(
  kind: IndexKind,
  backend: Backend,
  own: Pick<Supports, 'exact' | 'recall' | 'filteredRecall' | 'graph'>,
) {
  contract(
    {
      name: `${kind} in TypeScript`,
      create: <K extends KeyType = 'number', T extends VectorType = 'float32'>(options: IndexOptions<K, T>) =>
        backend.create(
          readSettings(options === undefined ? options : { efConstruction: 100, ...options, kind }),
        ),
      supports: { ...everything, ...own },
      files: { load, folder },
    },
    { describe, it },
  );
}

hold('hnsw', fallback, { exact: false, recall: 0.98, filteredRecall: 0.97, graph: true });
hold('flat', fallback, { exact: true, recall: 1, filteredRecall: 1, graph: false });
