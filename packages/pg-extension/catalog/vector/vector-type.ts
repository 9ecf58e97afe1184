/**
 * The `vector` type: its I/O, functions, aggregates, casts, operators and btree class.
 *
 * Names, argument types, comments and C symbols are pgvector's, version 0.8.7; `conformance/` compares the
 * installed catalog with pgvector's row by row.
 */
import {
  type AggregateRecord,
  type CastRecord,
  type CatalogSection,
  type FunctionRecord,
  fn,
  type OperatorClassRecord,
  type OperatorRecord,
  type TypeRecord,
} from '../model.js';

const PRIVATE = { visibility: 'private' } as const;
const V = 'vector';

const type: TypeRecord = {
  kind: 'type',
  name: V,
  input: fn('vector_in', ['cstring', 'oid', 'integer'], V, 'I/O', PRIVATE),
  output: fn('vector_out', [V], 'cstring', 'I/O', PRIVATE),
  typmodIn: fn('vector_typmod_in', ['cstring[]'], 'integer', 'I/O typmod', PRIVATE),
  receive: fn('vector_recv', ['internal', 'oid', 'integer'], V, 'I/O', PRIVATE),
  send: fn('vector_send', [V], 'bytea', 'I/O', PRIVATE),
  storage: 'external',
  comment: 'single-precision vector',
};

const l2Distance = fn('l2_distance', [V, V], 'float8', 'Euclidean distance');
const innerProduct = fn('inner_product', [V, V], 'float8', 'inner product');
const cosineDistance = fn('cosine_distance', [V, V], 'float8', 'cosine distance');
const l1Distance = fn('l1_distance', [V, V], 'float8', 'taxicab distance');

const norm = fn('vector_norm', [V], 'float8', 'Euclidean norm');

const publicFunctions: readonly FunctionRecord[] = [
  l2Distance,
  innerProduct,
  cosineDistance,
  l1Distance,
  fn('vector_dims', [V], 'integer', 'number of dimensions'),
  norm,
  fn('l2_normalize', [V], V, 'normalize with Euclidean norm'),
  fn('binary_quantize', [V], 'bit', 'binary quantize'),
  fn('subvector', [V, 'int', 'int'], V, 'subvector'),
];

const implementationOf = (operator: string): string => `implementation of ${operator} operator`;
const binary = (name: string, operator: string, returns: string): FunctionRecord =>
  fn(name, [V, V], returns, implementationOf(operator), PRIVATE);

const add = binary('vector_add', '+', V);
const sub = binary('vector_sub', '-', V);
const mul = binary('vector_mul', '*', V);
const concat = binary('vector_concat', '||', V);
const lt = binary('vector_lt', '<', 'bool');
const le = binary('vector_le', '<=', 'bool');
const eq = binary('vector_eq', '=', 'bool');
const ne = binary('vector_ne', '<>', 'bool');
const ge = binary('vector_ge', '>=', 'bool');
const gt = binary('vector_gt', '>', 'bool');
const cmp = fn('vector_cmp', [V, V], 'int4', 'less-equal-greater', PRIVATE);
const negativeInnerProduct = fn(
  'vector_negative_inner_product',
  [V, V],
  'float8',
  'negative inner product',
  PRIVATE,
);

const l2SquaredDistance = fn(
  'vector_l2_squared_distance',
  [V, V],
  'float8',
  'squared Euclidean distance',
  PRIVATE,
);

const STATE = 'double precision[]';

const privateFunctions: readonly FunctionRecord[] = [
  add,
  sub,
  mul,
  concat,
  lt,
  le,
  eq,
  ne,
  ge,
  gt,
  cmp,
  l2SquaredDistance,
  negativeInnerProduct,
  fn('vector_spherical_distance', [V, V], 'float8', 'spherical distance', PRIVATE),
  fn('vector_accum', [STATE, V], STATE, 'aggregate transition function', PRIVATE),
  fn('vector_avg', [STATE], V, 'aggregate final function', PRIVATE),
  fn('vector_combine', [STATE, STATE], STATE, 'aggregate combine function', PRIVATE),
];

const aggregates: readonly AggregateRecord[] = [
  {
    kind: 'aggregate',
    name: 'avg',
    arg: V,
    sfunc: 'vector_accum',
    stype: STATE,
    finalfunc: 'vector_avg',
    combinefunc: 'vector_combine',
    initcond: '{0}',
    parallel: 'safe',
    comment: 'the average (arithmetic mean) as vector of all vector values',
  },
  {
    kind: 'aggregate',
    name: 'sum',
    arg: V,
    sfunc: 'vector_add',
    stype: V,
    combinefunc: 'vector_add',
    parallel: 'safe',
    comment: 'sum as vector across all vector input values',
  },
];

