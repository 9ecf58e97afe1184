/**
 * Searches at equal recall, and at equal effort for the curves. Every process keeps the time itself; one query after the other
 * on one processor, or on two threads at once.
 */
import { BenchError } from '../../errors.js';
import { repeatFor } from '../../measure.js';
import { quantile } from '../../statistics.js';
import type { Case, CaseContext, Metric, PreparedCase, Sample } from '../../suite.js';
import { K } from '../quant/corpora.js';
import type { Contender, OurKind } from './contender.js';
import { type AnnCorpus, parametersOf, type Told } from './data.js';
import type { CounterFacts, MemoryFacts } from './driver-process.js';
import { gather, Unable } from './participants.js';
import type { Index } from './pool.js';
import type { AnnSession } from './session.js';
import { settingsFor } from './settings.js';

/** Below it a graph is broken, whatever its speed. */
const RECALL_FLOOR = 0.3;

/** Queries of a slow contender's pass; never fewer. */
const LEAST_QUERIES = 50;

export type Goal = { readonly recall: number } | { readonly effort: number };

export interface SearchOptions {
  readonly kind: OurKind;
  readonly corpus: AnnCorpus;
  readonly goal: Goal;
  readonly threads: number;
  /** How long a pass may take; a contender that is slower asks fewer of the queries, other ones in every round. */
  readonly passMs: number;
  /** Peers that the case does not have. */
  readonly without?: Readonly<Record<string, string>>;
}

/** A contender with its index and effort. */
export interface Ready {
  readonly index: Index;
  readonly effort: number;
  readonly recall: number;
}

const untold = 'it does not tell';

const atRecall: readonly Metric[] = [{ name: 'effort', unit: 'candidates or lists', better: 'lower' }];

const oneThread: readonly Metric[] = [
  { name: 'p50', unit: 'us', better: 'lower' },
  { name: 'p99', unit: 'us', better: 'lower' },
  { name: 'resident', unit: 'bytes', better: 'lower' },
  { name: 'mapped', unit: 'bytes', better: 'lower' },
  { name: 'hops', unit: '/query', better: 'lower', optional: untold },
  { name: 'distances', unit: '/query', better: 'lower', optional: untold },
  { name: 'estimates', unit: '/query', better: 'lower', optional: untold },
  { name: 'touched', unit: 'bytes/query', better: 'lower', optional: untold },
];

function metricsOf({ goal, threads }: SearchOptions): readonly Metric[] {
  return [
    { name: 'qps', unit: 'queries/s', better: 'higher' },
    { name: 'recall', unit: 'recall@10', better: 'higher' },
    ...('recall' in goal ? [...atRecall, ...(threads === 1 ? oneThread : [])] : []),
  ];
}

/**
 * Builds, and finds the effort for a goal.
 *
 * @throws Unable where the recall is out of reach
 */
export async function makeReady(
  session: AnnSession,
  contender: Contender,
  corpus: AnnCorpus,
  goal: Goal,
  told: Told,
): Promise<Ready> {
  const { settings } = await settingsFor(session, contender, corpus, told);
  const index = await session.index(contender, corpus, settings, told);
  if ('effort' in goal) {
    const recall = await session.recall(index, goal.effort, told);
    return { index, effort: goal.effort, recall };
  }
  told.step(`${contender.subject.name} looks for recall ${goal.recall} on ${corpus.name}`);
  const found = await session.effortFor(index, goal.recall, told);
  if ('best' in found) throw new Unable(`its recall is ${found.best.toFixed(3)} at most`);
  return { index, effort: found.effort, recall: await session.recall(index, found.effort, told) };
}

/** How many queries of a pass fit into its time. */
async function passOf(session: AnnSession, ready: Ready, options: SearchOptions, told: Told) {
  const { threads, passMs } = options;
  const { queries } = ready.index.corpus;
  const probe = Math.min(queries, LEAST_QUERIES);
  const { process } = await session.acquire(ready.index, threads, told);
  const ask = { k: K, effort: ready.effort, first: 0, count: probe };
  // The second: the first may have to apply the effort.
  await process.time(ask, 1, threads);
  const each = (await process.time(ask, 1, threads)) / probe / 1e6;
  return Math.min(queries, Math.max(probe, Math.round(passMs / each)));
}

function counted({ hops, distances, estimates, bytes }: CounterFacts): Record<string, number> {
  return Object.fromEntries(
    Object.entries({ hops, distances, estimates, touched: bytes }).filter(
      (entry): entry is [string, number] => entry[1] !== undefined,
    ),
  );
}

