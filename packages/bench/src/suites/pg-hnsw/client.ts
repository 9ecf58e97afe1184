/**
 * Searches as a client asks for them: a prepared statement, the vector in binary, one query after the other. The ten ids
 * come as text: node-postgres 8 reads binary answers as UTF-8 and damages bytes above 127.
 */
import { performance } from 'node:perf_hooks';
import { BenchError } from '../../errors.js';
import { quantile } from '../../statistics.js';
import type { Case, Entrant, Metric } from '../../suite.js';
import { vectorParameter } from '../pg/copy-format.js';
import { type IndexOptions, indexKey } from './building.js';
import { type Dataset, vectorAt } from './dataset.js';
import { shortRecall, tune } from './search.js';
import { checkSinglePlan, preparedSearch } from './searching.js';
import { AMPLE_BUFFERS, type HnswSession } from './session.js';
import { recallOf } from './truth.js';

/** Every query in its binary form. */
export function parametersOf(queries: Float32Array, dimensions: number): Buffer[] {
  return Array.from({ length: queries.length / dimensions }, (_, query) =>
    vectorParameter(vectorAt(queries, dimensions, query)),
  );
}

const metrics: readonly Metric[] = [
  { name: 'qps', unit: 'queries/s', better: 'higher' },
  { name: 'p50', unit: 'us', better: 'lower' },
  { name: 'p99', unit: 'us', better: 'lower' },
  { name: 'recall', unit: 'recall@10', better: 'higher' },
];

export interface ClientOptions {
  readonly dataset: Dataset;
  readonly index: IndexOptions;
  readonly recall: number;
  /** Queries of a sample. */
  readonly batch: number;
}

export function clientCase({
  dataset,
  index,
  recall: goal,
  batch: wanted,
}: ClientOptions): Case<HnswSession> {
  const { identity, rows, queries, dimensions } = dataset;
  const batch = Math.min(wanted, queries);
  return {
    name: `client ${dataset.name}, prepared, recall ${shortRecall(goal)}`,
    parameters: { dataset: identity, rows, queries, index: indexKey(index), recall: goal, batch },
    metrics,
    prepare: async (session, context) => {
      await session.setBuffers(AMPLE_BUFFERS, context);
      const loaded = await session.load(dataset, context);
      const truth = await session.truth(loaded, context);
      await session.ensureIndex(loaded.items, index, context);
      const { tuned, absent } = await tune(
        session,
        loaded,
        truth,
        { index, goal: { recall: goal } },
        context,
      );
      const parameters = parametersOf(truth.queries, dimensions);
      const batches = Math.floor(queries / batch);
      return {
        entrants: tuned.map(
          ({ contender: { name, client }, recall }): Entrant => ({
            name,
            sample: async (round) => {
              const lowest = ((round + batches * 1000) % batches) * batch;
              const latencies = new Float64Array(batch);
              const start = performance.now();
              for (let i = 0; i < batch; i++) {
                const asked = performance.now();
                await client.query(preparedSearch(loaded.items, parameters[lowest + i] as Buffer));
                latencies[i] = (performance.now() - asked) * 1000;
              }
              const seconds = (performance.now() - start) / 1000;
              const all = [...latencies];
              return { qps: batch / seconds, p50: quantile(all, 0.5), p99: quantile(all, 0.99), recall };
            },
          }),
        ),
        absent,
        // The protocol must not change the answers.
        verify: async () => {
          for (const { contender, recall } of tuned) {
            await checkSinglePlan(contender, loaded.items, vectorAt(truth.queries, dimensions, 0));
            const answers: number[][] = [];
            for (const parameter of parameters) {
              const { rows: found } = await contender.client.query<{ id: number }>(
                preparedSearch(loaded.items, parameter),
              );
              answers.push(found.map(({ id }) => id));
            }
            const got = recallOf(contender.name, answers, truth);
            if (got !== recall)
              throw new BenchError(
                'BENCH_DISAGREEMENT',
                `${contender.name} has recall ${got} by the client and ${recall} in the server`,
              );
          }
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
