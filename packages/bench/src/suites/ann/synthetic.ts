/**
 * Vectors like those of a text model: a mixture of normal distributions in few dimensions, whose spectrum decays, pushed
 * through a random network of two layers into many. Their local intrinsic dimension is a case of the suite.
 *
 * All arithmetic is float64 of this file in a fixed order, and every block has a seed of its own: so the file is the same on
 * every machine, and one that was cut off is continued.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cacheKey } from '../../cache.js';
import { throwIfAborted } from '../../errors.js';
import { Random } from '../../random.js';
import { type AnnCorpus, shortCount, writeFloats } from './data.js';

export interface SyntheticOptions {
  readonly rows: number;
  readonly queries: number;
  readonly dimensions: number;
  /** Dimensions of the mixture. */
  readonly latent: number;
  /** Of the network's middle. */
  readonly hidden: number;
  readonly clusters: number;
  /** Standard deviation of latent dimension j: (j + 1)^-decay. */
  readonly decay: number;
  /** Of the clusters' centres, in standard deviations of a cluster. */
  readonly spread: number;
  readonly seed: number;
}

export const syntheticDefaults: SyntheticOptions = {
  rows: 1_000_000,
  queries: 1000,
  dimensions: 768,
  latent: 64,
  hidden: 160,
  clusters: 500,
  decay: 0.5,
  spread: 1,
  seed: 20_250_701,
};

/** Raised when the same options give other vectors. */
const VERSION = 1;
const BLOCK_ROWS = 1000;

/** Makes vectors, any block by itself. */
export class Generator {
  readonly #options: SyntheticOptions;
  readonly #scales: Float64Array;
  readonly #centres: Float64Array;
  readonly #first: Float64Array;
  readonly #second: Float64Array;

  constructor(options: SyntheticOptions) {
    const { latent, hidden, dimensions, clusters, decay, spread, seed } = options;
    const random = new Random(seed);
    const normals = (count: number, scale: number): Float64Array =>
      Float64Array.from({ length: count }, () => scale * random.normal());
    this.#options = options;
    this.#scales = Float64Array.from({ length: latent }, (_, j) => (j + 1) ** -decay);
    this.#centres = normals(clusters * latent, spread);
    for (let i = 0; i < this.#centres.length; i++) this.#centres[i] *= this.#scales[i % latent];
    const energy = this.#scales.reduce((sum, scale) => sum + scale * scale, 0) * (1 + spread * spread);
    // The middle is beyond the linear part of tanh for most rows, not for all.
    this.#first = normals(latent * hidden, 1.2 / Math.sqrt(energy));
    this.#second = normals(hidden * dimensions, 1 / Math.sqrt(hidden));
  }

  /** The rows of block n; queries are those of blocks from -1 downwards. */
  block(number: number, rows: number): Float32Array {
    const { latent, hidden, dimensions, clusters, seed } = this.#options;
    const random = new Random(Math.imul(seed, 31) + 7919 * number);
    const out = new Float32Array(rows * dimensions);
    const z = new Float64Array(latent);
    const middle = new Float64Array(hidden);
    const sum = new Float64Array(dimensions);
    for (let row = 0; row < rows; row++) {
      // The square makes some clusters much larger than others.
      const centre = latent * Math.floor(clusters * random.uniform() ** 2);
      for (let j = 0; j < latent; j++) z[j] = this.#centres[centre + j] + this.#scales[j] * random.normal();
      middle.fill(0);
      for (let j = 0, at = 0; j < latent; j++)
        for (let h = 0; h < hidden; h++, at++) middle[h] += z[j] * this.#first[at];
      sum.fill(0);
      for (let h = 0, at = 0; h < hidden; h++) {
        const value = Math.tanh(middle[h]);
        for (let i = 0; i < dimensions; i++, at++) sum[i] += value * this.#second[at];
      }
      out.set(sum, row * dimensions);
    }
    return out;
  }
}

/** A corpus of such vectors. */
export function syntheticCorpus(options: SyntheticOptions = syntheticDefaults): AnnCorpus {
  const { rows, queries, dimensions } = options;
  const identity = cacheKey({ version: VERSION, ...options, rows: 0 });
  const key = identity.slice(0, 16);
  return {
    name: `synthetic ${shortCount(rows)}`,
    base: 'synthetic',
    identity,
    dimensions,
    rows,
    queries,
    about: `synthetic: ${rows.toLocaleString('en-US')} rows of ${dimensions} dimensions, by L2, a mixture of ${options.clusters} normal distributions in ${options.latent} dimensions pushed through a random network of two layers, seed ${options.seed}; ${queries.toLocaleString('en-US')} queries drawn in the same way`,
    files: async (directory, { signal, step }) => {
      const files = {
        rows: join(directory, `${key}.${rows}.rows.f32`),
        queries: join(directory, `${key}.queries.f32`),
      };
      if (existsSync(files.rows) && existsSync(files.queries)) return files;
      await mkdir(directory, { recursive: true });
      const generator = new Generator(options);
      await writeFloats(files.queries, generator.block(-1, queries));
      const partial = `${files.rows}.partial`;
      const file = await open(partial, existsSync(partial) ? 'r+' : 'w');
      try {
        const blockBytes = 4 * BLOCK_ROWS * dimensions;
        const { size } = await file.stat();
        for (let block = Math.floor(size / blockBytes); block * BLOCK_ROWS < rows; block++) {
          await nextTurn();
          throwIfAborted(signal);
          const first = block * BLOCK_ROWS;
          if (first % 100_000 === 0)
            step(`making synthetic vectors, ${shortCount(first)} of ${shortCount(rows)}`);
          const made = generator.block(block, Math.min(BLOCK_ROWS, rows - first));
          const bytes = new Uint8Array(made.buffer);
          for (let at = 0; at < bytes.length; )
            at += (await file.write(bytes, at, bytes.length - at, block * blockBytes + at)).bytesWritten;
        }
        await file.truncate(4 * rows * dimensions);
      } finally {
        await file.close();
      }
      await rename(partial, files.rows);
      return files;
    },
  };
}
