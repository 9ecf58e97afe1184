import type { Suite } from '../suite.js';
import { annSuite } from './ann/index.js';
import { integritySuite } from './integrity/index.js';
import { pgHnswSuite } from './pg-hnsw/index.js';
import { pgTypeSuite } from './pg-type/index.js';
import { quantSuite } from './quant/index.js';
import { simdSuite } from './simd/index.js';

/** Every suite that the command line knows. */
export const suites: readonly Suite[] = [
  simdSuite,
  quantSuite,
  annSuite,
  pgTypeSuite,
  pgHnswSuite,
  integritySuite,
];
