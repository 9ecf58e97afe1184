/**
 * Access method `hnsw`: its handler, its operator classes for `vector`, its options and settings.
 *
 * All of it is pgvector's, version 0.8.7, down to the descriptions in `pg_settings`.
 */
import {
  type AccessMethodRecord,
  type CatalogSection,
  type FunctionRecord,
  fn,
  type OperatorClassRecord,
  type ParameterRecord,
} from '../model.js';
import { vectorSupport } from './vector-type.js';

const HNSW = 'hnsw';
const INT_MAX = 2 ** 31 - 1;

const handler = fn('hnswhandler', ['internal'], 'index_am_handler', 'hnsw index access method handler', {
  volatility: 'volatile',
  strict: false,
  parallel: 'unsafe',
  visibility: 'private',
});

const accessMethod: AccessMethodRecord = {
  kind: 'access method',
  name: HNSW,
  handler,
  options: [
    {
      name: 'm',
      description: 'Max number of connections',
      type: 'integer',
      default: 16,
      min: 2,
      max: 100,
    },
    {
      name: 'ef_construction',
      description: 'Size of the dynamic candidate list for construction',
      extra: 'At least 2 * m.',
      type: 'integer',
      default: 64,
      min: 4,
      max: 1000,
    },
  ],
  comment: 'hnsw index access method',
};

/** Settings of scans. */
export const hnswSettings: readonly ParameterRecord[] = [
  {
    name: 'hnsw.ef_search',
    description: 'Sets the size of the dynamic candidate list for search',
    extra: 'Valid range is 1..1000.',
    type: 'integer',
    default: 40,
    min: 1,
    max: 1000,
  },
  {
    name: 'hnsw.iterative_scan',
    description: 'Sets the mode for iterative scans',
    type: 'enum',
    default: 'off',
    values: ['off', 'relaxed_order', 'strict_order'],
  },
  {
    name: 'hnsw.max_scan_tuples',
    description: 'Sets the max number of tuples to visit for iterative scans',
    type: 'integer',
    default: 20000,
    min: 1,
    max: INT_MAX,
  },
  {
    name: 'hnsw.scan_mem_multiplier',
    description: 'Sets the multiple of work_mem to use for iterative scans',
    type: 'real',
    default: 1,
    min: 1,
    max: 1000,
  },
];

/** PostgreSQL's parallel workers find the part of a build that they run by this name. */
export const hnswEntryPoints: readonly string[] = ['HnswParallelBuildMain'];

/** No class is the default: which distance an index serves is always said. */
const vectorClass = (name: string, operator: string, ...support: FunctionRecord[]): OperatorClassRecord => ({
  kind: 'operator class',
  name,
  type: 'vector',
  accessMethod: HNSW,
  isDefault: false,
  operators: [{ strategy: 1, name: operator, orderBy: 'float_ops' }],
  functions: support.map((f, index) => ({ support: index + 1, function: f })),
});

// Support function 1 is any function that orders as the operator's does; 2 makes the index normalize its values.
const { l1Distance, l2SquaredDistance, negativeInnerProduct, norm } = vectorSupport;

/** The access method and its classes, in order of creation; the `vector` type comes first. */
export const hnsw: readonly CatalogSection[] = [
  { title: 'hnsw access method', records: [handler, accessMethod] },
  {
    title: 'vector hnsw opclasses',
    records: [
      vectorClass('vector_l2_ops', '<->', l2SquaredDistance),
      vectorClass('vector_ip_ops', '<#>', negativeInnerProduct),
      vectorClass('vector_cosine_ops', '<=>', negativeInnerProduct, norm),
      vectorClass('vector_l1_ops', '<+>', l1Distance),
    ],
  },
];
