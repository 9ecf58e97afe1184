/** Which cases there are, in the order that spares most: an index stays until all that search it are done. */
import type { Budget, Case } from '../../suite.js';
import { buildCase } from './build.js';
import type { IndexOptions } from './building.js';
import { clientCase } from './client.js';
import type { Dataset } from './dataset.js';
import type { GrowthOptions } from './growing.js';
import { insertCase, writesCase } from './insert.js';
import { type Goal, searchCase } from './search.js';
import type { HnswSession } from './session.js';

/** How much to measure. */
export interface Scale {
  readonly budget: Budget;
  readonly builds: Partial<Budget>;
  readonly inserts: Budget;
  /** Length of a batch of searches on the slower side, in milliseconds. */
  readonly batchMs: number;
  /** Queries of a client's sample. */
  readonly clientBatch: number;
  /** Rows of a sample of inserts. */
  readonly insertedRows: number;
  /** The same, at a given rate. */
  readonly pacedRows: number;
  /** Rows of the table that inserts go to, and rows and queries for it. */
  readonly base: number;
  readonly spare: number;
  readonly growthQueries: number;
}

/** What is asked of a data set. */
export interface Workload {
  readonly dataset: Dataset;
  /** The last is the one of the clients and of small shared buffers. */
  readonly indexes: readonly {
    readonly efConstruction: number;
    /** Builds to measure. */
    readonly workers: readonly (0 | 1)[];
    /** Serial builds in too little memory. */
    readonly memory: readonly number[];
    /** To meet at. */
    readonly recalls: readonly number[];
  }[];
  /** Whether to insert into it. */
  readonly growth: boolean;
}

/** The recall of the client's cases and of those in small shared buffers. */
const COMMON_RECALL = 0.95;
const COMMON_EF = [40, 100, 200] as const;
/** Writes a second that leave every side idle in between. */
const PACE = 100;

function workloadCases({ dataset, indexes }: Workload, scale: Scale): Case<HnswSession>[] {
  const { builds, batchMs, clientBatch } = scale;
  return indexes.flatMap(({ efConstruction, workers, memory, recalls }, place) => {
    // The index that is searched is built last.
    const index: IndexOptions = { efConstruction, workers: 0 };
    const goals: readonly Goal[] = [
      ...recalls.map((recall) => ({ recall })),
      ...COMMON_EF.map((ef) => ({ ef })),
    ];
    return [
      ...memory.map((share) => buildCase(dataset, { efConstruction, workers: 0, memory: share }, builds)),
      ...workers.map((count) => buildCase(dataset, { efConstruction, workers: count }, builds)),
      ...goals.map((goal) => searchCase({ dataset, index, goal, batchMs })),
      ...(place === indexes.length - 1
        ? [clientCase({ dataset, index, recall: COMMON_RECALL, batch: clientBatch })]
        : []),
    ];
  });
}

function growthCases({ dataset }: Workload, scale: Scale): Case<HnswSession>[] {
  const { base, spare, growthQueries: queries, insertedRows, pacedRows, inserts: budget } = scale;
  // One object: cases with the same one go on with the same tables.
  const growth: GrowthOptions = { dataset, index: { efConstruction: 64, workers: 0 }, base, spare, queries };
  return [
    insertCase({ growth, rows: insertedRows, afterCheckpoint: false, budget }),
    insertCase({ growth, rows: insertedRows, afterCheckpoint: true, budget }),
    writesCase({ growth, rows: insertedRows, rate: 'unlimited', budget }),
    writesCase({ growth, rows: pacedRows, rate: PACE, budget }),
  ];
}

/** They start the servers again, so they come last. */
function residenceCases(workloads: readonly Workload[], { batchMs }: Scale): Case<HnswSession>[] {
  return (['default', 'eighth'] as const).flatMap((residence) =>
    workloads.map(({ dataset, indexes }) => {
      const index: IndexOptions = { efConstruction: indexes.at(-1)?.efConstruction ?? 64, workers: 0 };
      return searchCase({ dataset, index, goal: { recall: COMMON_RECALL }, residence, batchMs });
    }),
  );
}

export function makeCases(workloads: readonly Workload[], scale: Scale): readonly Case<HnswSession>[] {
  return [
    ...workloads.flatMap((workload) => workloadCases(workload, scale)),
    ...workloads.filter(({ growth }) => growth).flatMap((workload) => growthCases(workload, scale)),
    ...residenceCases(workloads, scale),
  ];
}
