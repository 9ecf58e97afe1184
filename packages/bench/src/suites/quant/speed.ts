/** Nanoseconds of an estimate, beside the exact distance by core-simd; rows a second of encoding and decoding. */
import { float32 } from '@ruvector/core-simd';
import type { Codec, Packed } from '@ruvector/quant';
import { BenchError } from '../../errors.js';
import { elapsedMs, repeatFor } from '../../measure.js';
import { Random } from '../../random.js';
import type { Case, Entrant, Metric } from '../../suite.js';
import { vectorAt } from '../pg-hnsw/dataset.js';
import type { Recipe, Training } from './codecs.js';
import { without } from './counted.js';
import type { Library } from './ours.js';
import { trueValue } from './true-value.js';

const SEED = 20_250_116;
export const DIMENSIONS = 768;

/** Codes, or vectors, that stay in a level-2 cache together. */
const CACHED_BYTES = 512 * 1024;
/** Of both together: beyond every cache of the machines that we know. */
const MEMORY_BYTES = 256 * 1024 * 1024;

/** Rows that codes are made of; codes of many more repeat them. */
const ROWS = 10_240;

const training: Training = { sampleRows: 10_000, iterations: 1 };

export type Place = 'cache' | 'memory';

/** How many things of so many bytes: whole blocks of 32. */
function fitting(bytes: number, place: Place, most: number): number {
  if (place === 'memory') return Math.min(most, Math.floor(MEMORY_BYTES / bytes / 32) * 32);
  return Math.max(64, Math.floor(CACHED_BYTES / bytes / 32) * 32);
}

function makeVectors(rows: number): { rows: Float32Array; queries: readonly Float32Array[] } {
  const random = new Random(SEED);
  return {
    rows: random.fillNormal(new Float32Array(rows * DIMENSIONS)),
    queries: Array.from({ length: 8 }, () => random.fillNormal(new Float32Array(DIMENSIONS))),
  };
}

/** The same rows again until there are so many bytes. */
function repeated<T extends Uint8Array | Float32Array>(values: T, out: T): T {
  for (let at = 0; at < out.length; at += values.length)
    out.set(values.subarray(0, Math.min(values.length, out.length - at)), at);
  return out;
}

const noBounds = 'it computes exact distances, which need neither';

const estimateMetrics: readonly Metric[] = [
  { name: 'packed', unit: 'ns/code', better: 'lower' },
  { name: 'rows', unit: 'ns/code', better: 'lower' },
  { name: 'bounds', unit: 'ns/code, packed', better: 'lower', optional: noBounds },
  { name: 'query', unit: 'us/query', better: 'lower', optional: noBounds },
];

/** Estimates from blocks and from rows must be near each other and the truth: within their bounds. */
function checkEstimates(
  codec: Codec,
  query: Float32Array,
  {
    codes,
    packed,
    rows,
  }: { readonly codes: Uint8Array; readonly packed: Packed; readonly rows: Float32Array },
): void {
  const prepared = codec.query(query, 'l2sq');
  for (const [what, from] of [
    ['rows', codes],
    ['blocks', packed],
  ] as const) {
    const estimates = prepared.estimate(from);
    const bounds = prepared.bounds(from, undefined, { proof: true });
    for (const [row, estimate] of estimates.entries()) {
      const value = trueValue('l2sq', query, vectorAt(rows, DIMENSIONS, row % (rows.length / DIMENSIONS)));
      if (Math.abs(estimate - value) <= bounds[row]) continue;
      throw new BenchError(
        'BENCH_DISAGREEMENT',
        `${what}: the estimate of row ${row} is ${estimate}, the distance ${value}, the bound ${bounds[row]}`,
      );
    }
  }
}

/** Milliseconds of one call, of `count` things, as nanoseconds of one. */
function perThing(minTimeMs: number, count: number, call: (turn: number) => void): () => Promise<number> {
  let turn = 0;
  const sample = repeatFor(minTimeMs, (iterations) =>
    elapsedMs(() => {
      for (let i = 0; i < iterations; i++) call(turn++);
    }),
  );
  return async () => ((await sample()) * 1e6) / count;
}

function exactEntrant(
  place: Place,
  minTimeMs: number,
  source: Float32Array,
  queries: readonly Float32Array[],
): Entrant {
  const count = fitting(4 * DIMENSIONS, place, 100_000);
  const rows = repeated(source, new Float32Array(count * DIMENSIONS));
  const out = new Float32Array(count);
  const one = perThing(minTimeMs, count, (turn) => {
    float32.many('l2sq', queries[turn % queries.length], rows, out);
  });
  return {
    name: 'float32',
    sample: async () => {
      const time = await one();
      return { packed: time, rows: time };
    },
  };
}

