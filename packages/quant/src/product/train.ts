/** Training in TypeScript: native/src/product/train.cpp, step by step. */
import { newArray } from '../check.js';
import { Pace, Selection, type Start, type TrainOptions } from '../kmeans/run.js';
import { stepsOf, train as trainCentroids } from '../kmeans/train.js';
import { Random } from '../random.js';
import { turn } from './codes.js';
import { type Bits, beginOf, centroidsOf } from './layout.js';
import { frobeniusNorm, polarFactor } from './polar.js';

const startRows = 32;
const startIterations = 5;
const turnIterations = 2;
const lastIterations = 12;
const tolerance = 1e-5;
const proximal = 1e-7;
const units = 1024;

/** The stream of a seed that is product training's. */
const productStream = 0x70;

export interface ProductTraining {
  readonly n: number;
  readonly m: number;
  readonly bits: Bits;
  /** Of k-means in each sub-space. */
  readonly iterations: number;
  /** Of OPQ; 0: no rotation. */
  readonly turns: number;
  readonly start: 'k-means++' | 'random';
  readonly seed: number;
  readonly threads: number;
}

/** What training fills in. */
export interface ProductResult {
  readonly centroids: Float32Array;
  readonly rotation: Float32Array | undefined;
  /** turns + 2: sums of squared residuals, of no rotation first; then the distortion of the rotation. */
  readonly history: Float64Array;
}

/** The steps that progress is told of. */
export function stepsOfTraining({ m, turns }: ProductTraining): number {
  return m * units + (m * units) / 4 + turns * m * units;
}

class Trainer {
  readonly #o: ProductTraining;
  readonly #rows: Float32Array;
  readonly #count: number;
  readonly #result: ProductResult;
  readonly #startRows: Uint32Array;
  readonly #index: Uint32Array;
  /** Of the part at work. */
  readonly #pace = new Pace();
  #done = 0;

