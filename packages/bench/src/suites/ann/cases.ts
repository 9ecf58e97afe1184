/** Which cases there are: data sets, our kinds and their peers, recalls, threads. */
import type { Budget, Case } from '../../suite.js';
import { buildCase, openCase } from './build.js';
import type { Contender, OurKind } from './contender.js';
import { type AnnCorpus, prefixOf } from './data.js';
import { dimensionCase, growthCase } from './growth.js';
import { overheadCase, searchCase } from './search.js';
import type { AnnSession } from './session.js';
import { settingsCase, TUNED_RECALL } from './settings.js';

/** How much to measure. */
export interface Scale {
  readonly searches: Budget;
  /** Rounds of builds on small and on large data. */
  readonly builds: { readonly small: number; readonly large: number };
  readonly opens: Budget;
  readonly growth: Budget;
  readonly passMs: number;
  /** Rows that settings are found at; undefined for standard ones. */
  readonly tuningRows: number | undefined;
  /** The kinds that are compared with every peer. */
  readonly kinds: readonly OurKind[];
  /** Those that are looked at in less detail. */
  readonly others: readonly OurKind[];
  readonly recalls: readonly number[];
  readonly threads: readonly number[];
  /** Of these, those at which a peer is asked that builds whenever it is opened. */
  readonly costlyRecalls: readonly number[];
  /** Efforts of the curves. */
  readonly efforts: readonly number[];
  /** By data set: the sizes that growth is measured at. */
  readonly growthSizes: Readonly<Record<string, readonly number[]>>;
}

/** Data of more rows are built once, those of fewer several times. */
const LARGE_ROWS = 100_000;
/** More rows than this are not given to a peer that builds whenever it is opened. */
const COSTLY_ROWS = 500_000;

type Reasons = Readonly<Record<string, string>>;

/** Peers that a case leaves out, and why. */
class Reasoning {
  readonly #peers: readonly Contender[];
  readonly #scale: Scale;

  constructor(peers: readonly Contender[], scale: Scale) {
    this.#peers = peers;
    this.#scale = scale;
  }

  #where(reason: (peer: Contender) => string | undefined): Reasons {
    return Object.fromEntries(
      this.#peers.flatMap((peer) => {
        const why = reason(peer);
        return why === undefined ? [] : [[peer.subject.name, why]];
      }),
    );
  }

  /** In searches. */
  searching({ rows }: AnnCorpus, threads = 1, recall = TUNED_RECALL): Reasons {
    return this.#where(({ costlyEffort, oneThread }) => {
      if (threads > 1 && oneThread !== undefined) return oneThread;
      if (costlyEffort && rows > COSTLY_ROWS)
        return `it builds whenever it is opened, which beyond ${COSTLY_ROWS.toLocaleString('en-US')} rows takes too long`;
      if (costlyEffort && !(threads === 1 && this.#scale.costlyRecalls.includes(recall)))
        return `it builds for every effort: it is asked on one thread at recall ${this.#scale.costlyRecalls.join(', ')} alone`;
      return undefined;
    });
  }

  building(threads: number): Reasons {
    return this.#where(({ oneThread }) => (threads > 1 ? oneThread : undefined));
  }

  /** In cases that open files again and again, or several. */
  growing(corpus: AnnCorpus): Reasons {
    const out = this.searching(corpus);
    return this.#where(({ subject, costlyEffort }) =>
      costlyEffort ? 'it builds whenever it is opened' : out[subject.name],
    );
  }

  /** In curves: peers stand in those of one kind. */
  curve(corpus: AnnCorpus, first: boolean): Reasons {
    const out = this.searching(corpus);
    return this.#where(({ subject, costlyEffort }) => {
      if (!first) return 'its curve is beside our first kind';
      if (costlyEffort) return 'it builds for every effort';
      return out[subject.name];
    });
  }
}

function searchCases(corpus: AnnCorpus, scale: Scale, reasoning: Reasoning): readonly Case<AnnSession>[] {
  const { kinds, others, recalls, threads, passMs, searches } = scale;
  const one = (kind: OurKind, recall: number, count: number): Case<AnnSession> => ({
    ...searchCase({
      kind,
      corpus,
      goal: { recall },
      threads: count,
      passMs,
      without: reasoning.searching(corpus, count, recall),
    }),
    budget: searches,
  });
  return [
    ...kinds.flatMap((kind) => threads.flatMap((count) => recalls.map((recall) => one(kind, recall, count)))),
    ...others.map((kind) => one(kind, kind === 'flat' ? 0.99 : TUNED_RECALL, 1)),
  ];
}

function curveCases(corpus: AnnCorpus, scale: Scale, reasoning: Reasoning): readonly Case<AnnSession>[] {
  const { kinds, passMs, efforts } = scale;
  return kinds.flatMap((kind, place) =>
    efforts.map((effort) =>
      searchCase({
        kind,
        corpus,
        goal: { effort },
        threads: 1,
        passMs,
        without: reasoning.curve(corpus, place === 0),
      }),
    ),
  );
}

function corpusCases(
  corpus: AnnCorpus,
  peers: readonly Contender[],
  scale: Scale,
): readonly Case<AnnSession>[] {
  const reasoning = new Reasoning(peers, scale);
  const { kinds, others, threads, builds, opens, tuningRows } = scale;
  const rounds = corpus.rows > LARGE_ROWS ? builds.large : builds.small;
  const built = others.filter((kind) => kind !== 'flat');
  const sizes = (scale.growthSizes[corpus.base] ?? []).map((rows) => prefixOf(corpus, rows));
  const searched = reasoning.searching(corpus);
  return [
    dimensionCase(corpus, peers),
    ...(tuningRows === undefined
      ? []
      : kinds.map((kind) => settingsCase(corpus, kind, tuningRows, searched))),
    ...[...kinds, ...built].flatMap((kind) =>
      threads.map((count) =>
        buildCase({
          kind,
          corpus,
          threads: count,
          without: reasoning.building(count),
          budget: { rounds, warmups: 0, minTimeMs: 0 },
        }),
      ),
    ),
    ...searchCases(corpus, scale, reasoning),
    ...curveCases(corpus, scale, reasoning),
    ...kinds.map((kind) => overheadCase(kind, corpus, searched)),
    ...[...kinds, ...built].map((kind) => openCase(kind, corpus, reasoning.growing(corpus), opens)),
    ...(sizes.length < 2
      ? []
      : [...kinds, ...built.filter((kind) => kind === 'ivf')].map((kind) =>
          growthCase(kind, sizes, reasoning.growing(corpus), scale.growth),
        )),
  ];
}

export function makeCases(
  corpora: readonly AnnCorpus[],
  peers: readonly Contender[],
  scale: Scale,
): readonly Case<AnnSession>[] {
  return corpora.flatMap((corpus) => corpusCases(corpus, peers, scale));
}
