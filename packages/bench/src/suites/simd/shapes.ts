/**
 * Shapes beyond one query against rows in order: the nearest ten, a matrix, rows that lie anywhere.
 *
 * The nearest ten read more than any cache holds, so the memory bounds them: beside them stands `memchr` of the C library, which reads
 * the same bytes and does next to nothing with them (through `Buffer.indexOf`, for a byte that does not occur).
 */
import { BenchError } from '../../errors.js';
import { Random } from '../../random.js';
import type { Case, Subject } from '../../suite.js';
import { entrant, instantiateLoops, prepared, time } from './harness.js';
import { splitRows } from './inputs.js';
import type { Ours, Simsimd } from './libraries.js';

const SEED = 20_261_124;
const DIMENSIONS = 768;
const K = 10;

/** The peer that only reads. */
export const memory: Subject = {
  name: 'memchr',
  version: process.version,
  fingerprint: process.version,
  details: { what: 'Buffer.indexOf: reads the same bytes' },
};

/** Every byte is even, so that `memchr` finds none that is 1. */
function evenBytes(vectors: Float32Array): Float32Array {
  const words = new Uint32Array(vectors.buffer, vectors.byteOffset, vectors.length);
  for (let i = 0; i < words.length; i++) words[i] = (words[i] as number) & 0xfefe_fefe;
  return vectors;
}

function absent(peers: readonly Subject[], present: readonly string[], why: string): Pick<Case, 'absent'> {
  const others = peers.filter(({ name }) => !present.includes(name));
  return { absent: Object.fromEntries(others.map(({ name }) => [name, why])) };
}

/** The ten nearest of many rows. */
export function topKCase(
  { library }: Ours,
  simsimd: Simsimd | undefined,
  rows: number,
  peers: readonly Subject[],
): Case {
  const name = `l2sq top ${K} of ${rows.toLocaleString('en-US')}, ${DIMENSIONS} dims`;
  return {
    name,
    parameters: { shape: 'topK', rows, dimensions: DIMENSIONS, k: K, seed: SEED },
    metrics: time('ns/row'),
    ...absent(peers, ['simsimd', 'memchr'], 'not measured here'),
    prepare: async (_session, { budget }) => {
      const random = new Random(SEED);
      const matrix = evenBytes(random.fillNormal(new Float32Array(rows * DIMENSIONS)));
      const queries = splitRows(random.fillNormal(new Float32Array(4 * DIMENSIONS)), DIMENSIONS);
      const views = splitRows(matrix, DIMENSIONS);
      const bytes = Buffer.from(matrix.buffer, matrix.byteOffset, matrix.byteLength);
      const ours = (query: Float32Array) => library.float32.topK('l2sq', query, matrix, K);
      /** What a user of pair calls writes: a sorted list of ten. */
      const theirs = (query: Float32Array) => {
        const distance = simsimd?.sqeuclidean as (a: Float32Array, b: Float32Array) => number;
        const scores = new Float64Array(K).fill(Number.POSITIVE_INFINITY);
        const indices = new Uint32Array(K);
        for (let row = 0; row < views.length; row++) {
          const score = distance(query, views[row] as Float32Array);
          if (!(score < (scores[K - 1] as number))) continue;
          let place = K - 1;
          for (; place > 0 && (scores[place - 1] as number) > score; place--) {
            scores[place] = scores[place - 1] as number;
            indices[place] = indices[place - 1] as number;
          }
          scores[place] = score;
          indices[place] = row;
        }
        return { indices, scores };
      };
      const turns = (work: (query: Float32Array) => number) => (iterations: number) => {
        let sum = 0;
        for (let i = 0; i < iterations; i++) sum += work(queries[i & 3] as Float32Array);
        return sum;
      };
      const entrants = [
        entrant(
          'ruvector',
          budget,
          rows,
          turns((query) => ours(query).indices[0] as number),
        ),
      ];
      for (const { name: peer } of peers) {
        if (peer === 'simsimd')
          entrants.push(
            entrant(
              peer,
              budget,
              rows,
              turns((query) => theirs(query).indices[0] as number),
            ),
          );
        if (peer === 'memchr')
          entrants.push(
            entrant(
              peer,
              budget,
              rows,
              turns(() => bytes.indexOf(1)),
            ),
          );
      }
      return prepared(entrants, () => {
        if (bytes.indexOf(1) !== -1)
          throw new BenchError('BENCH_DISAGREEMENT', 'memchr found a byte that is not there');
        for (const query of queries) {
          const exact = views.map((row) => {
            let sum = 0;
            for (let i = 0; i < DIMENSIONS; i++) sum += ((query[i] as number) - (row[i] as number)) ** 2;
            return sum;
          });
          const best = [...exact.keys()]
            .sort((a, b) => (exact[a] as number) - (exact[b] as number))
            .slice(0, K);
          const expected = best.map((row) => exact[row] as number);
          const check = (who: string, indices: Uint32Array): void => {
            const found = [...indices].map((row) => exact[row] as number);
            // Rounding may exchange rows that are equally far in float32.
            if (found.length !== K || found.some((d, i) => Math.abs(d - (expected[i] as number)) > 1e-4 * d))
              throw new BenchError(
                'BENCH_DISAGREEMENT',
                `${who}: the nearest are ${best}, and it found ${[...indices]}`,
              );
          };
          check('ruvector', ours(query).indices);
          if (peers.some((peer) => peer.name === 'simsimd')) check('simsimd', theirs(query).indices);
        }
      });
    },
  };
}

