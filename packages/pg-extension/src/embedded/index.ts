/** A private PostgreSQL server for demos, tests, benchmarks and embedding: `@ruvector/pg-extension/embedded`. */
export { EmbeddedError, type EmbeddedErrorCode } from './errors.js';
export { supportedMajors } from './server.js';
export type { Settings } from './settings.js';
export type { ExtensionSource } from './stage.js';
export { type EmbeddedOptions, type EmbeddedPhase, type EmbeddedServer, startEmbedded } from './start.js';
export { sweepStale } from './sweep.js';
