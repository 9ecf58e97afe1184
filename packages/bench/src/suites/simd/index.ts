/**
 * Distances from Node through the addon of @ruvector/core-simd against simsimd from npm, the call included. Float32 is here, other types in
 * types.ts, other shapes in shapes.ts.
 *
 * Two shapes. *Pair*: one call a distance, over a ring of vectors that stays in the level-2 cache. *Rows*: one query
 * against N rows; ours is one call, simsimd has pair calls only, so it gets the loop that its users write, over views
 * made beforehand. 256 rows stay in a level-2 cache up to 768 dimensions; 10,000 rows do not from 96 on.
 */
import { checkValue, type OperationName, type Reference, references } from '../../distances.js';
import { Random } from '../../random.js';
import {
  type AbsentPeer,
  type Budget,
  type Case,
  emptySession,
  type Plan,
  type PlanContext,
  type Subject,
  type Suite,
} from '../../suite.js';
import { entrant, instantiateLoops, prepared, time } from './harness.js';
import { makeMatrix, makeRing, splitRows } from './inputs.js';
import { loadOurs, loadSimsimd, type Ours, type Simsimd } from './libraries.js';
import type { ManyFunction, PairFunction, UnaryFunction } from './loops.js';
import { gatherCase, matrixCase, memory, topKCase } from './shapes.js';
import { typedOperations, typedPairCase, typedRowsCase } from './types.js';

const DIMENSIONS = [16, 96, 100, 128, 384, 768, 1536] as const;
const ROWS = [256, 10_000] as const;
const SEED = 20_240_817;

const budgets: Readonly<Record<'full' | 'quick', Budget>> = {
  full: { rounds: 41, warmups: 4, minTimeMs: 8 },
  quick: { rounds: 19, warmups: 3, minTimeMs: 5 },
};

interface Operation {
  readonly name: OperationName;
  readonly pair?: PairFunction;
  readonly unary?: UnaryFunction;
  readonly many?: ManyFunction;
  /** simsimd's pair function, when it took part and has one. */
  readonly peer?: PairFunction | undefined;
  /** Why simsimd has none. */
  readonly peerless?: string;
}

function operationsOf({ library }: Ours, simsimd: Simsimd | undefined): readonly Operation[] {
  const peerless = (what: string) => `simsimd has no ${what} for float32`;
  return [
    { name: 'dot', pair: library.dot, many: library.dotMany, peer: simsimd?.dot },
    { name: 'l2sq', pair: library.l2sq, many: library.l2sqMany, peer: simsimd?.sqeuclidean },
    { name: 'cosine', pair: library.cosine, many: library.cosineMany, peer: simsimd?.cosine },
    { name: 'l1', pair: library.l1, many: library.l1Many, peerless: peerless('l1') },
    { name: 'norm', unary: library.norm, peerless: peerless('norm') },
  ];
}

function absence(operation: Operation, peer: Subject | undefined): Pick<Case, 'absent'> {
  return peer && operation.peerless ? { absent: { [peer.name]: operation.peerless } } : {};
}

function pairCase(operation: Operation, dimensions: number, peer: Subject | undefined): Case {
  const name = `${operation.name}${operation.unary ? '' : ' pair'}, ${dimensions} dims`;
  return {
    name,
    parameters: { shape: 'pair', operation: operation.name, dimensions, seed: SEED },
    metrics: time('ns/call'),
    ...absence(operation, peer),
    prepare: async (_session, { budget }) => {
      const random = new Random(SEED);
      const left = makeRing(random, dimensions);
      const right = makeRing(random, dimensions);
      const { pair, unary, peer: peerPair } = operation;
      const loops = await instantiateLoops('ruvector', name);
      const entrants = [
        entrant('ruvector', budget, 1, (iterations) =>
          unary
            ? loops.runUnary(unary, left, iterations)
            : loops.runPairs(pair as PairFunction, left, right, iterations),
        ),
      ];
      if (peer && peerPair) {
        const peerLoops = await instantiateLoops(peer.name, name);
        entrants.push(entrant(peer.name, budget, 1, (n) => peerLoops.runPairs(peerPair, left, right, n)));
      }
      return prepared(entrants, () => {
        for (const [index, a] of left.entries()) {
          const b = right[index] as Float32Array;
          const expected = references[operation.name](a, b);
          checkValue('ruvector', operation.name, unary ? unary(a) : (pair as PairFunction)(a, b), expected);
          if (peer && peerPair) checkValue(peer.name, operation.name, peerPair(a, b), expected);
        }
      });
    },
  };
}

