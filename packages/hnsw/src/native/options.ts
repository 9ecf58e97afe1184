/** Settings as the addon takes them, and back. */
import type { IndexSettings } from '../backend.js';
import type { IndexKind, KeyType, VectorType } from '../types.js';

/** In files and in native/src/engine, too: numbers stay. */
export const kindNumbers: Readonly<Record<IndexKind, number>> = { flat: 0, hnsw: 1, qg: 2, ivf: 3 };
const types = ['float32', 'float16', 'int8', 'binary'] as const;
const metrics = ['l2', 'ip', 'cosine', 'hamming', 'jaccard'] as const;
const keyTypes = ['number', 'string', 'bigint'] as const;
const modes = ['fast', 'balanced', 'compact'] as const;
const kinds: readonly IndexKind[] = ['flat', 'hnsw', 'qg', 'ivf'];

/** The twelve words of `create`; `auto` begins as flat. */
export function wordsOf(settings: IndexSettings): Uint32Array {
  return Uint32Array.of(
    kindNumbers[settings.kind === 'auto' ? 'flat' : settings.kind],
    types.indexOf(settings.type),
    metrics.indexOf(settings.metric),
    keyTypes.indexOf(settings.keyType),
    settings.dimensions,
    settings.m,
    settings.degree,
    settings.efConstruction,
    settings.lists,
    modes.indexOf(settings.mode),
    settings.prefilter ? 1 : 0,
    settings.seed,
  );
}

/** Settings of an index that came from a file, or from another thread. */
export function settingsOf(words: Uint32Array): IndexSettings<KeyType, VectorType> {
  const [kind, type, metric, keyType, dimensions, m, degree, efConstruction, lists, mode, prefilter, seed] =
    words;
  return {
    kind: kinds[kind],
    dimensions,
    metric: metrics[metric],
    type: types[type],
    keyType: keyTypes[keyType],
    m,
    degree,
    efConstruction,
    efSearch: 64,
    lists,
    probes: 8,
    prefilter: prefilter === 1,
    mode: modes[mode],
    onDuplicate: 'error',
    seed,
  };
}
