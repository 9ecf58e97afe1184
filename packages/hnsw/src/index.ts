export { createIndex } from './create.js';
export { HnswError, type HnswErrorCode } from './errors.js';
export { attachIndex, capabilities, fallbackReason, loadIndex, viewIndex } from './native/backend.js';
export type * from './types.js';