function rowsCase(operation: Operation, rows: number, dimensions: number, peer: Subject | undefined): Case {
  const name = `${operation.name} ${rows.toLocaleString('en-US')} rows, ${dimensions} dims`;
  return {
    name,
    parameters: { shape: 'rows', operation: operation.name, rows, dimensions, seed: SEED },
    metrics: time('ns/row'),
    ...absence(operation, peer),
    prepare: async (_session, { budget }) => {
      const { matrix, queries } = makeMatrix(new Random(SEED), rows, dimensions);
      const views = splitRows(matrix, dimensions);
      const many = operation.many as ManyFunction;
      const out = new Float32Array(rows);
      const loops = await instantiateLoops('ruvector', name);
      const entrants = [
        entrant('ruvector', budget, rows, (n) => loops.runMany(many, queries, matrix, out, n)),
      ];
      const peerOut = new Float32Array(rows);
      const peerPair = operation.peer;
      const peerLoops = await instantiateLoops(peer?.name ?? 'none', name);
      if (peer && peerPair)
        entrants.push(
          entrant(peer.name, budget, rows, (n) =>
            peerLoops.runPairsOverRows(peerPair, queries, views, peerOut, n),
          ),
        );
      return prepared(entrants, () => {
        const query = queries[0] as Float32Array;
        loops.runMany(many, [query], matrix, out, 1);
        const expected: Reference[] = views.map((row) => references[operation.name](query, row));
        for (const [row, value] of out.entries())
          checkValue('ruvector', `${operation.name} of row ${row}`, value, expected[row] as Reference);
        if (!peer || !peerPair) return;
        peerLoops.runPairsOverRows(peerPair, [query], views, peerOut, 1);
        for (const [row, value] of peerOut.entries())
          checkValue(peer.name, `${operation.name} of row ${row}`, value, expected[row] as Reference);
      });
    },
  };
}

/** Only the nearest ten stand beside a loop that just reads. */
function withoutMemory(item: Case): Case {
  return { ...item, absent: { ...item.absent, [memory.name]: 'it stands beside the nearest ten alone' } };
}

async function plan({ mode }: PlanContext): Promise<Plan> {
  const ours = await loadOurs();
  const loaded = await loadSimsimd();
  const peer = loaded.library ? loaded.subject : undefined;
  const absent: readonly AbsentPeer[] = loaded.library ? [] : [loaded.absent];
  const peers: readonly Subject[] = [...(peer ? [peer] : []), memory];
  const cases: Case[] = [];
  for (const operation of operationsOf(ours, loaded.library)) {
    // Without a peer there is nothing to compare: two sizes say enough where time is short.
    const dimensions = mode === 'quick' && operation.peerless ? ([128, 768] as const) : DIMENSIONS;
    for (const size of dimensions) cases.push(pairCase(operation, size, peer));
    for (const rows of operation.many ? ROWS : [])
      for (const size of dimensions) cases.push(rowsCase(operation, rows, size, peer));
  }
  for (const operation of typedOperations(ours, loaded.library)) {
    const dimensions = mode === 'quick' ? ([96, 768, 1536] as const) : ([96, 128, 384, 768, 1536] as const);
    for (const size of dimensions) cases.push(typedPairCase(ours, operation, size, peer));
    for (const size of dimensions) cases.push(typedRowsCase(ours, operation, 10_000, size, peer));
  }
  const shapes: readonly Case[] = [
    topKCase(ours, loaded.library, mode === 'quick' ? 50_000 : 100_000, peers),
    matrixCase(ours, loaded.library, [64, 1000], peers),
    gatherCase(ours, loaded.library, 10_000, peers),
  ];
  return {
    ours: ours.subject,
    peers,
    absent,
    notes: [
      'Times include the call from JavaScript. Every case first checks the values of all entrants against double precision.',
      'Rows: ours is one call for all rows; simsimd is called once per row.',
      'simsimd calls squared L2 sqeuclidean.',
    ],
    budget: budgets[mode],
    cases: [...cases.map(withoutMemory), ...shapes],
    open: async () => emptySession,
  };
}

/** Suite `simd`: distances from Node. */
export const simdSuite: Suite = {
  name: 'simd',
  summary: 'distances of every type from Node through the addon, against simsimd from npm',
  directory: import.meta.dirname,
  plan,
};
