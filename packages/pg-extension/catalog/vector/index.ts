import type { ExtensionCatalog } from '../model.js';
import { hnsw, hnswEntryPoints, hnswSettings } from './hnsw.js';
import { vectorType } from './vector-type.js';

/**
 * Extension `vector`: our provider of the pgvector contract. `defaultVersion` is always a pgvector version,
 * because clients and dumps compare it, and servers swap one library for the other.
 */
export const vectorExtension: ExtensionCatalog = {
  name: 'vector',
  comment: 'vector data type and hnsw access method, a drop-in provider of the pgvector contract',
  description:
    'Vector type and HNSW indexes with L2, inner product, cosine and taxicab distances, computed by SIMD kernels',
  defaultVersion: '0.8.7',
  relocatable: true,
  requires: [],
  minimumPostgres: '14.0.0',
  tags: ['vectors', 'datatype', 'nearest neighbor search', 'hnsw', 'index'],
  sections: [...vectorType, ...hnsw],
  settings: hnswSettings,
  entryPoints: hnswEntryPoints,
};
