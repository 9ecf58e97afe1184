/**
 * Searches in the server: all of a batch of queries in one statement, repeated and timed by `../pg/timed.ts`. Each round
 * has its own batch, the same for both sides. Recall and page counts are of all queries.
 */
import { BenchError } from '../../errors.js';
import { repeatFor } from '../../measure.js';
import type { Case, CaseContext, Entrant, Metric } from '../../suite.js';
import { defineTimed } from '../pg/timed.js';
import { type IndexOptions, indexKey } from './building.js';
import type { Dataset } from './dataset.js';
import {
  countDistances,
  countPages,
  findEf,
  recallAt,
  searchSql,
  setEf,
  type Target,
  targetOf,
} from './searching.js';
import { AMPLE_BUFFERS, type HnswContender, type HnswSession, type Loaded } from './session.js';
import type { Truth } from './truth.js';

/** At which recall, or which ef_search, the sides meet. */
export type Goal = { readonly recall: number } | { readonly ef: number };

/** What is resident: everything; what 128 MB hold; an eighth of the index (the larger of the two). */
export type Residence = 'ample' | 'default' | 'eighth';

/** Below it a graph is broken, whatever its speed. */
export const RECALL_FLOOR = 0.6;

function metricsOf(goal: Goal, residence: Residence): readonly Metric[] {
  const efSearch: Metric = { name: 'ef_search', unit: 'candidates', better: 'lower' };
  const reads: Metric = { name: 'reads', unit: 'pages/query', better: 'lower' };
  return [
    { name: 'qps', unit: 'queries/s', better: 'higher' },
    { name: 'recall', unit: 'recall@10', better: 'higher' },
    ...('ef' in goal ? [] : [efSearch]),
    { name: 'pins', unit: 'pages/query', better: 'lower' },
    ...(residence === 'ample' ? [] : [reads]),
    { name: 'distances', unit: '/query', better: 'lower', optional: 'it does not tell how many it computes' },
  ];
}

/** A side with its ef_search, ready to be asked. */
export interface Tuned {
  readonly contender: HnswContender;
  readonly ef: number;
  readonly recall: number;
}

/**
 * Sets every side's ef_search for the goal.
 *
 * @throws BenchError `BENCH_OUT_OF_REACH` when ours does not reach the recall; a peer that does not is absent
 */
export async function tune(
  session: HnswSession,
  loaded: Loaded,
  truth: Truth,
  { index, goal }: { readonly index: IndexOptions; readonly goal: Goal },
  context: CaseContext,
): Promise<{ readonly tuned: readonly Tuned[]; readonly absent: Record<string, string> }> {
  const target = targetOf(loaded);
  const { identity, rows, queries } = loaded.dataset;
  const tuned: Tuned[] = [];
  const absent: Record<string, string> = {};
  for (const [place, contender] of session.contenders.entries()) {
    const recall = (ef: number): Promise<number> => recallAt(contender, target, truth, ef);
    if ('ef' in goal) {
      tuned.push({ contender, ef: goal.ef, recall: await recall(goal.ef) });
      await setEf(contender, goal.ef);
      continue;
    }
    context.step(`${contender.name} looks for recall ${goal.recall} on ${loaded.dataset.name}`);
    const parts = {
      step: 'ef_search for recall',
      version: 1,
      dataset: identity,
      rows,
      queries,
      index: indexKey(index),
      subject: contender.fingerprint,
      target: goal.recall,
    };
    const found = await context.remember(parts, () => findEf(goal.recall, recall, context.signal));
    let ef = 'ef' in found ? found.ef : 1000;
    // Levels are drawn at random, so an index built in another run may need a little more than this one did.
    while ((await recall(ef)) < goal.recall && ef < 1000) ef = Math.min(1000, Math.ceil(ef * 1.02));
    const value = await recall(ef);
    if (value >= goal.recall) {
      tuned.push({ contender, ef, recall: value });
      await setEf(contender, ef);
      continue;
    }
    const reason = `its recall is ${value.toFixed(3)} at ef_search 1000`;
    if (place === 0)
      throw new BenchError('BENCH_OUT_OF_REACH', `${contender.name}, recall ${goal.recall}: ${reason}`);
    absent[contender.name] = reason;
  }
  return { tuned, absent };
}

/** Shared buffers for a residence. The sides get the same. */
async function setResidence(
  session: HnswSession,
  residence: Residence,
  table: string,
  context: CaseContext,
): Promise<void> {
  const largest = Math.max(
    ...session.contenders.map((contender) => contender.indexes.get(table)?.bytes ?? 0),
  );
  const buffers = {
    ample: AMPLE_BUFFERS,
    default: '128MB',
    eighth: `${Math.max(128, Math.floor(largest / 8 / 1024))}kB`,
  };
  await session.setBuffers(buffers[residence], context);
}

