/** What cases of counts share: one round, nobody beside us. */
import type { Budget, Case } from '../../suite.js';
import { type Corpus, NEIGHBOURS, QUERY_SEED } from './corpora.js';

export type PeerName = 'faiss' | 'float32';

const why: Readonly<Record<PeerName, string>> = {
  faiss: 'it stands beside searches and k-means alone',
  float32: 'it stands beside estimates alone',
};

/** The peers that a case does not have. */
export function without(...present: readonly PeerName[]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(why).filter(([name]) => !present.includes(name as PeerName)));
}

export const once: Budget = { rounds: 1, warmups: 0, minTimeMs: 0 };

/** What identifies the vectors and queries of a corpus. */
export function parametersOf(corpus: Corpus): Readonly<Record<string, string | number>> {
  const { name, identity, dimensions, rows, queries, metric } = corpus;
  return {
    data: name,
    identity,
    dimensions,
    rows,
    queries,
    metric,
    querySeed: QUERY_SEED,
    neighbours: NEIGHBOURS,
  };
}

/** The members of a case that counts on a corpus. */
export function counted(
  corpus: Corpus,
  parameters: Readonly<Record<string, string | number | boolean>>,
): Pick<Case, 'parameters' | 'budget' | 'absent'> {
  return { parameters: { ...parametersOf(corpus), ...parameters }, budget: once, absent: without() };
}