  constructor(o: ProductTraining, rows: Float32Array, result: ProductResult) {
    this.#o = o;
    this.#rows = rows;
    this.#count = rows.length / o.n;
    this.#result = result;
    this.#index = newArray('train', 'Uint32Array', this.#count);
    const most = Math.min(this.#count, startRows * centroidsOf(o));
    const selection = new Selection(new Random(o.seed, productStream), this.#count, most);
    this.#startRows = new Uint32Array(most);
    for (let i = 0, taken = 0; taken < most; i++) if (selection.next()) this.#startRows[taken++] = i;
  }

  #options(width: number, iterations: number, start: Start, seed: number): TrainOptions {
    return {
      n: width,
      k: centroidsOf(this.#o),
      coarse: 0,
      iterations,
      tolerance,
      batches: 0,
      batchRows: 0,
      start,
      spherical: false,
      seed,
      threads: 1,
    };
  }

  /** A k-means that is a part of the work; its objective. */
  *#part(
    options: TrainOptions,
    rows: Float32Array,
    centroids: Float32Array,
    indices: Uint32Array | undefined,
    weight: number,
  ): Generator<number, number> {
    const history = new Float64Array(options.iterations + 3);
    const total = stepsOf(rows.length / options.n, options);
    this.#pace.done = 0;
    const slices = trainCentroids(options, rows, centroids, indices, history, this.#pace);
    for (let step = slices.next(); step.done !== true; step = slices.next()) {
      yield this.#done + Math.trunc((weight * step.value) / total);
    }
    this.#done += weight;
    return history[options.iterations + 2];
  }

  /** M's columns of a sub-space: element i, j is the sum of x[i] c[j]. */
  *#addProducts(
    begin: number,
    width: number,
    centroids: Float32Array,
    products: Float64Array,
  ): Generator<number, void> {
    const { n } = this.#o;
    const k = centroidsOf(this.#o);
    const sums = new Float64Array(k * n);
    for (let r = 0; r < this.#count; r++) {
      const at = this.#index[r] * n;
      for (let i = 0; i < n; i++) sums[at + i] += this.#rows[r * n + i];
      if (this.#pace.isDue(n)) yield this.#done;
    }
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < width; j++) {
        let sum = 0;
        for (let c = 0; c < k; c++) sum += sums[c * n + i] * centroids[c * width + j];
        products[i * n + begin + j] = sum;
      }
      if (this.#pace.isDue(width * k)) yield this.#done;
    }
  }

  /** k-means in each sub-space; the sum of squared residuals. */
  *#spaces(
    rows: Float32Array,
    starts: boolean,
    iterations: number,
    products: Float64Array | undefined,
  ): Generator<number, number> {
    const { n, m, seed, start } = this.#o;
    const k = centroidsOf(this.#o);
    let objective = 0;
    for (let s = 0; s < m; s++) {
      const begin = beginOf(this.#o, s);
      const width = beginOf(this.#o, s + 1) - begin;
      const centroids = this.#result.centroids.subarray(k * begin, k * (begin + width));
      const part = newArray('train', 'Float32Array', this.#count * width);
      for (let r = 0; r < this.#count; r++) {
        for (let i = 0; i < width; i++) part[r * width + i] = rows[r * n + begin + i];
        if (this.#pace.isDue(width)) yield this.#done;
      }
      if (starts) {
        const some = new Float32Array(this.#startRows.length * width);
        this.#startRows.forEach((r, i) => {
          some.set(part.subarray(r * width, (r + 1) * width), i * width);
        });
        const own = (seed + Math.imul(s, 0x9e3779b9)) >>> 0;
        const options = this.#options(width, startIterations, start, own);
        yield* this.#part(options, some, centroids, undefined, units / 4);
      }
      const options = this.#options(width, iterations, 'given', 0);
      objective += yield* this.#part(options, part, centroids, this.#index, units);
      if (products !== undefined) yield* this.#addProducts(begin, width, centroids, products);
    }
    return objective;
  }

  /** The next rotation, from M and the one before. */
  *#nextRotation(products: Float64Array, rotation: Float32Array): Generator<number, void> {
    const weight = proximal * frobeniusNorm(products);
    if (!(weight > 0)) return;
    for (let i = 0; i < products.length; i++) products[i] += weight * rotation[i];
    const work = polarFactor(this.#o.n, products);
    for (;;) {
      const step = work.next();
      if (step.done !== true) yield this.#done;
      else if (step.value) return rotation.set(products);
      else return;
    }
  }

  *#distortion(rotation: Float32Array): Generator<number, number> {
    const { n } = this.#o;
    const product = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = i === j ? -1 : 0;
        for (let c = 0; c < n; c++) sum += rotation[i * n + c] * rotation[j * n + c];
        product[i * n + j] = sum;
        product[j * n + i] = sum;
      }
      if (this.#pace.isDue(i * n)) yield this.#done;
    }
    return frobeniusNorm(product) * (1 + 2 ** -20) + n * 2 ** -48;
  }

  *#findRotation(rotation: Float32Array, products: Float64Array): Generator<number, void> {
    const { n, m, turns } = this.#o;
    const { history, centroids } = this.#result;
    for (let i = 0; i < n * n; i++) rotation[i] = i % (n + 1) === 0 ? 1 : 0;
    const turned = newArray('train', 'Float32Array', this.#count * n);
    for (let t = 1; t <= turns; t++) {
      const last = t === turns;
      const before = [rotation.slice(), centroids.slice()] as const;
      yield* this.#nextRotation(products, rotation);
      for (let r = 0; r < this.#count; r++) {
        turn(rotation, n, this.#rows.subarray(r * n, (r + 1) * n), turned.subarray(r * n, (r + 1) * n));
        if (this.#pace.isDue(n * n)) yield this.#done;
      }
      const iterations = last ? lastIterations : turnIterations;
      const objective = yield* this.#spaces(turned, false, iterations, last ? undefined : products);
      if (!(objective < history[t - 1])) {
        rotation.set(before[0]);
        centroids.set(before[1]);
        history.fill(history[t - 1], t, turns + 1);
        break;
      }
      history[t] = objective;
      this.#done = m * units + (m * units) / 4 + t * m * units;
    }
    history[turns + 1] = yield* this.#distortion(rotation);
  }

  *run(): Generator<number, void> {
    const { n, turns, iterations } = this.#o;
    const { rotation, history } = this.#result;
    const products = rotation === undefined ? undefined : newArray('train', 'Float64Array', n * n);
    history[0] = yield* this.#spaces(this.#rows, true, iterations, products);
    history[turns + 1] = 0;
    if (rotation !== undefined && products !== undefined) yield* this.#findRotation(rotation, products);
  }
}

/** Trains a codec, in slices. */
export function train(
  options: ProductTraining,
  rows: Float32Array,
  result: ProductResult,
): Generator<number, void> {
  return new Trainer(options, rows, result).run();
}