/** One query against codes that lie in a cache, or in memory. */
export function estimateCase(library: Library, recipe: Recipe, place: Place): Case {
  return {
    name: `estimate from ${place}, ${DIMENSIONS} dims, ${recipe.name}`,
    parameters: { codec: recipe.name, place, dimensions: DIMENSIONS, rows: ROWS, seed: SEED, ...training },
    absent: without('float32'),
    metrics: estimateMetrics,
    prepare: async (_session, { budget: { minTimeMs } }) => {
      const { rows, queries } = makeVectors(ROWS);
      const codec = recipe.make(library, rows, DIMENSIONS, training);
      const count = fitting(codec.codeBytes, place, 100_000);
      const once = codec.encode(rows.subarray(0, Math.min(count, ROWS) * DIMENSIONS));
      const codes = repeated(once, new Uint8Array(count * codec.codeBytes));
      const packed = codec.pack(codes);
      const prepared = queries.map((query) => codec.query(query, 'l2sq'));
      const of = (turn: number) => prepared[turn % prepared.length];
      const out = new Float32Array(count);
      const each = (call: (turn: number) => void) => perThing(minTimeMs, count, call);
      const byBlocks = each((turn) => of(turn).estimate(packed, out));
      const byRows = each((turn) => of(turn).estimate(codes, out));
      const bounds = each((turn) => of(turn).bounds(packed, out));
      const query = perThing(minTimeMs, 1, (turn) => codec.query(queries[turn % queries.length], 'l2sq'));
      return {
        entrants: [
          {
            name: 'ruvector',
            sample: async () => ({
              packed: await byBlocks(),
              rows: await byRows(),
              bounds: await bounds(),
              query: (await query()) / 1e3,
            }),
          },
          exactEntrant(place, minTimeMs, rows, queries),
        ],
        verify: () =>
          checkEstimates(codec, queries[0], {
            codes: codes.subarray(0, 640 * codec.codeBytes),
            packed: codec.pack(codes.subarray(0, 640 * codec.codeBytes)),
            rows,
          }),
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

/** Rows that are encoded by a call: they stay in a cache, and a call costs nothing beside them. */
const ENCODED = 512;

/** Encoding and decoding on one thread. */
export function encodeCase(library: Library, recipe: Recipe): Case {
  return {
    name: `encode, ${DIMENSIONS} dims, ${recipe.name}`,
    parameters: {
      codec: recipe.name,
      dimensions: DIMENSIONS,
      rows: ROWS,
      encoded: ENCODED,
      seed: SEED,
      ...training,
    },
    absent: without(),
    metrics: [
      { name: 'encode', unit: 'rows/s', better: 'higher' },
      { name: 'decode', unit: 'rows/s', better: 'higher' },
    ],
    prepare: async (_session, { budget: { minTimeMs } }) => {
      const { rows } = makeVectors(ROWS);
      const codec = recipe.make(library, rows, DIMENSIONS, training);
      const some = rows.subarray(0, ENCODED * DIMENSIONS);
      const codes = codec.encode(some);
      const [out, decoded] = [new Uint8Array(codes.length), new Float32Array(some.length)];
      const encode = perThing(minTimeMs, ENCODED, () => codec.encode(some, out));
      const decode = perThing(minTimeMs, ENCODED, () => codec.decode(codes, decoded));
      return {
        entrants: [
          {
            name: 'ruvector',
            sample: async () => ({ encode: 1e9 / (await encode()), decode: 1e9 / (await decode()) }),
          },
        ],
        verify: () => checkResiduals(codec, some, codes),
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

/** What a code stands for must be as near to its row as the code says. */
function checkResiduals(codec: Codec, rows: Float32Array, codes: Uint8Array): void {
  const decoded = codec.decode(codes);
  for (const [row, residual] of codec.residuals(codes).entries()) {
    const lost = Math.sqrt(
      trueValue('l2sq', vectorAt(decoded, DIMENSIONS, row), vectorAt(rows, DIMENSIONS, row)),
    );
    if (lost <= residual) continue;
    throw new BenchError(
      'BENCH_DISAGREEMENT',
      `row ${row} lies ${lost} from its code, which says ${residual}`,
    );
  }
}
