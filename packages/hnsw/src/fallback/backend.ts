import type { Backend } from '../backend.js';
import { FallbackIndex } from './index.js';

/** Indexes in TypeScript. */
export const fallback: Backend = {
  name: 'the fallback in TypeScript',
  kinds: ['hnsw', 'flat'],
  create: (settings) => new FallbackIndex(settings),
};