/** Makes samples of one contender. */
function sampler(
  session: AnnSession,
  ready: Ready,
  options: SearchOptions,
  context: CaseContext,
  told: Told,
): (round: number) => Promise<Sample> {
  const { index, effort, recall } = ready;
  const { goal, threads } = options;
  const { queries } = index.corpus;
  let count: number | undefined;
  let counters: CounterFacts | undefined;
  let ask = { k: K, effort, first: 0, count: queries };
  const passes = repeatFor(context.budget.minTimeMs, async (repeats) => {
    const { process } = await session.acquire(index, threads, told);
    return (await process.time(ask, repeats, threads)) / 1e6;
  });
  return async (round) => {
    count ??= await passOf(session, ready, options, told);
    const parts = Math.max(1, Math.floor(queries / count));
    ask = { k: K, effort, first: (((round % parts) + parts) % parts) * count, count };
    const { process } = await session.acquire(index, threads, told);
    // Where its process had to be started again, what comes first is not a measurement.
    await process.time({ ...ask, count: Math.min(count, LEAST_QUERIES) }, 1, threads);
    const qps = (1000 * count) / (await passes());
    if ('effort' in goal) return { qps, recall };
    const figures = { qps, recall, effort };
    if (threads > 1) return figures;
    const times = await process.latencies(ask);
    counters ??= await process.counters(K, effort);
    return {
      ...figures,
      ...latencyFigures(times),
      ...residence(await process.memory()),
      ...counted(counters),
    };
  };
}

function latencyFigures(ns: readonly number[]): { p50: number; p99: number } {
  return { p50: quantile(ns, 0.5) / 1000, p99: quantile(ns, 0.99) / 1000 };
}

function residence({ anonymous, mapped }: MemoryFacts): { resident: number; mapped: number } {
  return { resident: anonymous, mapped };
}

/** `.95`, as recall is written. */
export function shortRecall(recall: number): string {
  return String(recall).replace(/^0/, '');
}

function nameOf({ kind, corpus, goal, threads }: SearchOptions): string {
  if ('effort' in goal) return `curve ${kind}, ${corpus.name}, effort ${goal.effort}`;
  const more = threads === 1 ? '' : `, ${threads} threads`;
  return `search ${kind}, ${corpus.name}, recall ${shortRecall(goal.recall)}${more}`;
}

export function searchCase(options: SearchOptions): Case<AnnSession> {
  const { kind, corpus, goal, threads, passMs, without = {} } = options;
  return {
    name: nameOf(options),
    parameters: { ...parametersOf(corpus), kind, ...goal, threads, passMs },
    metrics: metricsOf(options),
    absent: without,
    prepare: async (session, context): Promise<PreparedCase> => {
      const told = session.told(context.step);
      const { ready, absent } = await gather(session, kind, without, async (contender) => {
        const each = await makeReady(session, contender, corpus, goal, told);
        // A search on so many threads that fails is this contender's failure, not the case's.
        await passOf(session, each, options, told);
        return each;
      });
      return {
        entrants: ready.map(({ contender, value }) => ({
          name: contender.subject.name,
          sample: sampler(session, value, options, context, told),
        })),
        absent,
        verify: () => {
          for (const { contender, value } of ready)
            if ('recall' in goal && !(value.recall >= Math.max(goal.recall, RECALL_FLOOR)))
              throw new BenchError(
                'BENCH_DISAGREEMENT',
                `${contender.subject.name} has recall ${value.recall} instead of ${goal.recall}`,
              );
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

/**
 * What a call costs beside its search: one neighbour, one candidate. Peers in C++ are called from C++, those of npm and ours
 * from JavaScript.
 */
export function overheadCase(
  kind: OurKind,
  corpus: AnnCorpus,
  without: Readonly<Record<string, string>>,
): Case<AnnSession> {
  return {
    name: `call ${kind}, ${corpus.name}, k 1, effort 1`,
    parameters: { ...parametersOf(corpus), kind, k: 1 },
    metrics: [{ name: 'time', unit: 'us/call', better: 'lower' }],
    absent: without,
    prepare: async (session, { step, budget }) => {
      const told = session.told(step);
      const { ready, absent } = await gather(session, kind, without, async (contender) => {
        const { settings } = await settingsFor(session, contender, corpus, told);
        const index = await session.index(contender, corpus, settings, told);
        const { process } = await session.acquire(index, 1, told);
        await process.time({ k: 1, effort: 1, first: 0, count: LEAST_QUERIES }, 1, 1);
        return index;
      });
      const count = corpus.queries;
      return {
        entrants: ready.map(({ contender, value: index }) => {
          const sample = repeatFor(budget.minTimeMs, async (repeats) => {
            const { process } = await session.acquire(index, 1, told);
            return (await process.time({ k: 1, effort: 1, first: 0, count }, repeats, 1)) / 1e6;
          });
          return {
            name: contender.subject.name,
            sample: async () => ({ time: (1000 * (await sample())) / count }),
          };
        }),
        absent,
        // One candidate promises no recall.
        verify: () => {},
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
