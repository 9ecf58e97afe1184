/**
 * Vectors of other types than float32: pairs and rows, against simsimd where its door takes the type.
 *
 * Bytes are uniform over the whole type, half floats standard normal, bits fair. simsimd knows Int8Array and Uint8Array; half floats it
 * computes in C only.
 */
import { BenchError } from '../../errors.js';
import { Random } from '../../random.js';
import type { Case, Subject } from '../../suite.js';
import { entrant, instantiateLoops, prepared, time } from './harness.js';
import type { Ours, Simsimd } from './libraries.js';
import type { ManyFunction, PairFunction } from './loops.js';

/** Any of the arrays that hold vectors. */
export type Vector = Int8Array | Uint8Array | Uint16Array;

const SEED = 20_260_301;
/** Bytes of a ring of vectors, as for float32. */
const RING_BYTES = 128 * 1024;

export interface TypedOperation {
  readonly type: 'float16' | 'bfloat16' | 'int8' | 'uint8' | 'bits';
  readonly name: string;
  readonly pair: PairFunction<Vector>;
  readonly many: ManyFunction<Vector>;
  readonly peer?: PairFunction<Vector> | undefined;
  /** In double precision, and what errors are relative to. */
  readonly reference: (a: Vector, b: Vector) => { readonly value: number; readonly scale: number };
  /** Largest accepted error of ours and of the peer, relative to the scale. */
  readonly tolerance: number;
}

/** Sums of a pair in float64, of the elements as `value` reads them. */
function sums(a: Vector, b: Vector, value: (x: number) => number) {
  const all = { ab: 0, absolute: 0, aa: 0, bb: 0, l2sq: 0, l1: 0 };
  for (let i = 0; i < a.length; i++) {
    const x = value(a[i] as number);
    const y = value(b[i] as number);
    all.ab += x * y;
    all.absolute += Math.abs(x * y);
    all.aa += x * x;
    all.bb += y * y;
    all.l2sq += (x - y) ** 2;
    all.l1 += Math.abs(x - y);
  }
  return all;
}

function metricsOf(value: (x: number) => number): Readonly<Record<string, TypedOperation['reference']>> {
  return {
    dot: (a, b) => {
      const { ab, absolute } = sums(a, b, value);
      return { value: ab, scale: absolute };
    },
    l2sq: (a, b) => {
      const { l2sq } = sums(a, b, value);
      return { value: l2sq, scale: l2sq };
    },
    cosine: (a, b) => {
      const { ab, aa, bb } = sums(a, b, value);
      return { value: 1 - ab / Math.sqrt(aa * bb), scale: 1 };
    },
  };
}

function ones(byte: number): number {
  let count = 0;
  for (let bits = byte; bits > 0; bits >>= 1) count += bits & 1;
  return count;
}

const bitMetrics: Readonly<Record<string, TypedOperation['reference']>> = {
  hamming: (a, b) => {
    let value = 0;
    for (let i = 0; i < a.length; i++) value += ones((a[i] as number) ^ (b[i] as number));
    return { value, scale: 1 };
  },
  jaccard: (a, b) => {
    let both = 0;
    let either = 0;
    for (let i = 0; i < a.length; i++) {
      both += ones((a[i] as number) & (b[i] as number));
      either += ones((a[i] as number) | (b[i] as number));
    }
    return { value: either === 0 ? 0 : 1 - both / either, scale: 1 };
  },
};

/** The value of a binary16. */
function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);
function bfloat16(bits: number): number {
  word[0] = bits << 16;
  return float[0] as number;
}

/** What is measured of every type. */
export function typedOperations({ library }: Ours, simsimd: Simsimd | undefined): readonly TypedOperation[] {
  const { float16: f16, bfloat16: bf16, int8, uint8, bits } = library;
  // Each door takes one kind of array, and is given that one alone.
  const as = <F>(f: unknown) => f as F;
  const make = (
    type: TypedOperation['type'],
    door: object,
    names: readonly string[],
    references: Readonly<Record<string, TypedOperation['reference']>>,
    tolerance: number,
    peers: Readonly<Record<string, unknown>>,
  ): TypedOperation[] =>
    names.map((name) => {
      const functions = door as Readonly<Record<string, PairFunction<Vector>>> & {
        readonly many: (metric: string, query: Vector, rows: Vector, out: Float32Array) => unknown;
      };
      return {
        type,
        name,
        pair: functions[name] as PairFunction<Vector>,
        many: (query, rows, out) => functions.many(name, query, rows, out),
        peer: as<PairFunction<Vector> | undefined>(peers[name]),
        reference: references[name] as TypedOperation['reference'],
        tolerance,
      };
    });
  const dense = ['dot', 'l2sq', 'cosine'];
  const same = (x: number) => x;
  const peers = { dot: simsimd?.dot, l2sq: simsimd?.sqeuclidean, cosine: simsimd?.cosine };
  return [
    ...make('float16', f16, dense, metricsOf(float16), 2e-5, {}),
    ...make('bfloat16', bf16, dense, metricsOf(bfloat16), 2e-5, {}),
    // simsimd's cosines of bytes are within 1e-3: it takes an approximate root.
    ...make('int8', int8, dense, metricsOf(same), 1e-3, peers),
    ...make('uint8', uint8, dense, metricsOf(same), 1e-3, peers),
    ...make('bits', bits, ['hamming', 'jaccard'], bitMetrics, 1e-6, {
      hamming: simsimd?.hamming,
      jaccard: simsimd?.jaccard,
    }),
  ];
}

