/**
 * The settings that each contender is measured with: of a small grid, at 100,000 rows of the same data, those that build
 * fastest among the ones whose searches at recall .95 are within 3 % of the fastest. Kept in the cache.
 */
import { rm } from 'node:fs/promises';
import { cacheKey } from '../../cache.js';
import { throwIfAborted } from '../../errors.js';
import type { Case } from '../../suite.js';
import { K } from '../quant/corpora.js';
import { once } from '../quant/counted.js';
import type { Contender, OurKind } from './contender.js';
import { type AnnCorpus, parametersOf, prefixOf, type Told } from './data.js';
import type { Settings } from './drivers/engine.js';
import { gather, Unable } from './participants.js';
import type { Index } from './pool.js';
import type { AnnSession } from './session.js';

export const TUNED_RECALL = 0.95;
const NEARLY = 0.97;
const PASSES = 3;

/** A point of the grid. */
export interface Tried {
  readonly settings: Settings;
  /** At recall .95, one thread; 0 where that is not reached. */
  readonly qps: number;
  /** Of the build, seconds. */
  readonly build: number;
}

export interface Chosen {
  readonly settings: Settings;
  readonly tried: readonly Tried[];
}

/** The cheapest build among the points that are nearly as fast as the fastest. */
export function choose(tried: readonly Tried[]): Settings | undefined {
  const fastest = Math.max(...tried.map(({ qps }) => qps));
  if (!(fastest > 0)) return undefined;
  const near = tried.filter(({ qps }) => qps >= NEARLY * fastest);
  return near.reduce((best, each) => (each.build < best.build ? each : best)).settings;
}

async function tryOne(session: AnnSession, index: Index, told: Told): Promise<number> {
  const found = await session.effortFor(index, TUNED_RECALL, told);
  if ('best' in found) return 0;
  const { process } = await session.acquire(index, 1, told);
  let fastest = Number.POSITIVE_INFINITY;
  const count = index.corpus.queries;
  for (let pass = 0; pass < PASSES; pass++)
    fastest = Math.min(fastest, await process.time({ k: K, effort: found.effort, first: 0, count }, 1, 1));
  return (1e9 * count) / fastest;
}

async function tryAll(
  session: AnnSession,
  contender: Contender,
  corpus: AnnCorpus,
  told: Told,
): Promise<Chosen> {
  const tried: Tried[] = [];
  const indexes: Index[] = [];
  let failure: unknown;
  for (const settings of contender.grid) {
    throwIfAborted(told.signal);
    try {
      const { wall } = await session.build({ contender, corpus, settings, threads: 1 }, told);
      const index = await session.index(contender, corpus, settings, told);
      indexes.push(index);
      const qps = await tryOne(session, index, told);
      tried.push({ settings, qps, build: wall });
      await session.drop(index);
    } catch (error) {
      throwIfAborted(told.signal);
      failure = error;
    }
  }
  if (tried.length === 0) throw failure;
  // Where none has that recall, the one that took most to build has the best chance of a lower one.
  const settings = choose(tried) ?? (tried.at(-1) as Tried).settings;
  // The others take as much room on the disk as all that is measured.
  for (const index of indexes)
    if (index.settings !== settings) await rm(index.file, { recursive: true, force: true });
  return { settings, tried };
}

/**
 * What a contender is measured with on a corpus, and on all that it is the first rows of.
 *
 * @throws what its last setting failed with, where all do; at once where that has happened before
 */
export function settingsFor(
  session: AnnSession,
  contender: Contender,
  corpus: AnnCorpus,
  told: Told,
): Promise<Chosen> {
  const { tuningRows } = session.options;
  const { grid, standard } = contender;
  if (tuningRows === undefined) return Promise.resolve({ settings: standard, tried: [] });
  const [only] = grid;
  if (grid.length === 1 && only !== undefined) return Promise.resolve({ settings: only, tried: [] });
  return keptSettings(session, contender, prefixOf(corpus.whole ?? corpus, tuningRows), told);
}

function keptSettings(
  session: AnnSession,
  contender: Contender,
  sample: AnnCorpus,
  told: Told,
): Promise<Chosen> {
  const { grid, subject, kind } = contender;
  const parts = {
    version: 1,
    subject: subject.name,
    fingerprint: subject.fingerprint,
    kind,
    corpus: parametersOf(sample),
    grid: [...grid],
  };
  return session.once(cacheKey(parts), async () => {
    const known = (await session.cache.get('settings', parts)) as Chosen | undefined;
    if (known !== undefined) return known;
    const chosen = await tryAll(session, contender, sample, told);
    await session.cache.put('settings', parts, chosen);
    return chosen;
  });
}

/** Settings as figures, so that the report has them for each contender. */
export function settingFigures({ m, degree, efConstruction, lists }: Settings): Record<string, number> {
  const links = degree ?? m;
  return {
    ...(links === undefined ? {} : { links }),
    ...(efConstruction === undefined ? {} : { ef_construction: efConstruction }),
    ...(lists === undefined ? {} : { lists }),
  };
}

export const settingMetrics = [
  { name: 'links', unit: 'm or degree', better: 'lower', optional: 'it has no such setting' },
  { name: 'ef_construction', unit: 'candidates', better: 'lower', optional: 'it has no such setting' },
] as const;

/** What was chosen, and how fast that was. */
export function settingsCase(
  corpus: AnnCorpus,
  kind: OurKind,
  tuningRows: number,
  without: Readonly<Record<string, string>>,
): Case<AnnSession> {
  const sample = prefixOf(corpus, tuningRows);
  return {
    name: `settings ${kind}, ${sample.name}`,
    parameters: { ...parametersOf(sample), kind, recall: TUNED_RECALL },
    metrics: [
      { name: 'qps', unit: 'queries/s', better: 'higher' },
      { name: 'build', unit: 's', better: 'lower' },
      ...settingMetrics,
      { name: 'tried', unit: 'settings', better: 'lower' },
    ],
    absent: without,
    budget: once,
    prepare: async (session, { step }) => {
      const told = session.told(step);
      const { ready, absent } = await gather(session, kind, without, async (contender) => {
        const chosen = await settingsFor(session, contender, corpus, told);
        const { settings, tried } = chosen;
        const best = tried.find((each) => JSON.stringify(each.settings) === JSON.stringify(settings));
        if (best === undefined) throw new Unable('it has one setting alone');
        if (best.qps === 0) throw new Unable(`none of its settings has recall ${TUNED_RECALL}`);
        return { ...chosen, best };
      });
      return {
        entrants: ready.map(({ contender, value: { settings, tried, best } }) => ({
          name: contender.subject.name,
          sample: () => ({
            qps: best.qps,
            build: best.build,
            tried: tried.length,
            ...settingFigures(settings),
          }),
        })),
        absent,
        // Each figure stands on a recall that was measured.
        verify: () => {},
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
