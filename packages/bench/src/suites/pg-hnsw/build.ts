/**
 * Building the index, with equal parameters, workers and memory. The time is the client's from CREATE INDEX to its
 * answer, commit included: seconds, beside which the protocol is nothing. The processor time of all processes that
 * build stands beside it, because there are few rounds, and on a busy machine it moves less.
 */
import { BenchError } from '../../errors.js';
import type { Budget, Case, Entrant, Metric } from '../../suite.js';
import { buildIndex, buildMemory, type IndexOptions, indexKey } from './building.js';
import type { Dataset } from './dataset.js';
import { RECALL_FLOOR } from './search.js';
import { recallAt, targetOf } from './searching.js';
import { AMPLE_BUFFERS, type HnswSession } from './session.js';

/** Where the recall of a new index is looked at. */
const EF_SEARCH = 100;

const metrics: readonly Metric[] = [
  { name: 'time', unit: 's', better: 'lower' },
  { name: 'cpu', unit: 's', better: 'lower', optional: 'the system does not tell processor times' },
  { name: 'index', unit: 'bytes', better: 'lower' },
  { name: 'recall', unit: `recall@10, ef ${EF_SEARCH}`, better: 'higher' },
];

const shares: ReadonlyMap<number | undefined, string> = new Map([
  [undefined, ''],
  [0.25, ', memory for 1/4 of the rows'],
  [0.5, ', memory for 1/2 of the rows'],
  [0.75, ', memory for 3/4 of the rows'],
]);

/** @throws BenchError `BENCH_DISAGREEMENT` when a build ran out of memory far from the share that its case is named after */
export function checkOverflow(entrant: string, overflow: number | undefined, expected: number): void {
  if (overflow !== undefined && Math.abs(overflow / expected - 1) <= 0.4) return;
  throw new BenchError(
    'BENCH_DISAGREEMENT',
    `${entrant} ran out of memory after ${overflow ?? 'no'} rows, expected about ${Math.round(expected)}`,
  );
}

export function buildCase(
  dataset: Dataset,
  options: IndexOptions,
  budget: Partial<Budget>,
): Case<HnswSession> {
  const { identity, rows, queries } = dataset;
  const { efConstruction, workers, memory } = options;
  const built = efConstruction === 64 ? '' : `, ef_construction ${efConstruction}`;
  return {
    name: `build ${dataset.name}${built}, ${workers === 0 ? 'serial' : `${workers} worker`}${shares.get(memory)}`,
    parameters: {
      dataset: identity,
      rows,
      queries,
      index: indexKey(options),
      maintenance_work_mem: buildMemory(dataset, rows, memory),
    },
    metrics,
    budget,
    prepare: async (session, context) => {
      await session.setBuffers(AMPLE_BUFFERS, context);
      const loaded = await session.load(dataset, context);
      const truth = await session.truth(loaded, context);
      return {
        entrants: session.contenders.map(
          (contender, place): Entrant => ({
            name: contender.name,
            sample: async () => {
              const { seconds, cpu, bytes, overflow } = await buildIndex(
                contender,
                loaded.items,
                options,
                context,
              );
              if (memory !== undefined && place > 0) checkOverflow(contender.name, overflow, memory * rows);
              const recall = await recallAt(contender, targetOf(loaded), truth, EF_SEARCH);
              if (!(recall >= RECALL_FLOOR))
                throw new BenchError('BENCH_DISAGREEMENT', `${contender.name} built for recall ${recall}`);
              return { time: seconds, index: bytes, recall, ...(cpu === undefined ? {} : { cpu }) };
            },
          }),
        ),
        // There is nothing to verify before it is built: each sample looks at plan, answers and recall.
        verify: async () => {
          for (const contender of session.contenders) {
            const { count } = await contender.row<{ count: string }>(
              `SELECT count(*) FROM ${loaded.items.name}`,
            );
            if (Number(count) !== rows)
              throw new BenchError('BENCH_DISAGREEMENT', `${contender.name} has ${count} of ${rows} rows`);
          }
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
