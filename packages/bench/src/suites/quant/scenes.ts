/** Vectors that are difficult in one way each, for what must hold whatever the vectors are. */
import { Random } from '../../random.js';
import type { Corpus, Vectors } from './corpora.js';
import type { QuantSession } from './session.js';

export interface Scene {
  readonly name: string;
  readonly dimensions: number;
  /** Part of the case's key: the seed, or a hash of what is read. */
  readonly identity: string | number;
  make(rows: number, queries: number, session: QuantSession): Vectors | Promise<Vectors>;
}

type Fill = (random: Random, row: number, i: number, dimensions: number) => number;

const SEED = 20_250_115;

function scene(name: string, dimensions: number, fill: Fill, asked: Fill = fill): Scene {
  return {
    name,
    dimensions,
    identity: SEED,
    make: (rows, queries) => {
      const random = new Random(SEED);
      const filled = (count: number, element: Fill): Float32Array =>
        Float32Array.from({ length: count * dimensions }, (_, at) =>
          element(random, Math.floor(at / dimensions), at % dimensions, dimensions),
        );
      return { rows: filled(rows, fill), queries: filled(queries, asked) };
    },
  };
}

const below = (random: Random, n: number): number => Math.floor(random.uniform() * n);

/** Queries that lie beside rows: what a search is about, and where errors of estimates are smallest. */
function beside({ name, dimensions, identity, make }: Scene): Scene {
  return {
    name: `beside rows: ${name}`,
    dimensions,
    identity,
    make: async (count, queries, session) => {
      const { rows } = await make(count, 0, session);
      const random = new Random(SEED + 1);
      const asked = rows.slice(0, queries * dimensions).map((x) => x + 0.05 * random.normal());
      return { rows, queries: asked };
    },
  };
}

/** The first rows and queries of a corpus. */
export function sceneOf(corpus: Corpus): Scene {
  const { name, dimensions, identity } = corpus;
  return {
    name,
    dimensions,
    identity,
    make: async (count, asked, session) => {
      const { rows, queries } = await session.load(corpus);
      return { rows: rows.subarray(0, count * dimensions), queries: queries.subarray(0, asked * dimensions) };
    },
  };
}

const normal = scene('normal', 768, (random) => random.normal());

/** What a random rotation has to work for: estimates without bias, bounds that hold as often as they say. */
export const rotated: readonly Scene[] = [
  normal,
  beside(scene('normal', 128, (random) => random.normal())),
  scene('falling variance', 256, (random, _row, i) => random.normal() / (1 + i)),
  scene('heavy tails', 200, (random) => random.normal() ** 5),
  // A rotation that does not mix would leave them as they are.
  scene('one coordinate', 200, (random, row, i, n) => (i === (row * 7) % n ? 1 + random.uniform() : 0)),
  scene('far from the origin', 100, (random) => 10 + random.normal()),
  scene('sparse zeros and ones', 300, (random) => (below(random, 8) === 0 ? 1 : 0)),
  scene('whole numbers', 24, (random) => Math.floor(random.uniform() ** 3 * 256)),
];

/** What deterministic bounds have to survive. Within the range of float16, and products within that of float32. */
export const adverse: readonly Scene[] = [
  scene('normal', 48, (random) => random.normal()),
  scene('1 dimension', 1, (random) => random.normal()),
  scene('3 dimensions', 3, (random) => random.normal()),
  scene('33 dimensions', 33, (random) => random.normal()),
  scene('far from zero', 20, (random) => 300 + random.uniform()),
  scene('one huge coordinate', 32, (random, row, i, n) => (i === row % n ? 6e4 : random.uniform() - 0.5)),
  scene('subnormal', 17, (random) => (random.uniform() - 0.5) * 1e-43),
  scene('many sizes', 40, (random) => random.normal() * 10 ** (below(random, 12) - 8)),
  scene('constant vectors', 16, (_random, row) => [0.1, -7, 1e-30][row % 3]),
  scene('zeros among others', 24, (random, row) => (row % 3 === 0 ? 0 : random.normal())),
  scene('duplicates', 16, (_random, row, i) => Math.sin((row >> 2) * 31 + i)),
  scene(
    'queries far away',
    24,
    (random) => random.normal(),
    (random) => 1e4 * random.normal(),
  ),
];
