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
export type { Capabilities, SimdVariant } from './loader.js';
