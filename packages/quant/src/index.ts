export { type Capabilities, capabilities } from './backend/current.js';
export type { QuantVariant } from './backend/types.js';
export { BinaryCodec, type BinaryOptions, type BinaryTraining } from './binary/codec.js';
export type {
  BoundOptions,
  Codec,
  CodecKind,
  QuantMetric,
  QuantQuery,
  Rerank,
  TopKResult,
} from './codec.js';
export { deserialize } from './deserialize.js';
export { QuantError, type QuantErrorCode } from './errors.js';
export { Bfloat16Codec, Float16Codec, type HalfOptions } from './half/codec.js';
export {
  type Kmeans,
  type KmeansOptions,
  kmeans,
  kmeansAsync,
  type NearestOptions,
  nearestCentroids,
  nearestCentroidsAsync,
} from './kmeans/kmeans.js';
export type { LongOptions, Progress } from './long.js';
export { Packed } from './packed.js';
export { ProductCodec, type ProductOptions } from './product/codec.js';
export type { RabitqEncoder } from './rabitq/encode.js';
export { RabitqQuery } from './rabitq/query.js';
export { RabitqCodec, type RabitqOptions, type RabitqTraining } from './rabitq/rabitq.js';
export { Rotation } from './rotation/rotation.js';
export type { TrainingSource } from './sample.js';
export {
  type GivenRanges,
  Int4Codec,
  Int8Codec,
  type ScalarOptions,
  TwoLevelCodec,
  type TwoLevels,
} from './scalar/codec.js';
export type { ScalarTraining } from './scalar/train.js';
