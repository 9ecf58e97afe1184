import { type Backend, backend, type IndexSettings } from './backend.js';
import { checkOptions, checkWhole, checkWord, describe, maxDimensions } from './check.js';
import { HnswError } from './errors.js';
import { fallback } from './fallback/backend.js';
import { nativeBackend } from './native/backend.js';
import type { IndexKind, IndexOptions, KeyType, Metric, VectorIndex, VectorType } from './types.js';

const operation = 'createIndex';
const kinds = ['auto', 'hnsw', 'qg', 'ivf', 'flat'] as const;
const metrics = ['l2', 'ip', 'cosine', 'hamming', 'jaccard'] as const;
const types = ['float32', 'float16', 'int8', 'binary'] as const;
const keyTypes = ['number', 'bigint', 'string'] as const;

function isOfBits(metric: Metric): boolean {
  return metric === 'hamming' || metric === 'jaccard';
}

/** `degree` of qg: groups of 32 codes. */
function checkDegree(degree: unknown): asserts degree is number {
  checkWhole(operation, 'degree', degree, 32, 192);
  if (degree % 32 === 0) return;
  throw new HnswError('ERR_HNSW_ARGUMENT', `${operation}: degree must be a multiple of 32, got ${degree}`);
}

function checkBoolean(name: string, value: unknown): asserts value is boolean {
  if (typeof value === 'boolean') return;
  throw new HnswError(
    'ERR_HNSW_ARGUMENT',
    `${operation}: ${name} must be true or false, got ${describe(value)}`,
  );
}

/**
 * Options with every default in its place; each is read once.
 *
 * @throws {HnswError} `ERR_HNSW_TYPE`, `ERR_HNSW_DIMENSIONS`, `ERR_HNSW_ARGUMENT`; `ERR_HNSW_UNSUPPORTED` where the
 *   kind has not the metric
 */
export function readSettings<K extends KeyType, T extends VectorType>(
  options: IndexOptions<K, T>,
): IndexSettings<K, T> {
  if (options === undefined) {
    throw new HnswError('ERR_HNSW_TYPE', `${operation}: options must be an object, got undefined`);
  }
  const given = checkOptions<IndexOptions>(operation, options);
  const { dimensions, kind = 'auto', type = 'float32', keyType = 'number' } = given;
  checkWord(operation, 'kind', kind, kinds);
  checkWord(operation, 'type', type, types);
  checkWord(operation, 'keyType', keyType, keyTypes);
  if (!Number.isSafeInteger(dimensions) || dimensions! < 1 || dimensions! > maxDimensions) {
    throw new HnswError(
      'ERR_HNSW_DIMENSIONS',
      `${operation}: dimensions must be a whole number from 1 to ${maxDimensions}, got ${describe(dimensions)}`,
    );
  }
  const { metric = type === 'binary' ? 'hamming' : 'l2' } = given;
  checkWord(operation, 'metric', metric, metrics);
  if (isOfBits(metric) !== (type === 'binary')) {
    throw new HnswError(
      'ERR_HNSW_ARGUMENT',
      `${operation}: vectors of type ${type} have not the metric ${metric}; ` +
        'binary vectors have hamming and jaccard, the others l2, ip and cosine',
    );
  }
  if ((kind === 'qg' || kind === 'ivf') && isOfBits(metric)) {
    throw new HnswError(
      'ERR_HNSW_UNSUPPORTED',
      `${operation}: ${kind} has no binary vectors; hnsw and flat have`,
    );
  }
  const { m = 16, degree = 32, efConstruction = kind === 'qg' ? 128 : 200, efSearch = 64 } = given;
  const { lists = 0, probes = 8, prefilter = kind === 'ivf', mode = 'fast' } = given;
  const { onDuplicate = 'error', seed = 1 } = given;
  checkWhole(operation, 'm', m, 2, 100);
  checkDegree(degree);
  checkWhole(operation, 'efConstruction', efConstruction, 4, 10_000);
  checkWhole(operation, 'efSearch', efSearch, 1, 100_000);
  checkWhole(operation, 'lists', lists, 0, 2 ** 24);
  checkWhole(operation, 'probes', probes, 1, 2 ** 24);
  checkBoolean('prefilter', prefilter);
  if (prefilter && isOfBits(metric)) {
    throw new HnswError(
      'ERR_HNSW_UNSUPPORTED',
      `${operation}: binary vectors have no codes that a prefilter could look at`,
    );
  }
  checkWord(operation, 'mode', mode, ['fast', 'balanced', 'compact']);
  if (mode !== 'fast') {
    throw new HnswError('ERR_HNSW_UNSUPPORTED', `${operation}: the mode ${mode} is not there yet; fast is`);
  }
  checkWord(operation, 'onDuplicate', onDuplicate, ['error', 'replace']);
  checkWhole(operation, 'seed', seed, 0, 2 ** 32 - 1);
  return {
    kind,
    dimensions: dimensions!,
    metric,
    type: type as T,
    keyType: keyType as K,
    m,
    degree,
    efConstruction,
    efSearch,
    lists,
    probes,
    prefilter,
    mode,
    onDuplicate,
    seed,
  };
}

/** What makes an index of this kind. */
function makerOf(kind: IndexKind | 'auto'): Backend {
  // `auto` begins as flat.
  const wanted = kind === 'auto' ? 'flat' : kind;
  const makers = [backend() ?? nativeBackend(), fallback].filter((each) => each !== undefined);
  const maker = makers.find(({ kinds }) => kinds.includes(wanted));
  if (maker !== undefined) return maker;
  throw new HnswError(
    'ERR_HNSW_UNSUPPORTED',
    `${operation}: ${kind} is not among what ${makers.map(({ name, kinds }) => `${name} has: ${kinds.join(', ')}`).join('; ')}`,
  );
}

/**
 * Makes an empty index.
 *
 * Vectors come as the typed array of the type: `Float32Array`; `Uint16Array` of half floats as bits; `Int8Array`;
 * `Uint8Array` of bits, the lowest first, those behind the last dimension 0. Where one vector is wanted, an array of
 * `dimensions` numbers will do, too: the elements themselves, of binary vectors 0 and 1.
 *
 * @param options `dimensions` has to be there; ranges and defaults are with {@link IndexOptions}
 * @throws {HnswError} `ERR_HNSW_TYPE`, `ERR_HNSW_DIMENSIONS`, `ERR_HNSW_ARGUMENT`; `ERR_HNSW_UNSUPPORTED` where the kind
 *   has not the metric, or needs the addon and that is not there
 * @example
 * const index = createIndex({ dimensions: 3, metric: 'cosine', keyType: 'string' });
 * index.add('a', [1, 0, 0]);
 * index.add('b', [0, 1, 0]);
 * index.search([1, 0.1, 0], 1).ids; // [ 'a' ]
 */
export function createIndex<K extends KeyType = 'number', T extends VectorType = 'float32'>(
  options: IndexOptions<K, T>,
): VectorIndex<K, T> {
  const settings = readSettings(options);
  return makerOf(settings.kind).create(settings);
}