const fromArray = (element: string, name: string): FunctionRecord =>
  fn(
    'array_to_vector',
    [`${element}[]`, 'integer', 'boolean'],
    V,
    `convert ${name} array to vector`,
    PRIVATE,
  );

const adjust = fn('vector', [V, 'integer', 'boolean'], V, 'adjust vector to typmod', PRIVATE);
const fromInt4 = fromArray('integer', 'int4');
const fromFloat4 = fromArray('real', 'float4');
const fromFloat8 = fromArray('double precision', 'float8');
const fromNumeric = fromArray('numeric', 'numeric');
const toFloat4 = fn(
  'vector_to_float4',
  [V, 'integer', 'boolean'],
  'real[]',
  'convert vector to float4 array',
  PRIVATE,
);

const cast = (
  source: string,
  target: string,
  by: FunctionRecord,
  context: CastRecord['context'],
): CastRecord => ({ kind: 'cast', source, target, function: by, context });

const casts: readonly CastRecord[] = [
  cast(V, V, adjust, 'implicit'),
  cast(V, 'real[]', toFloat4, 'implicit'),
  cast('integer[]', V, fromInt4, 'assignment'),
  cast('real[]', V, fromFloat4, 'assignment'),
  cast('double precision[]', V, fromFloat8, 'assignment'),
  cast('numeric[]', V, fromNumeric, 'assignment'),
];

const operator = (
  name: string,
  by: FunctionRecord,
  rest: Pick<OperatorRecord, 'commutator' | 'negator' | 'restrict' | 'join' | 'comment'> = {},
): OperatorRecord => ({ kind: 'operator', name, left: V, right: V, function: by, ...rest });

const comparison = (
  name: string,
  by: FunctionRecord,
  commutator: string,
  negator: string,
  estimator: string,
  comment: string,
): OperatorRecord =>
  operator(name, by, {
    commutator,
    negator,
    restrict: `${estimator}sel`,
    join: `${estimator}joinsel`,
    comment,
  });

const operators: readonly OperatorRecord[] = [
  operator('<->', l2Distance, { commutator: '<->' }),
  operator('<#>', negativeInnerProduct, { commutator: '<#>' }),
  operator('<=>', cosineDistance, { commutator: '<=>' }),
  operator('<+>', l1Distance, { commutator: '<+>' }),
  operator('+', add, { commutator: '+', comment: 'add' }),
  operator('-', sub, { comment: 'subtract' }),
  operator('*', mul, { commutator: '*', comment: 'multiply' }),
  operator('||', concat, { comment: 'concatenate' }),
  comparison('<', lt, '>', '>=', 'scalarlt', 'less than'),
  comparison('<=', le, '>=', '>', 'scalarle', 'less than or equal'),
  comparison('=', eq, '=', '<>', 'eq', 'equal'),
  // pgvector estimates <> with eqsel and eqjoinsel, not neqsel; the plans must stay the same.
  comparison('<>', ne, '<>', '=', 'eq', 'not equal'),
  comparison('>=', ge, '<=', '<', 'scalarge', 'greater than or equal'),
  comparison('>', gt, '<', '<=', 'scalargt', 'greater than'),
];

const btree: OperatorClassRecord = {
  kind: 'operator class',
  name: 'vector_ops',
  type: V,
  accessMethod: 'btree',
  isDefault: true,
  operators: ['<', '<=', '=', '>=', '>'].map((name, index) => ({ strategy: index + 1, name })),
  functions: [{ support: 1, function: cmp }],
};

/** Functions that index access methods compute with. */
export const vectorSupport = { l1Distance, l2SquaredDistance, negativeInnerProduct, norm } as const;

/** Everything that the `vector` type consists of, in order of creation. */
export const vectorType: readonly CatalogSection[] = [
  { title: 'vector type', records: [type] },
  { title: 'vector functions', records: publicFunctions },
  { title: 'vector private functions', records: privateFunctions },
  { title: 'vector aggregates', records: aggregates },
  {
    title: 'vector cast functions',
    records: [adjust, fromInt4, fromFloat4, fromFloat8, fromNumeric, toFloat4],
  },
  { title: 'vector casts', records: casts },
  { title: 'vector operators', records: operators },
  { title: 'vector opclasses', records: [btree] },
];
