/** What the package exports, whatever the host. */
export type { Capabilities } from './backend/choose.js';
export type { ShortPairs } from './backend/thresholds.js';
export type { SimdVariant } from './backend/types.js';
export {
  capabilities,
  cosine,
  cosineMany,
  dot,
  dotMany,
  l1,
  l1Many,
  l2,
  l2sq,
  l2sqMany,
  norm,
} from './distance.js';
export { SimdError, type SimdErrorCode } from './errors.js';
export type { Float16ArrayLike, Float16Words } from './halves.js';
export type { LongOptions, Progress } from './long.js';
export type { BitMetric, Metric, TopK } from './shapes.js';
export * as bfloat16 from './types/bfloat16.js';
export * as bits from './types/bits.js';
export * as float16 from './types/float16.js';
export * as float32 from './types/float32.js';
export * as float32Float16 from './types/float32-float16.js';
export * as int8 from './types/int8.js';
export type { SparseVector } from './types/sparse.js';
export * as sparse from './types/sparse.js';
export * as uint8 from './types/uint8.js';