/** Queries in a batch, so that the slowest side needs about so many milliseconds for it. */
async function batchSize(
  tuned: readonly Tuned[],
  target: Target,
  queries: number,
  batchMs: number,
): Promise<number> {
  const probe = Math.min(queries, 20);
  let slowest = 0;
  for (const { contender } of tuned) {
    await defineTimed(contender, timedSearch(target, probe));
    await timed(contender, 0, 1);
    slowest = Math.max(slowest, (await timed(contender, 0, 1)) / probe);
  }
  return Math.max(1, Math.min(queries, Math.round(batchMs / slowest)));
}

function timedSearch(target: Target, batch: number): { declare: string; statement: string } {
  const condition = `WHERE q.id >= lowest AND q.id < lowest + ${batch}`;
  return {
    declare: 'lowest integer := argument::integer; answer bigint;',
    statement: `${searchSql(target, 'count(t.id) INTO answer', condition)};`,
  };
}

/** Milliseconds for a batch, repeated. */
async function timed(contender: HnswContender, lowest: number, repeats: number): Promise<number> {
  const { rows } = await contender.client.query<{ elapsed: number }>({
    name: 'timed',
    text: 'SELECT elapsed FROM timed($1, $2)',
    values: [String(lowest), repeats],
  });
  return rows[0]?.elapsed ?? Number.NaN;
}

export interface SearchOptions {
  readonly dataset: Dataset;
  readonly index: IndexOptions;
  readonly goal: Goal;
  readonly residence?: Residence;
  /** Length of a batch of queries on the slower side, in milliseconds. */
  readonly batchMs: number;
}

/** `.95`, as recall is written. */
export function shortRecall(recall: number): string {
  return String(recall).replace(/^0/, '');
}

const residenceNames: Readonly<Record<Residence, string>> = {
  ample: '',
  default: ', shared_buffers 128MB',
  eighth: ', shared_buffers 1/8 of the index',
};

export function searchCase({
  dataset,
  index,
  goal,
  residence = 'ample',
  batchMs,
}: SearchOptions): Case<HnswSession> {
  const meeting = 'ef' in goal ? `ef_search ${goal.ef}` : `recall ${shortRecall(goal.recall)}`;
  const built = index.efConstruction === 64 ? '' : `, ef_construction ${index.efConstruction}`;
  const { identity, rows, queries } = dataset;
  return {
    name: `search ${dataset.name}${built}, ${meeting}${residenceNames[residence]}`,
    parameters: {
      dataset: identity,
      rows,
      queries,
      index: indexKey(index),
      ...goal,
      residence,
      batchMs,
    },
    metrics: metricsOf(goal, residence),
    prepare: async (session, context) => {
      if (residence === 'ample') await session.setBuffers(AMPLE_BUFFERS, context);
      const loaded = await session.load(dataset, context);
      const truth = await session.truth(loaded, context);
      await session.ensureIndex(loaded.items, index, context);
      await setResidence(session, residence, loaded.items.name, context);
      const target = targetOf(loaded);
      const { tuned, absent } = await tune(session, loaded, truth, { index, goal }, context);
      const batch = await batchSize(tuned, target, queries, batchMs);
      const batches = Math.floor(queries / batch);
      const entrants: Entrant[] = [];
      for (const { contender, ef, recall } of tuned) {
        const distances = await countDistances(contender, loaded.items, truth);
        // The second count: the first brings pages in.
        await countPages(contender, target, queries);
        const pages = await countPages(contender, target, queries);
        await defineTimed(contender, timedSearch(target, batch));
        let lowest = 0;
        const sample = repeatFor(context.budget.minTimeMs, (repeats) => timed(contender, lowest, repeats));
        entrants.push({
          name: contender.name,
          sample: async (round) => {
            lowest = ((round + batches * 1000) % batches) * batch;
            const qps = (1000 * batch) / (await sample());
            return {
              qps,
              recall,
              ef_search: ef,
              ...pages,
              ...(distances === undefined ? {} : { distances }),
            };
          },
        });
      }
      return {
        entrants,
        absent,
        verify: () => {
          for (const { contender, recall } of tuned)
            if (!(recall >= RECALL_FLOOR))
              throw new BenchError('BENCH_DISAGREEMENT', `${contender.name} has recall ${recall}`);
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
