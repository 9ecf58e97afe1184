/** How costs grow with the rows, and how hard the data are. */
import { BenchError } from '../../errors.js';
import { median } from '../../statistics.js';
import type { Budget, Case } from '../../suite.js';
import { K } from '../quant/corpora.js';
import { once } from '../quant/counted.js';
import { intrinsicDimension } from '../quant/dimension.js';
import type { Contender, OurKind } from './contender.js';
import { type AnnCorpus, parametersOf, type Told } from './data.js';
import { gather } from './participants.js';
import { makeReady, type Ready } from './search.js';
import type { AnnSession } from './session.js';
import { settingsFor, TUNED_RECALL } from './settings.js';
import { exponentOf } from './tuning.js';

interface Size {
  readonly rows: number;
  readonly build: number;
  readonly ready: Ready;
}

async function sizesOf(
  session: AnnSession,
  contender: Contender,
  corpora: readonly AnnCorpus[],
  told: Told,
): Promise<readonly Size[]> {
  const sizes: Size[] = [];
  for (const corpus of corpora) {
    const { settings } = await settingsFor(session, contender, corpus, told);
    const { wall } = await session.build({ contender, corpus, settings, threads: 1 }, told);
    const ready = await makeReady(session, contender, corpus, { recall: TUNED_RECALL }, told);
    sizes.push({ rows: corpus.rows, build: wall, ready });
  }
  return sizes;
}

/** Exponents b of cost = a rows^b, over prefixes of one data set, by least squares of the logarithms. */
export function growthCase(
  kind: OurKind,
  corpora: readonly AnnCorpus[],
  without: Readonly<Record<string, string>>,
  budget: Partial<Budget>,
): Case<AnnSession> {
  const largest = corpora.at(-1) as AnnCorpus;
  return {
    name: `growth ${kind}, ${corpora.map(({ name }) => name).join(', ')}, recall ${TUNED_RECALL}`,
    parameters: { ...parametersOf(largest), kind, sizes: corpora.map(({ rows }) => rows).join() },
    metrics: [
      { name: 'search', unit: 'exponent', better: 'lower' },
      { name: 'build', unit: 'exponent', better: 'lower' },
    ],
    absent: without,
    budget,
    prepare: async (session, { step }) => {
      const told = session.told(step);
      const { ready, absent } = await gather(session, kind, without, (contender) =>
        sizesOf(session, contender, corpora, told),
      );
      return {
        entrants: ready.map(({ contender, value: sizes }) => ({
          name: contender.subject.name,
          sample: async () => {
            const times: [number, number][] = [];
            for (const { rows, ready: each } of sizes) {
              const { process } = await session.acquire(each.index, 1, told);
              const ask = { k: K, effort: each.effort, first: 0, count: largest.queries };
              await process.time({ ...ask, count: Math.min(50, ask.count) }, 1, 1);
              times.push([rows, (await process.time(ask, 1, 1)) / ask.count]);
            }
            return {
              // A cost that falls has no figure below 0 in a report.
              search: Math.max(0, exponentOf(times)),
              build: Math.max(0, exponentOf(sizes.map(({ rows, build }) => [rows, build] as const))),
            };
          },
        })),
        absent,
        // Every size has been tuned to its recall.
        verify: () => {},
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

/** As suite `quant` states it. */
export function dimensionCase(corpus: AnnCorpus, peers: readonly Contender[]): Case<AnnSession> {
  return {
    name: `local intrinsic dimension, ${corpus.name}`,
    parameters: parametersOf(corpus),
    metrics: [
      { name: 'mean', unit: 'dimensions', better: 'lower' },
      { name: 'median', unit: 'dimensions', better: 'lower' },
    ],
    absent: Object.fromEntries(peers.map(({ subject }) => [subject.name, 'it is a figure of the data'])),
    budget: once,
    prepare: async (session, { step }) => {
      const { distances } = await session.neighbours(corpus, session.told(step));
      const all = distances.map((each) => intrinsicDimension(each));
      const sample = { mean: all.reduce((sum, each) => sum + each, 0) / all.length, median: median(all) };
      return {
        entrants: [{ name: 'ruvector', sample: () => sample }],
        verify: () => {
          if (sample.median > 0 && sample.median <= corpus.dimensions) return;
          throw new BenchError(
            'BENCH_DISAGREEMENT',
            `${sample.median} is no dimension of vectors of ${corpus.dimensions}`,
          );
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
