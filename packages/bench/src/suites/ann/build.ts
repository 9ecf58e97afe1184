/** Builds: time, processor time, memory, size; and how long it takes until an index on disk can be asked. */
import { BenchError } from '../../errors.js';
import type { Budget, Case, Metric, PreparedCase } from '../../suite.js';
import { K } from '../quant/corpora.js';
import type { OurKind } from './contender.js';
import { type AnnCorpus, parametersOf } from './data.js';
import { DriverProcess } from './driver-process.js';
import { gather } from './participants.js';
import type { AnnSession } from './session.js';
import { settingFigures, settingMetrics, settingsFor } from './settings.js';

/** Where the recall of a new index is looked at, and what a sound one has there. */
const EFFORT = 400;
const RECALL_FLOOR = 0.6;

const metrics: readonly Metric[] = [
  { name: 'time', unit: 's', better: 'lower' },
  { name: 'cpu', unit: 's', better: 'lower' },
  { name: 'peak', unit: 'bytes', better: 'lower' },
  { name: 'bytes', unit: 'bytes', better: 'lower' },
  { name: 'raw', unit: 'x the vectors', better: 'lower' },
  ...settingMetrics,
];

const ofGraph: Metric = {
  name: 'of_graph',
  unit: "of our qg's time",
  better: 'lower',
  optional: 'it is a figure of ours',
};

export interface BuildCaseOptions {
  readonly kind: OurKind;
  readonly corpus: AnnCorpus;
  readonly threads: number;
  /** Peers that the case does not have. */
  readonly without: Readonly<Record<string, string>>;
  /** Of how many rounds: so many builds. */
  readonly budget: Partial<Budget>;
}

export function buildCase({ kind, corpus, threads, without, budget }: BuildCaseOptions): Case<AnnSession> {
  return {
    name: `build ${kind}, ${corpus.name}${threads === 1 ? '' : `, ${threads} threads`}`,
    parameters: { ...parametersOf(corpus), kind, threads },
    metrics: [...metrics, ...(kind === 'ivf' ? [ofGraph] : [])],
    absent: without,
    budget,
    prepare: async (session, { step, budget: { rounds } }): Promise<PreparedCase> => {
      const told = session.told(step);
      const { ready, absent } = await gather(session, kind, without, async (contender) => {
        const { settings } = await settingsFor(session, contender, corpus, told);
        const built = [];
        for (let repeat = 0; repeat < rounds; repeat++)
          built.push(await session.build({ contender, corpus, settings, threads, repeat }, told));
        // Another index of the same settings: a graph is looked at once, not for every number of threads.
        const index = await session.index(contender, corpus, settings, told);
        const looked = contender.effort === 'candidates' && !contender.costlyEffort;
        const recall = looked ? await session.recall(index, EFFORT, told) : undefined;
        return { settings, built, recall };
      });
      const graph = kind === 'ivf' ? await graphSeconds(session, corpus, threads, told) : undefined;
      const raw = 4 * corpus.rows * corpus.dimensions;
      return {
        entrants: ready.map(({ contender, value: { settings, built } }) => ({
          name: contender.subject.name,
          sample: (round) => {
            const { wall, cpu, peak, bytes } = built[round] as (typeof built)[number];
            const own = contender.kind !== undefined && graph !== undefined;
            return {
              time: wall,
              cpu,
              peak,
              bytes,
              raw: bytes / raw,
              ...settingFigures(settings),
              ...(own ? { of_graph: wall / graph } : {}),
            };
          },
        })),
        absent,
        verify: () => {
          for (const { contender, value } of ready)
            if (value.recall !== undefined && !(value.recall >= RECALL_FLOOR))
              throw new BenchError(
                'BENCH_DISAGREEMENT',
                `${contender.subject.name} built for recall ${value.recall} at effort ${EFFORT}`,
              );
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

async function graphSeconds(
  session: AnnSession,
  corpus: AnnCorpus,
  threads: number,
  told: ReturnType<AnnSession['told']>,
): Promise<number | undefined> {
  const contender = session.options.ours.get('qg');
  if (contender === undefined) return undefined;
  const { settings } = await settingsFor(session, contender, corpus, told);
  return (await session.build({ contender, corpus, settings, threads }, told)).wall;
}

/**
 * Until an index on disk can be asked, in a new process each time; the system has the file in its page cache. `view` is ours
 * and usearch's way to map it; other peers load all of it.
 */
export function openCase(
  kind: OurKind,
  corpus: AnnCorpus,
  without: Readonly<Record<string, string>>,
  budget: Partial<Budget>,
): Case<AnnSession> {
  return {
    name: `open ${kind}, ${corpus.name}`,
    parameters: { ...parametersOf(corpus), kind },
    metrics: [
      { name: 'time', unit: 'ms', better: 'lower' },
      { name: 'first', unit: 'ms, first search included', better: 'lower' },
    ],
    absent: without,
    budget,
    prepare: async (session, { step, signal }) => {
      const told = session.told(step);
      const files = await session.files(corpus, told);
      const { processor } = session.options;
      const { ready, absent } = await gather(session, kind, without, async (contender) => {
        const { settings } = await settingsFor(session, contender, corpus, told);
        const index = await session.index(contender, corpus, settings, told);
        const open = async () => {
          await using process = await DriverProcess.start(contender, { signal, processor });
          await process.data(corpus, files);
          const { wall } = await process.load(index.file, settings, 'view');
          const effort = contender.effort === 'lists' ? 8 : 100;
          const first = await process.time({ k: K, effort, first: 0, count: 1 }, 1, 1);
          return { time: 1000 * wall, first: 1000 * wall + first / 1e6 };
        };
        await open();
        return open;
      });
      return {
        entrants: ready.map(({ contender, value: open }) => ({
          name: contender.subject.name,
          sample: () => open(),
        })),
        absent,
        // What it then finds is looked at by the searches.
        verify: () => {},
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
