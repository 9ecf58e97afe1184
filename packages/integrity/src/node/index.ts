/** What of the package needs Node: logs in files, key files, and the live page. */
export {
  type FileStore,
  type FileStoreOptions,
  type FsyncPolicy,
  fileStore,
} from './file-store.js';
export {
  createKeyFile,
  createPublicKeyFile,
  type PublicKeyInfo,
  readKeyFile,
  readPublicKeyFile,
} from './keys.js';
export { type ReadLogFileOptions, readLogFile } from './lines.js';
export { type SamplingOptions, startSampling } from './sampling.js';
export type { ServeOptions } from './serve/options.js';
export { type IntegrityServer, serveIntegrity } from './serve/server.js';
export { nodeTimer } from './timer.js';