/** Each of some queries against each of many rows. */
export function matrixCase(
  { library }: Ours,
  simsimd: Simsimd | undefined,
  [m, n]: readonly [number, number],
  peers: readonly Subject[],
): Case {
  const name = `dot matrix ${m} x ${n.toLocaleString('en-US')}, ${DIMENSIONS} dims`;
  return {
    name,
    parameters: { shape: 'matrix', m, n, dimensions: DIMENSIONS, seed: SEED },
    metrics: time('ns/pair'),
    ...absent(peers, ['simsimd'], 'not measured here'),
    prepare: async (_session, { budget }) => {
      const random = new Random(SEED);
      const a = random.fillNormal(new Float32Array(m * DIMENSIONS));
      const b = random.fillNormal(new Float32Array(n * DIMENSIONS));
      const [left, right] = [splitRows(a, DIMENSIONS), splitRows(b, DIMENSIONS)];
      const out = new Float32Array(m * n);
      const entrants = [
        entrant('ruvector', budget, m * n, (iterations) => {
          for (let i = 0; i < iterations; i++) library.float32.matrix('dot', a, b, DIMENSIONS, out);
          return out[0] as number;
        }),
      ];
      const dot = simsimd?.dot;
      if (dot !== undefined && peers.some((peer) => peer.name === 'simsimd')) {
        const loops = await instantiateLoops('simsimd', name);
        const row = new Float32Array(n);
        entrants.push(
          entrant('simsimd', budget, m * n, (iterations) => {
            let sum = 0;
            for (let i = 0; i < iterations; i++)
              for (const query of left)
                sum += loops.runPairsOverRows<Float32Array>(dot, [query], right, row, 1);
            return sum;
          }),
        );
      }
      return prepared(entrants, () => {
        library.float32.matrix('dot', a, b, DIMENSIONS, out);
        for (const [i, x] of left.entries())
          for (const [j, y] of right.entries()) {
            let [sum, scale] = [0, 0];
            for (let k = 0; k < DIMENSIONS; k++) {
              sum += (x[k] as number) * (y[k] as number);
              scale += Math.abs((x[k] as number) * (y[k] as number));
            }
            if (!(Math.abs((out[i * n + j] as number) - sum) <= 2e-5 * scale))
              throw new BenchError(
                'BENCH_DISAGREEMENT',
                `ruvector: ${i}, ${j} of the matrix is ${out[i * n + j]}, not ${sum}`,
              );
          }
      });
    },
  };
}

/** One query against rows in an order of their own, as a graph search meets them. */
export function gatherCase(
  { library }: Ours,
  simsimd: Simsimd | undefined,
  rows: number,
  peers: readonly Subject[],
): Case {
  const taken = 64;
  const name = `l2sq gather ${taken} of ${rows.toLocaleString('en-US')}, ${DIMENSIONS} dims`;
  return {
    name,
    parameters: { shape: 'gather', rows, taken, dimensions: DIMENSIONS, seed: SEED },
    metrics: time('ns/row'),
    ...absent(peers, ['simsimd'], 'not measured here'),
    prepare: async (_session, { budget }) => {
      const random = new Random(SEED);
      const matrix = random.fillNormal(new Float32Array(rows * DIMENSIONS));
      const query = random.fillNormal(new Float32Array(DIMENSIONS));
      const views = splitRows(matrix, DIMENSIONS);
      const lists = Array.from({ length: 64 }, () =>
        Uint32Array.from({ length: taken }, () => Math.floor(random.uniform() * rows)),
      );
      const out = new Float32Array(taken);
      const entrants = [
        entrant('ruvector', budget, taken, (iterations) => {
          let sum = 0;
          for (let i = 0; i < iterations; i++) {
            library.float32.gather('l2sq', query, matrix, lists[i & 63] as Uint32Array, out);
            sum += out[i % taken] as number;
          }
          return sum;
        }),
      ];
      const distance = simsimd?.sqeuclidean;
      if (distance !== undefined && peers.some((peer) => peer.name === 'simsimd'))
        entrants.push(
          entrant('simsimd', budget, taken, (iterations) => {
            let sum = 0;
            for (let i = 0; i < iterations; i++) {
              const list = lists[i & 63] as Uint32Array;
              for (let j = 0; j < taken; j++)
                out[j] = distance(query, views[list[j] as number] as Float32Array);
              sum += out[i % taken] as number;
            }
            return sum;
          }),
        );
      return prepared(entrants, () => {
        for (const list of lists) {
          const gathered = library.float32.gather('l2sq', query, matrix, list);
          for (const [j, row] of list.entries()) {
            const single = library.l2sq(query, views[row] as Float32Array);
            if (!(Math.abs((gathered[j] as number) - single) <= 2e-5 * single))
              throw new BenchError(
                'BENCH_DISAGREEMENT',
                `ruvector: gathered ${gathered[j]}, and the pair is ${single}`,
              );
          }
        }
      });
    },
  };
}