/** Elements of `dimensions` dimensions. */
function lengthOf(type: TypedOperation['type'], dimensions: number): number {
  return type === 'bits' ? dimensions / 8 : dimensions;
}

/** Many vectors in one array. */
function makeVectors(
  { library }: Ours,
  type: TypedOperation['type'],
  random: Random,
  length: number,
): Vector {
  if (type === 'float16')
    return library.float16.fromFloat32(random.fillNormal(new Float32Array(length))) as Uint16Array;
  if (type === 'bfloat16') return library.bfloat16.fromFloat32(random.fillNormal(new Float32Array(length)));
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = random.bits() & 255;
  return type === 'int8' ? new Int8Array(bytes.buffer) : bytes;
}

function split(all: Vector, length: number): Vector[] {
  return Array.from({ length: all.length / length }, (_, i) => all.subarray(i * length, (i + 1) * length));
}

function check(operation: TypedOperation, who: string, value: number, a: Vector, b: Vector): void {
  const expected = operation.reference(a, b);
  if (Math.abs(value - expected.value) <= operation.tolerance * expected.scale) return;
  throw new BenchError(
    'BENCH_DISAGREEMENT',
    `${who}: ${operation.type} ${operation.name} is ${value}, expected ${expected.value}`,
  );
}

function absence(operation: TypedOperation, peer: Subject | undefined): Pick<Case, 'absent'> {
  return peer !== undefined && operation.peer === undefined
    ? { absent: { [peer.name]: `simsimd has no ${operation.type} in JavaScript` } }
    : {};
}

/** One call a distance. */
export function typedPairCase(
  ours: Ours,
  operation: TypedOperation,
  dimensions: number,
  peer: Subject | undefined,
): Case {
  const { type, pair } = operation;
  const name = `${type} ${operation.name} pair, ${dimensions} dims`;
  return {
    name,
    parameters: { shape: 'pair', type, operation: operation.name, dimensions, seed: SEED },
    metrics: time('ns/call'),
    ...absence(operation, peer),
    prepare: async (_session, { budget }) => {
      const random = new Random(SEED);
      const length = lengthOf(type, dimensions);
      const count = Math.min(1024, Math.max(8, 2 ** Math.floor(Math.log2(RING_BYTES / length))));
      const left = split(makeVectors(ours, type, random, count * length), length);
      const right = split(makeVectors(ours, type, random, count * length), length);
      const loops = await instantiateLoops('ruvector', name);
      const entrants = [entrant('ruvector', budget, 1, (n) => loops.runPairs(pair, left, right, n))];
      const peerPair = operation.peer;
      if (peer && peerPair) {
        const peerLoops = await instantiateLoops(peer.name, name);
        entrants.push(entrant(peer.name, budget, 1, (n) => peerLoops.runPairs(peerPair, left, right, n)));
      }
      return prepared(entrants, () => {
        for (const [index, a] of left.entries()) {
          const b = right[index] as Vector;
          check(operation, 'ruvector', pair(a, b), a, b);
          if (peer && peerPair) check(operation, peer.name, peerPair(a, b), a, b);
        }
      });
    },
  };
}

/** One query, many rows. */
export function typedRowsCase(
  ours: Ours,
  operation: TypedOperation,
  rows: number,
  dimensions: number,
  peer: Subject | undefined,
): Case {
  const { type, many } = operation;
  const name = `${type} ${operation.name} ${rows.toLocaleString('en-US')} rows, ${dimensions} dims`;
  return {
    name,
    parameters: { shape: 'rows', type, operation: operation.name, rows, dimensions, seed: SEED },
    metrics: time('ns/row'),
    ...absence(operation, peer),
    prepare: async (_session, { budget }) => {
      const random = new Random(SEED);
      const length = lengthOf(type, dimensions);
      const matrix = makeVectors(ours, type, random, rows * length);
      const queries = split(makeVectors(ours, type, random, 4 * length), length);
      const views = split(matrix, length);
      const out = new Float32Array(rows);
      const loops = await instantiateLoops('ruvector', name);
      const entrants = [
        entrant('ruvector', budget, rows, (n) => loops.runMany(many, queries, matrix, out, n)),
      ];
      const peerPair = operation.peer;
      const peerOut = new Float32Array(rows);
      if (peer && peerPair) {
        const peerLoops = await instantiateLoops(peer.name, name);
        entrants.push(
          entrant(peer.name, budget, rows, (n) =>
            peerLoops.runPairsOverRows(peerPair, queries, views, peerOut, n),
          ),
        );
      }
      return prepared(entrants, () => {
        const query = queries[0] as Vector;
        loops.runMany(many, [query], matrix, out, 1);
        for (const [row, view] of views.entries())
          check(operation, 'ruvector', out[row] as number, query, view);
      });
    },
  };
}
