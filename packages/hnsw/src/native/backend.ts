/** The addon as what makes indexes; files; indexes of other threads. */
import type { Backend } from '../backend.js';
import { checkOptions, readLong } from '../check.js';
import { HnswError } from '../errors.js';
import type { IndexHandle, KeyType, LongOptions, VectorIndex, VectorType } from '../types.js';
import { type Addon, type IndexRef, loadAddon } from './addon.js';
import { fromNative } from './errors.js';
import { NativeIndex } from './index.js';
import { onThread } from './long.js';
import { settingsOf, wordsOf } from './options.js';

let loaded: ReturnType<typeof loadAddon> | undefined;

function load(): ReturnType<typeof loadAddon> {
  loaded ??= loadAddon();
  return loaded;
}

/** Why the fallback is what makes indexes here; undefined where it is not. */
export function fallbackReason(): string | undefined {
  const found = load();
  return 'reason' in found ? found.reason : undefined;
}

function requireAddon(operation: string): Addon {
  const found = load();
  if ('addon' in found) return found.addon;
  throw new HnswError('ERR_HNSW_UNSUPPORTED', `${operation}: ${found.reason}`);
}

/** What makes indexes where the addon loads. */
export function nativeBackend(): Backend | undefined {
  const found = load();
  if ('reason' in found) return undefined;
  const { addon } = found;
  return {
    name: 'the native addon',
    kinds: ['flat', 'hnsw', 'qg', 'ivf'],
    create(settings) {
      try {
        const index = addon.create(wordsOf(settings as never));
        return new NativeIndex(addon, settings, index, false);
      } catch (error) {
        throw fromNative('createIndex', error);
      }
    },
  };
}

/** The kernels' instruction set, and whether the work is native. */
export function capabilities(): { readonly backend: 'native' | 'typescript'; readonly variant: string } {
  const found = load();
  return 'addon' in found
    ? { backend: 'native', variant: found.addon.variant }
    : { backend: 'typescript', variant: 'typescript' };
}

function wrap(addon: Addon, index: IndexRef): VectorIndex {
  const words = addon.options(index);
  return new NativeIndex<KeyType, VectorType>(addon, settingsOf(words), index, words[12] === 1);
}

async function open(
  operation: string,
  path: string,
  view: boolean,
  options: LongOptions | undefined,
): Promise<VectorIndex> {
  const addon = requireAddon(operation);
  checkOptions(operation, options);
  const told = readLong(operation, options);
  if (typeof path !== 'string' || path.includes('\0')) {
    throw new HnswError('ERR_HNSW_TYPE', `${operation}: path must be a string, got ${typeof path}`);
  }
  return wrap(addon, await onThread(addon, operation, 'load', [path, view], told));
}

/**
 * Reads an index from a file that `save` wrote, and verifies every byte of it.
 *
 * @throws {HnswError} `ERR_HNSW_IO`, `ERR_HNSW_FORMAT`, `ERR_HNSW_VERSION`, `ERR_HNSW_CORRUPT`, `ERR_HNSW_MEMORY`,
 *   `ERR_HNSW_ABORTED`; `ERR_HNSW_UNSUPPORTED` where the addon does not load
 */
export function loadIndex(path: string, options?: LongOptions): Promise<VectorIndex> {
  return open('loadIndex', path, false, options);
}

/**
 * Maps a file that `save` wrote: it opens in milliseconds whatever its size, and cannot be changed. Its header is verified at
 * once, and every other block when it is first used: then searches throw `ERR_HNSW_CORRUPT` where it was altered. The file
 * must not be written to meanwhile (a new one put in its place by `save` or by renaming is fine).
 *
 * @throws {HnswError} as {@link loadIndex}
 */
export function viewIndex(path: string, options?: LongOptions): Promise<VectorIndex> {
  return open('viewIndex', path, true, options);
}

/**
 * The index that another thread of this process shares: `attachIndex(handle)` of what `index.share()` gave. Both use the same
 * memory. It lives until every thread has closed it, or has forgotten it.
 *
 * @throws {HnswError} `ERR_HNSW_CLOSED` where there is no such index any more; `ERR_HNSW_TYPE`
 */
export function attachIndex(handle: IndexHandle): VectorIndex {
  const addon = requireAddon('attachIndex');
  const { ruvectorIndex } = checkOptions('attachIndex', handle);
  if (typeof ruvectorIndex !== 'string') {
    throw new HnswError('ERR_HNSW_TYPE', 'attachIndex: handle must be what share() gave');
  }
  const index = addon.attach(ruvectorIndex);
  if (index !== undefined) return wrap(addon, index);
  throw new HnswError('ERR_HNSW_CLOSED', 'attachIndex: there is no such index in this process any more');
}
