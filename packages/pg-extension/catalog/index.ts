import type { ExtensionCatalog } from './model.js';
import { vectorExtension } from './vector/index.js';

/** Every extension that this package emits. */
export const extensions: readonly ExtensionCatalog[] = [vectorExtension];

export * from './model.js';
export { vectorExtension } from './vector/index.js';
