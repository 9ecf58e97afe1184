/** Latency and throughput of one connection that asks one question after the other. */
import type { Client } from 'pg';
import { encodeVector } from './copy.js';
import { vectorOf, type WordVectors } from './dataset/source.js';
import { vectorSearchSql } from './search.js';

export interface SearchAnswers {
  readonly k: number;
  /** `queries * k` rows of the data set, nearest first; -1 where the table has fewer than k rows. */
  readonly ids: Int32Array;
  /** The server's distances to them. */
  readonly distances: Float64Array;
}

export interface Timing {
  readonly queries: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly queriesPerSecond: number;
}

/** Options of {@link measureSearch}. */
export interface MeasureOptions {
  readonly k: number;
  /** Name of the prepared statement. A server may keep the plan that it made for a name. */
  readonly statement: string;
  /** Untimed queries before the first timed one. */
  readonly warmUp?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (queries: number) => void;
}

/**
 * Runs each query through one prepared statement with the vector as a binary parameter. A latency is the time
 * from sending to the last row received, in this process.
 *
 * @param queries rows of the data set whose vectors are asked about
 */
export async function measureSearch(
  client: Client,
  data: WordVectors,
  queries: Uint32Array,
  options: MeasureOptions,
): Promise<{ answers: SearchAnswers; timing: Timing }> {
  const { k } = options;
  const parameters = Array.from(queries, (row) => encodeVector(vectorOf(data, row)));
  const latencies = new Float64Array(queries.length);
  const ids = new Int32Array(queries.length * k).fill(-1);
  const distances = new Float64Array(queries.length * k).fill(Number.NaN);
  const ask = (parameter: Buffer) =>
    client.query<[number, number]>({
      name: options.statement,
      text: vectorSearchSql(k),
      values: [parameter],
      rowMode: 'array',
    });
  for (const parameter of parameters.slice(0, options.warmUp ?? 5)) await ask(parameter);

  let total = 0;
  for (let q = 0; q < parameters.length; q++) {
    options.signal?.throwIfAborted();
    const begin = performance.now();
    const { rows } = await ask(parameters[q]!);
    latencies[q] = performance.now() - begin;
    total += latencies[q]!;
    for (let n = 0; n < rows.length; n++) {
      ids[q * k + n] = rows[n]![0];
      distances[q * k + n] = rows[n]![1];
    }
    options.onProgress?.(q + 1);
  }
  latencies.sort();
  const timing: Timing = {
    queries: queries.length,
    p50Ms: rounded(percentile(latencies, 50), 3),
    p99Ms: rounded(percentile(latencies, 99), 3),
    queriesPerSecond: total === 0 ? 0 : rounded((1000 * queries.length) / total, 1),
  };
  return { answers: { k, ids, distances }, timing };
}

/** The nearest-rank percentile of ascending values: the smallest that at least `p` percent do not exceed. */
export function percentile(ascending: Float64Array, p: number): number {
  if (ascending.length === 0) return 0;
  const rank = Math.ceil((p / 100) * ascending.length);
  return ascending[Math.max(0, rank - 1)]!;
}

/** A measured value without the digits that no clock has. */
export function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
