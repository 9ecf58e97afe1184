/** The contract, held by the indexes of the addon. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { readSettings } from '../src/create.js';
import { loadIndex, nativeBackend, viewIndex } from '../src/native/backend.js';
import { contract, type Supports } from '../src/testing/index.js';
import type { IndexKind, IndexOptions, KeyType, VectorType } from '../src/types.js';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const dense = {
  types: ['float32', 'float16', 'int8'],
  metrics: ['l2', 'ip', 'cosine'],
  keyTypes: ['number', 'bigint', 'string'],
  share: true,
} as const;

const everything = {
  types: [...dense.types, 'binary'],
  metrics: [...dense.metrics, 'hamming', 'jaccard'],
} as const;

const backend = nativeBackend();

function hold(
  kind: IndexKind,
  own: Partial<Supports> & Pick<Supports, 'exact' | 'recall' | 'filteredRecall' | 'graph'>,
  settings: Pick<IndexOptions, 'lists' | 'prefilter'> = {},
) {
  contract(
    {
      name: `${kind} of the addon${settings.prefilter === true ? ', with a prefilter' : ''}`,
      create: <K extends KeyType = 'number', T extends VectorType = 'float32'>(options: IndexOptions<K, T>) =>
        backend!.create(
          readSettings<K, T>(options === undefined ? options : { ...settings, ...options, kind }),
        ),
      supports: { ...dense, ...own },
      files: {
        load: loadIndex,
        view: viewIndex,
        folder() {
          folders.push(mkdtempSync(join(tmpdir(), 'ruvector-hnsw-')));
          return folders.at(-1)!;
        },
      },
    },
    { describe, it },
  );
}

describe.skipIf(backend === undefined)('the addon', () => {
  hold('flat', { ...everything, exact: true, recall: 1, filteredRecall: 1, graph: false });
  hold('flat', { exact: true, recall: 1, filteredRecall: 1, graph: false }, { prefilter: true });
  hold('hnsw', { ...everything, exact: false, recall: 0.98, filteredRecall: 0.97, graph: true });
  hold('qg', { exact: false, recall: 0.98, filteredRecall: 0.97, graph: true });
  hold('ivf', { exact: false, recall: 0.9, filteredRecall: 0.9, graph: false });
});
